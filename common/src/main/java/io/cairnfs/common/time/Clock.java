package io.cairnfs.common.time;

/** Time as a constructor argument, so that tests and simulations own it. Safe for any thread. */
public interface Clock {
  /** Nanoseconds from an arbitrary origin; never goes backwards within a process. */
  long monotonicNanos();

  /**
   * Nanoseconds since the epoch, as the operating system believes; may jump. For display and time
   * stamps only.
   */
  long wallNanos();
}
