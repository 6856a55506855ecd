package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.id.SessionId;

/**
 * A lock that an owner has, or waits for.
 *
 * @param start first byte; 0 for a whole file
 * @param end behind the last byte; {@link #NO_END} = however long the file becomes
 * @param number token of one that is held, ticket of one that waits; 0 = not given yet
 */
public record LockClaim(
    LockOwner owner, Scope scope, Mode mode, long start, long end, long number) {
  public static final long NO_END = Long.MAX_VALUE;

  private static final int EXCLUSIVE_FLAG = 1;
  private static final int RANGE_FLAG = 2;

  /** Two kinds of locks that do not know of each other, as flock() and fcntl() of Linux. */
  public enum Scope {
    WHOLE_FILE,
    BYTE_RANGE
  }

  /** Whether others may have it too. */
  public enum Mode {
    SHARED,
    EXCLUSIVE
  }

  public LockClaim {
    if (start < 0 || end <= start) {
      throw new IllegalArgumentException("range [" + start + ", " + end + ")");
    }
  }

  public LockClaim withNumber(long given) {
    return new LockClaim(owner, scope, mode, start, end, given);
  }

  LockClaim over(long from, long to) {
    return new LockClaim(owner, scope, mode, from, to, number);
  }

  /** Both cannot be held at a time. */
  boolean conflictsWith(LockClaim other) {
    return !owner.equals(other.owner)
        && scope == other.scope
        && (mode == Mode.EXCLUSIVE || other.mode == Mode.EXCLUSIVE)
        && start < other.end
        && other.start < end;
  }

  boolean isOf(LockOwner other, Scope otherScope) {
    return scope == otherScope && owner.equals(other);
  }

  /** Whoever has this has the other, too. */
  boolean contains(LockClaim other) {
    return other.isOf(owner, scope)
        && mode == other.mode
        && start <= other.start
        && end >= other.end;
  }

  void encode(RecordOutput out) {
    int flags =
        (mode == Mode.EXCLUSIVE ? EXCLUSIVE_FLAG : 0)
            | (scope == Scope.BYTE_RANGE ? RANGE_FLAG : 0);
    out.writeByte(flags).writeVarint(owner.session().value()).writeLong(owner.number());
    if (scope == Scope.BYTE_RANGE) {
      out.writeVarint(start).writeVarint(end);
    }
    out.writeVarint(number);
  }

  static LockClaim decode(RecordInput in) {
    int flags = in.readByte();
    if ((flags & ~(EXCLUSIVE_FLAG | RANGE_FLAG)) != 0) {
      throw new CorruptRecord("lock record with flags " + flags);
    }
    LockOwner owner = new LockOwner(new SessionId(in.readVarint()), in.readLong());
    boolean range = (flags & RANGE_FLAG) != 0;
    long start = range ? in.readVarint() : 0;
    long end = range ? in.readVarint() : NO_END;
    return new LockClaim(
        owner,
        range ? Scope.BYTE_RANGE : Scope.WHOLE_FILE,
        (flags & EXCLUSIVE_FLAG) != 0 ? Mode.EXCLUSIVE : Mode.SHARED,
        start,
        end,
        in.readVarint());
  }
}
