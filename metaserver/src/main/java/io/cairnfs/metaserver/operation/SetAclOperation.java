package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.Acl;
import io.cairnfs.metaserver.namespace.Acl.Who;
import io.cairnfs.metaserver.namespace.Acls;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.proto.metadata.AclChange;
import io.cairnfs.proto.metadata.AclScope;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.SetAcl;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Changes the access and the default ACL of an inode, as HDFS has it: a mask that is not given is
 * what the entries need; a default ACL takes from the access ACL what it lacks.
 */
final class SetAclOperation {
  private final SetAcl request;
  private final InodeRecord inode;

  private SetAclOperation(SetAcl request, InodeRecord inode) {
    this.request = request;
    this.inode = inode;
  }

  static OperationResult apply(CommandContext context, SetAcl request) throws CairnException {
    String where = PathResolver.describe(request.getTarget());
    InodeRecord inode = context.paths().resolve(request.getTarget(), LastLink.FOLLOWED);
    if (inode.isSymlink()) {
      throw new CairnException(ErrorCode.UNSUPPORTED, where + " is a symlink, which has no ACL");
    }
    if (!Permissions.isOwner(inode, context.principal())) {
      throw new CairnException(
          ErrorCode.NOT_PERMITTED,
          where + ": user=" + context.principal().user() + " may not change the ACL");
    }
    InodeRecord changed = new SetAclOperation(request, inode).changed(context.principal());
    InodeRecord stored =
        context.namespace().putInode(changed.edit().ctimeNanos(context.nowNanos()).done());
    return OperationResult.newBuilder()
        .setAttributes(context.namespace().attributes(stored))
        .build();
  }

  private InodeRecord changed(Principal principal) throws CairnException {
    Acl access = inode.acls().access().orElse(Acl.ofMode(inode.mode()));
    Optional<Acl> defaults = inode.acls().defaults();
    switch (request.getChange()) {
      case ACL_REPLACE, ACL_MODIFY, ACL_REMOVE -> {
        access = changed(access, AclEntries.of(request.getEntriesList(), AclScope.ACCESS));
        defaults =
            changedDefaults(
                defaults, access, AclEntries.of(request.getEntriesList(), AclScope.DEFAULT));
      }
      case ACL_REMOVE_DEFAULT -> defaults = Optional.empty();
      case ACL_REMOVE_ALL -> {
        access = withoutNames(access);
        defaults = Optional.empty();
      }
      case UNRECOGNIZED ->
          throw new CairnException(ErrorCode.MALFORMED, "an unknown change of an ACL");
    }
    if (defaults.isPresent() && !inode.isDirectory()) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          PathResolver.describe(request.getTarget()) + ": only a directory has a default ACL");
    }
    return inode
        .edit()
        .mode(specialBits(principal) | access.mode())
        .acls(new Acls(Optional.of(access).filter(Acl::isExtended), defaults))
        .done();
  }

  /** As chmod: who is not in the group does not keep the set-group-id bit. */
  private int specialBits(Principal principal) {
    boolean ofAccess =
        request.getChange() == AclChange.ACL_REMOVE_ALL
            || request.getEntriesList().stream()
                .anyMatch(entry -> entry.getScope() == AclScope.ACCESS);
    boolean member = principal.superuser() || principal.isIn(inode.group());
    int special = inode.mode() & ~0777;
    return ofAccess && !member ? special & ~Permissions.SET_GROUP_ID : special;
  }

  private static Acl withoutNames(Acl acl) throws CairnException {
    SortedMap<Who, Integer> entries = new TreeMap<>(acl.entries());
    entries.keySet().removeIf(who -> !who.name().isEmpty());
    return Acl.of(entries, false);
  }

  private Acl changed(Acl acl, SortedMap<Who, Integer> asked) throws CairnException {
    if (asked.isEmpty()) {
      return acl;
    }
    return Acl.of(entries(acl.entries(), asked), isMaskGiven(asked));
  }

  private Optional<Acl> changedDefaults(
      Optional<Acl> defaults, Acl access, SortedMap<Who, Integer> asked) throws CairnException {
    if (asked.isEmpty()) {
      return defaults;
    }
    SortedMap<Who, Integer> before = defaults.map(Acl::entries).orElseGet(TreeMap::new);
    SortedMap<Who, Integer> entries = entries(before, asked);
    if (entries.isEmpty()) {
      return Optional.empty();
    }
    for (Who who : new Who[] {Who.OWNER, Who.GROUP, Who.OTHER}) {
      entries.putIfAbsent(who, access.entries().get(who));
    }
    return Optional.of(Acl.of(entries, isMaskGiven(asked)));
  }

  private boolean isMaskGiven(SortedMap<Who, Integer> asked) {
    return request.getChange() != AclChange.ACL_REMOVE && asked.containsKey(Who.MASK);
  }

  private SortedMap<Who, Integer> entries(
      SortedMap<Who, Integer> before, SortedMap<Who, Integer> asked) {
    SortedMap<Who, Integer> entries = new TreeMap<>();
    if (request.getChange() != AclChange.ACL_REPLACE) {
      entries.putAll(before);
    }
    if (request.getChange() == AclChange.ACL_REMOVE) {
      entries.keySet().removeAll(asked.keySet());
    } else {
      entries.putAll(asked);
    }
    return entries;
  }
}
