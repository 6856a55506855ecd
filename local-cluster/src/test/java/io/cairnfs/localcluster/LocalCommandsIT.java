package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code cairn local}, word by word, in a directory with a space in its name. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class LocalCommandsIT {
  @TempDir Path directory;
  private Programs programs;
  private Path root;

  @BeforeEach
  void prepare() throws Exception {
    programs = new Programs(directory.resolve("here"));
    root = directory.resolve("a cluster");
  }

  @AfterEach
  void stop() throws Exception {
    if (Files.exists(root)) {
      assertThat(local("stop").code()).isZero();
    }
  }

  private Programs.Result local(String... words) throws Exception {
    return localWithInput("", words);
  }

  private Programs.Result localWithInput(String input, String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of("local"));
    all.addAll(List.of(words));
    all.addAll(List.of("--dir", root.toString()));
    return programs.run(Programs.bin().resolve("cairn"), input, all.toArray(new String[0]));
  }

  private Programs.Result start(String... words) throws Exception {
    List<String> all =
        new ArrayList<>(
            List.of("start", "--metaservers", "1", "--dataservers", "1", "--base-port", "0"));
    all.addAll(List.of(words));
    return local(all.toArray(new String[0]));
  }

  private static void good(Programs.Result result) {
    assertThat(result.code()).as(result.err() + result.out()).isZero();
    assertThat(result.err()).isEmpty();
  }

  private JsonNode status() throws Exception {
    return new ObjectMapper().readTree(local("status", "--json").out()).get("roles");
  }

  @Test
  void oneProcessForAllRoles() throws Exception {
    // As a start leaves it that was interrupted early.
    Files.createDirectories(root.resolve("pids"));
    Programs.Result started = start();
    good(started);
    assertThat(started.out())
        .startsWith("made a cluster of 1 metaservers and 1 data servers in " + root)
        .contains("try:           bin/dfs -fs cairn://127.0.0.1:");
    Programs.Result again = start();
    good(again);
    assertThat(again.out()).startsWith("the cluster ran already\n");
    assertThat(local("start", "--dataservers", "2").err())
        .contains("has 1 of role dataserver, not 2: numbers are for a new cluster");

    Programs.Result kill = local("kill", "d1");
    assertThat(kill.code()).isEqualTo(1);
    assertThat(kill.err()).contains("kill needs a process for each role").contains("--processes");
    assertThat(local("restart", "m1").err()).contains("restart needs a process for each role");
    assertThat(local("add").err()).contains("a further data server needs a process for each role");
    assertThat(local("start", "--processes").err()).contains("stop it first ('cairn local stop')");
    assertThat(local("logs", "m1").out()).contains("all roles of " + root + " run in this process");
    assertThat(local("logs", "m7").err()).contains("no role m7; there are [m1, d1]");
    Programs.Result running = local("destroy", "-f");
    assertThat(running.code()).isEqualTo(1);
    assertThat(running.err()).contains("the cluster runs: 'cairn local stop' first");

    String uri = "cairn://127.0.0.1:" + status().get(0).get("port").asInt();
    aLostPidFileDoesNotStartASecondCluster();
    good(programs.dfs("-fs", uri, "-mkdir", "/tmp/kept"));
    killedProcessLeavesAStalePidFile();
    good(programs.dfs("-fs", uri, "-test", "-d", "/tmp/kept"));

    assertThat(local("stop").out()).isEqualTo("stopped 1 process\n");
    assertThat(local("stop").out()).isEqualTo("nothing ran\n");
    assertThat(status().get(0).get("state").asText()).isEqualTo("STOPPED");
    destroyAsks();
  }

  private void killedProcessLeavesAStalePidFile() throws Exception {
    long pid = status().get(0).get("pid").asLong();
    ProcessHandle daemon = ProcessHandle.of(pid).orElseThrow();
    assertThat(daemon.destroyForcibly()).isTrue();
    assertThat(daemon.onExit().get(20, TimeUnit.SECONDS)).isNotNull();
    assertThat(root.resolve("pids/local.pid")).exists();
    Programs.Result dead = local("status");
    assertThat(dead.code()).isEqualTo(1);
    assertThat(dead.out()).contains("STOPPED");
    good(start());
    assertThat(status().get(0).get("pid").asLong()).isNotEqualTo(pid);
  }

  private void destroyAsks() throws Exception {
    Programs.Result no = localWithInput("n\n", "destroy");
    assertThat(no.code()).isEqualTo(1);
    assertThat(no.out())
        .isEqualTo("Delete " + root + " and all files of its cluster? [y/N] nothing deleted\n");
    assertThat(local("destroy").code()).isEqualTo(1);
    Files.writeString(root.resolve("mine"), "not the cluster's");
    Programs.Result yes = localWithInput("y\n", "destroy");
    assertThat(yes.code()).isZero();
    assertThat(yes.out()).endsWith("deleted the cluster; other files stay in " + root + "\n");
    assertThat(root.toFile().list()).containsExactly("mine");
    assertThat(start().err()).contains(root + " holds other things (mine)");
    Files.delete(root.resolve("mine"));
    Files.delete(root);
    assertThat(local("destroy", "-f").err()).contains("no local cluster in " + root);
  }

  @Test
  void oneProcessForEachRole() throws Exception {
    good(start("--processes"));
    JsonNode before = status();
    assertThat(before)
        .hasSize(2)
        .allSatisfy(each -> assertThat(each.get("state").asText()).isEqualTo("UP"));
    List<String> fields = new ArrayList<>();
    before.get(0).fieldNames().forEachRemaining(fields::add);
    assertThat(fields)
        .containsExactly(
            "role",
            "id",
            "pid",
            "host",
            "port",
            "state",
            "leader",
            "term",
            "appliedIndex",
            "volumes",
            "usedBytes");
    assertThat(before.get(0).get("role").asText()).isEqualTo("metaserver");
    assertThat(before.get(0).get("leader").asBoolean()).isTrue();
    assertThat(before.get(1).get("role").asText()).isEqualTo("dataserver");
    assertThat(before.get(1).get("volumes")).hasSize(1);

    good(local("kill", "d1"));
    assertThat(status().get(1).get("state").asText()).isEqualTo("STOPPED");
    assertThat(local("kill", "d1").err()).contains("d1 does not run");
    assertThat(local("status").code()).isEqualTo(1);
    good(local("restart", "d1"));
    good(local("restart", "d1"));
    JsonNode after = status();
    assertThat(after.get(1).get("state").asText()).isEqualTo("UP");
    assertThat(after.get(1).get("pid")).isNotEqualTo(before.get(1).get("pid"));
    assertThat(after.get(1).get("volumes").get(0).get("volume"))
        .isEqualTo(before.get(1).get("volumes").get(0).get("volume"));
    good(local("kill", "m1"));
    good(start("--processes"));
    assertThat(status().get(0).get("state").asText()).isEqualTo("UP");
    assertThat(local("logs", "d1").out()).contains("registered as d1");
    aFurtherDataServer();
    assertThat(local("stop").out()).isEqualTo("stopped 3 processes\n");
    good(local("destroy", "-f"));
    assertThat(root).doesNotExist();
  }

  private void aFurtherDataServer() throws Exception {
    Programs.Result added = local("add");
    good(added);
    assertThat(added.out()).startsWith("started d2; ");
    assertThat(status().get(2).get("id").asText()).isEqualTo("d2");
    good(local("kill", "d2"));
    Programs.Result again = local("start", "--json");
    good(again);
    assertThat(new ObjectMapper().readTree(again.out()).get("roles"))
        .hasSize(3)
        .allSatisfy(each -> assertThat(each.get("state").asText()).isEqualTo("UP"));
  }

  @Test
  void whatCannotBeSaysSo() throws Exception {
    assertThat(local("status").err()).contains("no local cluster in " + root);
    assertThat(local("start", "--metaservers", "0").err()).contains("1 to 9 are possible");
    Programs.Result unknown = local("sttus");
    assertThat(unknown.code()).isEqualTo(255);
    assertThat(unknown.err()).contains("status");
  }

  private void aLostPidFileDoesNotStartASecondCluster() throws Exception {
    Path pidFile = root.resolve("pids/local.pid");
    String pid = Files.readString(pidFile);
    Files.delete(pidFile);
    Programs.Result taken = start();
    assertThat(taken.code()).isEqualTo(1);
    assertThat(taken.err()).contains("another program listens on [127.0.0.1:");
    Files.writeString(pidFile, pid);
  }
}
