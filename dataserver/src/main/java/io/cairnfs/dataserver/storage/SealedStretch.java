package io.cairnfs.dataserver.storage;

import java.util.List;

/**
 * A part of a walk through all SEALED replicas in order of their ids.
 *
 * @param next the first ones
 * @param replicas how many there are from here to the end, {@code next} included
 * @param bytes of their files
 */
public record SealedStretch(List<ReplicaStatus> next, long replicas, long bytes) {
  public SealedStretch {
    next = List.copyOf(next);
  }
}
