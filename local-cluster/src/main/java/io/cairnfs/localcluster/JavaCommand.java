package io.cairnfs.localcluster;

import com.google.common.base.Splitter;
import com.google.common.collect.Streams;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.ModuleFinder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Starts further JVMs of this installation, with the Java and the class path that this process runs
 * with.
 */
final class JavaCommand {
  private static final List<String> SERVER_FLAGS =
      List.of(
          "-XX:+ExitOnOutOfMemoryError",
          "-XX:ReservedCodeCacheSize=64m",
          "-Dio.netty.allocator.type=pooled",
          "-Dfile.encoding=UTF-8");

  /** Pools of 2 MiB: messages are small. */
  private static final String SMALL_POOLS = "-Dio.netty.allocator.maxOrder=8";

  /**
   * Pools of 16 MiB: packets are 1 MiB, and a pool is given back to the system, and later made and
   * cleared anew, whenever nothing of it is in use.
   */
  private static final String PACKET_POOLS = "-Dio.netty.allocator.maxOrder=11";

  private static final String VECTOR_MODULE = "jdk.incubator.vector";

  private static final Map<Role.Kind, List<String>> MEMORY =
      Map.of(
          // A full collection of the serial collector can outlast the election time-out.
          Role.Kind.METASERVER,
          List.of(
              "-XX:+UseG1GC",
              "-XX:MaxGCPauseMillis=50",
              "-Xms48m",
              "-Xmx384m",
              "-XX:MaxDirectMemorySize=192m",
              SMALL_POOLS),
          Role.Kind.DATA_SERVER,
          List.of(
              "-XX:+UseSerialGC",
              "-Xms32m",
              "-Xmx256m",
              "-XX:MaxDirectMemorySize=256m",
              PACKET_POOLS));

  private JavaCommand() {}

  /** Flags of a server process of a role. */
  static List<String> flags(Role.Kind kind) {
    List<String> flags = new ArrayList<>(SERVER_FLAGS);
    flags.addAll(MEMORY.get(kind));
    if (kind == Role.Kind.DATA_SERVER) {
      flags.addAll(vectorFlags());
    }
    flags.addAll(versionFlags());
    return flags;
  }

  /** Flags of one process with all roles. */
  static List<String> singleFlags() {
    List<String> flags = new ArrayList<>(SERVER_FLAGS);
    flags.addAll(List.of("-XX:+UseSerialGC", "-Xms96m", "-Xmx1g", "-XX:MaxDirectMemorySize=768m"));
    flags.add(PACKET_POOLS);
    flags.addAll(vectorFlags());
    flags.addAll(versionFlags());
    return flags;
  }

  /** Flags of a short-lived tool. */
  static List<String> toolFlags() {
    List<String> flags = new ArrayList<>(List.of("-XX:+UseSerialGC", "-Xmx768m"));
    flags.addAll(versionFlags());
    return flags;
  }

  static List<String> versionFlags() {
    int feature = Runtime.version().feature();
    if (feature >= 25) {
      return List.of(
          "-XX:+UseCompactObjectHeaders",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow");
    }
    return feature >= 22 ? List.of("--enable-native-access=ALL-UNNAMED") : List.of();
  }

  /** For parity. */
  private static List<String> vectorFlags() {
    return ModuleFinder.ofSystem().find(VECTOR_MODULE).isPresent()
        ? List.of("--add-modules", VECTOR_MODULE)
        : List.of();
  }

  static ProcessBuilder of(List<String> flags, String mainClass, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    List<String> classPath =
        classPath(System.getProperty("cairn.class.path", System.getProperty("java.class.path")));
    command.addAll(archiveFlags(classPath));
    command.add("-cp");
    command.add(String.join(File.pathSeparator, classPath));
    command.add(mainClass);
    command.addAll(arguments);
    return new ProcessBuilder(command);
  }

  /** {@code DIR/*} in the order of the scripts: a class-data archive is bound to the order. */
  private static List<String> classPath(String text) {
    if (!text.endsWith("/*")) {
      return Splitter.on(File.pathSeparatorChar).splitToList(text);
    }
    try (DirectoryStream<Path> jars =
        Files.newDirectoryStream(Path.of(text.substring(0, text.length() - 2)), "*.jar")) {
      return Streams.stream(jars).map(Path::toString).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The archive that {@code cairn archive} made beside the jars; one that does not fit is ignored.
   */
  private static List<String> archiveFlags(List<String> classPath) {
    Path archive =
        Path.of(classPath.get(0))
            .resolveSibling("servers-%d.jsa".formatted(Runtime.version().feature()));
    return Files.exists(archive)
        ? List.of("-XX:SharedArchiveFile=" + archive, "-Xlog:cds=off", "-Xlog:cds+dynamic=off")
        : List.of();
  }

  /** Starts a server that outlives this process and its terminal. */
  static Process startDetached(ProcessBuilder builder, Path output) throws IOException {
    Path setsid = Path.of("/usr/bin/setsid");
    if (Files.isExecutable(setsid)) {
      builder.command().add(0, setsid.toString());
    }
    Files.createDirectories(output.getParent());
    return builder
        .redirectErrorStream(true)
        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
        .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
        .start();
  }
}
