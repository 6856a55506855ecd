package io.cairnfs.bench.rig;

import io.cairnfs.common.time.Clock;
import java.time.Duration;

/**
 * Repeats what will be measured until it gets no faster. The servers' JVMs compile what runs often
 * for a minute and more; a figure taken before tells of the compiler.
 */
public final class WarmUp {
  private static final int LEAST_ROUNDS = 3;

  /** Rounds in a row that were hardly faster than the fastest before: it is steady. */
  private static final int STEADY_ROUNDS = 2;

  private static final double HARDLY_FASTER = 0.95;

  private final Clock clock;
  private final Duration atMost;

  /**
   * @param atMost after this time no further round begins
   */
  public WarmUp(Clock clock, Duration atMost) {
    this.clock = clock;
    this.atMost = atMost;
  }

  /** One time through everything. */
  public interface Round {
    void run(int number) throws Exception;
  }

  /** Runs at least three rounds, and tells on standard error how long they took. */
  public void run(Round round) throws Exception {
    long start = clock.monotonicNanos();
    long fastest = Long.MAX_VALUE;
    int steady = 0;
    StringBuilder seconds = new StringBuilder();
    for (int number = 0;
        number < LEAST_ROUNDS
            || (steady < STEADY_ROUNDS && clock.monotonicNanos() - start < atMost.toNanos());
        number++) {
      long began = clock.monotonicNanos();
      round.run(number);
      long took = clock.monotonicNanos() - began;
      steady = took > HARDLY_FASTER * fastest ? steady + 1 : 0;
      fastest = Math.min(fastest, took);
      seconds.append(' ').append(Math.round(took / 1e8) / 10.0);
    }
    System.err.println("warmed up; seconds of each round:" + seconds);
  }
}
