package io.cairnfs.bench.rig;

import io.cairnfs.localcluster.LocalProcesses;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The processes of a cluster made for a bench. They and their directory go with this object, and
 * with this process where a signal ends it first: never both at once, and never while the cluster
 * is being started, when somebody else could not know yet what there is to end.
 */
final class BenchProcesses implements AutoCloseable {
  /** Longer than a start may take. */
  private static final long START_SECONDS = 90;

  private static final long LAST_WORK_SECONDS = 5;
  private static final String ENDING = "this process is being ended";

  private final Path root;
  private final Thread user = Thread.currentThread();
  private final ReentrantLock starting = new ReentrantLock();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook = new Thread(this::removeAtExit, "remove-cluster");
  private volatile boolean exiting;
  private volatile LocalProcesses processes;

  private BenchProcesses(Path root) {
    this.root = root;
  }

  /**
   * Starts it.
   *
   * @param configuration further lines of the configuration
   * @throws InterruptedIOException if this process is being ended
   */
  static BenchProcesses start(Path root, int metaservers, int dataServers, String configuration)
      throws IOException {
    BenchProcesses started = new BenchProcesses(root);
    boolean ready = false;
    started.starting.lock();
    try {
      Runtime.getRuntime().addShutdownHook(started.hook);
      started.processes = LocalProcesses.start(root, metaservers, dataServers, configuration);
      ready = !started.exiting;
    } catch (IllegalStateException e) {
      throw (IOException) new InterruptedIOException(ENDING).initCause(e);
    } finally {
      started.starting.unlock();
      if (!ready) {
        started.closed.countDown();
      }
    }
    if (!ready) {
      throw new InterruptedIOException(ENDING);
    }
    return started;
  }

  LocalProcesses processes() {
    return processes;
  }

  /** The user of the cluster is told to end, as it may be about to write into the directory. */
  private void removeAtExit() {
    exiting = true;
    try {
      if (starting.tryLock(START_SECONDS, TimeUnit.SECONDS)) {
        user.interrupt();
        if (!closed.await(LAST_WORK_SECONDS, TimeUnit.SECONDS)) {
          System.err.println("bench: does not end by itself; what it has started is ended");
        }
      }
      LocalProcesses.remove(root);
    } catch (IOException e) {
      System.err.println("bench: what was started in " + root + " is left: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    boolean isOurs;
    try {
      isOurs = Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // This process is being ended: the hook does it.
      isOurs = false;
    }
    if (isOurs) {
      processes.close();
    }
    closed.countDown();
  }
}
