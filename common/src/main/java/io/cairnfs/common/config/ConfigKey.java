package io.cairnfs.common.config;

import com.typesafe.config.ConfigUtil;
import java.util.List;

/**
 * Every key of the configuration file, with its form, its default as it would be written, and a
 * sentence. A {@code *} stands for a name that the operator chooses.
 */
public enum ConfigKey {
  METASERVER_HOST(
      "metaservers.*.host",
      ConfigType.TEXT,
      "127.0.0.1",
      "Name or address that others reach metaserver * by, and that it binds."),
  METASERVER_PORT(
      "metaservers.*.port",
      ConfigType.INTEGER,
      "7700",
      "Port of metaserver *: clients, peers and Raft share it."),
  METASERVER_LISTEN(
      "metaservers.*.listen",
      ConfigType.TEXT,
      "",
      "Address host:port that metaserver * binds where others reach it by another (a forwarded"
          + " port); empty = its host and port."),
  METASERVER_DIRECTORY(
      "metaservers.*.directory",
      ConfigType.TEXT,
      "",
      "Directory of metaserver *: Raft log, vote, checkpoints, store. Required."),
  DATASERVER_HOST(
      "dataservers.*.host",
      ConfigType.TEXT,
      "127.0.0.1",
      "Name or address that others reach data server * by, and that it binds."),
  DATASERVER_PORT(
      "dataservers.*.port",
      ConfigType.INTEGER,
      "7710",
      "Port of data server *: clients and peers share it."),
  DATASERVER_LISTEN(
      "dataservers.*.listen",
      ConfigType.TEXT,
      "",
      "Address host:port that data server * binds where others reach it by another (a forwarded"
          + " port); empty = its host and port."),
  DATASERVER_RACK(
      "dataservers.*.rack",
      ConfigType.TEXT,
      "default",
      "Failure domain of data server *: replicas of a chunk go to different racks while there are"
          + " enough."),
  DATASERVER_DIRECTORY(
      "dataservers.*.directory",
      ConfigType.TEXT,
      "",
      "Directory of data server * for its identity and logs; the first volume's when empty."),
  DATASERVER_VOLUMES(
      "dataservers.*.volumes",
      ConfigType.TEXTS,
      "[]",
      "Directories of data server * that hold chunk replicas, usually one a disk. Required."
          + " [ssd] or [archive] before a directory says what it lies on; a disk otherwise."),
  DATASERVER_VOLUME_QUOTA(
      "dataservers.*.volume-quota",
      ConfigType.SIZE,
      "0",
      "Bytes that Cairn may use on each volume of data server *; 0 = all there is but the"
          + " reserve."),
  CLUSTER_METASERVERS(
      "clusters.*.metaservers",
      ConfigType.ADDRESSES,
      "[]",
      "Metaservers of the cluster that clients call cairn://*."),
  CLIENT_FS(
      "client.fs",
      ConfigType.TEXT,
      "",
      "File system that clients use when none is named: cairn://NAME or"
          + " cairn://host:port,host:port."),
  CLIENT_TIMEOUT(
      "client.timeout",
      ConfigType.DURATION,
      "60s",
      "How long a client goes on trying to reach the metaservers."),
  CLIENT_PACKET_TIMEOUT(
      "client.packet-timeout",
      ConfigType.DURATION,
      "800ms",
      "How long a writer waits for any sign of life of its pipeline before it goes on in another"
          + " one."),
  CLIENT_SYNC_ON_CLOSE(
      "client.sync-on-close",
      ConfigType.BOOLEAN,
      "false",
      "Whether close also waits until all bytes are on the disks of all members."),
  SECURITY_MODE(
      "security.mode",
      ConfigType.TEXT,
      "loopback",
      "loopback: listen on loopback addresses only. none: listen anywhere, and believe every"
          + " caller's user name."),
  SECURITY_SUPERGROUP(
      "security.supergroup",
      ConfigType.TEXT,
      "supergroup",
      "Group of a new cluster's root directory."),
  PLACEMENT_REPLICATION(
      "placement.replication",
      ConfigType.INTEGER,
      "3",
      "Replicas of a file's chunks unless the file asks otherwise; read when a cluster is"
          + " formatted."),
  PLACEMENT_MIN_REPLICAS(
      "placement.min-replicas",
      ConfigType.INTEGER,
      "2",
      "Members that must be up for a new chunk (1 where the file asks for 1, or there is one data"
          + " server); read when a cluster is formatted."),
  PLACEMENT_CHUNK_BYTES(
      "placement.chunk-bytes",
      ConfigType.SIZE,
      "128MiB",
      "Largest chunk of a file unless the file asks otherwise; read when a cluster is formatted."),
  PLACEMENT_POOL_SLOTS(
      "placement.pool-slots",
      ConfigType.INTEGER,
      "4096",
      "Slots of the replicated pool, a power of two up to 16384; fixed when a cluster is"
          + " formatted."),
  PLACEMENT_INLINE_BYTES(
      "placement.inline-bytes",
      ConfigType.SIZE,
      "16KiB",
      "Content up to this many bytes is kept in the metadata; read when a cluster is formatted."),
  SESSION_TIMEOUT(
      "session.timeout",
      ConfigType.DURATION,
      "30s",
      "How long a client may be silent before its session ends."),
  SERVER_SUSPECT_AFTER(
      "server.suspect-after",
      ConfigType.DURATION,
      "3s",
      "Silence after which a data server gets no new chunks."),
  SERVER_DOWN_AFTER(
      "server.down-after",
      ConfigType.DURATION,
      "10s",
      "Silence after which a data server counts as down."),
  SERVER_OUT_AFTER(
      "server.out-after",
      ConfigType.DURATION,
      "5m",
      "Silence after which a data server is struck from the ring; 0 = only by command."),
  TRASH_INTERVAL(
      "trash.interval",
      ConfigType.DURATION,
      "0s",
      "How long files that users delete with the shell are kept in their trash; 0 = there is no"
          + " trash. Read by the metaservers: the same for all of them, and for every client."),
  TRASH_CHECKPOINT_INTERVAL(
      "trash.checkpoint-interval",
      ConfigType.DURATION,
      "0s",
      "How often the metaservers go through the trashes; 0, or more than trash.interval = as often"
          + " as that. Files are kept for up to so much longer."),
  RAFT_ELECTION_TIMEOUT(
      "raft.election-timeout",
      ConfigType.DURATION,
      "300ms",
      "Shortest silence of the leader after which a metaserver stands for election; the longest is"
          + " half as long again."),
  RAFT_HEARTBEAT(
      "raft.heartbeat", ConfigType.DURATION, "50ms", "Time between the leader's signs of life."),
  RAFT_SEGMENT_BYTES(
      "raft.segment-bytes", ConfigType.SIZE, "32MiB", "Size of a file of the Raft log."),
  RAFT_CHECKPOINT_LOG_BYTES(
      "raft.checkpoint-log-bytes",
      ConfigType.SIZE,
      "256MiB",
      "Log since the last checkpoint after which the next one is made."),
  RAFT_RESERVE_BYTES(
      "raft.reserve-bytes",
      ConfigType.SIZE,
      "128MiB",
      "Free space of a metaserver's disk below which only deletes and the cluster's own commands"
          + " are taken."),
  METASERVER_CACHE_BYTES(
      "metaserver.cache-bytes",
      ConfigType.SIZE,
      "128MiB",
      "Memory for the store's block cache and write buffers."),
  METASERVER_GARBAGE_GRACE(
      "metaserver.garbage-grace",
      ConfigType.DURATION,
      "20m",
      "Logged time between a chunk's last reference and its deletion on data servers; read when a"
          + " cluster is formatted."),
  METASERVER_COMPACTION_EXTENT_BYTES(
      "metaserver.compaction-extent-bytes",
      ConfigType.SIZE,
      "64KiB",
      "Where extents of a file are shorter than this on average their bytes are copied into one"
          + " chunk; 0 = never compact."),
  CODING_MIN_AGE(
      "coding.min-age",
      ConfigType.DURATION,
      "1h",
      "Files below a directory with a coding policy are coded when they have not changed for this"
          + " long."),
  CODING_CELL_BYTES(
      "coding.cell-bytes",
      ConfigType.SIZE,
      "64MiB",
      "Bytes of a stripe's cell at most; at least 1 MiB."),
  DATASERVER_RESERVE_BYTES(
      "dataserver.reserve-bytes",
      ConfigType.SIZE,
      "1GiB",
      "Free space of each volume's disk that Cairn leaves alone."),
  DATASERVER_COPY_RATE(
      "dataserver.copy-rate",
      ConfigType.SIZE,
      "200MiB",
      "Bytes a second that a data server copies at most for repair."),
  DATASERVER_COMPACTION_RATE(
      "dataserver.compaction-rate",
      ConfigType.SIZE,
      "64MiB",
      "Bytes a second that a data server copies at most to compact files."),
  DATASERVER_SCRUB_PERIOD(
      "dataserver.scrub-period",
      ConfigType.DURATION,
      "7d",
      "Time within which every replica is read and checked once; 0 = only by 'admin scrub --now'."),
  DATASERVER_SCRUB_RATE(
      "dataserver.scrub-rate",
      ConfigType.SIZE,
      "64MiB",
      "Bytes a second that a data server reads at most to check replicas."),
  DATASERVER_QUARANTINE_PERIOD(
      "dataserver.quarantine-period",
      ConfigType.DURATION,
      "7d",
      "How long a bad replica is kept for inspection after a good one took its place."),
  DATASERVER_QUARANTINE_BYTES(
      "dataserver.quarantine-bytes",
      ConfigType.SIZE,
      "4GiB",
      "Bytes of such replicas on each volume above which the oldest are deleted."),
  DATASERVER_RECONCILE_PERIOD(
      "dataserver.reconcile-period",
      ConfigType.DURATION,
      "7d",
      "Time after which a data server that runs compares what it holds with the metadata; 0 = only"
          + " when it registers."),
  LOG_LEVEL("log.level", ConfigType.TEXT, "INFO", "ERROR, WARN, INFO, DEBUG or TRACE."),
  LOG_FILE_BYTES(
      "log.file-bytes", ConfigType.SIZE, "32MiB", "Size at which a log file is rotated."),
  LOG_FILES("log.files", ConfigType.INTEGER, "5", "Rotated log files that are kept.");

  private final String path;
  private final ConfigType type;
  private final String defaultText;
  private final String sentence;

  ConfigKey(String path, ConfigType type, String defaultText, String sentence) {
    this.path = path;
    this.type = type;
    this.defaultText = defaultText;
    this.sentence = sentence;
  }

  public String path() {
    return path;
  }

  /** The default as it would be written in the file; empty where there is none. */
  public String defaultText() {
    return defaultText;
  }

  public String sentence() {
    return sentence;
  }

  ConfigType type() {
    return type;
  }

  private List<String> components() {
    return ConfigUtil.splitPath(path.replace("*", "\"*\""));
  }

  boolean matches(List<String> actual) {
    List<String> components = components();
    if (actual.size() != components.size()) {
      return false;
    }
    for (int i = 0; i < actual.size(); i++) {
      String expected = components.get(i);
      if (!expected.equals("*") && !expected.equals(actual.get(i))) {
        return false;
      }
    }
    return true;
  }

  /** The key's path with the operator's name in place of {@code *}. */
  String pathFor(String name) {
    return path.replace("*", '"' + name + '"');
  }
}
