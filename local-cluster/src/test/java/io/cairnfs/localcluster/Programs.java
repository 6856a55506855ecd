package io.cairnfs.localcluster;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The scripts of the built distribution, as a person runs them, with a home directory and a working
 * directory of their own.
 */
final class Programs {
  private static final long LIMIT_SECONDS = 120;

  private final Path here;
  private final Map<String, String> variables = new HashMap<>();

  /** What a program left. */
  record Result(int code, String out, String err) {
    /**
     * Standard error without the lines that only say that somebody waits: on a busy machine an
     * election may come between.
     */
    String errWithoutWaiting() {
      return err.replaceAll("(?m)^\\S+: no metaserver answers at .*; giving up after .*\\R", "");
    }
  }

  /**
   * @param here an empty directory: where programs run, and their user's home
   */
  Programs(Path here) throws IOException {
    this.here = Files.createDirectories(here);
    String home = "-Duser.home=" + here;
    variables.put("CAIRN_JAVA_OPTS", home);
    variables.put("CAIRN_DFS_OPTS", home);
    variables.put("LC_ALL", "C");
  }

  /** The directory of the scripts. */
  static Path bin() {
    String library = System.getProperty("cairn.lib", "");
    if (library.isEmpty()) {
      throw new IllegalStateException("run with -Dcairn.lib=DIR/lib of a built distribution");
    }
    return Path.of(library).toAbsolutePath().resolveSibling("bin");
  }

  /** The same with one more variable in the environment. */
  Programs with(String variable, String value) throws IOException {
    Programs other = new Programs(here);
    other.variables.putAll(variables);
    other.variables.put(variable, value);
    return other;
  }

  Result cairn(String... words) throws Exception {
    return run(bin().resolve("cairn"), "", words);
  }

  Result dfs(String... words) throws Exception {
    return run(bin().resolve("dfs"), "", words);
  }

  Result run(Path program, String input, String... words) throws Exception {
    Process process = start(program, words);
    CompletableFuture<String> out = read(process.getInputStream());
    CompletableFuture<String> err = read(process.getErrorStream());
    process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().close();
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError(
          program + " " + Arrays.toString(words) + " does not end: " + err.join() + out.join());
    }
    return new Result(process.exitValue(), out.join(), err.join());
  }

  Process start(Path program, String... words) throws IOException {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(words));
    ProcessBuilder builder = new ProcessBuilder(command).directory(here.toFile());
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.startsWith("CAIRN_") && !name.equals(FreePorts.VARIABLE));
    builder.environment().putAll(variables);
    return builder.start();
  }

  private static CompletableFuture<String> read(InputStream stream) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }
}
