package io.cairnfs.raft.core;

import java.util.Arrays;

/** One entry of the log. Immutable: the payload is shared, never changed. */
public final class LogEntry {
  private static final byte[] EMPTY = {};

  private final long index;
  private final long term;
  private final EntryKind kind;
  private final byte[] payload;

  public LogEntry(long index, long term, EntryKind kind, byte[] payload) {
    if (index <= 0 || term <= 0) {
      throw new IllegalArgumentException("entry index " + index + " term " + term);
    }
    this.index = index;
    this.term = term;
    this.kind = kind;
    this.payload = payload;
  }

  static LogEntry noOp(long index, long term) {
    return new LogEntry(index, term, EntryKind.NO_OP, EMPTY);
  }

  public long index() {
    return index;
  }

  public long term() {
    return term;
  }

  public EntryKind kind() {
    return kind;
  }

  /** The bytes themselves, not a copy. */
  public byte[] payload() {
    return payload;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LogEntry that
        && index == that.index
        && term == that.term
        && kind == that.kind
        && Arrays.equals(payload, that.payload);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(index * 31 + term);
  }

  @Override
  public String toString() {
    return index + "@" + term + " " + kind + " " + payload.length + " B";
  }
}
