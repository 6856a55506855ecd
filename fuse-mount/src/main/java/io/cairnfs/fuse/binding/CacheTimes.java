package io.cairnfs.fuse.binding;

import java.time.Duration;

/**
 * How long the kernel may answer by itself.
 *
 * @param entry what a name leads to
 * @param attributes of a node
 * @param negative that there is no such name; zero = never
 */
public record CacheTimes(Duration entry, Duration attributes, Duration negative) {
  public CacheTimes {
    if (entry.isNegative() || attributes.isNegative() || negative.isNegative()) {
      throw new IllegalArgumentException("a negative time-out");
    }
  }
}
