package io.cairnfs.metaserver.leader;

import io.cairnfs.common.process.FatalErrors;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that owns the leader's volatile state. Whatever fails on it in a way that it must
 * not stops the process. Tasks that come after {@link #close} are dropped.
 */
final class DutyThread implements DutyExecutor {
  private static final Logger logger = LoggerFactory.getLogger(DutyThread.class);

  private final FatalErrors fatal;
  private final ScheduledExecutorService executor;

  DutyThread(FatalErrors fatal) {
    this.fatal = fatal;
    this.executor =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread made = new Thread(task, "metaserver-duties");
              made.setDaemon(true);
              return made;
            });
  }

  @Override
  public void execute(Runnable task) {
    try {
      executor.execute(() -> guarded(task));
    } catch (RejectedExecutionException e) {
      logger.debug("duties have ended", e);
    }
  }

  @Override
  public void every(Duration period, Runnable task) {
    var unused =
        executor.scheduleWithFixedDelay(
            () -> guarded(task), 0, period.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      fatal.stop("a duty of the leader failed", e);
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
