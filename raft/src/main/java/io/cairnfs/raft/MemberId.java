package io.cairnfs.raft;

/** Name of a member of a group, such as {@code m1}; never given to another member. */
public record MemberId(String value) implements Comparable<MemberId> {
  public MemberId {
    if (value.isEmpty()) {
      throw new IllegalArgumentException("empty member id");
    }
  }

  @Override
  public int compareTo(MemberId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
