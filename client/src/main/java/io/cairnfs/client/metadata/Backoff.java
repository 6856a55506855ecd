package io.cairnfs.client.metadata;

import java.util.random.RandomGenerator;

/** Growing pauses with jitter, so that a thousand clients do not come back in step. */
final class Backoff {
  private final RandomGenerator random;
  private final long firstMillis;
  private final long mostMillis;
  private int step;

  Backoff(RandomGenerator random, long firstMillis, long mostMillis) {
    this.random = random;
    this.firstMillis = firstMillis;
    this.mostMillis = mostMillis;
  }

  /** Between half of the step's pause and all of it. */
  long nextMillis() {
    long pause = Math.min(mostMillis, firstMillis << Math.min(step, 20));
    step++;
    return pause / 2 + random.nextLong(pause / 2 + 1);
  }
}
