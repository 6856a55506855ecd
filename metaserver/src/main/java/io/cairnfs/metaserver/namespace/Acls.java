package io.cairnfs.metaserver.namespace;

import java.util.Optional;

/**
 * The access control lists of an inode, as far as it has any.
 *
 * @param access says more than the mode, with which it agrees
 * @param defaults of a directory: what is made in it begins with
 */
public record Acls(Optional<Acl> access, Optional<Acl> defaults) {
  public static final Acls NONE = new Acls(Optional.empty(), Optional.empty());

  public boolean isEmpty() {
    return access.isEmpty() && defaults.isEmpty();
  }

  Acls withMode(int mode) {
    return access.isEmpty() ? this : new Acls(access.map(acl -> acl.withMode(mode)), defaults);
  }

  void encode(RecordOutput out) {
    encode(access, out);
    encode(defaults, out);
  }

  private static void encode(Optional<Acl> acl, RecordOutput out) {
    acl.ifPresentOrElse(present -> present.encode(out), () -> out.writeVarint(0));
  }

  static Acls decode(RecordInput in) {
    Optional<Acl> access = decodeOne(in);
    return new Acls(access, decodeOne(in));
  }

  private static Optional<Acl> decodeOne(RecordInput in) {
    int size = in.readInt();
    return size == 0 ? Optional.empty() : Optional.of(Acl.decode(in, size));
  }
}
