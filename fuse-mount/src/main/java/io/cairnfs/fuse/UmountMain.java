package io.cairnfs.fuse;

import io.cairnfs.fuse.binding.MountTable;
import io.cairnfs.fuse.binding.Unmounting;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code cairn umount}. */
public final class UmountMain {
  private static final int FAILED = 1;
  private static final int MISUSED = 255;

  static final String HELP =
      """
      usage: cairn umount [-l] MOUNTPOINT
      Unmounts; what programs have closed or synced is the cluster's already.
        -l, --lazy  take the mount away from its place at once, and end it when nobody uses it any more\
      """;

  private UmountMain() {}

  public static void main(String[] words) {
    System.exit(run(List.of(words), System.out, System.err));
  }

  static int run(List<String> words, PrintStream out, PrintStream err) {
    boolean lazy = false;
    List<String> points = new ArrayList<>();
    for (String word : words) {
      switch (word) {
        case "-l", "--lazy" -> lazy = true;
        case "-h", "-help", "--help" -> {
          out.println(HELP);
          return 0;
        }
        default -> points.add(word);
      }
    }
    if (points.size() != 1 || points.get(0).startsWith("-")) {
      err.println("cairn umount: one mount point is needed: 'cairn umount --help' explains it.");
      return MISUSED;
    }
    // Not its real path: of a mount that has died nothing can be asked.
    Path point = Path.of(points.get(0)).toAbsolutePath().normalize();
    try {
      if (MountTable.at(point).isEmpty()) {
        err.println("cairn umount: " + point + " is not a mount of Cairn");
        return FAILED;
      }
      Unmounting.unmount(point, lazy);
      return 0;
    } catch (IOException e) {
      err.println("cairn umount: " + e.getMessage());
      return FAILED;
    }
  }
}
