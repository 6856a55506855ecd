package io.cairnfs.shell.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.cairnfs.client.cluster.Surroundings;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.proto.metadata.Blocker;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.DependenceResult;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.VolumeReport;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.testing.FakeAdministration;
import io.cairnfs.shell.testing.MemoryFileSystem;
import io.cairnfs.shell.text.Output;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code admin maintenance}, {@code remove}, {@code weight} and {@code volumes} of d1. */
final class ServerLifeTest {
  private static final HostPort AT = new HostPort("127.0.0.1", 7711);

  private final MemoryFileSystem memory =
      new MemoryFileSystem(new ManualClock(1), "root", "supergroup", 3, 128L << 20);
  private final FakeAdministration administration = new FakeAdministration();

  private record Result(int code, String out, String err) {}

  @BeforeEach
  void aCluster() {
    memory.setAdministration(administration);
    administration.report =
        ClusterReportResult.newBuilder().addServers(d1(1, ServerMembership.IN)).build();
  }

  private static ServerReport.Builder d1(int id, ServerMembership membership) {
    return ServerReport.newBuilder()
        .setMember(
            Member.newBuilder()
                .setServer(id)
                .setName("d1")
                .setHost(AT.host())
                .setPort(AT.port())
                .setHealth(ServerHealth.UP))
        .setMembership(membership)
        .setWeight(100)
        .setCapacityBytes(4L << 30)
        .setSlots(40)
        .setTargetSlots(50)
        .addVolumes(
            VolumeReport.newBuilder()
                .setVolume("good")
                .setCapacityBytes(4L << 30)
                .setUsedBytes(1L << 30)
                .setAvailableBytes(3L << 30)
                .setDirectory("/data/1"))
        .addVolumes(VolumeReport.newBuilder().setVolume("bad").setFailed(true))
        .addVolumes(VolumeReport.newBuilder().setVolume("gone").setMissing(true));
  }

  private void theServerIs(ServerMembership membership) {
    administration.report = ClusterReportResult.newBuilder().addServers(d1(1, membership)).build();
  }

  private void itDepends(DependenceResult.Builder result) {
    administration.dependences.clear();
    administration.dependences.add(result.build());
  }

