package io.cairnfs.shell.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.cairnfs.client.cluster.Surroundings;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.proto.admin.ChangeMetaserversReply;
import io.cairnfs.proto.admin.Metric;
import io.cairnfs.proto.admin.MetricsReply;
import io.cairnfs.proto.metadata.Belonging;
import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.proto.metadata.WhoLeadsReply;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.testing.FakeAdministration;
import io.cairnfs.shell.testing.MemoryFileSystem;
import io.cairnfs.shell.text.Output;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code admin metaserver}, with a leader m1, a follower m2, and m4 that is to be added. */
final class MetaserverCommandTest {
  private static final HostPort M1 = new HostPort("127.0.0.1", 7701);
  private static final HostPort M2 = new HostPort("127.0.0.1", 7702);
  private static final HostPort M4 = new HostPort("127.0.0.1", 7704);

  private final ManualClock clock = new ManualClock(1);
  private final MemoryFileSystem memory =
      new MemoryFileSystem(clock, "root", "supergroup", 3, 128L << 20);
  private final FakeAdministration administration = new FakeAdministration();

  /** What happens while the command waits. */
  private final Deque<Runnable> pauses = new ArrayDeque<>();

  private record Result(int code, String out, String err) {}

  @BeforeEach
  void aCluster() {
    memory.setAdministration(administration);
    administration.metaservers.put(M1, leader().build());
    administration.metaservers.put(
        M2,
        WhoLeadsReply.newBuilder()
            .setId("m2")
            .setClusterId("c-1")
            .setTerm(5)
            .setLeaderId("m1")
            .setLeaderAddress(M1.toString())
            .setAppliedIndex(88)
            .setBelonging(Belonging.MEMBER)
            .addMembers(member("m1", M1))
            .addMembers(member("m2", M2))
            .build());
    administration.metaservers.put(
        M4,
        WhoLeadsReply.newBuilder()
            .setId("m4")
            .setClusterId("c-1")
            .setInstance(7)
            .setBelonging(Belonging.JOINING)
            .build());
  }

  private static MetaserverReport.Builder member(String id, HostPort at) {
    return MetaserverReport.newBuilder().setId(id).setHost(at.host()).setPort(at.port());
  }

  private static WhoLeadsReply.Builder leader() {
    return WhoLeadsReply.newBuilder()
        .setId("m1")
        .setClusterId("c-1")
        .setTerm(5)
        .setLeaderId("m1")
        .setLeaderAddress(M1.toString())
        .setAppliedIndex(90)
        .setBelonging(Belonging.MEMBER)
        .addMembers(member("m1", M1).setLeader(true).setReachable(true).setMatchIndex(90))
        .addMembers(member("m2", M2).setReachable(true).setMatchIndex(88).setLagEntries(2));
  }

  private void theLeaderSees(MetaserverReport.Builder learner) {
    administration.metaservers.put(M1, leader().addMembers(learner).build());
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
            (program, rest) ->
                AdminCommand.run(program, rest, clock, millis -> pauses.remove().run(), false));
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  @Test
  void theListIsTheLeadersWhoeverIsAskedFirst() throws Exception {
    Result list = run("metaserver", "list");
    assertThat(list.code()).as(list.err()).isZero();
    assertThat(list.out())
        .contains("m1          127.0.0.1:7701  voter  LEADER       5       90    0")
        .contains("m2          127.0.0.1:7702  voter  FOLLOWER     5       88    2");
    JsonNode json = new ObjectMapper().readTree(run("metaserver", "list", "--json").out());
    assertThat(json.get("leader").asText()).isEqualTo("m1");
    assertThat(json.at("/metaservers/1/voter").asBoolean()).isTrue();
    assertThat(json.at("/metaservers/1/appliedIndex").asLong()).isEqualTo(88);
    assertThat(json.at("/metaservers/1/lagEntries").asLong()).isEqualTo(2);
  }

  @Test
  void theListSaysWhoIsNotReachedAndWhoIsRefused() {
    administration.metaservers.put(
        M2,
        WhoLeadsReply.newBuilder()
            .setId("m2")
            .setBelonging(Belonging.REFUSED)
            .setReason("m2 is another instance")
            .build());
    assertThat(run("-fs", "cairn://127.0.0.1:7701", "metaserver", "list").out())
        .contains("voter  REFUSED")
        .contains("m2 is another instance\n");
    administration.metaservers.remove(M2);
    administration.metaservers.put(
        M1, leader().setMembers(1, member("m2", M2).setLearner(true).setLagEntries(40)).build());
    assertThat(run("-fs", "cairn://127.0.0.1:7701", "metaserver", "list").out())
        .contains("m2          127.0.0.1:7702  learner  UNREACHABLE     -        -   40");
  }

  @Test
  void withoutALeaderEachOneSaysWhatItKnows() {
    administration.metaservers.remove(M1);
    Result list = run("metaserver", "list");
    assertThat(list.code()).isZero();
    assertThat(list.out()).contains("UNREACHABLE").contains("No metaserver leads at this moment.");
    administration.metaservers.clear();
    Result none = run("metaserver", "list");
    assertThat(none.code()).isEqualTo(255);
    assertThat(none.err()).startsWith("admin: no metaserver answers: ");
  }

