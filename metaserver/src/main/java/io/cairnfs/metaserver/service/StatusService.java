package io.cairnfs.metaserver.service;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.metrics.HistogramSnapshot;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.process.CairnVersion;
import io.cairnfs.common.process.ServerLogging;
import io.cairnfs.common.time.Clock;
import io.cairnfs.proto.admin.HistogramSummary;
import io.cairnfs.proto.admin.LogLevelReply;
import io.cairnfs.proto.admin.LogLevelRequest;
import io.cairnfs.proto.admin.Metric;
import io.cairnfs.proto.admin.MetricsReply;
import io.cairnfs.proto.admin.ServerStatusReply;
import io.cairnfs.proto.metadata.Belonging;
import io.cairnfs.proto.metadata.WhoLeadsReply;
import io.cairnfs.raft.RaftStatus;
import io.cairnfs.raft.ReplicatedLog;
import io.cairnfs.rpc.server.ServerCall;
import java.util.Map;

/** What every metaserver answers, leading or not. */
final class StatusService {
  private final String id;
  private final String clusterId;
  private final String directory;
  private final String configurationFile;
  private final String securityMode;
  private final ReplicatedLog<?> log;
  private final Leadership leadership;
  private final MetricRegistry metrics;
  private final Clock clock;
  private final long startNanos;

  StatusService(
      ServiceIdentity identity,
      ReplicatedLog<?> log,
      Leadership leadership,
      MetricRegistry metrics,
      Clock clock) {
    this.id = identity.id();
    this.clusterId = identity.clusterId();
    this.directory = identity.directory();
    this.configurationFile = identity.configurationFile();
    this.securityMode = identity.securityMode();
    this.log = log;
    this.leadership = leadership;
    this.metrics = metrics;
    this.clock = clock;
    this.startNanos = clock.monotonicNanos();
  }

  /** Method WHO_LEADS. */
  void whoLeads(ServerCall call) {
    RaftStatus status = log.status();
    WhoLeadsReply.Builder reply =
        WhoLeadsReply.newBuilder()
            .setId(id)
            .setClusterId(clusterId)
            .setTerm(status.term())
            .setAppliedIndex(status.appliedIndex())
            .setCommitIndex(status.commitIndex());
    status
        .leader()
        .ifPresent(
            leader ->
                reply
                    .setLeaderId(leader.id().value())
                    .setLeaderAddress(leader.address().toString()));
    reply.addAllMembers(MemberReports.of(status));
    reply.setInstance(status.standing().instance());
    reply.setBelonging(
        switch (status.standing().belonging()) {
          case JOINING -> Belonging.JOINING;
          case MEMBER -> Belonging.MEMBER;
          case REFUSED -> Belonging.REFUSED;
          case REMOVED -> Belonging.REMOVED;
        });
    reply.setReason(Remarks.of(status));
    call.reply(reply.build());
  }

  /** Method SERVER_STATUS. */
  void serverStatus(ServerCall call) {
    RaftStatus status = log.status();
    call.reply(
        ServerStatusReply.newBuilder()
            .setRole("metaserver")
            .setId(id)
            .setClusterId(clusterId)
            .setSoftwareVersion(CairnVersion.text())
            .setPid(ProcessHandle.current().pid())
            .setDataDirectory(directory)
            .setConfigurationFile(configurationFile)
            .setState("UP")
            .setLeader(leadership.leads())
            .setTerm(status.term())
            .setAppliedIndex(status.appliedIndex())
            .setSecurityMode(securityMode)
            .setUptimeMillis((clock.monotonicNanos() - startNanos) / 1_000_000)
            .build());
  }

  /** Method METRICS. */
  void metrics(ServerCall call) {
    MetricsReply.Builder reply = MetricsReply.newBuilder();
    for (Map.Entry<String, Long> value : metrics.values().entrySet()) {
      reply.addMetrics(Metric.newBuilder().setName(value.getKey()).setValue(value.getValue()));
    }
    for (Map.Entry<String, HistogramSnapshot> entry : metrics.histograms().entrySet()) {
      HistogramSnapshot histogram = entry.getValue();
      reply.addMetrics(
          Metric.newBuilder()
              .setName(entry.getKey())
              .setHistogram(
                  HistogramSummary.newBuilder()
                      .setCount(histogram.count())
                      .setMean(histogram.mean())
                      .setP50(histogram.p50())
                      .setP99(histogram.p99())
                      .setP999(histogram.p999())
                      .setMax(histogram.max())));
    }
    call.reply(reply.build());
  }

  /** Method LOG_LEVEL. */
  void logLevel(ServerCall call) throws CairnException {
    LogLevelRequest request = call.message(LogLevelRequest.parser());
    try {
      if (!request.getLevel().isEmpty()) {
        ServerLogging.setLevel(request.getLogger(), request.getLevel());
      }
      call.reply(
          LogLevelReply.newBuilder().setLevel(ServerLogging.level(request.getLogger())).build());
    } catch (IllegalArgumentException e) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, e.getMessage(), e);
    }
  }
}
