package io.cairnfs.bench.raft;

import io.cairnfs.raft.StateMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Counts what is applied and keeps nothing: the engine's cost alone is measured. */
final class CountingMachine implements StateMachine<Long> {
  private long count;
  private volatile long index;
  private volatile long term;

  @Override
  public synchronized Long apply(long atIndex, long atTerm, byte[] payload) {
    index = atIndex;
    term = atTerm;
    return ++count;
  }

  @Override
  public synchronized void skip(long atIndex, long atTerm) {
    index = atIndex;
    term = atTerm;
  }

  @Override
  public long appliedIndex() {
    return index;
  }

  @Override
  public long appliedTerm() {
    return term;
  }

  @Override
  public synchronized CheckpointPosition checkpoint(Path directory) throws IOException {
    CheckpointPosition position = new CheckpointPosition(index, term);
    Files.writeString(directory.resolve("position"), position.toString());
    return position;
  }

  @Override
  public void install(Path directory) throws IOException {
    throw new IOException("the measured members never fall behind");
  }

  @Override
  public long digest() {
    return count;
  }
}
