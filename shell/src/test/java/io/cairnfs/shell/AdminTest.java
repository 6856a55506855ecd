package io.cairnfs.shell;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.cairnfs.client.cluster.Surroundings;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.proto.admin.HistogramSummary;
import io.cairnfs.proto.admin.Metric;
import io.cairnfs.proto.admin.MetricsReply;
import io.cairnfs.proto.dataserver.BadReplica;
import io.cairnfs.proto.dataserver.FindingKind;
import io.cairnfs.proto.dataserver.QuarantinedReplica;
import io.cairnfs.proto.dataserver.ReconcileReply;
import io.cairnfs.proto.dataserver.ReplicaFinding;
import io.cairnfs.proto.dataserver.ScrubReply;
import io.cairnfs.proto.metadata.BackgroundWork;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.CodedPoolReport;
import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.proto.metadata.RingResult;
import io.cairnfs.proto.metadata.RingShare;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.SlotReport;
import io.cairnfs.proto.metadata.SlowPart;
import io.cairnfs.proto.metadata.VolumeReport;
import io.cairnfs.proto.metadata.WhoLeadsReply;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.ChunkState;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.ScrubRound;
import io.cairnfs.proto.types.ScrubStatus;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.shell.admin.AdminCommand;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.testing.FakeAdministration;
import io.cairnfs.shell.testing.MemoryFileSystem;
import io.cairnfs.shell.text.Output;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AdminTest {
  private final MemoryFileSystem memory =
      new MemoryFileSystem(new ManualClock(1), "root", "supergroup", 3, 128L << 20);
  private final FakeAdministration administration = new FakeAdministration();

  @BeforeEach
  void aCluster() {
    memory.setAdministration(administration);
    Member member =
        Member.newBuilder()
            .setServer(1)
            .setHost("127.0.0.1")
            .setPort(7711)
            .setName("d1")
            .setHealth(ServerHealth.UP)
            .build();
    administration.report =
        ClusterReportResult.newBuilder()
            .setClusterId("c-1")
            .setSecurityMode("none")
            .setTerm(5)
            .setPoolSlots(4096)
            .setChunksUnderReplicated(2)
            .addWork(work(BackgroundWork.Kind.REPAIR, 2, 0.5))
            .addWork(work(BackgroundWork.Kind.SLOT_MOVES, 3, 0))
            .addWork(work(BackgroundWork.Kind.DELETES, 0, 0))
            .addMetaservers(
                MetaserverReport.newBuilder()
                    .setId("m1")
                    .setHost("127.0.0.1")
                    .setPort(7701)
                    .setLeader(true)
                    .setReachable(true))
            .addServers(
                ServerReport.newBuilder()
                    .setMember(member)
                    .setMembership(ServerMembership.IN)
                    .setRack("r1")
                    .setSlots(4096)
                    .addVolumes(
                        VolumeReport.newBuilder()
                            .setVolume("v")
                            .setCapacityBytes(1L << 30)
                            .setUsedBytes(1L << 20)
                            .setAvailableBytes(1L << 29)))
            .build();
    administration.ring =
        RingResult.newBuilder()
            .addShares(RingShare.newBuilder().setMember(member).setShare(0.5).setFairShare(0.25))
            .addChunks(
                ChunkLocation.newBuilder()
                    .setChunk(ChunkId.of(0, 17, 5).value())
                    .setState(ChunkState.SEALED)
                    .setLength(10)
                    .setReplication(3)
                    .addMembers(member))
            .addSlots(SlotReport.newBuilder().setSlot(17).setEpoch(2).addActing(1).addTarget(1))
            .build();
    administration.metrics =
        MetricsReply.newBuilder()
            .addMetrics(Metric.newBuilder().setName("rpc.calls").setValue(42))
            .addMetrics(
                Metric.newBuilder()
                    .setName("apply.micros")
                    .setHistogram(HistogramSummary.newBuilder().setCount(7).setMean(1.5).setMax(9)))
            .build();
  }

  private static BackgroundWork work(BackgroundWork.Kind kind, long left, double perSecond) {
    return BackgroundWork.newBuilder()
        .setKind(kind)
        .setLeft(left)
        .setDonePerSecond(perSecond)
        .build();
  }

  private ShellRun.Result run(String... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Output output = new Output(out);
    Output errors = new Output(err);
    int code =
        Program.run(
            "admin",
            List.of(words),
            new Surroundings(Map.of("CAIRN_FS", "cairn://127.0.0.1:7701"), Path.of("/"), "root"),
            options -> memory,
            output,
            errors,
            AdminCommand::run);
    return new ShellRun.Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private JsonNode json(String... words) throws IOException {
    ShellRun.Result result = run(words);
    assertThat(result.code()).as(result.err()).isZero();
    return new ObjectMapper().readTree(result.out());
  }

  private static final HostPort D1 = new HostPort("127.0.0.1", 7711);

  private void d1Scrubs() {
    administration.scrubs.put(
        D1,
        ScrubReply.newBuilder()
            .setStatus(
                ScrubStatus.newBuilder()
                    .setRound(
                        ScrubRound.newBuilder()
                            .setStartedMillis(0)
                            .setReplicas(3)
                            .setBytes(1 << 20)
                            .setBad(1))
                    .setReplicasLeft(9)
                    .setBytesLeft(3 << 20)
                    .setExpectedEndMillis(86_400_000)
                    .setQuarantinedReplicas(1))
            .addBad(
                BadReplica.newBuilder()
                    .setChunk(ChunkId.of(0, 17, 5).value())
                    .setProblem("cell at 4096"))
            .addQuarantined(
                QuarantinedReplica.newBuilder()
                    .setChunk(ChunkId.of(0, 18, 6).value())
                    .setFile("/data/quarantine/x.data")
                    .setBytes(2048)
                    .setSinceMillis(1000))
            .build());
  }

  @Test
  void scrubShowsHowFarItIsAndWhatWasFound() throws IOException {
    d1Scrubs();
    assertThat(run("scrub").out())
        .contains("25%", "3/12", "1 M/4 M", "1970-01-02T00:00:00Z", "LAST ROUND")
        .contains("chunk=0.17.5", "to repair: cell at 4096")
        .contains("chunk=0.18.6", "1970-01-01T00:00:01Z", "/data/quarantine/x.data");
    JsonNode server = json("scrub", "d1", "--json").get("dataServers").get(0);
    assertThat(server.get("scrub").get("bytesLeft").asLong()).isEqualTo(3 << 20);
    assertThat(server.get("scrub").get("round").get("bad").asInt()).isEqualTo(1);
    assertThat(server.get("bad").get(0).get("problem").asText()).isEqualTo("cell at 4096");
    assertThat(server.get("quarantined").get(0).get("bytes").asLong()).isEqualTo(2048);
    assertThat(administration.asked).allMatch(word -> word.endsWith("AS_IT_IS"));
  }

  @Test
  void scrubNowBeginsARound() {
    d1Scrubs();
    assertThat(run("scrub", "--now", "d1").code()).isZero();
    assertThat(administration.asked).containsExactly("scrub " + D1 + " FROM_THE_BEGINNING");
  }

  @Test
  void scrubTellsOfAServerThatDoesNotAnswer() {
    ShellRun.Result all = run("scrub");
    assertThat(all.code()).isZero();
    assertThat(all.out()).contains("d1 does not answer").contains("connection refused");
    ShellRun.Result one = run("scrub", "d1");
    assertThat(one.code()).isEqualTo(255);
    assertThat(one.err()).contains("connection refused");
    assertThat(run("scrub", "d9").err()).contains("no data server is called d9");
  }

  @Test
  void reconcileWaitsForTheEndAndSaysWhatWasFound() {
    administration.reconciliations.add(ReconcileReply.newBuilder().setRunning(true).build());
    administration.reconciliations.add(
        ReconcileReply.newBuilder()
            .setReplicas(12)
            .setDiffering(1)
            .setMissing(1)
            .addFindings(
                ReplicaFinding.newBuilder()
                    .setChunk(ChunkId.of(0, 17, 5).value())
                    .setKind(FindingKind.FINDING_MISSING))
            .build());
    ShellRun.Result result = run("reconcile", "d1");
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out())
        .contains("d1 holds 12 sealed replicas", "missing: 1", "  missing chunk=0.17.5");
    assertThat(administration.asked)
        .containsExactly("reconcile " + D1 + " NOW", "reconcile " + D1 + " AS_IT_IS");
  }

  @Test
  void reconcileThatCameToNoEndFails() throws IOException {
    administration.reconciliations.add(
        ReconcileReply.newBuilder().setProblem("UNAVAILABLE no leader").build());
    ShellRun.Result result = run("reconcile", "d1");
    assertThat(result.code()).isEqualTo(255);
    assertThat(result.err()).contains("d1 was not compared: UNAVAILABLE no leader");
    administration.reconciliations.add(
        ReconcileReply.newBuilder()
            .setWithoutFiles(1)
            .addFindings(ReplicaFinding.newBuilder().setKind(FindingKind.FINDING_WITHOUT_FILES))
            .build());
    JsonNode tree = json("reconcile", "1", "--json");
    assertThat(tree.get("withoutFiles").asInt()).isEqualTo(1);
    assertThat(tree.get("findings").get(0).get("kind").asText()).isEqualTo("without files");
  }

  @Test
  void reportShowsWhatIsCodedAndWhyTheRestIsNot() throws IOException {
    administration.report =
        administration.report.toBuilder()
            .addCoded(
                CodedPoolReport.newBuilder()
                    .setPool(258)
                    .setPolicy("RS-6-3-1024k")
                    .setCodedBytes(3L << 30)
                    .setWaitingBytes(5L << 20)
                    .setYoungBytes(1 << 10)
                    .setProblem("RS-6-3-1024k needs 9 data servers, 5 take new chunks"))
            .build();
    assertThat(run("report").out())
        .contains(
            "RS-6-3-1024k 3 G, waiting 5 M (RS-6-3-1024k needs 9 data servers, 5 take new"
                + " chunks), changed lately 1 K");
    JsonNode json = new ObjectMapper().readTree(run("report", "--json").out());
    assertThat(json.get("coded").get(0).get("codedBytes").asLong()).isEqualTo(3L << 30);
  }

  @Test
  void reportShowsTheWholeCluster() throws IOException {
    ShellRun.Result result = run("report");
    assertThat(result.code()).isOne();
    assertThat(result.out())
        .startsWith(
            "DEGRADED: 2 chunks lack replicas, 2 copies to be made, time left about 4 s\n"
                + "  DEGRADED  2 chunks lack replicas, 2 copies to be made, time left about 4 s.\n"
                + "    Wait while that becomes less; otherwise see to the servers below.\n"
                + "  NOTE  every caller's user name is believed (security.mode = none).\n")
        .contains("repair        2 copies  0.5 copies/s  about 4 s\n")
        .contains("slot-moves     3 slots             -  unknown\n")
        .contains("Security:          none: EVERY CALLER'S USER NAME IS BELIEVED\n")
        .contains("Capacity:          1 G, used 1 M, available 512 M\n")
        .contains("Under-replicated:  2 chunks\n")
        .contains("m1          127.0.0.1:7701  LEADER")
        .contains("d1           127.0.0.1:7711  UP      IN          r1     4096");
    JsonNode json = new ObjectMapper().readTree(run("report", "--json").out());
    assertThat(json.get("health").asText()).isEqualTo("DEGRADED");
    assertThat(json.at("/findings/0/name").asText()).isEqualTo("chunks-under-replicated");
    assertThat(json.at("/findings/1/level").asText()).isEqualTo("NOTE");
    assertThat(json.at("/background/0/secondsLeft").asLong()).isEqualTo(4);
    assertThat(json.at("/background/1/secondsLeft").isNull()).isTrue();
    assertThat(json.get("clusterId").asText()).isEqualTo("c-1");
    assertThat(json.at("/metaservers/0/leader").asBoolean()).isTrue();
    assertThat(json.at("/dataServers/0/volumes/0/usedBytes").asLong()).isEqualTo(1L << 20);
    assertThat(memory.isClosed()).isTrue();
  }

  @Test
  void theExitCodeOfTheReportIsForMonitors() {
    administration.report = administration.report.toBuilder().setChunksUnderReplicated(0).build();
    ShellRun.Result healthy = run("report");
    assertThat(healthy.code()).isZero();
    assertThat(healthy.out()).startsWith("HEALTHY\n  NOTE  every caller's user name");
    administration.report = administration.report.toBuilder().setChunksLost(1).build();
    assertThat(run("report").code()).isEqualTo(2);
    assertThat(run("report", "--json").code()).isEqualTo(2);
    administration.refusal = new CairnException(ErrorCode.UNAVAILABLE, "nobody answers");
    ShellRun.Result unreachable = run("report");
    assertThat(unreachable.code()).isEqualTo(3);
    assertThat(unreachable.err()).isEqualTo("admin: nobody answers\n");
    assertThat(run("servers").code()).isEqualTo(255);
    assertThat(run("report", "--nonsense").code()).isEqualTo(255);
  }

  @Test
  void serversShowsOneLineEach() throws IOException {
    assertThat(run("servers").out().lines()).hasSize(5);
    assertThat(json("servers", "--json").at("/dataServers/0/id").asText()).isEqualTo("d1");
  }

  @Test
  void serversAndReportNameTheSlowOne() throws IOException {
    assertThat(run("servers").out()).doesNotContain("SLOW");
    administration.report =
        administration.report.toBuilder()
            .setServers(
                0,
                administration.report.getServers(0).toBuilder()
                    .setSlow(true)
                    .addSlowParts(
                        SlowPart.newBuilder()
                            .setKind(SlowPart.Kind.WRITES)
                            .setVolume("v")
                            .setP99Micros(70_000)
                            .setOthersMedianMicros(2_000)))
            .build();
    assertThat(run("servers").out()).contains("UP SLOW");
    assertThat(json("servers", "--json").at("/dataServers/0/slow").asBoolean()).isTrue();
    assertThat(run("report").out())
        .contains(
            "DEGRADED  data server d1 is slow: 99 % of the writes on volume v take up to 70 ms,"
                + " elsewhere 2 ms.\n    Look at its disks and its network;");
  }

  @Test
  void ringShowsSharesAndPlaces() throws IOException {
    ShellRun.Result result = run("ring", "/a", "--slots");
    assertThat(result.out())
        .contains("50.00%")
        .contains("25.00%")
        .contains("chunk=0.17.5 pool=0 slot=17 SEALED length=10 replication=3 members=[d1(UP)]")
        .contains("slot=0.17 epoch=2 acting=[1] joining=[] target=[1]");
    assertThat(run("ring").code()).isZero();
    assertThat(administration.asked).containsExactly("ring /a ALL_SLOTS", "ring  SHARES_ONLY");
    assertThat(json("ring", "--json").at("/chunks/0/members/0/id").asText()).isEqualTo("d1");
    assertThat(run("ring", "relative").err())
        .isEqualTo("admin: PATH must be absolute, not relative\n");
  }

  @Test
  void metricsOfAServerByItsName() throws IOException {
    ShellRun.Result result = run("metrics", "d1");
    assertThat(result.out()).contains("rpc.calls     42").contains("apply.micros");
    assertThat(json("metrics", "127.0.0.1:9", "--json").at("/apply.micros/max").asInt())
        .isEqualTo(9);
    assertThat(run("metrics", "m1").code()).isZero();
    assertThat(administration.asked)
        .containsExactly("metrics 127.0.0.1:7711", "metrics 127.0.0.1:9", "metrics 127.0.0.1:7701");
    assertThat(run("metrics", "d9").err())
        .isEqualTo("admin: no server is called d9; there are [m1, d1]\n");
    assertThat(run("metrics", "x:y").code()).isEqualTo(255);
  }

  @Test
  void metaserversAreFoundEvenWhileNoneLeads() {
    administration.report = ClusterReportResult.getDefaultInstance();
    administration.whoLeads =
        WhoLeadsReply.newBuilder()
            .setId("m1")
            .addMembers(
                MetaserverReport.newBuilder().setId("m2").setHost("127.0.0.1").setPort(7702))
            .build();
    assertThat(run("metrics", "m2").code()).isZero();
    assertThat(run("metrics", "m1").code()).isZero();
    assertThat(administration.asked)
        .containsExactly("metrics 127.0.0.1:7702", "metrics 127.0.0.1:7701");
  }

  @Test
  void logLevelsAreShownAndChanged() {
    assertThat(run("log-level", "d1", "io.cairnfs.raft").out()).isEqualTo("io.cairnfs.raft INFO\n");
    assertThat(run("log-level", "d1", "root", "debug").out()).isEqualTo("root DEBUG\n");
    assertThat(administration.asked)
        .containsExactly(
            "log-level 127.0.0.1:7711 io.cairnfs.raft ", "log-level 127.0.0.1:7711 root DEBUG");
    assertThat(run("log-level", "d1", "root", "loud").err())
        .isEqualTo("admin: level loud is none of [ERROR, WARN, INFO, DEBUG, TRACE]\n");
  }

  private void theServerIs(ServerHealth health, ServerMembership membership, int targetSlots) {
    ServerReport.Builder server = administration.report.getServers(0).toBuilder();
    server.setMembership(membership).setTargetSlots(targetSlots);
    server.setMember(server.getMember().toBuilder().setHealth(health));
    administration.report = administration.report.toBuilder().setServers(0, server).build();
  }

  @Test
  void aServerThatRunsIsEmptiedAndTakenBack() {
    ShellRun.Result out = run("out", "d1");
    assertThat(out.err()).isEmpty();
    assertThat(out.code()).isZero();
    assertThat(out.out())
        .startsWith("d1 (server=1 127.0.0.1:7711) is being emptied: 4096 slots move")
        .endsWith("'cairn admin in d1' takes it back.\n");
    theServerIs(ServerHealth.SUSPECT, ServerMembership.DRAINING, 0);
    assertThat(run("out", "127.0.0.1:7711").code()).isZero();
    theServerIs(ServerHealth.UP, ServerMembership.DRAINING, 77);
    assertThat(run("in", "1").out())
        .isEqualTo("d1 (server=1 127.0.0.1:7711) is in again, with 77 slots.\n");
    assertThat(run("in", "d1").out()).isEqualTo("d1 (server=1 127.0.0.1:7711) is in already.\n");
    assertThat(administration.asked)
        .containsExactly("server=1 DRAINING", "server=1 DRAINING", "server=1 IN");
  }

  @Test
  void whatCannotMoveIsSaid() {
    theServerIs(ServerHealth.UP, ServerMembership.IN, 4096);
    assertThat(run("out", "d1").out())
        .contains("too few other servers are in: 4096 slots stay with it until another");
  }

  @Test
  void aServerThatIsDownIsStruckOutForGood() {
    theServerIs(ServerHealth.DOWN, ServerMembership.IN, 4096);
    assertThat(run("out", "d1").out()).contains("d1 (server=1 127.0.0.1:7711) is DOWN and struck");
    assertThat(administration.asked).containsExactly("server=1 OUT");
    ShellRun.Result again = run("out", "d1");
    assertThat(again.code()).isEqualTo(255);
    assertThat(again.err())
        .isEqualTo("admin: d1 (server=1 127.0.0.1:7711) was struck out before\n");
    ShellRun.Result in = run("in", "d1");
    assertThat(in.code()).isEqualTo(255);
    assertThat(in.err()).contains("start it, and it registers as a new server");
    // It has come back: its name means the new one.
    ServerReport.Builder anew = administration.report.getServers(0).toBuilder();
    anew.setMembership(ServerMembership.DRAINING);
    anew.setMember(anew.getMember().toBuilder().setServer(2).setHealth(ServerHealth.UP));
    administration.report = administration.report.toBuilder().addServers(anew).build();
    assertThat(run("in", "d1").code()).isZero();
    assertThat(administration.asked).containsExactly("server=1 OUT", "server=2 IN");
  }

  @Test
  void whoIsToGoOutMustBeOneServer() {
    ShellRun.Result unknown = run("out", "d9");
    assertThat(unknown.code()).isEqualTo(255);
    assertThat(unknown.err())
        .isEqualTo(
            "admin: no data server is called d9; there are [d1 (server=1 127.0.0.1:7711)]\n");
    assertThat(run("in", "m1").code()).isEqualTo(255);
    assertThat(run("out").code()).isEqualTo(255);
    ServerReport.Builder twin = administration.report.getServers(0).toBuilder();
    twin.setMember(twin.getMember().toBuilder().setServer(2).setPort(7712));
    administration.report = administration.report.toBuilder().addServers(twin).build();
    assertThat(run("out", "d1").err())
        .contains("say which by number: [d1 (server=1 127.0.0.1:7711), d1 (server=2 127.0.0.1:");
    assertThat(administration.asked).isEmpty();
    assertThat(run("out", "2").code()).isZero();
  }

  @Test
  void misuseIs255() {
    assertThat(run().code()).isEqualTo(255);
    assertThat(run("reprt").code()).isEqualTo(255);
    assertThat(run("reprt").err()).contains("report");
    assertThat(run("metrics").code()).isEqualTo(255);
    assertThat(run("-fs").err()).isEqualTo("admin: -fs needs a cluster\n");
    assertThat(run("--help").code()).isZero();
    assertThat(run("report", "--help").out()).contains("--json");
    assertThat(run("-fs", "cairn://prod", "report").err())
        .contains("the configuration has no clusters.prod.metaservers");
  }
}
