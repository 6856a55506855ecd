package io.cairnfs.raft;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the log's entries are applied to: deterministic, so that members that applied the same index
 * are equal. {@link #apply}, {@link #applyAll}, {@link #skip}, {@link #install} and {@link #digest}
 * are called by one thread, one call at a time; {@link #checkpoint} may run beside {@link #apply}.
 * Anything but the exceptions named stops the process.
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

  /**
   * Applies batches that follow one another, with the results and the state that {@link #apply} of
   * each would give. Nobody sees a state between them, and their effects may become durable
   * together: work that several of them would do again can be done once.
   *
   * @return what each returned, in their order
   * @throws IOException as {@link #apply}
   */
  default List<R> applyAll(List<Batch> batches) throws IOException {
    List<R> results = new ArrayList<>(batches.size());
    for (Batch batch : batches) {
      results.add(apply(batch.index(), batch.term(), batch.payload()));
    }
    return results;
  }

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

  /** What an entry holds for the state machine. */
  @SuppressWarnings("ArrayRecordComponent") // values by agreement: nobody changes the bytes
  record Batch(long index, long term, byte[] payload) {}

  /** The last entry that a checkpoint contains. */
  record CheckpointPosition(long index, long term) {}
}
