package io.cairnfs.nio;

import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;

/** Permission bits as numbers and as Java's sets. */
final class Modes {
  /** What {@code PosixFilePermission} can say: nothing of set-id and sticky bits. */
  static final int PERMISSIONS = 0777;

  private static final PosixFilePermission[] BITS = {
    PosixFilePermission.OWNER_READ,
    PosixFilePermission.OWNER_WRITE,
    PosixFilePermission.OWNER_EXECUTE,
    PosixFilePermission.GROUP_READ,
    PosixFilePermission.GROUP_WRITE,
    PosixFilePermission.GROUP_EXECUTE,
    PosixFilePermission.OTHERS_READ,
    PosixFilePermission.OTHERS_WRITE,
    PosixFilePermission.OTHERS_EXECUTE
  };

  private Modes() {}

  static Set<PosixFilePermission> permissions(int mode) {
    Set<PosixFilePermission> set = EnumSet.noneOf(PosixFilePermission.class);
    for (int i = 0; i < BITS.length; i++) {
      if ((mode & 0400 >> i) != 0) {
        set.add(BITS[i]);
      }
    }
    return set;
  }

  static int mode(Set<PosixFilePermission> permissions) {
    int mode = 0;
    for (int i = 0; i < BITS.length; i++) {
      if (permissions.contains(BITS[i])) {
        mode |= 0400 >> i;
      }
    }
    return mode;
  }

  /**
   * The mode that attributes at creation ask for.
   *
   * @throws UnsupportedOperationException for any other attribute than {@code posix:permissions}
   */
  static int ofCreation(int otherwise, FileAttribute<?>... attributes) {
    int mode = otherwise;
    for (FileAttribute<?> attribute : attributes) {
      if (!attribute.name().equals("posix:permissions")
          || !(attribute.value() instanceof Set<?> values)) {
        throw new UnsupportedOperationException(
            "'" + attribute.name() + "' cannot be set at creation");
      }
      Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
      for (Object value : values) {
        permissions.add((PosixFilePermission) value);
      }
      mode = mode(permissions);
    }
    return mode;
  }
}
