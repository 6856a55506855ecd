package io.cairnfs.client;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.id.ServerId;
import io.cairnfs.proto.admin.ChangeMetaserversReply;
import io.cairnfs.proto.admin.ChangeMetaserversRequest;
import io.cairnfs.proto.admin.LogLevelReply;
import io.cairnfs.proto.admin.MetricsReply;
import io.cairnfs.proto.admin.ServerStatusReply;
import io.cairnfs.proto.dataserver.ReconcileReply;
import io.cairnfs.proto.dataserver.ReplicaReport;
import io.cairnfs.proto.dataserver.ScrubReply;
import io.cairnfs.proto.metadata.CheckPageResult;
import io.cairnfs.proto.metadata.ChunkResult;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.DependenceResult;
import io.cairnfs.proto.metadata.RingResult;
import io.cairnfs.proto.metadata.StoreDigestResult;
import io.cairnfs.proto.metadata.WhoLeadsReply;
import io.cairnfs.proto.metadata.WhyResult;
import io.cairnfs.proto.types.ServerMembership;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What operators ask. Answers are the messages of the wire, so that nothing is lost on the way to a
 * report. Safe for any thread. Calls that name an address ask that one process, once, within {@link
 * ClientOptions#tryTimeout()}; the others ask the leading metaserver and are retried within {@link
 * ClientOptions#timeout()}.
 */
public interface ClusterAdministration {
  /** Servers, capacity, chunk states and the repair backlog. */
  ClusterReportResult report() throws CairnException;

  /** Shares of the ring; of one file its slots, members and replicas too. */
  RingResult ring(Optional<CairnPath> file, SlotDetail slots) throws CairnException;

  /** Whether {@link #ring} lists all slots. */
  enum SlotDetail {
    SHARES_ONLY,
    ALL_SLOTS
  }

  /**
   * What still depends on a data server: how far its drain is, what is in the way, and whether it
   * can be stopped. Paths of files are told the superuser alone.
   *
   * @throws CairnException UNKNOWN_SERVER
   */
  DependenceResult dependence(ServerId server) throws CairnException;

  /**
   * Why the first chunks of a file are where they are, and what is missing of them.
   *
   * @throws CairnException {@code NOT_FOUND} and the other refusals of a path
   */
  WhyResult why(CairnPath file) throws CairnException;

  /**
   * Why the members of a slot are who they are, and what it waits for.
   *
   * @throws CairnException INVALID_ARGUMENT for a slot that does not exist
   */
  WhyResult why(int pool, int slot) throws CairnException;

  /** A chunk's row, repair entries and references. */
  ChunkResult chunk(ChunkId chunk) throws CairnException;

  /** The leader's digest of its store, with the index it was taken at. */
  StoreDigestResult storeDigest() throws CairnException;

  /** Starts at an empty cursor; the answer carries the next one. */
  CheckPageResult checkPage(byte[] cursor, int limit) throws CairnException;

  /** What one metaserver believes about leadership and the members. */
  WhoLeadsReply whoLeads(HostPort metaserver) throws CairnException;

  /** Whether a data server holds these replicas: one report each, in the order asked. */
  List<ReplicaReport> chunkStatus(HostPort dataServer, List<ChunkId> chunks) throws CairnException;

  /** Makes the server verify its replica; it is replaced if it is bad. */
  void reportBadReplica(ChunkId chunk, ServerId server, String problem) throws CairnException;

  /**
   * Takes a data server in or out; the slots move as the answer of {@link #report} then shows.
   *
   * @param membership IN; DRAINING: its slots move away and it serves until they have; MAINTENANCE:
   *     it keeps its slots however long it is silent; OUT, for good: a slot's other members are all
   *     there is of it
   * @throws CairnException UNKNOWN_SERVER; PERMISSION_DENIED for anybody but the superuser;
   *     INVALID_ARGUMENT for a server that is OUT already
   */
  void setMembership(ServerId server, ServerMembership membership) throws CairnException;

  /**
   * Has a data server that is stopped for a while not be struck out: it keeps its slots, gets no
   * new chunks, and is IN again when the time is over, by the cluster's logged time.
   *
   * @param limit 1 ms to 30 days
   * @throws CairnException as {@link #setMembership}
   */
  void beginMaintenance(ServerId server, Duration limit) throws CairnException;

  /**
   * Forgets a data server for good: whoever comes with its identity registers as a new one.
   *
   * @throws CairnException UNKNOWN_SERVER; PERMISSION_DENIED for anybody but the superuser;
   *     INVALID_ARGUMENT for one that is neither OUT nor DRAINING; RETRY, saying what, while
   *     something depends on it
   */
  void removeServer(ServerId server) throws CairnException;

  /**
   * Sets a data server's share of the slots; they move as {@link #report} then shows.
   *
   * @param weight 1 to 100,000; 100 = a server like the others
   * @throws CairnException as {@link #setMembership}
   */
  void setWeight(ServerId server, int weight) throws CairnException;

  /**
   * A volume will not come back: its server may register without it.
   *
   * @throws CairnException as {@link #setMembership}; INVALID_ARGUMENT if the server has no such
   *     volume
   */
  void declareVolumeLost(ServerId server, String volume) throws CairnException;

  /**
   * One step of a change of the metaservers, by the leader: a learner is added, promoted to a
   * voter, a member removed, leadership transferred. What is done already is success.
   *
   * @throws CairnException PERMISSION_DENIED for anybody but the superuser; NOT_FOUND for an id
   *     that is no metaserver's; INVALID_ARGUMENT for what is never allowed; RETRY when a learner
   *     has not caught up in time, or when those that would remain are out of reach for 15 s
   */
  ChangeMetaserversReply changeMetaservers(ChangeMetaserversRequest change) throws CairnException;

  ServerStatusReply serverStatus(HostPort server) throws CairnException;

  /** How far a data server's scrubber is, and the replicas that were found bad. */
  ScrubReply scrub(HostPort dataServer, ScrubStart start) throws CairnException;

  /** Whether {@link #scrub} also begins a round. */
  enum ScrubStart {
    AS_IT_IS,
    FROM_THE_BEGINNING
  }

  /** What a data server's last comparison with the metadata found, or the one under way so far. */
  ReconcileReply reconcile(HostPort dataServer, ReconcileStart start) throws CairnException;

  /** Whether {@link #reconcile} also begins a comparison. */
  enum ReconcileStart {
    AS_IT_IS,
    NOW
  }

  MetricsReply metrics(HostPort server) throws CairnException;

  /** Changes a logger's level, or asks for it if {@code level} is empty. */
  LogLevelReply logLevel(HostPort server, String logger, String level) throws CairnException;
}
