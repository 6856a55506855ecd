package io.cairnfs.raft.driver;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.time.Clock;
import io.cairnfs.raft.LeadershipListener;
import io.cairnfs.raft.StateMachine;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The apply thread: owns the state machine, completes what submitters wait for, tells of
 * leadership.
 *
 * @param <R> what the state machine returns for a batch
 */
final class ApplyLoop<R> implements Runnable {
  private static final long NEVER = Long.MAX_VALUE;

  /** Whoever waits for the first of several batches that are applied at once waits for all. */
  private static final int MAX_RUN_BYTES = 64 << 10;

  private final StateMachine<R> machine;
  private final Clock clock;
  private final EngineMetrics metrics;
  private final Runnable progressed;
  private final Runnable checkpointDue;
  private final long checkpointBytes;
  private final long checkpointEntries;
  private final Mailbox<Task> tasks = new Mailbox<>();
  private final List<LeadershipListener> listeners = new ArrayList<>();

  private volatile long appliedIndex;

  /** Reaching this index is told by {@link #progressed}. */
  private volatile long wakeAtIndex = NEVER;

  /** The term in which this member may serve; 0 = it may not. */
  private volatile long readyTerm;

  private volatile boolean stopping;
  private long pendingTerm;
  private long pendingReadyIndex = NEVER;
  private long bytesSinceCheckpoint;
  private long entriesSinceCheckpoint;

  private interface Task {
    void run() throws IOException;
  }

  /** Entries to apply, and who waits for which of them. */
  private record ApplyTask<R>(
      ApplyLoop<R> loop, List<LogEntry> entries, List<Submission<?>> waiting) implements Task {
    @Override
    public void run() throws IOException {
      loop.applyAll(entries, waiting);
    }

    void failWaiting(CairnException cause) {
      for (Submission<?> submission : waiting) {
        if (submission != null) {
          submission.future().completeExceptionally(cause);
        }
      }
    }
  }

  /**
   * @param progressed told, on this thread, when the index asked for is applied
   * @param checkpointDue told, on this thread, when enough was applied
   * @param bytesBehind log that is there at the start and in no checkpoint
   * @param entriesBehind entries of it
   */
  ApplyLoop(
      StateMachine<R> machine,
      Clock clock,
      EngineMetrics metrics,
      EngineOptions options,
      long bytesBehind,
      long entriesBehind,
      Runnable progressed,
      Runnable checkpointDue) {
    this.machine = machine;
    this.clock = clock;
    this.metrics = metrics;
    this.progressed = progressed;
    this.checkpointDue = checkpointDue;
    this.checkpointBytes = options.checkpointBytes();
    this.checkpointEntries = options.checkpointEntries();
    this.bytesSinceCheckpoint = bytesBehind;
    this.entriesSinceCheckpoint = entriesBehind;
    this.appliedIndex = machine.appliedIndex();
  }

  /** Any thread. */
  long appliedIndex() {
    return appliedIndex;
  }

  /** The term that this member leads and may serve in, or 0. Any thread. */
  long readyTerm() {
    return readyTerm;
  }

  /** Asks to be told when the index is applied; returns whether it is already. State thread. */
  boolean wakeAt(long index) {
    wakeAtIndex = index;
    return appliedIndex >= index;
  }

  /**
   * @param waiting whoever submitted the entries, where it was somebody here; null otherwise
   */
  void apply(List<LogEntry> entries, List<Submission<?>> waiting) {
    tasks.add(new ApplyTask<>(this, entries, waiting));
  }

  void lead(long term, long readyIndex) {
    tasks.add(
        () -> {
          pendingTerm = term;
          pendingReadyIndex = readyIndex;
          announce();
        });
  }

  void stopLeading() {
    tasks.add(
        () -> {
          pendingReadyIndex = NEVER;
          long term = readyTerm;
          readyTerm = 0;
          if (term != 0) {
            listeners.forEach(listener -> listener.leadershipLost(term));
          }
        });
  }

  void addListener(LeadershipListener listener) {
    tasks.add(
        () -> {
          listeners.add(listener);
          if (readyTerm != 0) {
            listener.leadershipGained(readyTerm);
          }
        });
  }

