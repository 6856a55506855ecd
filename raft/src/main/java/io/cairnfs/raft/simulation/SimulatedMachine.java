package io.cairnfs.raft.simulation;

import java.nio.ByteBuffer;

/** What the members of a simulated group apply entries to: deterministic, and all in memory. */
public interface SimulatedMachine {
  /** Index of the last entry applied; 0 for none. */
  long index();

  /** Term of the last entry applied; 0 for none. */
  long term();

  /** Equal where members applied the same entries. */
  long digest();

  /** Applies an entry's commands; returns what their submitter is told. */
  Object apply(long entryIndex, long entryTerm, byte[] payload);

  /** Passes an entry of the engine's own. */
  void skip(long entryIndex, long entryTerm);

  /** The whole state, for a checkpoint. */
  ByteBuffer save();

  /** The same state, which later entries do not touch. */
  SimulatedMachine copy();

  /** Makes machines. */
  interface Kind {
    SimulatedMachine empty();

    /** What {@link SimulatedMachine#save} wrote. */
    SimulatedMachine load(ByteBuffer saved);
  }
}
