package io.cairnfs.metaserver.namespace;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a session that changes directories under leases has been given for it.
 *
 * @param sinceNanos when it took its last directory: no change of it happened earlier
 * @param leases directories that it has leased
 * @param setAside inode ids that it may use, in ascending order
 */
public record ChangerRecord(long sinceNanos, int leases, List<Range> setAside) {
  private static final int FORMAT = 1;

  /** Inode ids {@code [first, end)}. */
  public record Range(long first, long end) {
    public Range {
      if (first <= 0 || first >= end) {
        throw new IllegalArgumentException("inode ids [" + first + ", " + end + ")");
      }
    }
  }

  public ChangerRecord {
    setAside = List.copyOf(setAside);
    if (leases < 0) {
      throw new IllegalArgumentException(leases + " leases");
    }
  }

  /** The same with one more range of ids, which lies behind the others. */
  public ChangerRecord with(Range range) {
    List<Range> more = new ArrayList<>(setAside);
    more.add(range);
    return new ChangerRecord(sinceNanos, leases, more);
  }

  /** The same with more or fewer leases. */
  public ChangerRecord withLeases(int count) {
    return new ChangerRecord(sinceNanos, count, setAside);
  }

  /** The same after a directory was taken at this time. */
  public ChangerRecord since(long nanos) {
    return new ChangerRecord(Math.max(sinceNanos, nanos), leases, setAside);
  }

  /** The same after an id was used, and with it all below; empty if it was not set aside. */
  public Optional<ChangerRecord> without(long inode) {
    List<Range> left = new ArrayList<>();
    boolean found = false;
    for (Range range : setAside) {
      found |= range.first() <= inode && inode < range.end();
      if (range.end() > inode + 1) {
        left.add(new Range(Math.max(range.first(), inode + 1), range.end()));
      }
    }
    return found ? Optional.of(new ChangerRecord(sinceNanos, leases, left)) : Optional.empty();
  }

  byte[] encode() {
    RecordOutput out =
        new RecordOutput(FORMAT)
            .writeVarint(sinceNanos)
            .writeVarint(leases)
            .writeVarint(setAside.size());
    for (Range range : setAside) {
      out.writeVarint(range.first()).writeVarint(range.end() - range.first());
    }
    return out.toByteArray();
  }

  static ChangerRecord decode(byte[] value) {
    RecordInput in = new RecordInput("changer", value, FORMAT);
    long sinceNanos = in.readVarint();
    int leases = in.readInt();
    int ranges = in.readInt();
    List<Range> setAside = new ArrayList<>();
    for (int i = 0; i < ranges; i++) {
      long first = in.readVarint();
      setAside.add(new Range(first, first + in.readVarint()));
    }
    in.requireEnd();
    return new ChangerRecord(sinceNanos, leases, setAside);
  }
}
