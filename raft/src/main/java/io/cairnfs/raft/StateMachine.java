package io.cairnfs.raft;

import java.io.IOException;
import java.nio.file.Path;

/**
 * What the log's entries are applied to: deterministic, so that members that applied the same index
 * are equal. {@link #apply}, {@link #skip}, {@link #install} and {@link #digest} are called by one
 * thread, one call at a time; {@link #checkpoint} may run beside {@link #apply}. Anything but the
 * exceptions named stops the process.
 *
 * @param <R> what a batch returns to the one who submitted it
 */
public interface StateMachine<R> {
  /**
   * Applies a batch: entry by entry without gaps, the first one at {@code appliedIndex() + 1}. The
   * effect and (index, term) become durable together or not at all; they need not be durable at
   * once. The payload must not be changed.
   *
   * @throws IOException when the store failed: the process stops
   */
  R apply(long index, long term, byte[] payload) throws IOException;

  /** Passes an entry of the engine's own, as {@link #apply} with no effect but (index, term). */
  void skip(long index, long term) throws IOException;

  /** Index of the last entry applied; 0 for none. */
  long appliedIndex();

  /** Term of the last entry applied; 0 for none. */
  long appliedTerm();

  /**
   * Writes the present state to the directory, which exists and is empty, and forces it. Returns
   * the (index, term) read back from what was written: the log is cut by that and nothing else.
   */
  CheckpointPosition checkpoint(Path directory) throws IOException;

  /**
   * Replaces the state by the one in the directory, which was written by {@link #checkpoint} at
   * some member, verified and forced; the state machine keeps the directory or copies from it.
   * After a crash in the middle the old or the new state is there, whole.
   */
  void install(Path directory) throws IOException;

  /** A digest of the whole state: equal where members applied the same index. */
  long digest() throws IOException;

  /** The last entry that a checkpoint contains. */
  record CheckpointPosition(long index, long term) {}
}
