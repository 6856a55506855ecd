package io.cairnfs.common.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.id.StorageClass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CairnConfigurationTest {
  @TempDir Path directory;

  private CairnConfiguration load(String text) throws IOException, ConfigurationException {
    Path file = directory.resolve("c.conf");
    Files.writeString(file, text);
    return CairnConfiguration.load(file, Map.of());
  }

  @Test
  void everyDefaultHasItsForm() {
    CairnConfiguration empty = CairnConfiguration.empty();
    assertThat(empty.duration(ConfigKey.CLIENT_TIMEOUT)).isEqualTo(Duration.ofSeconds(60));
    assertThat(empty.bytes(ConfigKey.PLACEMENT_CHUNK_BYTES)).isEqualTo(128L << 20);
    assertThat(empty.integer(ConfigKey.PLACEMENT_REPLICATION)).isEqualTo(3);
    assertThat(empty.flag(ConfigKey.CLIENT_SYNC_ON_CLOSE)).isFalse();
    assertThat(empty.text(ConfigKey.SECURITY_MODE)).isEqualTo("loopback");
    assertThat(empty.duration(ConfigKey.DATASERVER_SCRUB_PERIOD)).isEqualTo(Duration.ofDays(7));
  }

  @Test
  void theShippedFileIsTheRenderedReferenceAndParses() throws Exception {
    Path shipped = Path.of("..", "conf", "cairn.conf");
    assertThat(Files.readString(shipped)).isEqualTo(ConfigReference.render());
    StringBuilder uncommented = new StringBuilder();
    for (String line : Files.readAllLines(shipped)) {
      if (line.startsWith("#") && !line.startsWith("# ")) {
        uncommented.append(line.substring(1).replace(".*.", ".x1.")).append('\n');
      }
    }
    assertThat(load(uncommented.toString()).integer(ConfigKey.LOG_FILES)).isEqualTo(5);
  }

  @Test
  void theShippedExampleIsValid() throws Exception {
    CairnConfiguration example =
        CairnConfiguration.load(Path.of("..", "conf", "three-machines.conf"), Map.of());
    assertThat(example.metaservers()).hasSize(3);
    assertThat(example.dataServers()).allMatch(server -> server.volumes().size() == 2);
    assertThat(example.clusterMetaservers("home")).hasSize(3);
  }

  @Test
  void unknownKeyNamesFileAndLine() {
    assertThatThrownBy(() -> load("client.timeout = 5s\n\nclient.timeoot = 5s\n"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("c.conf")
        .hasMessageContaining("3")
        .hasMessageContaining("unknown key client.timeoot");
  }

  @Test
  void illTypedKeyNamesFileAndLineAndForm() {
    assertThatThrownBy(() -> load("log.files = 3\nclient.timeout = soon\n"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("c.conf")
        .hasMessageContaining("2")
        .hasMessageContaining("client.timeout needs a duration");
  }

  @Test
  void syntaxErrorNamesFileAndLine() {
    assertThatThrownBy(() -> load("log.files = 3\nclient {\n"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("c.conf");
  }

  @Test
  void missingFileIsNamed() {
    assertThatThrownBy(() -> CairnConfiguration.load(directory.resolve("none.conf"), Map.of()))
        .hasMessageContaining("none.conf is missing");
  }

  @Test
  void volumesAreTaggedAsInHdfs() throws Exception {
    CairnConfiguration configuration =
        load(
            "dataservers.d1 { port = 7002, volumes = [\"[SSD]v1\", \"[archive] /abs/v2\","
                + " \"[disk]v3\", v4] }\n");
    assertThat(configuration.dataServer("d1").volumes())
        .containsExactly(
            new VolumeEntry(directory.resolve("v1"), StorageClass.SSD),
            new VolumeEntry(Path.of("/abs/v2"), StorageClass.ARCHIVE),
            new VolumeEntry(directory.resolve("v3"), StorageClass.DISK),
            new VolumeEntry(directory.resolve("v4"), StorageClass.DISK));
    assertThat(configuration.dataServer("d1").directory()).isEqualTo(directory.resolve("v1"));
    for (String bad : List.of("[tape]v1", "[any]v1", "[ssd v1", "[ssd]")) {
      CairnConfiguration wrong =
          load("dataservers.d1 { port = 7002, volumes = [\"" + bad + "\"] }\n");
      assertThatThrownBy(() -> wrong.dataServer("d1"))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("dataservers.d1.volumes")
          .hasMessageContaining("'" + bad + "'");
    }
  }

  @Test
  void serversComeWithResolvedPaths() throws Exception {
    CairnConfiguration configuration =
        load(
            "metaservers.m1 { host = h1, port = 7001, directory = meta/m1 }\n"
                + "dataservers { d1 { port = 7002, volumes = [v1, /abs/v2], rack = r9 } }\n"
                + "clusters.home.metaservers = [\"h1:7001\"]\n");
    assertThat(configuration.metaserver("m1"))
        .isEqualTo(
            new MetaserverEntry(
                "m1", new HostPort("h1", 7001), Optional.empty(), directory.resolve("meta/m1")));
    DataServerEntry server = configuration.dataServer("d1");
    assertThat(server.volumes())
        .containsExactly(
            new VolumeEntry(directory.resolve("v1"), StorageClass.DISK),
            new VolumeEntry(Path.of("/abs/v2"), StorageClass.DISK));
    assertThat(server.rack()).isEqualTo("r9");
    assertThat(server.directory()).isEqualTo(directory.resolve("v1"));
    assertThat(configuration.clusterMetaservers("home"))
        .isEqualTo(List.of(new HostPort("h1", 7001)));
    assertThat(configuration.clusterMetaservers("away")).isEmpty();
    assertThatThrownBy(() -> configuration.metaserver("m2")).hasMessageContaining("has no m2");
  }

  @Test
  void aServerBehindAForwardedPortBindsAnotherAddress() throws Exception {
    CairnConfiguration configuration =
        load(
            "metaservers.m1 { host = h1, port = 7001, directory = m1, listen = \"10.0.0.1:8001\" }\n"
                + "dataservers.d1 { port = 7002, volumes = [v1], listen = \"10.0.0.2:8002\" }\n"
                + "dataservers.d2 { port = 7003, volumes = [v2] }\n");
    assertThat(configuration.metaserver("m1").listen()).isEqualTo(new HostPort("10.0.0.1", 8001));
    assertThat(configuration.metaserver("m1").address()).isEqualTo(new HostPort("h1", 7001));
    assertThat(configuration.dataServer("d1").forwarded()).contains(new HostPort("10.0.0.2", 8002));
    assertThat(configuration.dataServer("d2").forwarded()).isEmpty();
    CairnConfiguration wrong = load("dataservers.d1 { volumes = [v1], listen = nowhere }\n");
    assertThatThrownBy(wrong::dataServers)
        .hasMessageContaining("dataservers.d1.listen: 'nowhere' is not host:port");
  }

  @Test
  void overridesAreStrongerThanTheFile() throws Exception {
    Path file = directory.resolve("o.conf");
    Files.writeString(file, "client.timeout = 5s\n");
    CairnConfiguration configuration =
        CairnConfiguration.load(
            file, Map.of("client.timeout", "7s", "client.fs", "cairn://127.0.0.1:7700,[::1]:7701"));
    assertThat(configuration.duration(ConfigKey.CLIENT_TIMEOUT)).isEqualTo(Duration.ofSeconds(7));
    assertThat(configuration.text(ConfigKey.CLIENT_FS))
        .isEqualTo("cairn://127.0.0.1:7700,[::1]:7701");
    assertThatThrownBy(() -> CairnConfiguration.of(Map.of("nonsense", "1")))
        .hasMessageContaining("unknown key nonsense");
  }
}
