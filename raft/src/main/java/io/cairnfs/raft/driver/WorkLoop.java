package io.cairnfs.raft.driver;

import java.io.IOException;

/** A thread for what takes long, one thing after the other. */
final class WorkLoop implements Runnable {
  private final Mailbox<Work> work = new Mailbox<>();
  private volatile boolean stopping;
  private volatile boolean ended;

  interface Work {
    void run() throws IOException;

    /** It never came to it: the thread ended before. */
    default void dropped() {}
  }

  void add(Work item) {
    work.add(item);
    if (ended) {
      dropTheRest();
    }
  }

  /** Ends the thread after what it is doing; the rest is dropped. */
  void stop() {
    stopping = true;
    work.wake();
  }

  boolean isStopping() {
    return stopping;
  }

  /** Waits between two attempts, or until it is to stop. Its own thread. */
  void pause(long nanos) {
    work.sleep(nanos, () -> stopping);
  }

  @Override
  public void run() {
    try {
      while (!stopping) {
        Work next = work.poll();
        if (next == null) {
          work.await(Long.MAX_VALUE, () -> stopping);
        } else {
          next.run();
        }
      }
    } catch (IOException e) {
      throw new LoopFailure("work in the background", e);
    } finally {
      ended = true;
      dropTheRest();
    }
  }

  private synchronized void dropTheRest() {
    for (Work left = work.poll(); left != null; left = work.poll()) {
      left.dropped();
    }
  }
}
