package io.cairnfs.metaserver.operation;

import static io.cairnfs.metaserver.operation.TestCluster.ROOT_USER;
import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.TrashPass;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.EmptyTrash;
import io.cairnfs.proto.metadata.LeaseDirectory;
import io.cairnfs.proto.metadata.Operation;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Passes over the users' trashes: an interval of an hour, checkpoints every ten minutes. */
final class EmptyTrashTest {
  private static final Instant NOON = Instant.parse("2026-11-23T12:00:00Z");
  private static final Duration INTERVAL = Duration.ofHours(1);
  private static final Duration EVERY = Duration.ofMinutes(10);

  private final TestCluster cluster = new TestCluster();

  @BeforeEach
  void makeHomes() {
    ok(cluster.mkdirs("ann", "/user/ann/.Trash/Current/data"));
    ok(cluster.write("ann", "/user/ann/.Trash/Current/data/f", "1"));
    ok(cluster.mkdirs("bob", "/user/bob"));
    ok(cluster.mkdirs("eve", "/user/eve/.Trash/Current/x"));
  }

  private static EmptyTrash.Builder step(int limit) {
    return EmptyTrash.newBuilder()
        .setLimit(limit)
        .setIntervalMillis(INTERVAL.toMillis())
        .setCheckpointIntervalMillis(EVERY.toMillis());
  }

  private CommandReply run(Duration sinceNoon, EmptyTrash.Builder step) {
    Instant at = NOON.plus(sinceNoon);
    return cluster.runAt(
        at.getEpochSecond() * 1_000_000_000, ROOT_USER, Command.newBuilder().setEmptyTrash(step));
  }

  /** A whole pass. */
  private int pass(Duration sinceNoon) {
    return ok(run(sinceNoon, step(1_000))).getCount();
  }

  private boolean exists(String path) {
    return cluster.stat(path).isPresent();
  }

  @Test
  void whatWasDeletedBecomesACheckpointOfEverybody() {
    assertThat(pass(Duration.ZERO)).isPositive();
    assertThat(cluster.content("/user/ann/.Trash/261123120000/data/f")).isEqualTo("1");
    assertThat(exists("/user/eve/.Trash/261123120000/x")).isTrue();
    assertThat(exists("/user/ann/.Trash/Current")).isFalse();
    assertThat(exists("/user/bob/.Trash")).isFalse();
  }

  @Test
  void aPassIsDoneOnceInEachSpanOfTime() {
    assertThat(pass(Duration.ZERO)).isPositive();
    ok(cluster.mkdirs("ann", "/user/ann/.Trash/Current/more"));
    assertThat(pass(Duration.ofMinutes(9))).isZero();
    assertThat(exists("/user/ann/.Trash/Current/more")).isTrue();
    assertThat(pass(Duration.ofMinutes(10))).isPositive();
    assertThat(exists("/user/ann/.Trash/261123121000/more")).isTrue();
  }

  @Test
  void checkpointsOlderThanTheIntervalAreDeletedWithAllTheyHold() {
    assertThat(pass(Duration.ZERO)).isPositive();
    assertThat(pass(Duration.ofMinutes(60))).isPositive();
    assertThat(exists("/user/ann/.Trash/261123120000/data/f")).isTrue();
    assertThat(pass(Duration.ofMinutes(70))).isPositive();
    assertThat(exists("/user/ann/.Trash/261123120000")).isFalse();
    assertThat(exists("/user/eve/.Trash/261123120000")).isFalse();
    assertThat(cluster.attributes("/user/ann/.Trash").getLinkCount()).isEqualTo(2);
  }

  @Test
  void whatIsKeptForAgesIsNotDeletedAtOnce() {
    ok(cluster.mkdirs("ann", "/user/ann/.Trash/1001010000"));
    ok(run(Duration.ZERO, step(1_000).setIntervalMillis(Long.MAX_VALUE)));
    assertThat(exists("/user/ann/.Trash/1001010000")).isTrue();
  }

  @Test
  void whatBearsNoTimeStays() {
    ok(cluster.mkdirs("ann", "/user/ann/.Trash/mine"));
    ok(cluster.mkdirs("ann", "/user/ann/.Trash/1001010000"));
    ok(cluster.write("ann", "/user/ann/.Trash/100101000000-7", "a file"));
    ok(cluster.mkdirs("ann", "/user/ann/.Trash/101301000000"));
    assertThat(pass(Duration.ZERO)).isPositive();
    assertThat(exists("/user/ann/.Trash/mine")).isTrue();
    assertThat(exists("/user/ann/.Trash/101301000000")).isTrue();
    assertThat(exists("/user/ann/.Trash/1001010000")).isFalse();
    assertThat(exists("/user/ann/.Trash/100101000000-7")).isFalse();
  }

