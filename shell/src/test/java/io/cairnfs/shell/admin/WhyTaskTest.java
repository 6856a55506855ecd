package io.cairnfs.shell.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.cairnfs.client.cluster.Surroundings;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.proto.metadata.Blocker;
import io.cairnfs.proto.metadata.ChunkReasons;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.DependenceResult;
import io.cairnfs.proto.metadata.JoinReasons;
import io.cairnfs.proto.metadata.MissingReplica;
import io.cairnfs.proto.metadata.MissingReplica.Reason;
import io.cairnfs.proto.metadata.RankedServer;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.SlotReasons;
import io.cairnfs.proto.metadata.SlotReport;
import io.cairnfs.proto.metadata.SlowPart;
import io.cairnfs.proto.metadata.WhyResult;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.ChunkState;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.ServerMembership;
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

/** {@code admin why} over answers that a test makes up. */
final class WhyTaskTest {
  private static final ChunkId CHUNK = ChunkId.of(0, 17, 5);

  private final MemoryFileSystem memory =
      new MemoryFileSystem(new ManualClock(0), "root", "supergroup", 3, 128L << 20);
  private final FakeAdministration administration = new FakeAdministration();
  private final WhyResult.Builder why = WhyResult.newBuilder();

  private record Result(int code, String out, String err) {}

  @BeforeEach
  void aCluster() {
    memory.setAdministration(administration);
    ClusterReportResult.Builder report = ClusterReportResult.newBuilder();
    for (int i = 1; i <= 4; i++) {
      report.addServers(
          ServerReport.newBuilder()
              .setMember(member(i))
              .setMembership(ServerMembership.IN)
              .setRepairEntries(i)
              .setMillisSinceHeartbeat(i == 2 ? 150_000 : 500));
      why.addServers(member(i));
    }
    administration.report = report.build();
    why.addSlots(
        SlotReasons.newBuilder()
            .setSlot(
                SlotReport.newBuilder()
                    .setSlot(17)
                    .setEpoch(2)
                    .addAllActing(List.of(1, 2, 3))
                    .addAllTarget(List.of(1, 2, 3)))
            .addRanked(
                RankedServer.newBuilder()
                    .setServer(3)
                    .setRack("r1")
                    .setTargetSlots(90)
                    .setFairSlots(100)));
  }

  /** d2 alone is DOWN. */
  private static Member member(int number) {
    return Member.newBuilder()
        .setServer(number)
        .setName("d" + number)
        .setHost("127.0.0.1")
        .setPort(7710 + number)
        .setHealth(number == 2 ? ServerHealth.DOWN : ServerHealth.UP)
        .build();
  }

