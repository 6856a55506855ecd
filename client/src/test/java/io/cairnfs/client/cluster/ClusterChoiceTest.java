package io.cairnfs.client.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.config.ConfigKey;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.process.PidFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterChoiceTest {
  @TempDir Path directory;
  private final Map<String, String> variables = new HashMap<>();

  private ClusterChoice choice(String... words) {
    return new ClusterChoice(
        GenericOptions.parse(List.of(words)),
        new Surroundings(variables, directory.resolve("home"), "somebody"));
  }

  private Path configuration(String text) throws IOException {
    return Files.writeString(directory.resolve("cairn.conf"), text);
  }

  private void runLocally(String authority) throws IOException {
    Path local = Files.createDirectories(directory.resolve("home/.cairn/local"));
    Files.writeString(
        local.resolve("client.conf"), "# made by start\nfs = \"cairn://" + authority + "\"\n");
    // This very process stands for a server's.
    new PidFile(local.resolve("pids/m1.pid")).write(ProcessHandle.current());
  }

  @Test
  void theOptionIsStrongest() throws Exception {
    variables.put("CAIRN_FS", "cairn://b:2");
    runLocally("d:4");
    assertThat(choice("-fs", "cairn://a:1,b:2", "-ls").choose())
        .isEqualTo(
            new ClusterAddress("a:1,b:2", List.of(new HostPort("a", 1), new HostPort("b", 2))));
  }

  @Test
  void thenTheVariable() throws Exception {
    variables.put("CAIRN_FS", "cairn://b:2/");
    variables.put("CAIRN_CONF", configuration("client.fs = \"cairn://c:3\"").toString());
    assertThat(choice("-ls").choose().authority()).isEqualTo("b:2");
  }

  @Test
  void thenTheConfiguration() throws Exception {
    runLocally("d:4");
    Path file = configuration("client.fs = \"cairn://c:3\"");
    assertThat(choice("--conf", file.toString(), "-ls").choose().authority()).isEqualTo("c:3");
    variables.put("CAIRN_CONF", file.toString());
    assertThat(choice("-ls").choose().authority()).isEqualTo("c:3");
    assertThat(choice("-D", "client.fs=cairn://e:5", "-ls").choose().authority()).isEqualTo("e:5");
  }

  @Test
  void theConfigurationBesideTheProgramCounts() throws Exception {
    Path conf = Files.createDirectories(directory.resolve("installed/conf"));
    variables.put("CAIRN_HOME", directory.resolve("installed").toString());
    Files.writeString(conf.resolve("cairn.conf"), "client.fs = \"cairn://c:3\"");
    assertThat(choice("-ls").choose().authority()).isEqualTo("c:3");
  }

  @Test
  void metaserversOfTheConfigurationAreACluster() throws Exception {
    Path file =
        configuration(
            "metaservers { m1 { host = one, port = 1, directory = a },"
                + " m2 { host = two, port = 2, directory = b } }");
    assertThat(choice("--conf", file.toString()).choose().metaservers())
        .containsExactly(new HostPort("one", 1), new HostPort("two", 2));
  }

  @Test
  void thenTheLocalCluster() throws Exception {
    runLocally("127.0.0.1:7700,127.0.0.1:7701");
    Path conf = Files.createDirectories(directory.resolve("installed/conf"));
    variables.put("CAIRN_HOME", directory.resolve("installed").toString());
    Files.writeString(
        conf.resolve("cairn.conf"), "# client.fs = \"\"\n\n  # nothing but comments\n");
    assertThat(choice("-ls").choose().metaservers())
        .containsExactly(new HostPort("127.0.0.1", 7700), new HostPort("127.0.0.1", 7701));
  }

  @Test
  void aLocalClusterThatWasStoppedIsNone() throws Exception {
    runLocally("127.0.0.1:7700");
    assertThat(choice("-ls").isAny()).isTrue();
    Path pids = directory.resolve("home/.cairn/local/pids");
    // The pid of another process: the server died, and its number was given away.
    Files.writeString(pids.resolve("m1.pid"), ProcessHandle.current().pid() + " 12345\n");
    assertThat(choice("-ls").isAny()).isFalse();
    assertThatThrownBy(() -> choice("-ls").choose()).hasMessageContaining("none runs here");
    Files.writeString(pids.resolve("m1.pid"), "nonsense\n");
    assertThatThrownBy(() -> choice("-ls").choose())
        .hasMessageContaining("m1.pid is not a pid file");
    Files.delete(pids.resolve("m1.pid"));
    assertThatThrownBy(() -> choice("-ls").choose()).hasMessageContaining("none runs here");
    assertThat(choice("-fs", "cairn://a:1").isAny()).isTrue();
    assertThat(choice("-D", "client.fs=cairn://e:5").isAny()).isTrue();
  }

  @Test
  void elseOneLineSaysHowToStartOne() {
    assertThatThrownBy(() -> choice("-ls").choose())
        .isInstanceOf(NoClusterException.class)
        .hasMessageContaining("cairn local start")
        .hasMessageContaining("-fs cairn://HOST:PORT")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  @Test
  void namesComeFromTheConfiguration() throws Exception {
    Path file = configuration("clusters.prod.metaservers = [\"a:1\", \"b:2\"]");
    ClusterChoice choice = choice("-fs", "cairn://prod", "--conf", file.toString());
    assertThat(choice.choose())
        .isEqualTo(new ClusterAddress("prod", List.of(new HostPort("a", 1), new HostPort("b", 2))));
    assertThatThrownBy(() -> choice.named("test"))
        .hasMessage(
            "cluster test is not known: the configuration has no clusters.test.metaservers");
  }

  @Test
  void whatIsNoClusterIsRefused() {
    assertThatThrownBy(() -> choice("-fs", "hdfs://a:1").choose())
        .hasMessageContaining("'hdfs://a:1' is not cairn://HOST:PORT");
    assertThatThrownBy(() -> choice("-fs", "cairn:///").choose()).hasMessageContaining("is not");
    assertThatThrownBy(() -> choice("-fs", "cairn://a:x").choose()).hasMessageContaining("a:x");
    assertThatThrownBy(() -> choice("-fs", "cairn://a:1,b").choose())
        .hasMessageContaining("'b' is not host:port");
  }

  @Test
  void aBrokenConfigurationIsToldWithFileAndKey() throws Exception {
    Path file = configuration("clinet.fs = x");
    assertThatThrownBy(() -> choice("--conf", file.toString()).choose())
        .isInstanceOf(NoClusterException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("clinet.fs");
    assertThatThrownBy(() -> choice("--conf", directory.resolve("gone").toString()).choose())
        .hasMessageContaining("is missing");
  }

  @Test
  void timeOutsComeFromTheConfiguration() throws Exception {
    assertThat(choice("-ls").timeout())
        .isEqualTo(CairnConfiguration.empty().duration(ConfigKey.CLIENT_TIMEOUT));
    assertThat(choice("-D", "client.timeout=7s").timeout()).isEqualTo(Duration.ofSeconds(7));
    assertThat(choice("-Dclient.packet-timeout=1s").packetTimeout())
        .contains(Duration.ofSeconds(1));
    assertThat(choice("-ls").packetTimeout()).isEmpty();
  }

  @Test
  void theUserIsTheVariablesOrTheSystems() {
    assertThat(choice().user()).isEqualTo("somebody");
    variables.put("CAIRN_USER", "else");
    assertThat(choice().user()).isEqualTo("else");
  }

  @Test
  void genericOptionsStandBeforeTheCommand() {
    GenericOptions options =
        GenericOptions.parse(List.of("-D", "a.b=c=d", "-conf", "f", "-ls", "-fs", "x"));
    assertThat(options.overrides()).containsExactly(Map.entry("a.b", "c=d"));
    assertThat(options.configuration()).contains(Path.of("f"));
    assertThat(options.rest()).containsExactly("-ls", "-fs", "x");
    assertThatThrownBy(() -> GenericOptions.parse(List.of("-fs")))
        .hasMessage("-fs needs a cluster");
    assertThatThrownBy(() -> GenericOptions.parse(List.of("-D", "x")))
        .hasMessage("-D needs key=value, not x");
  }
}
