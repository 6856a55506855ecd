package io.cairnfs.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A cluster of processes, mounted as a person mounts it. Needs root and a built distribution. */
public final class MountedCluster implements AutoCloseable {
  private static final Pattern FS = Pattern.compile("fs\\s*=\\s*\"([^\"]+)\"");
  private static final long LIMIT_SECONDS = 120;

  private final Path directory;
  private final String cluster;
  private final List<Path> points = new ArrayList<>();

  private MountedCluster(Path directory) throws Exception {
    this.directory = directory;
    run("local", "start", "--processes", "--metaservers", "1", "--dataservers", "3")
        .with("--base-port", "0", "--dir", state())
        .succeed();
    Matcher named = FS.matcher(Files.readString(Path.of(state(), "client.conf")));
    assertThat(named.find()).isTrue();
    cluster = named.group(1);
  }

  /** Starts it below an empty directory, which everybody may search afterwards. */
  public static MountedCluster start(Path directory) throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "only root mounts");
    assumeTrue(Files.exists(Path.of("/dev/fuse")), "there is no /dev/fuse");
    Path unused =
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    return new MountedCluster(directory);
  }

  /** Mounts the root at a directory of this name. */
  public Path mount(String name, String options) throws Exception {
    Path point = Files.createDirectory(directory.resolve(name));
    run("mount", "-fs", cluster, "--log", directory.resolve(name + ".log").toString())
        .with("-o", options, point.toString())
        .succeed();
    points.add(point);
    return point;
  }

  private String state() {
    return directory.resolve("cluster").toString();
  }

  private Words run(String... words) {
    return new Words(new ArrayList<>(List.of(words)));
  }

  /** The words of one call of {@code bin/cairn}. */
  private final class Words {
    private final List<String> words;

    Words(List<String> words) {
      this.words = words;
    }

    Words with(String... more) {
      words.addAll(List.of(more));
      return this;
    }

    void succeed() throws IOException, InterruptedException {
      String library = System.getProperty("cairn.lib", "");
      if (library.isEmpty()) {
        throw new IllegalStateException("run with -Dcairn.lib=DIR/lib of a built distribution");
      }
      words.add(0, Path.of(library).toAbsolutePath().resolveSibling("bin/cairn").toString());
      Path output = directory.resolve("output");
      ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
      builder.environment().put("CAIRN_JAVA_OPTS", "-Duser.home=" + directory);
      Process process = builder.redirectOutput(output.toFile()).start();
      boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
      String said = Files.readString(output, StandardCharsets.UTF_8);
      assertThat(ended).as("%s has not ended; it said %s", words, said).isTrue();
      assertThat(process.exitValue()).as("%s said %s", words, said).isZero();
    }
  }

  @Override
  public void close() throws Exception {
    for (Path point : points) {
      run("umount", "-l", point.toString()).succeed();
    }
    run("local", "stop", "--dir", state()).succeed();
  }
}
