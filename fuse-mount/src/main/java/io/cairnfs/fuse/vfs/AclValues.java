package io.cairnfs.fuse.vfs;

import io.cairnfs.client.AclEntry;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The kernel's form of an ACL, the value of {@code system.posix_acl_access} and {@code
 * system.posix_acl_default}. All numbers have their low byte first.
 *
 * <pre>
 * version 4 (2) | for each entry, ordered by tag and id: tag 2 | permissions 2 | id 4
 * tags: owner 1, user 2, group 4, named group 8, mask 16, others 32; id ffffffff where there is none
 * </pre>
 */
final class AclValues {
  static final String ACCESS = "system.posix_acl_access";
  static final String DEFAULT = "system.posix_acl_default";

  private static final int VERSION = 2;
  private static final int HEADER_BYTES = 4;
  private static final int ENTRY_BYTES = 8;
  private static final int OWNER = 0x01;
  private static final int USER = 0x02;
  private static final int OWNING_GROUP = 0x04;
  private static final int GROUP = 0x08;
  private static final int MASK = 0x10;
  private static final int OTHER = 0x20;
  private static final int NO_ID = -1;

  private record Entry(int tag, int permissions, int id) {}

  private AclValues() {}

  /** Entries of one scope. */
  static byte[] encode(List<AclEntry> entries, Identities identities) {
    List<Entry> sorted = new ArrayList<>();
    for (AclEntry entry : entries) {
      boolean named = !entry.name().isEmpty();
      sorted.add(
          switch (entry.tag()) {
            case USER ->
                named
                    ? new Entry(USER, entry.permissions(), identities.uid(entry.name()))
                    : new Entry(OWNER, entry.permissions(), NO_ID);
            case GROUP ->
                named
                    ? new Entry(GROUP, entry.permissions(), identities.gid(entry.name()))
                    : new Entry(OWNING_GROUP, entry.permissions(), NO_ID);
            case MASK -> new Entry(MASK, entry.permissions(), NO_ID);
            case OTHER -> new Entry(OTHER, entry.permissions(), NO_ID);
          });
    }
    sorted.sort(
        Comparator.comparingInt(Entry::tag)
            .thenComparing((one, other) -> Integer.compareUnsigned(one.id, other.id)));
    ByteBuffer bytes =
        ByteBuffer.allocate(HEADER_BYTES + ENTRY_BYTES * sorted.size())
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(VERSION);
    for (Entry entry : sorted) {
      bytes.putShort((short) entry.tag).putShort((short) entry.permissions).putInt(entry.id);
    }
    return bytes.array();
  }

  /** The entries of a value. */
  static List<AclEntry> decode(byte[] value, AclEntry.Scope scope, Identities identities)
      throws Errno {
    ByteBuffer bytes = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
    if (value.length < HEADER_BYTES
        || (value.length - HEADER_BYTES) % ENTRY_BYTES != 0
        || bytes.getInt() != VERSION) {
      throw new Errno(Errno.EINVAL, value.length + " bytes are no ACL");
    }
    List<AclEntry> entries = new ArrayList<>();
    while (bytes.hasRemaining()) {
      int tag = bytes.getShort();
      int permissions = bytes.getShort();
      int id = bytes.getInt();
      if (permissions < 0 || permissions > 7) {
        throw new Errno(Errno.EINVAL, "permissions " + permissions + " in an ACL");
      }
      entries.add(
          switch (tag) {
            case OWNER -> new AclEntry(scope, AclEntry.Tag.USER, "", permissions);
            case USER ->
                new AclEntry(scope, AclEntry.Tag.USER, identities.userName(id), permissions);
            case OWNING_GROUP -> new AclEntry(scope, AclEntry.Tag.GROUP, "", permissions);
            case GROUP ->
                new AclEntry(scope, AclEntry.Tag.GROUP, identities.groupName(id), permissions);
            case MASK -> new AclEntry(scope, AclEntry.Tag.MASK, "", permissions);
            case OTHER -> new AclEntry(scope, AclEntry.Tag.OTHER, "", permissions);
            default -> throw new Errno(Errno.EINVAL, "tag " + tag + " in an ACL");
          });
    }
    return entries;
  }
}
