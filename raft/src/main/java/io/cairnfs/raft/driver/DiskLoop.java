package io.cairnfs.raft.driver;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.time.Clock;
import io.cairnfs.raft.core.Effects.Persist;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.log.RaftStorage;
import java.io.IOException;
import java.time.Duration;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The disk thread: writes all that has queued up, forces once, says how far. Between forces that
 * are apart it marks the log as forced.
 */
final class DiskLoop implements Runnable {
  private static final Logger LOGGER = LoggerFactory.getLogger(DiskLoop.class);
  private static final long NEVER = Long.MAX_VALUE;
  private static final long FULL_RETRY_NANOS = Duration.ofMillis(200).toNanos();

  private final RaftStorage storage;
  private final Clock clock;
  private final long markAfterNanos;
  private final EngineMetrics metrics;
  private final LongConsumer persisted;
  private final Runnable spareNeeded;
  private final Mailbox<Task> tasks = new Mailbox<>();

  /** Payload handed over and not yet written. */
  private volatile long writtenBytes;

  private volatile boolean stopping;
  private long markDueNanos = NEVER;

  private sealed interface Task permits PersistTask, LogTask {}

  private record PersistTask(Persist persist) implements Task {}

  /** Something else to be done to the log between two batches. */
  private record LogTask(LogAction action) implements Task {}

  interface LogAction {
    void run(RaftStorage storage) throws IOException;
  }

  /**
   * @param persisted told, on this thread, the sequence up to which all is forced
   * @param spareNeeded told, on this thread, that the next segment should be allocated
   */
  DiskLoop(
      RaftStorage storage,
      Clock clock,
      Duration markAfter,
      EngineMetrics metrics,
      LongConsumer persisted,
      Runnable spareNeeded) {
    this.storage = storage;
    this.clock = clock;
    this.markAfterNanos = markAfter.toNanos();
    this.metrics = metrics;
    this.persisted = persisted;
    this.spareNeeded = spareNeeded;
  }

  void persist(Persist persist) {
    tasks.add(new PersistTask(persist));
  }

  /** Runs an action behind everything handed over before. */
  void run(LogAction action) {
    tasks.add(new LogTask(action));
  }

  /** Payload bytes written since the start. Any thread. */
  long writtenBytes() {
    return writtenBytes;
  }

  /** Ends the thread once everything handed over before is forced. */
  void stop() {
    stopping = true;
    tasks.wake();
  }

  @Override
  public void run() {
    try {
      while (true) {
        Task task = tasks.poll();
        if (task != null) {
          work(task);
        } else if (stopping) {
          storage.log().mark();
          return;
        } else {
          rest();
        }
      }
    } catch (IOException e) {
      throw new LoopFailure("log of " + storage.identity(), e);
    }
  }

  private void work(Task first) throws IOException {
    long sequence = 0;
    for (Task task = first; task != null; task = tasks.poll()) {
      if (task instanceof PersistTask work) {
        write(work.persist());
        sequence = work.persist().sequence();
      } else if (task instanceof LogTask work) {
        force(sequence);
        sequence = 0;
        work.action().run(storage);
      }
    }
    force(sequence);
    if (storage.log().needsPreallocation()) {
      spareNeeded.run();
    }
  }

  private void write(Persist persist) throws IOException {
    long start = clock.monotonicNanos();
    if (persist.vote().isPresent()) {
      storage.saveVote(persist.vote().get());
      metrics.voteMicros.record((clock.monotonicNanos() - start) / 1000);
    }
    if (persist.entries().isEmpty()) {
      return;
    }
    append(persist);
    long bytes = 0;
    for (LogEntry entry : persist.entries()) {
      bytes += entry.payload().length;
    }
    setWrittenBytes(bytes);
    metrics.appendEntries.record(persist.entries().size());
    metrics.appendBytes.record(bytes);
    metrics.writeMicros.record((clock.monotonicNanos() - start) / 1000);
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // This thread alone writes it.
  private void setWrittenBytes(long more) {
    writtenBytes += more;
  }

  /** Entries are let in only while there is room, so waiting here is for a disk that filled up. */
  private void append(Persist persist) throws IOException {
    boolean told = false;
    while (true) {
      try {
        storage.write(persist.entries());
        return;
      } catch (CairnException e) {
        if (e.code() != ErrorCode.NO_SPACE || stopping) {
          throw e;
        }
        if (!told) {
          LOGGER.warn("{}: waiting for space: {}", storage.identity(), e.getMessage());
          told = true;
        }
        tasks.sleep(FULL_RETRY_NANOS, () -> stopping);
      }
    }
  }

  private void force(long sequence) throws IOException {
    if (sequence == 0) {
      return;
    }
    long start = clock.monotonicNanos();
    if (storage.log().forcedIndex() != storage.log().lastIndex()) {
      storage.log().force();
      long end = clock.monotonicNanos();
      metrics.forceMicros.record((end - start) / 1000);
      markDueNanos = end + markAfterNanos;
    }
    persisted.accept(sequence);
  }

  private void rest() throws IOException {
    long wait = markDueNanos == NEVER ? NEVER : markDueNanos - clock.monotonicNanos();
    if (wait <= 0) {
      storage.log().mark();
      markDueNanos = NEVER;
    } else {
      tasks.await(wait, () -> stopping);
    }
  }
}
