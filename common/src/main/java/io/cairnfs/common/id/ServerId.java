package io.cairnfs.common.id;

/** Identity that the metaserver gave a data server at its first registration; never reused. */
public record ServerId(int value) implements Comparable<ServerId> {
  public ServerId {
    if (value <= 0) {
      throw new IllegalArgumentException("server id " + value + " is not positive");
    }
  }

  @Override
  public int compareTo(ServerId other) {
    return Integer.compare(value, other.value);
  }

  @Override
  public String toString() {
    return "server=" + value;
  }
}
