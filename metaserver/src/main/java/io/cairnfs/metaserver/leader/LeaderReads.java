package io.cairnfs.metaserver.leader;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.namespace.LeaseGuard;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.operation.read.ChunkReads;
import io.cairnfs.metaserver.operation.read.NamespaceReads;
import io.cairnfs.metaserver.service.MemberReports;
import io.cairnfs.metaserver.service.ReadHandler;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.dataserver.VolumeStatus;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.CodedPoolReport;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.StatFsResult;
import io.cairnfs.proto.metadata.VolumeReport;
import io.cairnfs.raft.RaftStatus;
import io.cairnfs.raft.ReplicatedLog;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Answers reads with what the leader knows beside the store: who is up, how full the servers are.
 * Any thread.
 */
final class LeaderReads implements ReadHandler {
  private static final int RETRY_MILLIS = 100;

  private final ServerBoard board;
  private final SlowServers slow;
  private final ReplicatedLog<?> log;
  private final CopyFailures failures;
  private final TrashEmptier trash;
  private final WorkPace pace;
  private final Supplier<Map<PoolId, CodedState>> coded;
  private final String securityMode;

  LeaderReads(
      ServerBoard board,
      SlowServers slow,
      CopyFailures failures,
      ReplicatedLog<?> log,
      TrashEmptier trash,
      WorkPace pace,
      Supplier<Map<PoolId, CodedState>> coded,
      String securityMode) {
    this.board = board;
    this.slow = slow;
    this.failures = failures;
    this.log = log;
    this.trash = trash;
    this.pace = pace;
    this.coded = coded;
    this.securityMode = securityMode.toLowerCase(Locale.ROOT);
  }

  @Override
  public ReadReply read(StoreView view, ReadRequest request, Principal principal, String readerHost)
      throws CairnException {
    ChunkReads chunks = new ChunkReads(view, board, readerHost);
    if (NamespaceReads.answers(request.getKindCase())) {
      ReadReply reply = new NamespaceReads(chunks).read(view, principal, request);
      return reply.hasStatFs()
          ? reply.toBuilder().setStatFs(withSpace(view, reply.getStatFs())).build()
          : reply;
    }
    ReadReply.Builder reply = ReadReply.newBuilder().setLogIndex(view.applied().index());
    switch (request.getKindCase()) {
      case REPORT -> reply.setReport(report(view, chunks));
      case RING ->
          reply.setRing(
              chunks.ring(
                  principal,
                  request.getRing(),
                  LeaseGuard.ofRead(view, principal, request.getSession())));
      case WHY ->
          reply.setWhy(
              new WhyReads(view, chunks, board, failures)
                  .read(
                      principal,
                      request.getWhy(),
                      LeaseGuard.ofRead(view, principal, request.getSession())));
      case TRASH -> reply.setTrash(trash.settings(view));
      case CHUNK -> reply.setChunk(chunks.chunk(new ChunkId(request.getChunk().getChunk())));
      case DEPENDENCE ->
          reply.setDependence(
              DependenceReads.read(
                  view, board, failures, principal, request.getDependence().getServer()));
      case STAT,
          LIST,
          OPEN,
          EXTENTS,
          STAT_FS,
          WALK,
          DIGEST,
          CHECK,
          XATTRS,
          ACL,
          POLICIES,
          CODING_POLICIES,
          LOCKS,
          TEST_LOCK,
          KIND_NOT_SET ->
          throw new CairnException(ErrorCode.MALFORMED, "a read of no kind");
    }
    return reply.build();
  }

  /**
   * @throws CairnException BUSY while a server that may be up has not said how much room it has, so
   *     that nobody sees a file system shrink because its leader has changed
   */
  private StatFsResult withSpace(StoreView view, StatFsResult names) throws CairnException {
    long capacity = 0;
    long used = 0;
    long available = 0;
    for (ServerRecord server : ServerTable.all(view)) {
      if (!server.isOut() && board.isStillToSpeak(server.id())) {
        throw CairnException.busy("server=" + server.id() + " was not heard yet", RETRY_MILLIS);
      }
      for (VolumeStatus volume : volumes(server)) {
        capacity += volume.getCapacityBytes();
        used += volume.getUsedBytes();
        available += volume.getAvailableBytes();
      }
    }
    return names.toBuilder()
        .setCapacityBytes(capacity)
        .setUsedBytes(used)
        .setAvailableBytes(available)
        .build();
  }

  private List<VolumeStatus> volumes(ServerRecord server) {
    return server.isOut()
        ? List.of()
        : board.last(server.id()).map(ServerBoard.Heard::volumes).orElse(List.of());
  }

  private ClusterReportResult report(StoreView view, ChunkReads chunks) {
    RaftStatus status = log.status();
    ClusterReportResult.Builder report =
        chunks.report().toBuilder().setTerm(status.term()).setSecurityMode(securityMode);
    report.addAllMetaservers(MemberReports.of(status));
    report.addAllWork(pace.work(view));
    addCoded(report);
    Map<Integer, ServerRecord> servers = new HashMap<>();
    ServerTable.all(view).forEach(server -> servers.put(server.id(), server));
    for (ServerReport.Builder server : report.getServersBuilderList()) {
      addHeard(server, servers.get(server.getMember().getServer()));
    }
    return report.build();
  }

  private void addCoded(ClusterReportResult.Builder report) {
    coded
        .get()
        .forEach(
            (pool, state) ->
                report.addCoded(
                    CodedPoolReport.newBuilder()
                        .setPool(pool.value())
                        .setPolicy(pool.policy().orElseThrow().label())
                        .setCodedBytes(state.codedBytes())
                        .setWaitingBytes(state.waitingBytes())
                        .setYoungBytes(state.youngBytes())
                        .setProblem(state.problem())));
  }

  /** What the server itself said. */
  private void addHeard(ServerReport.Builder report, ServerRecord server) {
    board
        .silence(server.id())
        .ifPresent(silence -> report.setMillisSinceHeartbeat(silence.toMillis()));
    board.last(server.id()).ifPresent(heard -> report.setScrub(heard.scrub()));
    SlowServers.Verdict verdict = slow.of(server.id());
    report.setSlow(verdict.isSlow()).addAllSlowParts(verdict.parts());
    List<String> silent = new ArrayList<>(server.volumes());
    for (VolumeStatus volume : volumes(server)) {
      silent.remove(volume.getVolume());
      report.addVolumes(
          VolumeReport.newBuilder()
              .setVolume(volume.getVolume())
              .setCapacityBytes(volume.getCapacityBytes())
              .setUsedBytes(volume.getUsedBytes())
              .setAvailableBytes(volume.getAvailableBytes())
              .setFailed(volume.getFailed())
              .setDirectory(volume.getDirectory())
              .setStorageClass(ServerBoard.storageOf(volume).number()));
    }
    if (!server.isOut() && board.last(server.id()).filter(ServerBoard.Heard::spoke).isPresent()) {
      silent.forEach(
          volume ->
              report.addVolumes(VolumeReport.newBuilder().setVolume(volume).setMissing(true)));
    }
  }
}
