package io.cairnfs.shell.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import io.cairnfs.client.cluster.Surroundings;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.proto.metadata.Blocker;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.DependenceResult;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.command.Pause;
import io.cairnfs.shell.testing.FakeAdministration;
import io.cairnfs.shell.testing.MemoryFileSystem;
import io.cairnfs.shell.text.Output;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code admin drain d1}, answered by a leader as the test says. */
final class DrainTaskTest {
  private static final Member D1 =
      Member.newBuilder()
          .setServer(1)
          .setName("d1")
          .setHost("127.0.0.1")
          .setPort(7711)
          .setHealth(ServerHealth.UP)
          .build();
  private static final Blocker WRITER =
      Blocker.newBuilder()
          .setKind(Blocker.Kind.OPEN_CHUNK)
          .setChunk(ChunkId.of(0, 17, 5).value())
          .setProblem(ChunkId.of(0, 17, 5) + " is OPEN and written to it")
          .setInode(99)
          .setPath(ByteString.copyFromUtf8("/logs/today"))
          .setSession(7)
          .setUser("ann")
          .setHost("desk")
          .setClientName("dfs")
          .build();

  private final ManualClock clock = new ManualClock(1);
  private final MemoryFileSystem memory =
      new MemoryFileSystem(clock, "root", "supergroup", 3, 128L << 20);
  private final FakeAdministration administration = new FakeAdministration();
  private Pause pause = millis -> clock.advance(Duration.ofMillis(millis));

  private record Result(int code, String out, String err) {}

  @BeforeEach
  void aCluster() {
    memory.setAdministration(administration);
    theServerIs(ServerMembership.IN);
  }

  @AfterEach
  void forgetTheInterrupt() {
    var unused = Thread.interrupted();
  }

  private void theServerIs(ServerMembership membership) {
    administration.report =
        ClusterReportResult.newBuilder()
            .addServers(ServerReport.newBuilder().setMember(D1).setMembership(membership))
            .build();
  }

  private static DependenceResult.Builder left(int slots, long bytes) {
    return DependenceResult.newBuilder()
        .setMember(D1)
        .setMembership(ServerMembership.DRAINING)
        .setActingSlots(slots)
        .setChunks(slots)
        .setBytes(bytes);
  }

  private static DependenceResult safe() {
    return left(0, 0).setSafe(true).setDeletes(3).build();
  }

  private Result run(boolean terminal, String... words) {
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
            (program, rest) -> AdminCommand.run(program, rest, clock, pause, terminal));
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  @Test
  void aDrainIsBegunAndSaysThatItIsNotSafeYet() {
    administration.dependences.add(left(40, 3 << 20).addBlockers(WRITER).build());
    Result result = run(false, "drain", "d1");
    assertThat(result.code()).isZero();
    assertThat(administration.asked).containsExactly("server=1 DRAINING");
    assertThat(result.out())
        .contains("is being emptied: 40 slots, 40 chunks, 3 M left. It is NOT SAFE to stop yet.")
        .contains("waits: " + ChunkId.of(0, 17, 5) + " is OPEN")
        .contains("path=/logs/today, by user=ann host=desk client=dfs")
        .doesNotContain("is safe to stop");
  }

  @Test
  void waitingEndsWhenItIsSafeAndNotBefore() {
    theServerIs(ServerMembership.DRAINING);
    for (int second = 0; second <= 30; second++) {
      administration.dependences.add(left(31 - second, (31L - second) << 20).build());
    }
    // Nothing is left to move, but something still depends on it.
    administration.dependences.add(left(0, 0).setOpenChunks(1).build());
    administration.dependences.add(safe());
    long begun = clock.monotonicNanos();
    Result result = run(false, "drain", "d1", "--wait");
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(administration.asked).isEmpty();
    assertThat(Duration.ofNanos(clock.monotonicNanos() - begun)).isEqualTo(Duration.ofSeconds(32));
    assertThat(result.out())
        .contains("d1 (server=1 127.0.0.1:7711) is safe to stop: nothing depends on it")
        .contains("3 replicas left that nobody needs");
    assertThat(result.err())
        .contains("is being emptied: 31 slots, 31 chunks, 31 M left\n")
        .contains("21 slots, 21 chunks, 21 M left, 1 M/s, 0:21 left\n")
        .doesNotContain("22 slots")
        .doesNotContain("\r");
  }

