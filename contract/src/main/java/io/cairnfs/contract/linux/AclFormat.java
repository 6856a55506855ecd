package io.cairnfs.contract.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The kernel's form of an ACL, the value of {@code system.posix_acl_access}: a version, then of
 * each entry u16 tag, u16 permissions, u32 id, in the order of tags and ids.
 */
final class AclFormat {
  private static final int VERSION = 2;
  private static final int HEADER_BYTES = 4;
  private static final int ENTRY_BYTES = 8;
  private static final int USER_OBJ = 0x01;
  private static final int USER = 0x02;
  private static final int GROUP_OBJ = 0x04;
  private static final int GROUP = 0x08;
  private static final int MASK = 0x10;
  private static final int OTHER = 0x20;
  private static final int UNDEFINED_ID = -1;

  private record Entry(int tag, int permissions, int id) {}

  private AclFormat() {}

  /** Entries as {@code user:ann:rw-}. */
  static byte[] encode(List<String> entries, LinuxUsers users) {
    List<Entry> parsed = new ArrayList<>();
    for (String entry : entries) {
      parsed.add(parse(entry.split(":", -1), users));
    }
    parsed.sort(
        Comparator.comparingInt(Entry::tag)
            .thenComparing((one, other) -> Integer.compareUnsigned(one.id, other.id)));
    ByteBuffer bytes =
        ByteBuffer.allocate(HEADER_BYTES + ENTRY_BYTES * parsed.size())
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(VERSION);
    for (Entry entry : parsed) {
      bytes.putShort((short) entry.tag).putShort((short) entry.permissions).putInt(entry.id);
    }
    return bytes.array();
  }

  private static Entry parse(String[] fields, LinuxUsers users) {
    boolean named = !fields[1].isEmpty();
    int tag =
        switch (fields[0]) {
          case "user" -> named ? USER : USER_OBJ;
          case "group" -> named ? GROUP : GROUP_OBJ;
          case "mask" -> MASK;
          default -> OTHER;
        };
    int permissions = 0;
    for (int i = 0; i < 3; i++) {
      permissions |= fields[2].charAt(i) == '-' ? 0 : 4 >> i;
    }
    int id = UNDEFINED_ID;
    if (named) {
      id = tag == USER ? users.user(fields[1]) : users.group(fields[1]);
    }
    return new Entry(tag, permissions, id);
  }

  static List<String> decode(byte[] value, LinuxUsers users) {
    ByteBuffer bytes = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
    List<String> entries = new ArrayList<>();
    if (bytes.getInt() != VERSION) {
      throw new IllegalArgumentException("an ACL of another version");
    }
    while (bytes.hasRemaining()) {
      int tag = bytes.getShort();
      int permissions = bytes.getShort();
      entries.add(text(new Entry(tag, permissions, bytes.getInt()), users));
    }
    return entries;
  }

  /** What a file without an ACL has, in the same form. */
  static List<String> ofMode(int mode) {
    return List.of(
        "user::" + letters(mode >> 6), "group::" + letters(mode >> 3), "other::" + letters(mode));
  }

  private static String text(Entry entry, LinuxUsers users) {
    String name =
        switch (entry.tag) {
          case USER_OBJ -> "user:";
          case USER -> "user:" + users.userName(entry.id);
          case GROUP_OBJ -> "group:";
          case GROUP -> "group:" + users.groupName(entry.id);
          case MASK -> "mask:";
          default -> "other:";
        };
    return name + ":" + letters(entry.permissions);
  }

  private static String letters(int permissions) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 3; i++) {
      text.append((permissions & 4 >> i) != 0 ? "rwx".charAt(i) : '-');
    }
    return text.toString();
  }
}
