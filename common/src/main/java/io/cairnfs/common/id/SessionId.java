package io.cairnfs.common.id;

/** A client's registered identity at the metaservers; never reused. */
public record SessionId(long value) implements Comparable<SessionId> {
  public SessionId {
    if (value <= 0) {
      throw new IllegalArgumentException("session id " + value + " is not positive");
    }
  }

  @Override
  public int compareTo(SessionId other) {
    return Long.compare(value, other.value);
  }

  @Override
  public String toString() {
    return "session=" + value;
  }
}