  private Result run(String... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Output output = new Output(out);
    Output errors = new Output(err);
    int code =
        Program.run(
            "admin",
            List.of(words),
            new Surroundings(Map.of("CAIRN_FS", "cairn://127.0.0.1:7702"), Path.of("/"), "root"),
            options -> memory,
            output,
            errors,
            AdminCommand::run);
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private void refused(String why, String... words) {
    int before = administration.asked.size();
    Result result = run(words);
    assertThat(result.code()).isEqualTo(255);
    assertThat(result.err()).contains(why);
    assertThat(administration.asked).hasSize(before);
  }

  @Test
  void aMaintenanceHasALimitAndAnEnd() {
    itDepends(DependenceResult.newBuilder());
    Result begun = run("maintenance", "d1", "--for", "2h");
    assertThat(begun.code()).as(begun.err()).isZero();
    assertThat(begun.out()).contains("is in maintenance for 2:00:00: it can be stopped");
    assertThat(administration.asked).containsExactly("server=1 MAINTENANCE", "server=1 for PT2H");
    Result ended = run("maintenance", "d1", "--end");
    assertThat(ended.out()).contains("d1 (server=1 127.0.0.1:7711) is in again.");
    assertThat(administration.asked).last().isEqualTo("server=1 IN");
    refused("is IN, not in maintenance", "maintenance", "d1", "--end");
  }

  @Test
  void aMaintenanceThatHidesChunksNeedsForce() {
    itDepends(DependenceResult.newBuilder().setChunksWithoutOthers(12));
    refused("12 chunks are on no other server that is up", "maintenance", "d1", "--for", "30m");
    Result forced = run("maintenance", "d1", "--for", "30m", "-f");
    assertThat(forced.code()).isZero();
    assertThat(forced.out()).contains("nobody can read 12 chunks");
  }

  @Test
  void impossibleMaintenancesAreRefused() {
    itDepends(DependenceResult.newBuilder());
    refused("'2 hours' is no time", "maintenance", "d1", "--for", "2 hours");
    refused("is outside 1s to 30d", "maintenance", "d1", "--for", "0m");
    refused("is outside 1s to 30d", "maintenance", "d1", "--for", "31d");
    refused("--for", "maintenance", "d1");
    refused("mutually exclusive", "maintenance", "d1", "--for", "1h", "--end");
    refused("no data server is called d2", "maintenance", "d2", "--for", "1h");
    theServerIs(ServerMembership.DRAINING);
    refused("is being emptied", "maintenance", "d1", "--for", "1h");
    theServerIs(ServerMembership.OUT);
    refused("was struck out before", "maintenance", "d1", "--for", "1h");
  }

  @Test
  void serversShowHowLongAMaintenanceLasts() throws Exception {
    administration.report =
        ClusterReportResult.newBuilder()
            .addServers(d1(1, ServerMembership.MAINTENANCE).setMaintenanceLeftMillis(7_170_400))
            .build();
    assertThat(run("servers").out()).contains("MAINTENANCE 1:59:30");
    JsonNode json = new ObjectMapper().readTree(run("servers", "--json").out());
    assertThat(json.at("/dataServers/0/membership").asText()).isEqualTo("MAINTENANCE");
    assertThat(json.at("/dataServers/0/maintenanceLeftMillis").asLong()).isEqualTo(7_170_400);
  }

  @Test
  void onlyADrainedServerThatStandsIsRemoved() {
    itDepends(DependenceResult.newBuilder().setSafe(true));
    refused("is IN: empty it first with 'cairn admin drain d1 --wait'", "remove", "d1");
    theServerIs(ServerMembership.DRAINING);
    refused("still runs", "remove", "d1");
    administration.silent.add(AT);
    itDepends(
        DependenceResult.newBuilder()
            .setActingSlots(3)
            .addBlockers(Blocker.newBuilder().setProblem("d4 is full")));
    refused("3 slots and 0 open chunks have no other in its place yet; d4 is full", "remove", "d1");
    itDepends(DependenceResult.newBuilder().setSafe(true));
    Result removed = run("remove", "d1");
    assertThat(removed.code()).as(removed.err()).isZero();
    assertThat(removed.out()).isEqualTo("d1 (server=1 127.0.0.1:7711) is removed.\n");
    assertThat(administration.asked).containsExactly("server=1 removed");
  }

  @Test
  void whoIsOutIsRemovedThoughItsSuccessorRunsThere() {
    administration.report =
        ClusterReportResult.newBuilder()
            .addServers(d1(1, ServerMembership.OUT))
            .addServers(d1(4, ServerMembership.IN))
            .build();
    itDepends(DependenceResult.newBuilder().setSafe(true));
    refused("of this name there are struck out: server=[1]", "remove", "d1");
    assertThat(run("remove", "1").code()).isZero();
    assertThat(administration.asked).containsExactly("server=1 removed");
  }

  @Test
  void weightIsShownAndSet() {
    assertThat(run("weight", "d1").out())
        .isEqualTo(
            "d1 (server=1 127.0.0.1:7711) has weight 100, 4 G of disks and 40 slots, and is to have"
                + " 50.\n");
    assertThat(administration.asked).isEmpty();
    assertThat(run("weight", "d1", "250").code()).isZero();
    assertThat(administration.asked).containsExactly("server=1 weight 250");
    refused("weight 0 is outside 1 to 100000", "weight", "d1", "0");
    refused("weight 100001 is outside 1 to 100000", "weight", "d1", "100001");
    refused("'heavy' is not an int", "weight", "d1", "heavy");
    theServerIs(ServerMembership.OUT);
    refused("was struck out before", "weight", "d1", "100");
  }

  @Test
  void volumesShowWhichFailedAndWhichAreMissing() throws Exception {
    String text = run("volumes").out();
    assertThat(text).containsPattern("d1 +good +GOOD +- +4 G +1 G +3 G +/data/1");
    assertThat(text).containsPattern("d1 +bad +FAILED").containsPattern("d1 +gone +MISSING");
    JsonNode json = new ObjectMapper().readTree(run("volumes", "d1", "--json").out());
    assertThat(json.at("/volumes/0/state").asText()).isEqualTo("GOOD");
    assertThat(json.at("/volumes/2/state").asText()).isEqualTo("MISSING");
    refused("no data server is called d2", "volumes", "d2");
  }

  @Test
  void aVolumeIsDeclaredLostUnlessItWorks() {
    refused("volume good of d1", "volumes", "lost", "d1", "good");
    Result lost = run("volumes", "lost", "d1", "gone");
    assertThat(lost.code()).as(lost.err()).isZero();
    assertThat(administration.asked).containsExactly("server=1 lost gone");
  }

  @Test
  void everyWordHasHelp() {
    for (String word : List.of("drain", "maintenance", "remove", "weight", "volumes")) {
      Result help = run(word, "--help");
      assertThat(help.code()).isZero();
      assertThat(help.out()).startsWith("Usage: cairn admin " + word);
    }
    assertThat(run("volumes", "lost", "--help").out())
        .startsWith("Usage: cairn admin volumes lost");
  }
}
