package io.cairnfs.nio;

import io.cairnfs.client.AclChange;
import io.cairnfs.client.AclEntry.Scope;
import io.cairnfs.client.AclEntry.Tag;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.FileStatus;
import io.cairnfs.common.error.CairnException;
import java.io.IOException;
import java.nio.file.attribute.AclEntry;
import java.nio.file.attribute.AclEntryFlag;
import java.nio.file.attribute.AclEntryPermission;
import java.nio.file.attribute.AclEntryType;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * POSIX ACLs in the form of NFSv4's that Java knows. Each POSIX entry is one ALLOW entry: of {@code
 * OWNER@}, a user, {@code GROUP@}, a group or {@code EVERYONE@}, in this order, already cut to the
 * mask; entries that are inherited only are those of a directory's default ACL. POSIX' rule that
 * the first class that fits decides alone is not spelled out in DENY entries.
 *
 * <p>What is set must be of that form and is refused with {@link UnsupportedOperationException}
 * otherwise: it is not made into something similar. The mask becomes what the entries need.
 */
record AclView(NioPath path) implements AclFileAttributeView {
  private static final String OWNER = "OWNER@";
  private static final String GROUP = "GROUP@";
  private static final String EVERYONE = "EVERYONE@";

  private static final Set<AclEntryPermission> READ = EnumSet.of(AclEntryPermission.READ_DATA);
  private static final Set<AclEntryPermission> WRITE =
      EnumSet.of(AclEntryPermission.WRITE_DATA, AclEntryPermission.APPEND_DATA);
  private static final Set<AclEntryPermission> EXECUTE = EnumSet.of(AclEntryPermission.EXECUTE);

  /** What everybody has, or what follows from other permissions: said or not, it means nothing. */
  private static final Set<AclEntryPermission> IMPLIED =
      EnumSet.of(
          AclEntryPermission.READ_ATTRIBUTES,
          AclEntryPermission.READ_ACL,
          AclEntryPermission.READ_NAMED_ATTRS,
          AclEntryPermission.WRITE_NAMED_ATTRS,
          AclEntryPermission.SYNCHRONIZE,
          AclEntryPermission.DELETE_CHILD);

  private static final Set<AclEntryFlag> INHERITED =
      EnumSet.of(
          AclEntryFlag.FILE_INHERIT, AclEntryFlag.DIRECTORY_INHERIT, AclEntryFlag.INHERIT_ONLY);

  @Override
  public String name() {
    return "acl";
  }

  @Override
  public UserPrincipal getOwner() throws IOException {
    return AttributeViews.read(path, CairnFileSystem.Symlinks.FOLLOW).owner();
  }

  @Override
  public void setOwner(UserPrincipal owner) throws IOException {
    new AttributeViews.Posix(path, CairnFileSystem.Symlinks.FOLLOW, "acl").setOwner(owner);
  }

  @Override
  public List<AclEntry> getAcl() throws IOException {
    List<io.cairnfs.client.AclEntry> found;
    try {
      found = path.getFileSystem().client().acl(path.toCairn());
    } catch (CairnException e) {
      throw Refusals.of(e, path);
    }
    List<AclEntry> entries = new ArrayList<>();
    for (io.cairnfs.client.AclEntry entry : found) {
      if (entry.tag() != Tag.MASK) {
        entries.add(toJava(entry, mask(found, entry)));
      }
    }
    return entries;
  }

  /** What the mask leaves of an entry. */
  private static int mask(List<io.cairnfs.client.AclEntry> all, io.cairnfs.client.AclEntry entry) {
    boolean masked =
        entry.tag() == Tag.GROUP || (entry.tag() == Tag.USER && !entry.name().isEmpty());
    Optional<io.cairnfs.client.AclEntry> mask =
        all.stream()
            .filter(each -> each.tag() == Tag.MASK && each.scope() == entry.scope())
            .findFirst();
    return masked && mask.isPresent()
        ? entry.permissions() & mask.get().permissions()
        : entry.permissions();
  }

  private static AclEntry toJava(io.cairnfs.client.AclEntry entry, int permissions) {
    Set<AclEntryPermission> allowed = EnumSet.noneOf(AclEntryPermission.class);
    if ((permissions & 4) != 0) {
      allowed.addAll(READ);
    }
    if ((permissions & 2) != 0) {
      allowed.addAll(WRITE);
    }
    if ((permissions & 1) != 0) {
      allowed.addAll(EXECUTE);
    }
    return AclEntry.newBuilder()
        .setType(AclEntryType.ALLOW)
        .setPrincipal(principal(entry))
        .setPermissions(allowed)
        .setFlags(entry.scope() == Scope.DEFAULT ? INHERITED : Set.of())
        .build();
  }

  private static UserPrincipal principal(io.cairnfs.client.AclEntry entry) {
    return switch (entry.tag()) {
      case USER -> new Principals.User(entry.name().isEmpty() ? OWNER : entry.name());
      case GROUP ->
          entry.name().isEmpty() ? new Principals.User(GROUP) : new Principals.Group(entry.name());
      case OTHER, MASK -> new Principals.User(EVERYONE);
    };
  }

  @Override
  public void setAcl(List<AclEntry> acl) throws IOException {
    List<io.cairnfs.client.AclEntry> entries = new ArrayList<>();
    for (AclEntry entry : acl) {
      entries.add(toCairn(entry));
    }
    boolean inherited = entries.stream().anyMatch(entry -> entry.scope() == Scope.DEFAULT);
    CairnFileSystem client = path.getFileSystem().client();
    try {
      FileStatus changed = client.setAcl(path.toCairn(), AclChange.replace(entries));
      if (changed.isDirectory() && !inherited && changed.hasAcl()) {
        changed = client.setAcl(path.toCairn(), AclChange.removeDefault());
      }
    } catch (CairnException e) {
      throw Refusals.of(e, path);
    }
  }

  private static io.cairnfs.client.AclEntry toCairn(AclEntry entry) {
    Set<AclEntryPermission> rest = EnumSet.noneOf(AclEntryPermission.class);
    rest.addAll(entry.permissions());
    int permissions = taken(rest, READ, 4) | taken(rest, WRITE, 2) | taken(rest, EXECUTE, 1);
    rest.removeAll(IMPLIED);
    boolean inherited = !entry.flags().isEmpty();
    if (entry.type() != AclEntryType.ALLOW
        || !rest.isEmpty()
        || (inherited && !entry.flags().equals(INHERITED))) {
      throw new UnsupportedOperationException("a POSIX ACL cannot say '" + entry + "'");
    }
    String name = entry.principal().getName();
    boolean special = name.equals(OWNER) || name.equals(GROUP) || name.equals(EVERYONE);
    Tag tag = Tag.USER;
    if (name.equals(EVERYONE)) {
      tag = Tag.OTHER;
    } else if (name.equals(GROUP) || entry.principal() instanceof GroupPrincipal) {
      tag = Tag.GROUP;
    }
    return new io.cairnfs.client.AclEntry(
        inherited ? Scope.DEFAULT : Scope.ACCESS, tag, special ? "" : name, permissions);
  }

  /** Takes a permission out of what is left, whole or not at all. */
  private static int taken(Set<AclEntryPermission> rest, Set<AclEntryPermission> parts, int bit) {
    if (!rest.containsAll(parts)) {
      return 0;
    }
    rest.removeAll(parts);
    return bit;
  }
}