  @Test
  void onATerminalOneLineIsRewrittenEverySecond() {
    administration.dependences.add(left(3, 3 << 20).setEstimated(true).build());
    administration.dependences.add(left(2, 2 << 20).setEstimated(true).build());
    administration.dependences.add(safe());
    Result result = run(true, "drain", "d1", "--wait");
    assertThat(result.code()).isZero();
    assertThat(result.err())
        .contains("\r2 slots, 2 chunks, about 2 M left, 1 M/s, 0:02 left ")
        .endsWith("\r");
  }

  @Test
  void whatLastsIsNamedOnceWhatPassesIsNot() {
    Blocker passing = WRITER.toBuilder().setProblem("a chunk that is sealed soon").build();
    Blocker few =
        Blocker.newBuilder()
            .setKind(Blocker.Kind.TOO_FEW_SERVERS)
            .setProblem("a slot has 3 members, and 2 other servers are in")
            .build();
    for (int second = 0; second < 20; second++) {
      DependenceResult.Builder answer = left(1, 1).addBlockers(WRITER).addBlockers(few);
      if (second < 4) {
        answer.addBlockers(passing);
      }
      administration.dependences.add(answer.build());
    }
    administration.dependences.add(safe());
    Result result = run(false, "drain", "d1", "--wait");
    assertThat(result.err())
        .containsOnlyOnce("waits: " + ChunkId.of(0, 17, 5))
        .containsOnlyOnce("waits: a slot has 3 members")
        .doesNotContain("a chunk that is sealed soon");
  }

  @Test
  void jsonSaysWhetherItIsSafe() throws Exception {
    administration.dependences.add(left(40, 3 << 20).addBlockers(WRITER).build());
    JsonNode json = new ObjectMapper().readTree(run(false, "drain", "d1", "--json").out());
    assertThat(json.get("safe").asBoolean()).isFalse();
    assertThat(json.get("slotsLeft").asInt()).isEqualTo(40);
    assertThat(json.at("/blockers/0/kind").asText()).isEqualTo("OPEN_CHUNK");
    assertThat(json.at("/blockers/0/path").asText()).isEqualTo("/logs/today");
    administration.dependences.clear();
    administration.dependences.add(safe());
    Result waited = run(false, "drain", "d1", "--wait", "--json");
    assertThat(new ObjectMapper().readTree(waited.out()).get("safe").asBoolean()).isTrue();
  }

  @Test
  void oneThatIsTakenBackOrWaitedForNoLongerIsNotSafe() {
    administration.dependences.add(left(2, 2).build());
    administration.dependences.add(left(2, 2).setMembership(ServerMembership.IN).build());
    Result taken = run(false, "drain", "d1", "--wait");
    assertThat(taken.code()).isEqualTo(255);
    assertThat(taken.err()).contains("was taken back: it is IN");
    administration.dependences.clear();
    administration.dependences.add(left(2, 2).build());
    pause =
        millis -> {
          throw new InterruptedException();
        };
    Result interrupted = run(false, "drain", "d1", "--wait");
    assertThat(interrupted.code()).isEqualTo(255);
    assertThat(interrupted.err()).contains("interrupted; d1").contains("goes on being emptied");
    assertThat(administration.asked).doesNotContain("server=1 IN");
  }

  @Test
  void whatIsOutOrUnknownIsRefused() {
    theServerIs(ServerMembership.OUT);
    Result out = run(false, "drain", "d1");
    assertThat(out.code()).isEqualTo(255);
    assertThat(out.err()).contains("was struck out before");
    assertThat(run(false, "drain", "d9").err()).contains("no data server is called d9");
    assertThat(run(false, "drain").err()).contains("Missing required parameter: 'SERVER'");
    assertThat(administration.asked).isEmpty();
  }
}
