package io.cairnfs.metaserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line of {@code cairn format}. */
final class FormatMainTest {
  private static final String CLUSTER = "3f0c0d6e-3c0c-4d57-9a59-0d6c1d1f7f11";

  @TempDir private Path directory;
  private String configuration;

  @BeforeEach
  void configure() throws IOException {
    Path file = directory.resolve("cairn.conf");
    Files.writeString(file, "metaservers.m4 { host = 127.0.0.1, port = 7704, directory = m4 }\n");
    configuration = file.toString();
  }

  @Test
  void oneThatIsToJoinBelongsToTheClusterAndToNoGroup() throws IOException {
    assertThat(
            FormatMain.execute(
                "--conf", configuration, "--id", "m4", "--cluster-id", CLUSTER, "--join"))
        .isZero();
    assertThat(MetaserverIdentity.read(directory.resolve("m4")).clusterId()).isEqualTo(CLUSTER);
    // Nothing is overwritten.
    assertThat(
            FormatMain.execute(
                "--conf", configuration, "--id", "m4", "--cluster-id", CLUSTER, "--join"))
        .isEqualTo(1);
  }

  @Test
  void whoJoinsMustSayWhat() {
    assertThat(FormatMain.execute("--conf", configuration, "--id", "m4", "--join")).isEqualTo(2);
    assertThat(directory.resolve("m4")).doesNotExist();
    assertThat(FormatMain.execute("--conf", configuration, "--id", "m5")).isEqualTo(1);
  }
}
