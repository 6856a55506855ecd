package io.cairnfs.localcluster.volume;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Runs the programs of a system administrator. */
public final class RootCommand {
  /** Not all of these are in the path of every root shell. */
  private static final List<Path> DIRECTORIES =
      List.of(Path.of("/usr/sbin"), Path.of("/sbin"), Path.of("/usr/bin"), Path.of("/bin"));

  private RootCommand() {}

  /** Where a program is, if it is installed. */
  public static Optional<Path> find(String program) {
    return DIRECTORIES.stream()
        .map(directory -> directory.resolve(program))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /**
   * Runs a program to its end.
   *
   * @param command the program's name and its arguments
   * @return what it printed, without white space around it
   * @throws IOException if it is not installed or fails; says what it printed
   */
  public static String run(String... command) throws IOException {
    return run(List.of(command), "");
  }

  /**
   * Runs a program to its end.
   *
   * @param input what it reads
   */
  public static String run(List<String> command, String input) throws IOException {
    Path program =
        find(command.get(0))
            .orElseThrow(() -> new IOException(command.get(0) + " is not installed"));
    List<String> full = new ArrayList<>(command);
    full.set(0, program.toString());
    Process process = new ProcessBuilder(full).redirectErrorStream(true).start();
    try (var stdin = process.getOutputStream()) {
      stdin.write(input.getBytes(StandardCharsets.UTF_8));
    }
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    int exit;
    try {
      exit = process.waitFor();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while " + command.get(0) + " ran", e);
    }
    if (exit != 0) {
      throw new IOException(String.join(" ", command) + " failed (" + exit + "): " + output);
    }
    return output;
  }
}
