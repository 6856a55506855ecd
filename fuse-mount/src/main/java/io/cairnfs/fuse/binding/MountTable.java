package io.cairnfs.fuse.binding;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The mounts of this machine, as /proc/self/mountinfo lists them. */
public final class MountTable {
  /** Which of FUSE's file systems it is. */
  public static final String SUBTYPE = "cairn";

  /** How a mount of Cairn is known. */
  public static final String TYPE = "fuse." + SUBTYPE;

  private static final int DEVICE = 2;
  private static final int POINT = 4;
  private static final int FIRST_OPTIONAL = 6;

  private MountTable() {}

  /**
   * One mount.
   *
   * @param device major and minor number, as in /sys/class/bdi
   */
  public record Entry(String source, String point, String type, String device) {}

  /** Mounts of Cairn, the oldest first. */
  public static List<Entry> cairn() throws IOException {
    return parse(Files.readString(Path.of("/proc/self/mountinfo"), StandardCharsets.UTF_8)).stream()
        .filter(entry -> entry.type().equals(TYPE))
        .toList();
  }

  /** What is mounted on top at a place, if it is Cairn. */
  public static Optional<Entry> at(Path point) throws IOException {
    String text = point.toString();
    return cairn().stream().filter(entry -> entry.point().equals(text)).reduce((a, b) -> b);
  }

  public static List<Entry> parse(String mountinfo) {
    List<Entry> entries = new ArrayList<>();
    for (String line : mountinfo.split("\n", -1)) {
      String[] fields = line.split(" ", -1);
      int at = FIRST_OPTIONAL;
      while (at < fields.length && !fields[at].equals("-")) {
        at++;
      }
      if (at + 2 < fields.length) {
        entries.add(
            new Entry(
                unescaped(fields[at + 2]),
                unescaped(fields[POINT]),
                fields[at + 1],
                fields[DEVICE]));
      }
    }
    return entries;
  }

  /** Blanks and the like are written as three octal digits. */
  private static String unescaped(String text) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && i + 3 < text.length()) {
        plain.append((char) Integer.parseInt(text.substring(i + 1, i + 4), 8));
        i += 3;
      } else {
        plain.append(c);
      }
    }
    return plain.toString();
  }
}
