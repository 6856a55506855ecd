package io.cairnfs.raft.core;

import io.cairnfs.raft.Membership;
import java.util.List;

/**
 * The forced part of the log, as {@link RaftCore} reads it, on its own thread and while another
 * thread may append. The core asks only for entries whose {@link RaftCore#persisted} was fed back,
 * that it has not cut since, and that are above the last {@link Effects#compactTo}; at construction
 * for all that the recovered log has.
 */
public interface LogView {
  /** Index of the first entry kept; {@code lastIndex() + 1} when there is none. */
  long firstIndex();

  /** Index of the last entry; {@code firstIndex() - 1} when there is none. */
  long lastIndex();

  /**
   * Term of an entry, for {@code firstIndex() - 1 <= index <= lastIndex()}; 0 for index 0. Cheap:
   * answered from memory.
   */
  long term(long index);

  /**
   * Entries from {@code from} to at most {@code upTo}: at least one, and no more beyond the first
   * than fit into {@code maxBytes} of payload. Nothing behind {@code upTo} may be touched: it may
   * be cut from the log at this moment, in another thread.
   */
  List<LogEntry> entries(long from, long upTo, int maxBytes);

  /** Entries of kind MEMBERSHIP above the checkpoint, in order. Asked once, at construction. */
  List<LogEntry> memberships();

  /**
   * Index of the newest completed checkpoint, at least {@code firstIndex() - 1}; 0 when there is
   * none.
   */
  long checkpointIndex();

  /** Term of the entry at {@link #checkpointIndex}; 0 when there is none. */
  long checkpointTerm();

  /** Membership in force at {@link #checkpointIndex}; without one, that of the formatted group. */
  Membership checkpointMembership();
}
