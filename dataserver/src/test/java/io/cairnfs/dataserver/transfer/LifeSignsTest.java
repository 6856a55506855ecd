package io.cairnfs.dataserver.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LifeSignsTest {
  private static final long MILLI = 1_000_000;
  private final LifeSigns signs = new LifeSigns(Duration.ofMillis(700), Duration.ofMillis(100), 0);
  private long now;

  /** Ticks every 100 ms for so long; the time at which it was called dead, or -1. */
  private long ticksUntilDead(int millis) {
    for (int i = 0; i < millis / 100; i++) {
      now += 100 * MILLI;
      if (signs.isDead(now, 1)) {
        return now / MILLI;
      }
    }
    return -1;
  }

  @Test
  void silenceWhileSomethingIsOutstandingIsDeath() {
    signs.waiting(true, now);
    assertThat(ticksUntilDead(2000)).isEqualTo(800);
  }

  @Test
  void silenceWithoutAnythingOutstandingIsPeace() {
    assertThat(ticksUntilDead(5000)).isEqualTo(-1);
    signs.waiting(true, now);
    assertThat(ticksUntilDead(2000)).isEqualTo(5800);
  }

  @Test
  void signsOfLifeKeepASlowMemberAlive() {
    signs.waiting(true, now);
    for (int i = 0; i < 20; i++) {
      assertThat(ticksUntilDead(400)).isEqualTo(-1);
      signs.heard(now);
    }
  }

  @Test
  void aMemberThatWasAlwaysSlowGetsMoreTime() {
    signs.waiting(true, now);
    for (int i = 0; i < 100; i++) {
      assertThat(ticksUntilDead(500)).isEqualTo(-1);
      signs.heard(now);
    }
    long start = now / MILLI;
    assertThat(ticksUntilDead(10_000) - start).isBetween(1900L, 2200L);
  }

  @Test
  void theTimeOutIsBounded() {
    signs.waiting(true, now);
    for (int gap : new int[] {500, 1900, 5400}) {
      for (int i = 0; i < 100; i++) {
        assertThat(ticksUntilDead(gap)).isEqualTo(-1);
        signs.heard(now);
      }
    }
    long start = now / MILLI;
    assertThat(ticksUntilDead(60_000) - start).isEqualTo(5700);
  }

  @Test
  void timeInWhichThisProcessStoodStillDoesNotCount() {
    signs.waiting(true, now);
    assertThat(ticksUntilDead(300)).isEqualTo(-1);
    now += 60_000 * MILLI;
    assertThat(signs.isDead(now, 1)).isFalse();
    assertThat(ticksUntilDead(2000)).isBetween(60_600L, 60_900L);
  }

  @Test
  void connectionsBeingMadeHaveMorePatience() {
    signs.waiting(true, now);
    for (int i = 0; i < 14; i++) {
      now += 100 * MILLI;
      assertThat(signs.isDead(now, 2)).isFalse();
    }
    now += 100 * MILLI;
    assertThat(signs.isDead(now, 2)).isTrue();
  }
}
