package io.cairnfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.cluster.Surroundings;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MountArgumentsTest {
  @TempDir private Path directory;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String... words) {
    Surroundings surroundings = new Surroundings(Map.of(), directory, "root");
    return MountMain.run(
        List.of(words),
        surroundings,
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  private String said() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void wordsComeInAnyOrder() {
    MountArguments arguments =
        MountArguments.parse(
            List.of(
                "-o",
                "ro,attr_timeout=2.5",
                "-fs",
                "cairn://a:1",
                "cairn://b:2/dir",
                "-D",
                "client.timeout=3s",
                "/mnt/x/../y",
                "--log",
                "/l",
                "-o",
                "threads=3,uid=7"));
    assertThat(arguments.generic().fileSystem()).contains("cairn://a:1");
    assertThat(arguments.generic().overrides()).containsEntry("client.timeout", "3s");
    assertThat(arguments.source()).contains("cairn://b:2/dir");
    assertThat(arguments.point()).contains(Path.of("/mnt/y"));
    assertThat(arguments.log()).contains(Path.of("/l"));
    MountOptions options = arguments.options();
    assertThat(options.attributeTimeout()).contains(Duration.ofMillis(2500));
    assertThat(options.entryTimeout()).isEqualTo(Duration.ofSeconds(1));
    assertThat(options.negativeTimeout()).isZero();
    assertThat(options.mountFlags()).isEqualTo(1 | 2 | 4);
    assertThat(options.threads()).isEqualTo(3);
    assertThat(options.uid()).hasValue(7);
  }

  @Test
  void wordsOfFstabAreTaken() {
    MountOptions options =
        MountOptions.parse(List.of("defaults", "_netdev", "nofail", "x-systemd.automount", "suid"));
    assertThat(options.mountFlags()).isEqualTo(4);
  }

  @Test
  void whatIsWrongIsNamed() {
    for (String wrong :
        new String[] {
          "atr_timeout=1",
          "attr_timeout=x",
          "attr_timeout=-1",
          "attr_timeout=1e9",
          "threads=0",
          "threads=257",
          "uid=-1",
          "whatever"
        }) {
      assertThatThrownBy(() -> MountOptions.parse(List.of(wrong)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(wrong.split("=", -1)[0]);
    }
    assertThat(run("--foo", "/mnt")).isEqualTo(255);
    assertThat(said()).contains("unknown option --foo");
    assertThat(run("-o")).isEqualTo(255);
    assertThat(run("-f")).isEqualTo(255);
    assertThat(said()).contains("no mount point is given");
    assertThat(run("a", "b", "c")).isEqualTo(255);
    assertThat(run("--help")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(MountMain.HELP + "\n");
  }

  @Test
  void whyThereIsNoMountIsSaid() throws Exception {
    assertThat(run("-f", directory.resolve("none").toString())).isEqualTo(1);
    assertThat(said()).contains("does not exist");
    Path file = Files.createFile(directory.resolve("file"));
    assertThat(run("-f", file.toString())).isEqualTo(1);
    assertThat(said()).contains("is not a directory");
    assertThat(run("-f", directory.toString())).isEqualTo(1);
    assertThat(said()).contains("is not empty");
    Path empty = Files.createDirectory(directory.resolve("empty"));
    assertThat(run("-f", empty.toString())).isEqualTo(1);
    assertThat(said()).contains("no cluster is named");
    assertThat(run("-f", "hdfs://x:1/", empty.toString())).isEqualTo(1);
    assertThat(run("--status", empty.toString())).isEqualTo(1);
  }

  @Test
  void umountNeedsAMount() throws Exception {
    PrintStream to = new PrintStream(err, true, StandardCharsets.UTF_8);
    assertThat(UmountMain.run(List.of(), to, to)).isEqualTo(255);
    assertThat(UmountMain.run(List.of("-x"), to, to)).isEqualTo(255);
    assertThat(UmountMain.run(List.of(directory.toString()), to, to)).isEqualTo(1);
    assertThat(said()).contains("is not a mount of Cairn");
  }
}
