package io.cairnfs.dataserver.heartbeat;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class RateBudgetTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private final RateBudget budget = new RateBudget(0);

  @Test
  void theNextPieceWaitsUntilTheLastOneIsPaid() {
    assertThat(budget.nanosToWait(0, 100)).isZero();
    budget.take(50);
    assertThat(budget.nanosToWait(0, 100)).isEqualTo(SECOND / 2);
    assertThat(budget.nanosToWait(SECOND / 4, 100)).isEqualTo(SECOND / 4);
    assertThat(budget.nanosToWait(SECOND / 2, 100)).isZero();
  }

  @Test
  void idleTimeIsNotSavedUp() {
    assertThat(budget.nanosToWait(100 * SECOND, 100)).isZero();
    budget.take(100);
    assertThat(budget.nanosToWait(100 * SECOND, 100)).isEqualTo(SECOND);
  }

  @Test
  void aChangedRateCountsForWhatIsOwed() {
    budget.take(1000);
    assertThat(budget.nanosToWait(0, 1)).isEqualTo(1000 * SECOND);
    assertThat(budget.nanosToWait(0, 1000)).isEqualTo(SECOND);
    assertThat(budget.nanosToWait(SECOND, 1000)).isZero();
  }
}
