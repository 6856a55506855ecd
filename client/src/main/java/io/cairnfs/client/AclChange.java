package io.cairnfs.client;

import java.util.List;

/**
 * What {@link CairnFileSystem#setAcl} does, atomically. A mask that is not given becomes what the
 * entries need: all that users and groups get together.
 */
public record AclChange(Kind kind, List<AclEntry> entries) {
  /** The ways to change ACLs. */
  public enum Kind {
    REPLACE,
    MODIFY,
    REMOVE,
    REMOVE_DEFAULT,
    REMOVE_ALL
  }

  public AclChange {
    entries = List.copyOf(entries);
  }

  /**
   * The entries become the whole list of each scope that they are of; the other scope's stays.
   * Those of the owner, the group and the others must be among them.
   */
  public static AclChange replace(List<AclEntry> entries) {
    return new AclChange(Kind.REPLACE, entries);
  }

  /** The entries are added, or take the place of those of the same scope, tag and name. */
  public static AclChange modify(List<AclEntry> entries) {
    return new AclChange(Kind.MODIFY, entries);
  }

  /** Entries of these scopes, tags and names go, whatever they permit. */
  public static AclChange remove(List<AclEntry> entries) {
    return new AclChange(Kind.REMOVE, entries);
  }

  /** The default ACL goes. */
  public static AclChange removeDefault() {
    return new AclChange(Kind.REMOVE_DEFAULT, List.of());
  }

  /** Everything goes but what the mode says. */
  public static AclChange removeAll() {
    return new AclChange(Kind.REMOVE_ALL, List.of());
  }
}