  @Test
  void aNameThatIsTakenGetsANumber() {
    ok(cluster.mkdirs("ann", "/user/ann/.Trash/261123120000/old"));
    ok(cluster.mkdirs("ann", "/user/ann/.Trash/261123120000-1/older"));
    assertThat(pass(Duration.ZERO)).isPositive();
    assertThat(exists("/user/ann/.Trash/261123120000/old")).isTrue();
    assertThat(exists("/user/ann/.Trash/261123120000-2/data/f")).isTrue();
  }

  @Test
  void aStepLooksAtAFewNamesAndTheNextOneGoesOnThere() {
    for (int i = 10; i < 40; i++) {
      ok(cluster.mkdirs("ann", "/user/ann/.Trash/1001010000" + i));
    }
    int steps = 0;
    do {
      CommandReply reply = ok(run(Duration.ofMillis(steps++), step(3)));
      // A home, and one name of its trash beyond.
      assertThat(reply.getCount()).isBetween(1, 4);
    } while (TrashPass.last(cluster.store()).orElseThrow().isUnderWay());
    assertThat(steps).isGreaterThan(9);
    for (int i = 10; i < 40; i++) {
      assertThat(exists("/user/ann/.Trash/1001010000" + i)).isFalse();
    }
    assertThat(exists("/user/ann/.Trash/261123120000/data/f")).isTrue();
    assertThat(exists("/user/eve/.Trash/261123120000/x")).isTrue();
    assertThat(ok(run(Duration.ofMinutes(1), step(3))).getChanged()).isFalse();
  }

  @Test
  void aPassThatWasInterruptedKeepsItsTime() {
    ok(run(Duration.ZERO, step(1)));
    while (TrashPass.last(cluster.store()).orElseThrow().isUnderWay()) {
      ok(run(Duration.ofMinutes(30), step(1)));
    }
    assertThat(exists("/user/eve/.Trash/261123120000/x")).isTrue();
    // It began in another span of time: the next one is due.
    ok(cluster.mkdirs("eve", "/user/eve/.Trash/Current/y"));
    assertThat(pass(Duration.ofMinutes(31))).isPositive();
    assertThat(exists("/user/eve/.Trash/261123123100/y")).isTrue();
  }

  @Test
  void aTrashThatIsLeasedIsAskedForOrLeftForTheNextPass() {
    long trash = cluster.attributes("/user/ann/.Trash").getInode();
    ok(
        cluster.run(
            "ann",
            Operation.newBuilder()
                .setLeaseDirectory(
                    LeaseDirectory.newBuilder().setDirectory(trash).setMaxEntries(10))));
    CommandReply refused = run(Duration.ZERO, step(1_000));
    assertThat(error(refused)).isEqualTo(ErrorCode.RETRY);
    assertThat(refused.getRecalledLeases(0).getInode()).isEqualTo(trash);
    ok(run(Duration.ZERO, step(1_000).setSkipLeased(true)));
    assertThat(exists("/user/ann/.Trash/Current/data/f")).isTrue();
    assertThat(exists("/user/eve/.Trash/261123120000/x")).isTrue();
  }

  @Test
  void linksToElsewhereAreNotFollowed() {
    ok(cluster.mkdirs("eve", "/user/eve/elsewhere/1001010000"));
    ok(cluster.symlink("bob", "/user/eve/elsewhere", "/user/bob/.Trash"));
    ok(cluster.symlink(ROOT_USER, "/user/eve", "/user/link"));
    ok(cluster.symlink("ann", "/user/eve/elsewhere", "/user/ann/.Trash/100101000000"));
    assertThat(pass(Duration.ZERO)).isPositive();
    assertThat(exists("/user/eve/elsewhere/1001010000")).isTrue();
    assertThat(exists("/user/ann/.Trash/100101000000")).isFalse();
  }

  @Test
  void withoutHomesThereIsNothingToDo() {
    ok(cluster.deleteTree(ROOT_USER, "/user"));
    assertThat(pass(Duration.ZERO)).isZero();
    ok(cluster.write(ROOT_USER, "/user", "a file"));
    assertThat(pass(Duration.ofMinutes(10))).isZero();
  }

  @Test
  void absurdStepsAreRefused() {
    assertThat(error(run(Duration.ZERO, step(0)))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(run(Duration.ZERO, step(1).setIntervalMillis(0))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(run(Duration.ZERO, step(1).setCheckpointIntervalMillis(-1))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }
}
