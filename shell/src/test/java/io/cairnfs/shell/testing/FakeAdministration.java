package io.cairnfs.shell.testing;

import io.cairnfs.client.CairnPath;
import io.cairnfs.client.ClusterAdministration;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
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
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.StoreDigestResult;
import io.cairnfs.proto.metadata.WhoLeadsReply;
import io.cairnfs.proto.metadata.WhyResult;
import io.cairnfs.proto.types.ServerMembership;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Answers with what a test has put here, and remembers what it was asked. */
public final class FakeAdministration implements ClusterAdministration {
  public ClusterReportResult report = ClusterReportResult.getDefaultInstance();
  public RingResult ring = RingResult.getDefaultInstance();
  public MetricsReply metrics = MetricsReply.getDefaultInstance();
  public WhoLeadsReply whoLeads = WhoLeadsReply.getDefaultInstance();
  public List<CheckPageResult> pages = List.of(CheckPageResult.getDefaultInstance());

  /** Rows of the chunks. */
  public final Map<ChunkId, ChunkResult> chunks = new HashMap<>();

  /** What each data server holds; a server that is not here does not answer. */
  public final Map<HostPort, Map<ChunkId, ReplicaReport>> replicas = new HashMap<>();

  /** How far scrubbers are; a server that is not here does not answer. */
  public final Map<HostPort, ScrubReply> scrubs = new HashMap<>();

  public final List<ReconcileReply> reconciliations = new ArrayList<>();

  /** What single metaservers say; all others say {@link #whoLeads}. */
  public final Map<HostPort, WhoLeadsReply> metaservers = new HashMap<>();

  public final List<String> asked = new ArrayList<>();
  private int page;

  /** What every report is refused with; null = none is. */
  public CairnException refusal;

  @Override
  public ClusterReportResult report() throws CairnException {
    if (refusal != null) {
      throw refusal;
    }
    return report;
  }

  @Override
  public RingResult ring(Optional<CairnPath> file, SlotDetail slots) {
    asked.add("ring " + file.map(CairnPath::toString).orElse("") + " " + slots);
    return ring;
  }

  /** What depends on a server, one answer after the other; the last one stays. */
  public final Deque<DependenceResult> dependences = new ArrayDeque<>();

  @Override
  public DependenceResult dependence(ServerId server) throws CairnException {
    DependenceResult next = dependences.size() > 1 ? dependences.remove() : dependences.peek();
    if (next == null) {
      throw new CairnException(ErrorCode.UNKNOWN_SERVER, server + " is not registered");
    }
    return next;
  }

  /** What is answered to whoever asks why. */
  public WhyResult why = WhyResult.getDefaultInstance();

  @Override
  public WhyResult why(CairnPath file) {
    asked.add("why " + file);
    return why;
  }

  @Override
  public WhyResult why(int pool, int slot) {
    asked.add("why " + pool + "." + slot);
    return why;
  }

  @Override
  public ChunkResult chunk(ChunkId chunk) throws CairnException {
    ChunkResult row = chunks.get(chunk);
    if (row == null) {
      throw new CairnException(ErrorCode.CHUNK_NOT_FOUND, chunk + ": not found");
    }
    return row;
  }

  @Override
  public StoreDigestResult storeDigest() {
    return StoreDigestResult.getDefaultInstance();
  }

  @Override
  public CheckPageResult checkPage(byte[] cursor, int limit) {
    page = cursor.length == 0 ? 0 : page + 1;
    return pages.get(page);
  }

  @Override
  public WhoLeadsReply whoLeads(HostPort metaserver) throws CairnException {
    WhoLeadsReply own = metaservers.get(metaserver);
    if (own != null) {
      return own;
    }
    if (whoLeads.getId().isEmpty()) {
      throw new CairnException(ErrorCode.UNAVAILABLE, metaserver + " does not answer");
    }
    return whoLeads;
  }

  @Override
  public List<ReplicaReport> chunkStatus(HostPort dataServer, List<ChunkId> wanted)
      throws CairnException {
    Map<ChunkId, ReplicaReport> held = replicas.get(dataServer);
    if (held == null) {
      throw new CairnException(ErrorCode.UNAVAILABLE, "connection refused");
    }
    List<ReplicaReport> reports = new ArrayList<>();
    for (ChunkId chunk : wanted) {
      reports.add(
          held.getOrDefault(chunk, ReplicaReport.newBuilder().setChunk(chunk.value()).build()));
    }
    return reports;
  }

  @Override
  public void reportBadReplica(ChunkId chunk, ServerId server, String problem) {
    asked.add("bad " + chunk + " " + server + " " + problem);
  }

  /** The report says afterwards what was set. */
  @Override
  public void setMembership(ServerId server, ServerMembership membership) throws CairnException {
    asked.add(server + " " + membership);
    ClusterReportResult.Builder changed = report.toBuilder();
    for (ServerReport.Builder each : changed.getServersBuilderList()) {
      if (each.getMember().getServer() == server.value()) {
        each.setMembership(membership);
      }
    }
    report = changed.build();
  }

  @Override
  public void beginMaintenance(ServerId server, Duration limit) throws CairnException {
    setMembership(server, ServerMembership.MAINTENANCE);
    asked.add(server + " for " + limit);
  }

  @Override
  public void removeServer(ServerId server) {
    asked.add(server + " removed");
  }

  @Override
  public void setWeight(ServerId server, int weight) {
    asked.add(server + " weight " + weight);
  }

  @Override
  public void declareVolumeLost(ServerId server, String volume) {
    asked.add(server + " lost " + volume);
  }

  /** Every request is remembered, and answered by what the test has put here. */
  @Override
  public ChangeMetaserversReply changeMetaservers(ChangeMetaserversRequest change)
      throws CairnException {
    asked.add(change.toString().replaceAll("\\s+", " ").strip());
    return metaserverChange.apply(change);
  }

  /** How a change of the metaservers is answered. */
  public interface MetaserverChange {
    ChangeMetaserversReply apply(ChangeMetaserversRequest change) throws CairnException;
  }

  public MetaserverChange metaserverChange = change -> ChangeMetaserversReply.getDefaultInstance();

  /** Servers that do not answer. */
  public final Set<HostPort> silent = new HashSet<>();

  @Override
  public ServerStatusReply serverStatus(HostPort server) throws CairnException {
    if (silent.contains(server)) {
      throw new CairnException(ErrorCode.UNAVAILABLE, server + " does not answer");
    }
    return ServerStatusReply.getDefaultInstance();
  }

  @Override
  public ScrubReply scrub(HostPort dataServer, ScrubStart start) throws CairnException {
    asked.add("scrub " + dataServer + " " + start);
    ScrubReply reply = scrubs.get(dataServer);
    if (reply == null) {
      throw new CairnException(ErrorCode.UNAVAILABLE, "connection refused");
    }
    return reply;
  }

  /** Each call takes the next answer. */
  @Override
  public ReconcileReply reconcile(HostPort dataServer, ReconcileStart start) throws CairnException {
    asked.add("reconcile " + dataServer + " " + start);
    if (reconciliations.isEmpty()) {
      throw new CairnException(ErrorCode.UNAVAILABLE, "connection refused");
    }
    return reconciliations.remove(0);
  }

  @Override
  public MetricsReply metrics(HostPort server) {
    asked.add("metrics " + server);
    return metrics;
  }

  @Override
  public LogLevelReply logLevel(HostPort server, String logger, String level) {
    asked.add("log-level " + server + " " + logger + " " + level);
    return LogLevelReply.newBuilder().setLevel(level.isEmpty() ? "INFO" : level).build();
  }
}
