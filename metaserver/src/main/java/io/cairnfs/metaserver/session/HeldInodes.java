package io.cairnfs.metaserver.session;

import java.util.Set;

/**
 * What clients have open.
 *
 * @param untilIndex whatever was deleted at or before this log index, and is not among the inodes,
 *     nobody had open
 */
public record HeldInodes(Set<Long> inodes, long untilIndex) {
  public HeldInodes {
    inodes = Set.copyOf(inodes);
  }
}
