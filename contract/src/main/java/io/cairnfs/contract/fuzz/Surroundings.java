package io.cairnfs.contract.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What decides which calls can be compared here.
 *
 * @param severalUsers whether there are users besides the one of this process
 * @param linksProtected whether Linux keeps one from linking to another's file
 * @param stickyProtected whether Linux has rules of its own for sticky directories, which POSIX
 *     does not know: then none is made
 */
record Surroundings(boolean severalUsers, boolean linksProtected, boolean stickyProtected) {
  private static final Path SETTINGS = Path.of("/proc/sys/fs");
  private static final int STICKY = 01000;

  static Surroundings of(Cast cast) throws IOException {
    return new Surroundings(
        cast.hasSuperuser(),
        isOn("protected_hardlinks"),
        isOn("protected_symlinks") || isOn("protected_regular"));
  }

  private static boolean isOn(String setting) throws IOException {
    Path file = SETTINGS.resolve(setting);
    return Files.exists(file) && !Files.readString(file).strip().equals("0");
  }

  /** A mode of what is made or changed. */
  int mode(int wanted) {
    return stickyProtected ? wanted & ~STICKY : wanted;
  }
}
