package io.cairnfs.metaserver.leader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.cairnfs.common.time.ManualClock;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.operation.TestCluster;
import io.cairnfs.proto.metadata.BackgroundWork;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class WorkPaceTest {
  private final TestCluster cluster = new TestCluster();
  private final ManualClock clock = new ManualClock(0);
  private final WorkPace pace = new WorkPace(() -> cluster.store().view(), clock);

  /** There is so much to repair now, and a second later somebody looks. */
  private void repairsLeft(long repairs) {
    cluster.damage(
        namespace -> namespace.transaction().setCounter(Counter.REPAIR_ENTRIES, repairs));
    clock.advance(Duration.ofSeconds(1));
    pace.tick();
  }

  private BackgroundWork repair() {
    return pace.work(cluster.store()).get(0);
  }

  @Test
  void whatIsNotSeenYetIsNotGuessed() {
    repairsLeft(100);
    assertThat(repair().getKind()).isEqualTo(BackgroundWork.Kind.REPAIR);
    assertThat(repair().getLeft()).isEqualTo(100);
    assertThat(repair().getDonePerSecond()).isZero();
    repairsLeft(100);
    assertThat(repair().getDonePerSecond()).isZero();
  }

  @Test
  void thePaceIsWhatWasDoneWhileThereWasSomethingToDo() {
    repairsLeft(0);
    repairsLeft(0);
    repairsLeft(100);
    repairsLeft(80);
    repairsLeft(60);
    assertThat(repair().getDonePerSecond()).isCloseTo(20, within(0.001));
    assertThat(repair().getLeft()).isEqualTo(60);
  }

  @Test
  void newWorkDoesNotHideWhatWasDone() {
    repairsLeft(100);
    repairsLeft(70);
    repairsLeft(1_000);
    repairsLeft(970);
    assertThat(repair().getDonePerSecond()).isCloseTo(20, within(0.001));
  }

  @Test
  void whatWasDoneAMinuteAgoDoesNotCount() {
    repairsLeft(100);
    repairsLeft(50);
    for (int i = 0; i < 60; i++) {
      repairsLeft(50);
    }
    assertThat(repair().getDonePerSecond()).isZero();
  }

  @Test
  void looksThatFollowOneAnotherAtOnceAreOne() {
    repairsLeft(100);
    for (int i = 0; i < 1_000; i++) {
      pace.tick();
    }
    repairsLeft(90);
    assertThat(repair().getDonePerSecond()).isCloseTo(10, within(0.001));
  }

  @Test
  void anotherLeaderBeginsAnew() {
    repairsLeft(100);
    repairsLeft(50);
    pace.reset();
    assertThat(repair().getDonePerSecond()).isZero();
    assertThat(repair().getLeft()).isEqualTo(50);
  }
}
