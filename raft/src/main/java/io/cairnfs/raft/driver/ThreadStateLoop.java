package io.cairnfs.raft.driver;

/** A loop with a thread of its own. */
final class ThreadStateLoop implements StateLoop {
  private final String name;
  private final Mailbox<Void> waker = new Mailbox<>();
  private volatile boolean stopping;
  private Thread thread;

  ThreadStateLoop(String name) {
    this.name = name;
  }

  @Override
  public void start(Rounds rounds) {
    thread = new Thread(() -> run(rounds), name);
    thread.setDaemon(true);
    thread.start();
  }

  private void run(Rounds rounds) {
    try {
      while (!stopping) {
        long wait = rounds.round();
        if (wait > 0) {
          waker.await(wait, () -> stopping || rounds.hasWork());
        }
      }
      rounds.ended();
    } catch (Throwable e) {
      rounds.ended();
      rounds.failed(e);
    }
  }

  @Override
  public void wake() {
    waker.wake();
  }

  @Override
  public void stop() {
    stopping = true;
    waker.wake();
  }

  @Override
  public void join() {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
