package io.cairnfs.metaserver;

import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.config.ConfigKey;
import io.cairnfs.common.config.ConfigurationException;
import io.cairnfs.common.config.MetaserverEntry;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.leader.TrashTimes;
import io.cairnfs.rpc.server.SecurityMode;
import java.nio.file.Path;
import java.time.Duration;

/**
 * How one metaserver runs.
 *
 * @param configurationFile for messages; empty if there is none
 */
public record MetaserverOptions(
    MetaserverEntry entry,
    String configurationFile,
    SecurityMode securityMode,
    NewCluster newCluster,
    Duration sessionTimeout,
    ServerTimes serverTimes,
    RaftTimes raftTimes,
    int segmentBytes,
    long checkpointLogBytes,
    long reserveBytes,
    long cacheBytes,
    long compactionExtentBytes,
    Duration codingMinAge,
    long codingCellBytes,
    TrashTimes trash) {

  /** What the first command of a cluster says. */
  public record NewCluster(
      String supergroup,
      int replication,
      int minReplicas,
      long chunkBytes,
      int poolSlots,
      int inlineBytes,
      Duration garbageGrace) {}

  /**
   * When a silent data server is what.
   *
   * @param outAfter 0 = only by command
   */
  public record ServerTimes(Duration suspectAfter, Duration downAfter, Duration outAfter) {}

  /** The engine's times. */
  public record RaftTimes(Duration heartbeat, Duration electionTimeout) {}

  /** As the configuration says. */
  public static MetaserverOptions of(CairnConfiguration configuration, String id)
      throws ConfigurationException, CairnException {
    return new MetaserverOptions(
        configuration.metaserver(id),
        configuration.file().map(Path::toString).orElse(""),
        securityMode(configuration.text(ConfigKey.SECURITY_MODE)),
        new NewCluster(
            configuration.text(ConfigKey.SECURITY_SUPERGROUP),
            configuration.integer(ConfigKey.PLACEMENT_REPLICATION),
            configuration.integer(ConfigKey.PLACEMENT_MIN_REPLICAS),
            configuration.bytes(ConfigKey.PLACEMENT_CHUNK_BYTES),
            configuration.integer(ConfigKey.PLACEMENT_POOL_SLOTS),
            (int) configuration.bytes(ConfigKey.PLACEMENT_INLINE_BYTES),
            configuration.duration(ConfigKey.METASERVER_GARBAGE_GRACE)),
        configuration.duration(ConfigKey.SESSION_TIMEOUT),
        new ServerTimes(
            configuration.duration(ConfigKey.SERVER_SUSPECT_AFTER),
            configuration.duration(ConfigKey.SERVER_DOWN_AFTER),
            configuration.duration(ConfigKey.SERVER_OUT_AFTER)),
        new RaftTimes(
            configuration.duration(ConfigKey.RAFT_HEARTBEAT),
            configuration.duration(ConfigKey.RAFT_ELECTION_TIMEOUT)),
        (int) configuration.bytes(ConfigKey.RAFT_SEGMENT_BYTES),
        configuration.bytes(ConfigKey.RAFT_CHECKPOINT_LOG_BYTES),
        configuration.bytes(ConfigKey.RAFT_RESERVE_BYTES),
        configuration.bytes(ConfigKey.METASERVER_CACHE_BYTES),
        configuration.bytes(ConfigKey.METASERVER_COMPACTION_EXTENT_BYTES),
        configuration.duration(ConfigKey.CODING_MIN_AGE),
        configuration.bytes(ConfigKey.CODING_CELL_BYTES),
        new TrashTimes(
            configuration.duration(ConfigKey.TRASH_INTERVAL),
            configuration.duration(ConfigKey.TRASH_CHECKPOINT_INTERVAL)));
  }

  private static SecurityMode securityMode(String text) throws CairnException {
    return switch (text) {
      case "loopback" -> SecurityMode.LOOPBACK_ONLY;
      case "none" -> SecurityMode.NONE;
      default ->
          throw new CairnException(
              ErrorCode.INVALID_ARGUMENT,
              "security.mode is '" + text + "'; it can be loopback or none");
    };
  }
}
