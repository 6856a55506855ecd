package io.cairnfs.simulation.chaos;

import java.io.IOException;

/** One schedule at work: strikes, and takes back what it did, again and again. One thread. */
interface FaultSource {
  /**
   * One fault from its beginning to its end.
   *
   * @param leftMillis of the time in which faults may happen
   */
  void strike(long leftMillis) throws IOException, InterruptedException;

  /** After the last one, before everything must be well: nothing of it goes on. */
  void finish() throws IOException, InterruptedException;
}
