package io.cairnfs.simulation.chaos;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Something that is done to a server for a while.
 *
 * @param duration after which the server is started again or goes on
 */
record Fault(Kind kind, Target target, Duration duration) {
  /** What is done. */
  enum Kind {
    /** SIGKILL, and started again. */
    KILL,
    /** SIGSTOP, and SIGCONT. */
    FREEZE
  }

  /** To whom. */
  enum Target {
    LEADER,
    FOLLOWER,
    DATA_SERVER,
    /** The leader and a data server at once. */
    LEADER_AND_DATA_SERVER,
    /** All processes at once; they are only killed. */
    EVERYTHING
  }

  private static final Duration SHORTEST = Duration.ofMillis(100);
  private static final Duration USUALLY_LONGEST = Duration.ofSeconds(8);
  private static final Duration LONGEST = Duration.ofSeconds(70);

  /**
   * Draws a fault.
   *
   * @param left of the time in which faults may happen
   */
  static Fault draw(RandomGenerator random, Duration left) {
    Target target =
        switch (random.nextInt(12)) {
          case 0, 1, 2 -> Target.LEADER;
          case 3, 4 -> Target.FOLLOWER;
          case 5, 6, 7, 8 -> Target.DATA_SERVER;
          case 9, 10 -> Target.LEADER_AND_DATA_SERVER;
          default -> Target.EVERYTHING;
        };
    Kind kind = target == Target.EVERYTHING || random.nextBoolean() ? Kind.KILL : Kind.FREEZE;
    Duration most = random.nextInt(10) == 0 ? LONGEST : USUALLY_LONGEST;
    Duration longest = most.compareTo(left) < 0 ? most : left;
    long span = Math.max(1, longest.minus(SHORTEST).toMillis());
    // Short ones are the more interesting ones: two draws, the smaller counts.
    long millis = Math.min(random.nextLong(span), random.nextLong(span));
    return new Fault(kind, target, SHORTEST.plusMillis(millis));
  }
}
