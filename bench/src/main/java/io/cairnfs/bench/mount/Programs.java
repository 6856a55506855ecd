package io.cairnfs.bench.mount;

import com.google.common.base.Splitter;
import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs ordinary programs. Their settings are not those of whoever measures. */
final class Programs {
  private static final int TOLD_CHARACTERS = 2_000;

  private final Path scratch;
  private final Clock clock;

  /**
   * @param scratch a directory for their output and as their home
   */
  Programs(Path scratch, Clock clock) {
    this.scratch = scratch;
    this.clock = clock;
  }

  static boolean isInstalled(String program) {
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
    return Splitter.on(':')
        .omitEmptyStrings()
        .splitToStream(path)
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }

  /**
   * Runs one in a directory.
   *
   * @return seconds that it took
   * @throws IOException with the end of its output where it fails
   */
  double run(Path directory, String... command) throws IOException, InterruptedException {
    return run(directory, Optional.empty(), command);
  }

  /** The same for a program that reads a file as its input. */
  double run(Path directory, Path input, String... command)
      throws IOException, InterruptedException {
    return run(directory, Optional.of(input), command);
  }

  private double run(Path directory, Optional<Path> input, String... command)
      throws IOException, InterruptedException {
    Path output = scratch.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .redirectInput(input.orElse(Path.of("/dev/null")).toFile());
    builder
        .environment()
        .putAll(
            Map.of(
                "HOME", scratch.toString(),
                "LC_ALL", "C.UTF-8",
                "GIT_CONFIG_NOSYSTEM", "1",
                "GIT_AUTHOR_NAME", "bench",
                "GIT_AUTHOR_EMAIL", "bench@localhost",
                "GIT_COMMITTER_NAME", "bench",
                "GIT_COMMITTER_EMAIL", "bench@localhost"));
    long start = clock.monotonicNanos();
    Process process = builder.start();
    int code;
    try {
      code = process.waitFor();
    } finally {
      process.destroyForcibly();
    }
    double seconds = (clock.monotonicNanos() - start) / 1e9;
    if (code != 0) {
      String said = Files.readString(output);
      throw new IOException(
          String.join(" ", List.of(command))
              + " in "
              + directory
              + " ends with "
              + code
              + ": "
              + said.substring(Math.max(0, said.length() - TOLD_CHARACTERS)).strip());
    }
    return seconds;
  }

  /** What one that has just been run has said. */
  String said() throws IOException {
    return Files.readString(scratch.resolve("output"));
  }
}
