package io.cairnfs.metaserver.leader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.time.ManualClock;
import io.cairnfs.metaserver.namespace.TrashPass;
import io.cairnfs.metaserver.operation.TestCluster;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.Tick;
import io.cairnfs.proto.metadata.LeaseDirectory;
import io.cairnfs.proto.metadata.Operation;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What leaders propose, one after the other, on a clock of the test's. */
final class TrashEmptierTest {
  private static final Instant NOON = Instant.parse("2026-11-23T12:00:00Z");
  private static final TrashTimes TIMES =
      new TrashTimes(Duration.ofHours(1), Duration.ofMinutes(10));

  private final TestCluster cluster = new TestCluster();
  private final ManualClock clock = new ManualClock(NOON.getEpochSecond() * 1_000_000_000);
  private final List<Command> proposed = new ArrayList<>();

  /** One metaserver's duties: what was submitted is applied when the test says so. */
  private final class Leader implements DutyExecutor {
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final TrashEmptier emptier;

    Leader(TrashTimes times) {
      emptier =
          new TrashEmptier(
              () -> cluster.store().view(), new Proposals(this::submit), this, clock, times, 2);
    }

    private CompletableFuture<CommandReply> submit(Command.Builder command) {
      proposed.add(command.build());
      CompletableFuture<CommandReply> reply = new CompletableFuture<>();
      tasks.add(
          () -> reply.complete(cluster.runAt(clock.wallNanos(), TestCluster.ROOT_USER, command)));
      return reply;
    }

    @Override
    public void execute(Runnable task) {
      tasks.add(task);
    }

    @Override
    public void every(Duration period, Runnable task) {
      throw new AssertionError("the emptier is ticked by the duties");
    }

    @Override
    public void close() {
      tasks.clear();
    }

    boolean runOne() {
      Runnable next = tasks.poll();
      if (next != null) {
        next.run();
      }
      return next != null;
    }

    void tick() {
      emptier.tick();
      while (runOne()) {
        assertThat(proposed).hasSizeLessThan(1_000);
      }
    }
  }

  @BeforeEach
  void deleteSomething() {
    for (String user : List.of("ann", "bob", "eve")) {
      TestCluster.ok(cluster.mkdirs(user, "/user/" + user + "/.Trash/Current/tmp/" + user));
    }
  }

  private boolean exists(String path) {
    return cluster.stat(path).isPresent();
  }

  private boolean isUnderWay() {
    return TrashPass.last(cluster.store()).filter(TrashPass::isUnderWay).isPresent();
  }

  @Test
  void withoutATrashNothingIsProposed() {
    Leader leader = new Leader(TrashTimes.OFF);
    leader.tick();
    assertThat(proposed).isEmpty();
    assertThat(leader.emptier.settings(cluster.store()).getIntervalMillis()).isZero();
  }

  @Test
  void howOftenIsAtMostAsLongAsHowLong() {
    Duration hour = Duration.ofHours(1);
    assertThat(new TrashTimes(hour, Duration.ZERO).checkpointMillis()).isEqualTo(3_600_000);
    assertThat(new TrashTimes(hour, hour.multipliedBy(2)).checkpointMillis()).isEqualTo(3_600_000);
    assertThat(new TrashTimes(hour, Duration.ofNanos(1)).checkpointMillis()).isEqualTo(1);
    assertThat(new TrashTimes(Duration.ofNanos(1), hour).isOff()).isTrue();
    assertThatThrownBy(() -> new TrashTimes(hour.negated(), hour))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void checkpointsAreMadeAndDeletedAsTimePasses() {
    Leader leader = new Leader(TIMES);
    leader.tick();
    assertThat(exists("/user/eve/.Trash/261123120000/tmp/eve")).isTrue();
    int steps = proposed.size();
    clock.advance(Duration.ofMinutes(9));
    leader.tick();
    assertThat(proposed).hasSize(steps);
    clock.advance(Duration.ofMinutes(51));
    leader.tick();
    assertThat(exists("/user/eve/.Trash/261123120000")).isTrue();
    clock.advance(Duration.ofMinutes(10));
    leader.tick();
    assertThat(exists("/user/eve/.Trash/261123120000")).isFalse();
  }

  @Test
  void anotherLeaderGoesOnWhereTheLastOneStopped() {
    Leader first = new Leader(TIMES);
    first.emptier.tick();
    assertThat(first.runOne()).isTrue();
    first.close();
    assertThat(isUnderWay()).isTrue();
    assertThat(exists("/user/ann/.Trash/261123120000")).isTrue();
    assertThat(exists("/user/eve/.Trash/Current")).isTrue();
    TestCluster.ok(cluster.mkdirs("ann", "/user/ann/.Trash/Current/later"));
    clock.advance(Duration.ofMinutes(1));
    Leader second = new Leader(TIMES);
    second.tick();
    assertThat(isUnderWay()).isFalse();
    assertThat(exists("/user/bob/.Trash/261123120000/tmp/bob")).isTrue();
    assertThat(exists("/user/eve/.Trash/261123120000/tmp/eve")).isTrue();
    assertThat(exists("/user/ann/.Trash/Current/later")).isTrue();
    // A third one has nothing to do until the next pass is due.
    int steps = proposed.size();
    new Leader(TIMES).tick();
    assertThat(proposed).hasSize(steps);
  }

  @Test
  void twoWhoThinkThatTheyLeadDoNotDoItTwice() {
    Leader one = new Leader(TIMES);
    Leader other = new Leader(TIMES);
    one.emptier.tick();
    other.emptier.tick();
    one.tick();
    other.tick();
    for (String user : List.of("ann", "bob", "eve")) {
      assertThat(exists("/user/" + user + "/.Trash/261123120000/tmp/" + user)).isTrue();
      assertThat(exists("/user/" + user + "/.Trash/261123120000-1")).isFalse();
    }
  }

  @Test
  void aTrashThatStaysLeasedIsLeftOutAfterAWhile() {
    long trash = cluster.attributes("/user/ann/.Trash").getInode();
    TestCluster.ok(
        cluster.run(
            "ann",
            Operation.newBuilder()
                .setLeaseDirectory(
                    LeaseDirectory.newBuilder().setDirectory(trash).setMaxEntries(10))));
    Leader leader = new Leader(TIMES);
    leader.tick();
    clock.advance(Duration.ofSeconds(29));
    leader.tick();
    assertThat(exists("/user/eve/.Trash/Current/tmp/eve")).isTrue();
    clock.advance(Duration.ofSeconds(1));
    leader.tick();
    assertThat(exists("/user/eve/.Trash/261123120030/tmp/eve")).isTrue();
    assertThat(exists("/user/ann/.Trash/Current/tmp/ann")).isTrue();
  }

  @Test
  void clientsAreToldTheClustersTimeAlsoByAClockThatIsBehind() {
    TestCluster.ok(
        cluster.runAt(
            clock.wallNanos() + 5_000_000_000L,
            TestCluster.ROOT_USER,
            Command.newBuilder().setTick(Tick.newBuilder().setElapsedMillis(1))));
    Leader leader = new Leader(TIMES);
    assertThat(leader.emptier.settings(cluster.store()).getTimeNanos())
        .isEqualTo(clock.wallNanos() + 5_000_000_000L);
    clock.advance(Duration.ofSeconds(6));
    assertThat(leader.emptier.settings(cluster.store()).getTimeNanos())
        .isEqualTo(clock.wallNanos());
  }
}
