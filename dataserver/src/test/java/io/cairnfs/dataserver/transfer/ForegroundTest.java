package io.cairnfs.dataserver.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.time.ManualClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ForegroundTest {
  private static final double LEAST = 1.0 / 8;

  private final ManualClock clock = new ManualClock(0);
  private final Foreground foreground = new Foreground(clock, new MetricRegistry());

  /** A second with so many reads of so many milliseconds each. */
  private void second(int reads, long millis, long backgroundBytes) {
    for (int i = 0; i < reads; i++) {
      foreground.read(Duration.ofMillis(millis).toNanos());
    }
    foreground.background(backgroundBytes);
    clock.advance(Duration.ofSeconds(1));
    foreground.tick();
  }

  /** Clients read in 4 ms while nothing is copied. */
  private void idle() {
    for (int i = 0; i < 3; i++) {
      second(100, 4, 0);
    }
  }

  @Test
  void withoutClientsBackgroundWorkHasItsWholeRate() {
    for (int i = 0; i < 100; i++) {
      second(0, 0, 1 << 20);
      assertThat(foreground.share()).isEqualTo(1);
    }
  }

  @Test
  void itGivesWayToClientsThatWaitHalfAsLongAgainAndComesBack() {
    idle();
    second(100, 8, 1 << 20);
    assertThat(foreground.share()).as("a mixed second does not count").isEqualTo(1);
    double before = 1;
    for (int i = 0; i < 3; i++) {
      second(100, 8, 1 << 20);
      assertThat(foreground.share()).isEqualTo(before / 2);
      before /= 2;
    }
    second(100, 8, 1 << 20);
    second(100, 8, 1 << 20);
    assertThat(foreground.share()).as("work never stands still").isEqualTo(LEAST);
    assertThat(foreground.isSlowed()).isTrue();
    second(100, 5, 1 << 20);
    assertThat(foreground.share()).isEqualTo(LEAST * 1.25);
    assertThat(foreground.isSlowed()).isFalse();
  }

  @Test
  void oneSlowReadInAThousandIsNoReason() {
    idle();
    second(1000, 4, 1 << 20);
    foreground.read(Duration.ofSeconds(1).toNanos());
    second(1000, 4, 1 << 20);
    assertThat(foreground.share()).isEqualTo(1);
  }

  @Test
  void whatIsLessThanAMillisecondIsNoise() {
    for (int i = 0; i < 3; i++) {
      second(100, 0, 0);
    }
    for (int i = 0; i < 5; i++) {
      second(100, 0, 1 << 20);
    }
    assertThat(foreground.share()).isEqualTo(1);
    second(100, 2, 1 << 20);
    assertThat(foreground.share()).isEqualTo(0.5);
  }

  @Test
  void fewReadsAreGatheredOverSeveralSeconds() {
    idle();
    second(25, 8, 1 << 20);
    for (int i = 0; i < 3; i++) {
      second(25, 8, 1 << 20);
      assertThat(foreground.share()).isEqualTo(1);
    }
    second(25, 8, 1 << 20);
    assertThat(foreground.share()).isEqualTo(0.5);
  }

  @Test
  void itSeldomRestsForClientsThatAskTooLittleToTell() {
    int rests = 0;
    for (int i = 0; i < 200; i++) {
      boolean resting = foreground.share() < 1e-6;
      rests += resting ? 1 : 0;
      second(10, 4, resting ? 0 : 1 << 20);
    }
    assertThat(rests).isBetween(3, 30);
    assertThat(foreground.share()).isEqualTo(1);
  }

  @Test
  void itRestsForASecondWhereTheIdleValueIsNotKnown() {
    second(100, 8, 1 << 20);
    second(100, 8, 1 << 20);
    assertThat(foreground.share()).as("the idle value is looked for").isLessThan(1e-6);
    second(100, 4, 0);
    assertThat(foreground.share()).as("and known").isEqualTo(1);
    second(100, 8, 1 << 20);
    second(100, 8, 1 << 20);
    assertThat(foreground.share()).isEqualTo(0.5);
  }

  @Test
  void theIdleValueFollowsWhatClientsDo() {
    idle();
    int rests = 0;
    for (int i = 0; i < 200; i++) {
      boolean resting = foreground.share() < 1e-6;
      rests += resting ? 1 : 0;
      // Clients read larger pieces now: with and without copies it takes 9 ms.
      second(100, 9, resting ? 0 : 1 << 20);
    }
    assertThat(rests).isBetween(5, 15);
    assertThat(foreground.isSlowed()).isFalse();
    assertThat(foreground.share()).isGreaterThan(0.5);
  }

  @Test
  void itDoesNotRestForeverForClientsThatHaveGone() {
    second(100, 8, 1 << 20);
    second(100, 8, 1 << 20);
    assertThat(foreground.share()).isLessThan(1e-6);
    for (int i = 0; i < 3; i++) {
      second(0, 0, 0);
    }
    assertThat(foreground.share()).isEqualTo(1);
  }

  @Test
  void aSourceWhoseClientsWaitCountsLikeOwnClients() {
    second(0, 0, 1 << 20);
    foreground.sourceIsSlowed();
    second(0, 0, 1 << 20);
    assertThat(foreground.share()).isEqualTo(0.5);
    second(0, 0, 1 << 20);
    assertThat(foreground.share()).isEqualTo(0.625);
  }
}
