package io.cairnfs.simulation.mutants;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * A deliberate defect: a patch of the sources, with a line that tells how the simulator is run to
 * find it. It is compiled into a directory of its own that goes in front of the class path of a
 * process of its own; nothing that ships knows of it.
 *
 * @param description what is wrong, in a sentence
 * @param arguments of {@code cairn simulate}
 */
record Mutant(String name, String description, List<String> arguments, Path patch) {
  private static final String SUFFIX = ".patch";
  private static final String RUN = "Run: ";
  private static final String PATCHED_FILE = "+++ b/";
  private static final long LIMIT_SECONDS = 900;

  /** All in a directory, by name. */
  static List<Mutant> in(Path directory) throws IOException {
    List<Path> patches;
    try (Stream<Path> files = Files.list(directory)) {
      patches = files.filter(file -> file.toString().endsWith(SUFFIX)).sorted().toList();
    }
    List<Mutant> mutants = new ArrayList<>();
    for (Path patch : patches) {
      mutants.add(read(patch));
    }
    return mutants;
  }

  private static Mutant read(Path patch) throws IOException {
    List<String> lines = Files.readAllLines(patch);
    if (lines.size() < 3 || !lines.get(1).startsWith(RUN)) {
      throw new IOException(
          patch + ": the first line must describe the defect, the second begin with '" + RUN + "'");
    }
    String file = patch.getFileName().toString();
    return new Mutant(
        file.substring(0, file.length() - SUFFIX.length()),
        lines.get(0),
        List.of(lines.get(1).substring(RUN.length()).strip().split(" +")),
        patch.toAbsolutePath());
  }

  /** It is looked for in whole clusters, not in the engine alone. */
  boolean isOfSystem() {
    return arguments.contains("--system");
  }

  /**
   * Compiles the patched classes.
   *
   * @param root of the source tree
   * @param work an empty directory
   * @return the directory with the classes
   * @throws IOException if the patch does not apply any more, or does not compile
   */
  Path compile(Path root, Path work) throws IOException, InterruptedException {
    Path sources = Files.createDirectory(work.resolve("sources"));
    List<Path> patched = new ArrayList<>();
    for (String line : Files.readAllLines(patch)) {
      if (line.startsWith(PATCHED_FILE)) {
        String name = line.substring(PATCHED_FILE.length()).strip();
        Path copy = sources.resolve(name);
        Files.createDirectories(copy.getParent());
        Files.copy(root.resolve(name), copy);
        patched.add(copy);
      }
    }
    if (patched.isEmpty()) {
      throw new IOException(patch + " changes no file");
    }
    apply(sources, work);
    Path classes = Files.createDirectory(work.resolve("classes"));
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    try (StandardJavaFileManager files =
        compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
      boolean compiled =
          compiler
              .getTask(
                  messages,
                  files,
                  null,
                  List.of(
                      "-nowarn",
                      "-proc:none",
                      "-d",
                      classes.toString(),
                      "-cp",
                      System.getProperty("java.class.path")),
                  null,
                  files.getJavaFileObjectsFromPaths(patched))
              .call();
      if (!compiled) {
        throw new IOException(patch + " does not compile:\n" + messages);
      }
    }
    return classes;
  }

  private void apply(Path sources, Path work) throws IOException, InterruptedException {
    ProcessBuilder git =
        new ProcessBuilder("git", "apply", "-C1", patch.toString()).directory(sources.toFile());
    // Without this, git would look for a repository around the copies.
    git.environment().put("GIT_CEILING_DIRECTORIES", work.toString());
    Finished applied = run(git);
    if (applied.exitCode() != 0) {
      throw new IOException(patch + " does not apply any more:\n" + applied.output());
    }
  }

  /** Runs the simulator, with the mutated classes in front if there are any. */
  static Finished simulate(List<Path> classes, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx1g", "-cp"));
    StringBuilder path = new StringBuilder();
    classes.forEach(directory -> path.append(directory).append(File.pathSeparator));
    command.add(path.append(System.getProperty("java.class.path")).toString());
    command.add("io.cairnfs.simulation.SimulateMain");
    command.addAll(arguments);
    return run(new ProcessBuilder(command));
  }

  /** How a process ended. */
  record Finished(int exitCode, String output) {}

  private static Finished run(ProcessBuilder builder) throws IOException, InterruptedException {
    Path output = Files.createTempFile("mutant", ".out");
    try {
      Process process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
        throw new IOException("not done within " + LIMIT_SECONDS + " s: " + builder.command());
      }
      return new Finished(process.exitValue(), Files.readString(output));
    } finally {
      Files.delete(output);
    }
  }
}
