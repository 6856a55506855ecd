package io.cairnfs.dataserver.heartbeat;

import io.cairnfs.common.id.HostPort;
import java.time.Duration;
import java.util.List;

/**
 * Who this server is to the metaservers, and how much work it takes on.
 *
 * @param name its id in the configuration (d1)
 * @param rack failure domain
 * @param metaservers where to look for the leader
 * @param interval between heartbeats until the leader says otherwise
 * @param callTimeout for one call to a metaserver
 * @param copyBytesPerSecond most bytes copied a second for repair
 * @param compactionBytesPerSecond most bytes copied a second to compact files
 * @param upkeep of what it holds
 * @param expectedClusterId the cluster it must belong to; empty = the one that answers
 */
public record HeartbeatOptions(
    String name,
    String rack,
    List<HostPort> metaservers,
    Duration interval,
    Duration callTimeout,
    long copyBytesPerSecond,
    long compactionBytesPerSecond,
    UpkeepOptions upkeep,
    String expectedClusterId) {
  public HeartbeatOptions {
    metaservers = List.copyOf(metaservers);
    if (metaservers.isEmpty() || copyBytesPerSecond < 1 || compactionBytesPerSecond < 1) {
      throw new IllegalArgumentException(
          metaservers.size() + " metaservers, " + copyBytesPerSecond + " bytes a second");
    }
  }
}
