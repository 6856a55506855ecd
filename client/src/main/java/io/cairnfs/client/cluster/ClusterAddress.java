package io.cairnfs.client.cluster;

import io.cairnfs.common.id.HostPort;
import java.util.List;

/**
 * A cluster as a client reaches it.
 *
 * @param authority as it is shown after {@code cairn://}
 */
public record ClusterAddress(String authority, List<HostPort> metaservers) {
  public ClusterAddress {
    metaservers = List.copyOf(metaservers);
  }
}
