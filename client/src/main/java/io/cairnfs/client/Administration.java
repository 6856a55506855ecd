package io.cairnfs.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.metadata.MetadataClient;
import io.cairnfs.client.session.Sessions;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.id.ServerId;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.admin.ChangeMetaserversReply;
import io.cairnfs.proto.admin.ChangeMetaserversRequest;
import io.cairnfs.proto.admin.LogLevelReply;
import io.cairnfs.proto.admin.LogLevelRequest;
import io.cairnfs.proto.admin.MetricsReply;
import io.cairnfs.proto.admin.MetricsRequest;
import io.cairnfs.proto.admin.ServerStatusReply;
import io.cairnfs.proto.admin.ServerStatusRequest;
import io.cairnfs.proto.dataserver.ChunkStatusReply;
import io.cairnfs.proto.dataserver.ChunkStatusRequest;
import io.cairnfs.proto.dataserver.ReconcileReply;
import io.cairnfs.proto.dataserver.ReconcileRequest;
import io.cairnfs.proto.dataserver.ReplicaReport;
import io.cairnfs.proto.dataserver.ReportBadReplicaReply;
import io.cairnfs.proto.dataserver.ReportBadReplicaRequest;
import io.cairnfs.proto.dataserver.ScrubReply;
import io.cairnfs.proto.dataserver.ScrubRequest;
import io.cairnfs.proto.metadata.CheckPage;
import io.cairnfs.proto.metadata.CheckPageResult;
import io.cairnfs.proto.metadata.ChunkQuery;
import io.cairnfs.proto.metadata.ChunkResult;
import io.cairnfs.proto.metadata.ClusterReport;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.DependenceQuery;
import io.cairnfs.proto.metadata.DependenceResult;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.RingQuery;
import io.cairnfs.proto.metadata.RingResult;
import io.cairnfs.proto.metadata.SetMembership;
import io.cairnfs.proto.metadata.StoreDigest;
import io.cairnfs.proto.metadata.StoreDigestResult;
import io.cairnfs.proto.metadata.WhoLeadsReply;
import io.cairnfs.proto.metadata.WhoLeadsRequest;
import io.cairnfs.proto.metadata.WhyQuery;
import io.cairnfs.proto.metadata.WhyResult;
import io.cairnfs.proto.types.ServerMembership;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The operators' calls over the cluster. */
final class Administration implements ClusterAdministration {
  /** So long those that are to remain may be out of reach before a removal is refused. */
  private static final Duration REMOVAL_LIMIT = Duration.ofSeconds(15);

  private final ClientEnvironment environment;
  private final MetadataClient metadata;
  private final Sessions sessions;

  Administration(ClientEnvironment environment, MetadataClient metadata, Sessions sessions) {
    this.environment = environment;
    this.metadata = metadata;
    this.sessions = sessions;
  }

  private ReadReply read(ReadRequest.Builder request) throws CairnException {
    return environment.await(metadata.read(request));
  }

  private <T extends MessageLite> T ask(
      HostPort address, Method method, MessageLite request, Parser<T> parser)
      throws CairnException {
    return environment.await(metadata.callAt(address, method, request, parser));
  }

  @Override
  public ClusterReportResult report() throws CairnException {
    return read(ReadRequest.newBuilder().setReport(ClusterReport.getDefaultInstance())).getReport();
  }

  @Override
  public RingResult ring(Optional<CairnPath> file, SlotDetail slots) throws CairnException {
    RingQuery.Builder query = RingQuery.newBuilder().setWithSlots(slots == SlotDetail.ALL_SLOTS);
    if (file.isPresent()) {
      query.setTarget(Conversions.nodeRef(file.get()));
    }
    return read(ReadRequest.newBuilder().setRing(query)).getRing();
  }

  @Override
  public DependenceResult dependence(ServerId server) throws CairnException {
    DependenceQuery query = DependenceQuery.newBuilder().setServer(server.value()).build();
    return read(ReadRequest.newBuilder().setDependence(query)).getDependence();
  }

  @Override
  public WhyResult why(CairnPath file) throws CairnException {
    return why(WhyQuery.newBuilder().setTarget(Conversions.nodeRef(file)));
  }

  @Override
  public WhyResult why(int pool, int slot) throws CairnException {
    return why(WhyQuery.newBuilder().setPool(pool).setSlot(slot));
  }

  private WhyResult why(WhyQuery.Builder query) throws CairnException {
    return read(ReadRequest.newBuilder().setWhy(query)).getWhy();
  }

  @Override
  public ChunkResult chunk(ChunkId chunk) throws CairnException {
    ChunkQuery query = ChunkQuery.newBuilder().setChunk(chunk.value()).build();
    return read(ReadRequest.newBuilder().setChunk(query)).getChunk();
  }

