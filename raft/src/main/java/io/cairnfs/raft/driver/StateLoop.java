package io.cairnfs.raft.driver;

/** Where the engine's state lives: runs its rounds one at a time, after every wake, and on time. */
interface StateLoop {
  /** What is run. */
  interface Rounds {
    /** Runs one round; returns after how many nanoseconds the next one is due at the latest. */
    long round();

    /** There is something to do already. */
    boolean hasWork();

    /** No further round will run. Called once, on the loop. */
    void ended();

    /** A round has thrown; no further one will run. */
    void failed(Throwable cause);
  }

  /** Begins to run rounds. */
  void start(Rounds rounds);

  /** A round runs soon. Any thread. */
  void wake();

  /** No round begins any more. Does not wait. Any thread. */
  void stop();

  /** Waits for the end after {@link #stop}. Not to be called on the loop itself. */
  void join();
}
