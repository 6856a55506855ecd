package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.Acl;
import io.cairnfs.metaserver.namespace.Acl.Who;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.proto.metadata.AclEntry;
import io.cairnfs.proto.metadata.AclScope;
import io.cairnfs.proto.metadata.AclTag;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Entries of ACLs between the wire and the records. */
public final class AclEntries {
  private static final int MAX_ENTRIES = 2 * Acl.MAX_ENTRIES;
  private static final int MAX_NAME = 255;

  private AclEntries() {}

  /**
   * The entries of one scope.
   *
   * @throws CairnException INVALID_ARGUMENT, MALFORMED
   */
  static SortedMap<Who, Integer> of(List<AclEntry> entries, AclScope scope) throws CairnException {
    if (entries.size() > MAX_ENTRIES) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          entries.size() + " entries of an ACL; at most " + MAX_ENTRIES + " are possible");
    }
    SortedMap<Who, Integer> found = new TreeMap<>();
    for (AclEntry entry : entries) {
      Who who = requireWho(entry);
      if (entry.getScope() == scope && found.put(who, entry.getPermissions()) != null) {
        throw new CairnException(
            ErrorCode.INVALID_ARGUMENT, "two entries for " + who.tag() + " '" + who.name() + "'");
      }
    }
    return found;
  }

  private static Who requireWho(AclEntry entry) throws CairnException {
    if (entry.getScope() == AclScope.UNRECOGNIZED) {
      throw new CairnException(ErrorCode.MALFORMED, "an ACL entry of unknown scope");
    }
    Who who =
        switch (entry.getTag()) {
          case ACL_USER -> new Who(Acl.Tag.USER, entry.getName());
          case ACL_GROUP -> new Who(Acl.Tag.GROUP, entry.getName());
          case ACL_MASK -> Who.MASK;
          case ACL_OTHER -> Who.OTHER;
          case UNRECOGNIZED ->
              throw new CairnException(ErrorCode.MALFORMED, "an ACL entry of unknown tag");
        };
    if (!who.name().equals(entry.getName())
        || entry.getName().length() > MAX_NAME
        || entry.getPermissions() < 0
        || entry.getPermissions() > 7) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "ACL entry "
              + entry.getTag()
              + " of "
              + entry.getName().length()
              + " characters with permissions "
              + entry.getPermissions());
    }
    return who;
  }

  /** All entries of an inode, those that its mode stands for among them. */
  public static List<AclEntry> of(InodeRecord inode) {
    List<AclEntry> entries = new ArrayList<>();
    add(entries, AclScope.ACCESS, inode.acls().access().orElse(Acl.ofMode(inode.mode())));
    inode.acls().defaults().ifPresent(acl -> add(entries, AclScope.DEFAULT, acl));
    return entries;
  }

  private static void add(List<AclEntry> entries, AclScope scope, Acl acl) {
    acl.entries()
        .forEach(
            (who, permissions) ->
                entries.add(
                    AclEntry.newBuilder()
                        .setScope(scope)
                        .setTag(
                            switch (who.tag()) {
                              case USER -> AclTag.ACL_USER;
                              case GROUP -> AclTag.ACL_GROUP;
                              case MASK -> AclTag.ACL_MASK;
                              case OTHER -> AclTag.ACL_OTHER;
                            })
                        .setName(who.name())
                        .setPermissions(permissions)
                        .build()));
  }
}