  @Override
  public StoreDigestResult storeDigest() throws CairnException {
    return read(ReadRequest.newBuilder().setDigest(StoreDigest.getDefaultInstance())).getDigest();
  }

  @Override
  public CheckPageResult checkPage(byte[] cursor, int limit) throws CairnException {
    CheckPage page =
        CheckPage.newBuilder().setCursor(ByteString.copyFrom(cursor)).setLimit(limit).build();
    return read(ReadRequest.newBuilder().setCheck(page)).getCheck();
  }

  @Override
  public WhoLeadsReply whoLeads(HostPort metaserver) throws CairnException {
    return ask(
        metaserver, Method.WHO_LEADS, WhoLeadsRequest.getDefaultInstance(), WhoLeadsReply.parser());
  }

  @Override
  public List<ReplicaReport> chunkStatus(HostPort dataServer, List<ChunkId> chunks)
      throws CairnException {
    ChunkStatusRequest request =
        ChunkStatusRequest.newBuilder()
            .addAllChunks(chunks.stream().map(ChunkId::value).toList())
            .build();
    return ask(dataServer, Method.CHUNK_STATUS, request, ChunkStatusReply.parser())
        .getReplicasList();
  }

  @Override
  public void reportBadReplica(ChunkId chunk, ServerId server, String problem)
      throws CairnException {
    ReportBadReplicaRequest request =
        ReportBadReplicaRequest.newBuilder()
            .setChunk(chunk.value())
            .setServer(server.value())
            .setProblem(problem)
            .build();
    environment.await(
        metadata.call(
            Method.REPORT_BAD_REPLICA,
            request,
            ReportBadReplicaReply.parser(),
            metadata.timeout()));
  }

  @Override
  public void setMembership(ServerId server, ServerMembership membership) throws CairnException {
    change(server, SetMembership.newBuilder().setMembership(membership));
  }

  private void change(ServerId server, SetMembership.Builder change) throws CairnException {
    environment.await(
        sessions.mutate(
            Operation.newBuilder().setSetMembership(change.setServer(server.value())).build()));
  }

  @Override
  public void beginMaintenance(ServerId server, Duration limit) throws CairnException {
    change(
        server,
        SetMembership.newBuilder()
            .setMembership(ServerMembership.MAINTENANCE)
            .setMaintenanceMillis(limit.toMillis()));
  }

  @Override
  public void removeServer(ServerId server) throws CairnException {
    change(server, SetMembership.newBuilder().setRemove(true));
  }

  @Override
  public void setWeight(ServerId server, int weight) throws CairnException {
    change(server, SetMembership.newBuilder().setWeight(weight));
  }

  @Override
  public void declareVolumeLost(ServerId server, String volume) throws CairnException {
    change(server, SetMembership.newBuilder().addLostVolumes(volume));
  }

  @Override
  public ChangeMetaserversReply changeMetaservers(ChangeMetaserversRequest change)
      throws CairnException {
    return environment.await(
        metadata.call(
            Method.CHANGE_METASERVERS,
            change,
            ChangeMetaserversReply.parser(),
            change.hasRemove() ? least(metadata.timeout(), REMOVAL_LIMIT) : metadata.timeout()));
  }

  private static Duration least(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  @Override
  public ServerStatusReply serverStatus(HostPort server) throws CairnException {
    return ask(
        server,
        Method.SERVER_STATUS,
        ServerStatusRequest.getDefaultInstance(),
        ServerStatusReply.parser());
  }

  @Override
  public ScrubReply scrub(HostPort dataServer, ScrubStart start) throws CairnException {
    ScrubRequest request =
        ScrubRequest.newBuilder().setNow(start == ScrubStart.FROM_THE_BEGINNING).build();
    return ask(dataServer, Method.SCRUB, request, ScrubReply.parser());
  }

  @Override
  public ReconcileReply reconcile(HostPort dataServer, ReconcileStart start) throws CairnException {
    ReconcileRequest request =
        ReconcileRequest.newBuilder().setNow(start == ReconcileStart.NOW).build();
    return ask(dataServer, Method.RECONCILE, request, ReconcileReply.parser());
  }

  @Override
  public MetricsReply metrics(HostPort server) throws CairnException {
    return ask(server, Method.METRICS, MetricsRequest.getDefaultInstance(), MetricsReply.parser());
  }

  @Override
  public LogLevelReply logLevel(HostPort server, String logger, String level)
      throws CairnException {
    LogLevelRequest request =
        LogLevelRequest.newBuilder().setLogger(logger).setLevel(level).build();
    return ask(server, Method.LOG_LEVEL, request, LogLevelReply.parser());
  }
}