  @Test
  void oneIsAddedAsALearnerAndPromotedWhenItHasCaughtUp() {
    administration.metrics =
        MetricsReply.newBuilder()
            .addMetrics(Metric.newBuilder().setName("raft.incoming.bytes").setValue(2 << 20))
            .addMetrics(
                Metric.newBuilder().setName("raft.incoming.received.bytes").setValue(1 << 20))
            .build();
    theLeaderSees(member("m4", M4).setLearner(true));
    pauses.add(
        () ->
            theLeaderSees(
                member("m4", M4)
                    .setLearner(true)
                    .setReachable(true)
                    .setMatchIndex(1)
                    .setLagEntries(5_000)));
    pauses.add(
        () ->
            theLeaderSees(
                member("m4", M4)
                    .setLearner(true)
                    .setReachable(true)
                    .setMatchIndex(5_000)
                    .setLagEntries(3)));
    Result added = run("metaserver", "add", "m4", M4.toString());
    assertThat(added.code()).as(added.err()).isZero();
    assertThat(added.out()).isEqualTo("m4 is a voter.\n");
    assertThat(added.err())
        .isEqualTo(
            "admin: m4 receives a checkpoint: 1 M of 2 M\nadmin: m4 is 5000 entries behind\n");
    assertThat(administration.asked)
        .containsExactly(
            "add { id: \"m4\" host: \"127.0.0.1\" port: 7704 instance: 7 }",
            "metrics 127.0.0.1:7704",
            "promote { id: \"m4\" }");
  }

  @Test
  void underLoadThePromotionIsAskedForAgain() {
    theLeaderSees(
        member("m4", M4).setLearner(true).setReachable(true).setMatchIndex(80).setLagEntries(9));
    int[] promotions = {0};
    administration.metaserverChange =
        change -> {
          if (change.hasPromote() && ++promotions[0] < 3) {
            throw new CairnException(ErrorCode.RETRY, "a learner is outstanding");
          }
          return ChangeMetaserversReply.getDefaultInstance();
        };
    Result added = run("metaserver", "add", "m4", M4.toString());
    assertThat(added.code()).isZero();
    assertThat(added.err()).isEqualTo("admin: m4 is not a voter yet: a learner is outstanding\n");
    assertThat(promotions[0]).isEqualTo(3);
  }

  @Test
  void aLearnerMayStayOne() {
    assertThat(run("metaserver", "add", "m4", M4.toString(), "--learner").out())
        .isEqualTo("m4 is a learner: it gets the log, and no vote.\n");
    assertThat(administration.asked).hasSize(1);
  }

  @Test
  void onlyTheProcessThatIsMeantIsAdded() {
    assertThat(run("metaserver", "add", "m5", M4.toString()).err())
        .isEqualTo("admin: 127.0.0.1:7704 is metaserver m4, not m5\n");
    assertThat(run("metaserver", "add", "m4", "127.0.0.1:9").err())
        .contains("no metaserver answers at 127.0.0.1:9")
        .contains("'cairn format --join' and start it first");
    assertThat(run("metaserver", "add", "m4", "nowhere").code()).isEqualTo(255);
    administration.metaservers.put(
        M4, WhoLeadsReply.newBuilder().setId("m4").setClusterId("c-2").setInstance(7).build());
    assertThat(run("metaserver", "add", "m4", M4.toString()).err())
        .isEqualTo("admin: 127.0.0.1:7704 was formatted for cluster c-2, this is cluster c-1\n");
    assertThat(administration.asked).isEmpty();
  }

  @Test
  void oneIsRemoved() {
    assertThat(run("metaserver", "remove", "m2").out()).startsWith("m2 is removed");
    assertThat(run("metaserver", "remove", "m2", "--force").code()).isZero();
    assertThat(administration.asked)
        .containsExactly("remove { id: \"m2\" }", "remove { id: \"m2\" force: true }");
    administration.metaserverChange =
        change -> ChangeMetaserversReply.newBuilder().setAlready(true).build();
    assertThat(run("metaserver", "remove", "m2").out())
        .isEqualTo("m2 is no metaserver of this cluster any more.\n");
    administration.metaserverChange =
        change -> {
          throw new CairnException(ErrorCode.PERMISSION_DENIED, "x is not the superuser");
        };
    Result refused = run("metaserver", "remove", "m2");
    assertThat(refused.code()).isEqualTo(255);
    assertThat(refused.err()).isEqualTo("admin: x is not the superuser\n");
  }

  @Test
  void aTransferSaysHowLongNobodyAnswered() {
    administration.metaserverChange =
        change -> {
          clock.advance(Duration.ofMillis(30));
          return ChangeMetaserversReply.getDefaultInstance();
        };
    assertThat(run("metaserver", "transfer", "m2").out())
        .isEqualTo("m2 leads; the longest time without an answer was 30 ms.\n");
    administration.metaserverChange =
        change -> ChangeMetaserversReply.newBuilder().setAlready(true).build();
    assertThat(run("metaserver", "transfer", "m1").out()).isEqualTo("m1 leads already.\n");
  }

  @Test
  void misuseIs255() {
    assertThat(run("metaserver").code()).isEqualTo(255);
    assertThat(run("metaserver").err()).contains("which of list, add, remove, transfer?");
    assertThat(run("metaserver", "lst").code()).isEqualTo(255);
    assertThat(run("metaserver", "add", "m4").code()).isEqualTo(255);
    for (String word : List.of("list", "add", "remove", "transfer")) {
      Result help = run("metaserver", word, "--help");
      assertThat(help.code()).isZero();
      assertThat(help.out()).startsWith("Usage: cairn admin metaserver " + word);
    }
  }
}
