package io.cairnfs.client.base;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.time.ManualClock;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class BoundsTest {
  @Test
  void theBudgetGivesAllOrNothing() {
    BufferBudget budget = new BufferBudget(100);
    assertThat(budget.tryAcquire(60)).isTrue();
    assertThat(budget.tryAcquire(60)).isFalse();
    assertThat(budget.availableBytes()).isEqualTo(40);
    budget.release(60);
    assertThat(budget.tryAcquire(100)).isTrue();
  }

  @Test
  void suspicionsAreForgottenAfterTenSecondsOrAnAnswer() {
    ManualClock clock = new ManualClock(0);
    SuspectServers suspects = new SuspectServers(clock);
    suspects.add(0);
    suspects.add(1);
    clock.advance(Duration.ofMillis(1));
    suspects.add(3);
    assertThat(suspects.all()).as("the latest first").containsExactly(3, 1);
    suspects.clear(1);
    assertThat(suspects.contains(1)).isFalse();
    clock.advance(Duration.ofSeconds(10));
    assertThat(suspects.contains(3)).isTrue();
    clock.advance(Duration.ofMillis(1));
    assertThat(suspects.all()).isEmpty();
  }

  @Test
  void deadlinesCountDown() {
    ManualClock clock = new ManualClock(0);
    Deadline deadline = Deadline.in(clock, Duration.ofMillis(100));
    clock.advance(Duration.ofMillis(60));
    assertThat(deadline.remainingMillis()).isEqualTo(40);
    assertThat(deadline.atMost(Duration.ofSeconds(5))).isEqualTo(Duration.ofMillis(40));
    assertThat(deadline.elapsed()).isEqualTo(Duration.ofMillis(60));
    clock.advance(Duration.ofMillis(40));
    assertThat(deadline.isOver()).isTrue();
    assertThat(deadline.atMost(Duration.ofSeconds(5))).isEqualTo(Duration.ofMillis(1));
  }

  @Test
  void everyFailureHasACode() {
    CairnException busy = CairnException.busy("later", 7);
    assertThat(Failures.of(new CompletionException(busy))).isSameAs(busy);
    assertThat(Failures.here(busy).retryAfterMillis()).isEqualTo(7);
    assertThat(Failures.of(new CancellationException()).code()).isEqualTo(ErrorCode.CANCELLED);
    assertThat(Failures.of(new IllegalStateException("x")).code()).isEqualTo(ErrorCode.INTERNAL);
  }
}