  private Result run(String... words) {
    administration.why = why.build();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        Program.run(
            "admin",
            List.of(words),
            new Surroundings(Map.of("CAIRN_FS", "cairn://127.0.0.1:7701"), Path.of("/"), "root"),
            options -> memory,
            new Output(out),
            new Output(err),
            AdminCommand::run);
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private String out(String... words) {
    Result result = run(words);
    assertThat(result.err()).isEmpty();
    assertThat(result.code()).isZero();
    return result.out();
  }

  private JsonNode json(String what) throws IOException {
    return new ObjectMapper().readTree(out("why", what, "--json"));
  }

  private void missing(MissingReplica.Builder replica) {
    why.clearChunks()
        .addChunks(
            ChunkReasons.newBuilder()
                .setChunk(
                    ChunkLocation.newBuilder()
                        .setChunk(CHUNK.value())
                        .setState(ChunkState.SEALED)
                        .setLength(2 << 20)
                        .setReplication(3)
                        .addMembers(member(1))
                        .addMembers(member(3)))
                .addMissing(replica));
  }

  private static MissingReplica.Builder onD2(Reason reason) {
    return MissingReplica.newBuilder()
        .setServer(2)
        .setReason(reason)
        .setSince(77)
        .addSources(1)
        .addSources(3);
  }

  @Test
  void aFileShowsItsChunksWhatIsMissingAndItsSlots() throws IOException {
    missing(onD2(Reason.MEMBER_SILENT));
    assertThat(out("why", "/a"))
        .isEqualTo(
            """
            chunk=0.17.5 SEALED, 2 M, shall have 3 replicas
              is on d1 (UP), d3 (UP)
              is missing on d2: it is d2 (DOWN), silent for 3 min; it gets it from d1, d3 when it \
            answers, and its successor if it is struck out
            slot 0.17 is served by d1, d2, d3, as it should be
              the ring offers it to d3 (rack r1, 90 slots of 100): the first that have room, of \
            different racks while there are some; who has it keeps it
            """);
    assertThat(administration.asked).containsExactly("why /a");
    JsonNode json = json("/a");
    assertThat(json.at("/chunks/0/chunk").asText()).isEqualTo("chunk=0.17.5");
    assertThat(json.at("/chunks/0/missing/0/reason").asText()).isEqualTo("MEMBER_SILENT");
    assertThat(json.at("/chunks/0/missing/0/id").asText()).isEqualTo("d2");
    assertThat(json.at("/chunks/0/missing/0/sources/1").asText()).isEqualTo("d3");
    assertThat(json.at("/slots/0/acting/2").asText()).isEqualTo("d3");
    assertThat(json.at("/slots/0/join").isNull()).isTrue();
    assertThat(json.at("/slots/0/ranked/0/fairSlots").asInt()).isEqualTo(100);
  }

  @Test
  void everyReasonHasItsWords() {
    missing(onD2(Reason.WAITING).setQueue(40));
    assertThat(out("why", "/a"))
        .contains(
            "missing on d2: it is going to be copied from d1, d3, one of 40 chunks that d2 lacks");
    missing(onD2(Reason.COPY_FAILED).setProblem("CORRUPT cell 3"));
    assertThat(out("why", "/a"))
        .contains("missing on d2: the last try failed (CORRUPT cell 3), it is tried again");
    missing(onD2(Reason.NO_SPACE));
    assertThat(out("why", "/a")).contains("missing on d2: it is full");
    missing(onD2(Reason.LOST));
    assertThat(out("why", "/a")).contains("missing on d2: there is nobody to copy it from");
    missing(
        MissingReplica.newBuilder().setServer(3).setReason(Reason.SOURCES_SILENT).addSources(2));
    assertThat(out("why", "/a"))
        .contains("missing on d3: it can be copied from d2 (DOWN), silent for 3 min only");
    missing(onD2(Reason.LOST));
    why.getChunksBuilder(0).setLost(true);
    why.setMore(true);
    assertThat(out("why", "/a"))
        .contains("  LOST: no server is known to have a good replica\n")
        .doesNotContain("is on")
        .contains("... and further chunks\n");
  }

  @Test
  void aFileWithoutChunksSaysSo() {
    why.clearSlots();
    assertThat(out("why", "/small"))
        .isEqualTo("/small has no bytes in chunks: what it has is kept with the metadata\n");
  }

  @Test
  void aSlotShowsWhoJoinsAndWhatIsInItsWay() throws IOException {
    why.getSlotsBuilder(0)
        .setSlot(
            SlotReport.newBuilder()
                .setSlot(17)
                .addAllActing(List.of(1, 2, 3))
                .addAllTarget(List.of(1, 4, 3)))
        .setJoin(
            JoinReasons.newBuilder()
                .setServer(4)
                .setPosition(1)
                .setReplaces(2)
                .setCursor(CHUNK.value())
                .setAtEnd(true)
                .setLacking(12)
                .addOpenChunks(ChunkId.of(0, 17, 6).value())
                .setReplacedLettingGo(true));
    assertThat(out("why", "0.17"))
        .contains("slot 0.17 is served by d1, d2, d3, and shall be by d1, d4, d3\n")
        .contains(
            "  d4 (UP) joins at position 1 in place of d2 (DOWN), all chunks were looked through,"
                + " lacks 12 chunks; waits for writers that began without it: chunk=0.17.6; d2 has"
                + " still to delete what it had of the slot before\n");
    assertThat(administration.asked).containsExactly("why 0.17");
    JsonNode join = json("slot=0.17").at("/slots/0/join");
    assertThat(join.get("id").asText()).isEqualTo("d4");
    assertThat(join.get("replaces").asText()).isEqualTo("d2");
    assertThat(join.at("/openChunks/0").asText()).isEqualTo("chunk=0.17.6");
    why.getSlotsBuilder(0).getJoinBuilder().setAtEnd(false).setCursor(0);
    assertThat(out("why", "0.17")).contains(", chunks are looked through up to none yet, ");
    why.getSlotsBuilder(0).clearJoin().setWaits("d4 is DOWN");
    assertThat(out("why", "0.17")).contains("  waits: d4 is DOWN\n");
  }

  @Test
  void aServerShowsWhatWaitsForIt() throws IOException {
    administration.dependences.add(
        DependenceResult.newBuilder()
            .setActingSlots(90)
            .setTargetSlots(91)
            .setJoiningSlots(2)
            .setDeletes(5)
            .setNeeded(1)
            .setOpenChunks(3)
            .setChunksWithoutOthers(7)
            .build());
    assertThat(out("why", "d2"))
        .isEqualTo(
            """
            d2 (server=2 127.0.0.1:7712) is IN and DOWN, heard 3 min ago
              DEGRADED  data server d2 is DOWN, silent for 3 min.
                Start it; if it is gone for good: 'cairn admin out d2'.
              serves 90 slots, and shall have 91; joins 2
              lacks 2 chunks that are to be copied to it
              has 5 replicas to delete, of which others still need 1
              while it is stopped 7 chunks are out of reach: no other server that is up has a good \
            replica
              chunks that are written to it now: 3
              it is not being emptied
            """);
    JsonNode json = json("127.0.0.1:7712");
    assertThat(json.get("health").asText()).isEqualTo("DOWN");
    assertThat(json.at("/findings/0/name").asText()).isEqualTo("server-down");
    assertThat(json.get("chunksWithoutOthers").asLong()).isEqualTo(7);
  }

  @Test
  void aSlowServerSaysWhatIsSlow() throws IOException {
    administration.dependences.add(DependenceResult.getDefaultInstance());
    ServerReport.Builder server =
        administration.report.getServers(0).toBuilder()
            .setSlow(true)
            .addSlowParts(
                SlowPart.newBuilder()
                    .setKind(SlowPart.Kind.READS)
                    .setVolume("v1")
                    .setP99Micros(400_000)
                    .setOthersMedianMicros(8_000));
    administration.report = administration.report.toBuilder().setServers(0, server).build();
    assertThat(out("why", "d1"))
        .contains(
            "  DEGRADED  data server d1 is slow: 99 % of the reads on volume v1 take up to 400 ms,"
                + " elsewhere 8 ms.\n");
    JsonNode json = json("d1");
    assertThat(json.get("slow").asBoolean()).isTrue();
    assertThat(json.at("/slowParts/0/kind").asText()).isEqualTo("READS");
    assertThat(json.at("/slowParts/0/p99Micros").asLong()).isEqualTo(400_000);
    assertThat(json("d2").get("slow").asBoolean()).isFalse();
  }

  @Test
  void aDrainThatWaitsSaysForWhat() {
    ServerReport.Builder server = administration.report.getServers(0).toBuilder();
    server.setMembership(ServerMembership.DRAINING);
    administration.report = administration.report.toBuilder().setServers(0, server).build();
    administration.dependences.add(
        DependenceResult.newBuilder()
            .addBlockers(
                Blocker.newBuilder()
                    .setKind(Blocker.Kind.NO_SPACE)
                    .setProblem("d4, which is to have 3 of its slots, is full"))
            .build());
    assertThat(out("why", "d1"))
        .contains("  nothing is out of reach while it is stopped\n")
        .endsWith("  its drain waits for:\n    d4, which is to have 3 of its slots, is full\n");
    administration.dependences.clear();
    administration.dependences.add(DependenceResult.newBuilder().setSafe(true).build());
    assertThat(out("why", "d1")).endsWith("  it is safe to stop\n");
    administration.dependences.clear();
    administration.dependences.add(DependenceResult.getDefaultInstance());
    assertThat(out("why", "d1")).endsWith("  its drain waits for:\n    nothing but time\n");
  }

  @Test
  void whatIsNobodyIsToldAndMisuseIs255() {
    Result unknown = run("why", "d9");
    assertThat(unknown.code()).isEqualTo(255);
    assertThat(unknown.err()).startsWith("admin: no data server is called d9; there are [d1 ");
    assertThat(run("why").code()).isEqualTo(255);
  }
}
