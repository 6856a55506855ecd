package io.cairnfs.fuse.binding;

import java.util.ArrayList;
import java.util.List;

/** Flags of mount(2), and the words that fusermount3 and libfuse have for them. */
public final class MountFlags {
  public static final long READ_ONLY = 1;
  public static final long NO_SET_ID = 2;
  public static final long NO_DEVICES = 4;
  public static final long NO_EXECUTION = 8;

  private MountFlags() {}

  /** The flags in words; each of them is said, whether set or not. */
  public static List<String> words(long flags) {
    List<String> words = new ArrayList<>();
    words.add((flags & READ_ONLY) == 0 ? "rw" : "ro");
    words.add((flags & NO_SET_ID) == 0 ? "suid" : "nosuid");
    words.add((flags & NO_DEVICES) == 0 ? "dev" : "nodev");
    words.add((flags & NO_EXECUTION) == 0 ? "exec" : "noexec");
    return words;
  }

  /** A value among options, whose commas do not end it. */
  public static String escaped(String value) {
    return value.replace("\\", "\\\\").replace(",", "\\,");
  }
}
