package io.cairnfs.fuse.binding;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The program that mounts and unmounts for ordinary users. */
public final class Fusermount {
  /** What root lets others do with it. */
  public static final Path CONFIGURATION = Path.of("/etc/fuse.conf");

  private static final String NAME = "fusermount3";

  private Fusermount() {}

  /** Where it is, if it is on the search path. */
  public static Optional<Path> find() {
    String search = System.getenv().getOrDefault("PATH", "/usr/bin:/bin");
    for (String directory : search.split(":", -1)) {
      Path candidate = Path.of(directory.isEmpty() ? "." : directory, NAME);
      if (Files.isExecutable(candidate)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  /**
   * @throws IOException if there is none, with a reason for people
   */
  public static Path program() throws IOException {
    return find()
        .orElseThrow(
            () ->
                new IOException(
                    NAME
                        + " is missing, which mounts for others than root: install it (Debian:"
                        + " apt-get install fuse3), or mount as root"));
  }

  /** Whether root lets ordinary users open their mounts to others. */
  public static boolean letsOthersIn() throws IOException {
    return Files.exists(CONFIGURATION) && letsOthersIn(Files.readAllLines(CONFIGURATION));
  }

  static boolean letsOthersIn(List<String> configuration) {
    return configuration.stream().anyMatch(line -> line.strip().equals("user_allow_other"));
  }
}