  /** Replaces the state by that of a checkpoint, then runs {@code done} on this thread. */
  void install(Path directory, Runnable done) {
    tasks.add(
        () -> {
          machine.install(directory);
          appliedIndex = machine.appliedIndex();
          bytesSinceCheckpoint = 0;
          entriesSinceCheckpoint = 0;
          done.run();
          tellProgress();
        });
  }

  void stop() {
    stopping = true;
    tasks.wake();
  }

  @Override
  public void run() {
    try {
      while (!stopping) {
        Task task = tasks.poll();
        if (task == null) {
          tasks.await(NEVER, () -> stopping);
        } else {
          task.run();
        }
      }
      if (readyTerm != 0) {
        long term = readyTerm;
        readyTerm = 0;
        listeners.forEach(listener -> listener.leadershipLost(term));
      }
    } catch (IOException e) {
      throw new LoopFailure("state machine at index " + appliedIndex, e);
    }
  }

  private void applyAll(List<LogEntry> entries, List<Submission<?>> waiting) throws IOException {
    int from = 0;
    while (from < entries.size()) {
      int to = endOfRun(entries, from);
      if (entries.get(from).kind() == EntryKind.COMMANDS) {
        applyRun(entries.subList(from, to), waiting.subList(from, to));
      } else {
        skip(entries.get(from), waiting.get(from));
      }
      from = to;
    }
    metrics.applyEntries.record(entries.size());
    announce();
    tellProgress();
    if (bytesSinceCheckpoint >= checkpointBytes || entriesSinceCheckpoint >= checkpointEntries) {
      bytesSinceCheckpoint = 0;
      entriesSinceCheckpoint = 0;
      checkpointDue.run();
    }
  }

  /** Behind the commands that are applied at once, or behind an entry of another kind. */
  private static int endOfRun(List<LogEntry> entries, int from) {
    int to = from + 1;
    if (entries.get(from).kind() == EntryKind.COMMANDS) {
      long bytes = entries.get(from).payload().length;
      while (to < entries.size() && entries.get(to).kind() == EntryKind.COMMANDS) {
        bytes += entries.get(to).payload().length;
        if (bytes > MAX_RUN_BYTES) {
          break;
        }
        to++;
      }
    }
    return to;
  }

  private void applyRun(List<LogEntry> entries, List<Submission<?>> waiting) throws IOException {
    List<StateMachine.Batch> batches = new ArrayList<>(entries.size());
    for (LogEntry entry : entries) {
      batches.add(new StateMachine.Batch(entry.index(), entry.term(), entry.payload()));
    }
    List<R> results = machine.applyAll(batches);
    entries.forEach(this::applied);
    for (int i = 0; i < results.size(); i++) {
      answer(waiting.get(i), results.get(i));
    }
  }

  private void skip(LogEntry entry, Submission<?> waiting) throws IOException {
    machine.skip(entry.index(), entry.term());
    applied(entry);
    answer(waiting, null);
  }

  private void applied(LogEntry entry) {
    appliedIndex = entry.index();
    bytesSinceCheckpoint += entry.payload().length;
    entriesSinceCheckpoint++;
  }

  private void answer(Submission<?> waiting, R result) {
    if (waiting != null) {
      metrics.commitMicros.record((clock.monotonicNanos() - waiting.startNanos()) / 1000);
      complete(waiting, result);
    }
  }

  /** Only submissions of commands expect what the state machine returns; the others get null. */
  @SuppressWarnings("unchecked")
  private void complete(Submission<?> waiting, R result) {
    ((Submission<R>) waiting).future().complete(result);
  }

  private void announce() {
    if (appliedIndex >= pendingReadyIndex) {
      pendingReadyIndex = NEVER;
      readyTerm = pendingTerm;
      listeners.forEach(listener -> listener.leadershipGained(pendingTerm));
    }
  }

  private void tellProgress() {
    if (appliedIndex >= wakeAtIndex) {
      wakeAtIndex = NEVER;
      progressed.run();
    }
  }

  /** Fails those whose entries were handed over and not applied. Once the thread has ended. */
  void failWaiting(CairnException cause) {
    for (Task task = tasks.poll(); task != null; task = tasks.poll()) {
      if (task instanceof ApplyTask<?> left) {
        left.failWaiting(cause);
      }
    }
  }
}
