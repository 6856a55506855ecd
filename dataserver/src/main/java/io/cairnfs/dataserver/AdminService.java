package io.cairnfs.dataserver;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.metrics.HistogramSnapshot;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.process.CairnVersion;
import io.cairnfs.common.process.ServerLogging;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.heartbeat.HeartbeatService;
import io.cairnfs.dataserver.heartbeat.HeartbeatService.Registration;
import io.cairnfs.dataserver.storage.IdentityFile;
import io.cairnfs.dataserver.storage.ReplicaStore;
import io.cairnfs.dataserver.storage.VolumeStatus;
import io.cairnfs.proto.admin.HistogramSummary;
import io.cairnfs.proto.admin.LogLevelReply;
import io.cairnfs.proto.admin.LogLevelRequest;
import io.cairnfs.proto.admin.Metric;
import io.cairnfs.proto.admin.MetricsReply;
import io.cairnfs.proto.admin.ServerStatusReply;
import io.cairnfs.proto.admin.VolumeUsage;
import io.cairnfs.proto.dataserver.BadReplica;
import io.cairnfs.proto.dataserver.QuarantinedReplica;
import io.cairnfs.proto.dataserver.ReconcileRequest;
import io.cairnfs.proto.dataserver.ScrubReply;
import io.cairnfs.proto.dataserver.ScrubRequest;
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.ServerCall;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** Answers operators: status, metrics, log level, scrubbing. */
final class AdminService {
  private static final int MAX_LISTED = 1000;

  private final DataServerOptions options;
  private final ReplicaStore store;
  private final IdentityFile identity;
  private final Supplier<Optional<HeartbeatService>> heartbeat;
  private final MetricRegistry metrics;
  private final Clock clock;
  private final long startNanos;

  AdminService(
      DataServerOptions options,
      ReplicaStore store,
      IdentityFile identity,
      Supplier<Optional<HeartbeatService>> heartbeat,
      MetricRegistry metrics,
      Clock clock) {
    this.options = options;
    this.store = store;
    this.identity = identity;
    this.heartbeat = heartbeat;
    this.metrics = metrics;
    this.clock = clock;
    this.startNanos = clock.monotonicNanos();
  }

  void addTo(RpcServer.Builder server, Executor threads) {
    server.handler(Method.SERVER_STATUS, this::status, threads);
    server.handler(Method.METRICS, this::metrics, threads);
    server.handler(Method.LOG_LEVEL, this::logLevel, threads);
    server.handler(Method.SCRUB, this::scrub, threads);
    server.handler(Method.RECONCILE, this::reconcile, threads);
  }

  private void status(ServerCall call) {
    ServerStatusReply.Builder reply =
        ServerStatusReply.newBuilder()
            .setRole("dataserver")
            .setId(options.name())
            .setClusterId(identity.identity().clusterId())
            .setSoftwareVersion(CairnVersion.text())
            .setPid(ProcessHandle.current().pid())
            .setDataDirectory(options.directory().toString())
            .setConfigurationFile(options.configurationFile())
            .setState(
                state(
                    heartbeat
                        .get()
                        .map(HeartbeatService::registration)
                        .orElse(Registration.UNREGISTERED)))
            .setTerm(identity.identity().term())
            .setSecurityMode(options.securityMode().name().toLowerCase(Locale.ROOT))
            .setUptimeMillis((clock.monotonicNanos() - startNanos) / 1_000_000);
    long used = 0;
    for (VolumeStatus volume : store.volumes()) {
      used += volume.usedBytes();
      reply.addVolumes(
          VolumeUsage.newBuilder()
              .setVolume(volume.volumeId())
              .setDirectory(volume.directory())
              .setCapacityBytes(volume.capacityBytes())
              .setUsedBytes(volume.usedBytes())
              .setFailed(volume.failed()));
    }
    call.reply(reply.setUsedBytes(used).build());
  }

  private static String state(Registration registration) {
    return switch (registration) {
      case REGISTERED -> "UP";
      case UNREGISTERED -> "REGISTERING";
      case REFUSED -> "REFUSED";
    };
  }

  private HeartbeatService running() throws CairnException {
    return heartbeat
        .get()
        .orElseThrow(
            () -> new CairnException(ErrorCode.UNAVAILABLE, "the data server is starting"));
  }

  private void scrub(ServerCall call) throws CairnException {
    ScrubRequest request = call.message(ScrubRequest.parser());
    HeartbeatService service = running();
    if (request.getNow()) {
      service.scrubNow();
    }
    ScrubReply.Builder reply = ScrubReply.newBuilder().setStatus(service.scrubStatus());
    for (io.cairnfs.dataserver.storage.BadReplica bad : store.describeBad(MAX_LISTED)) {
      reply.addBad(BadReplica.newBuilder().setChunk(bad.chunk().value()).setProblem(bad.problem()));
    }
    store.quarantined().stream()
        .limit(MAX_LISTED)
        .forEach(
            kept ->
                reply.addQuarantined(
                    QuarantinedReplica.newBuilder()
                        .setChunk(kept.chunk().value())
                        .setFile(kept.file())
                        .setBytes(kept.bytes())
                        .setSinceMillis(kept.sinceMillis())));
    call.reply(reply.build());
  }

  private void reconcile(ServerCall call) throws CairnException {
    HeartbeatService service = running();
    if (call.message(ReconcileRequest.parser()).getNow()) {
      service.reconcileNow();
    }
    call.reply(service.reconcileStatus());
  }

  private void metrics(ServerCall call) {
    MetricsReply.Builder reply = MetricsReply.newBuilder();
    metrics
        .values()
        .forEach(
            (name, value) -> reply.addMetrics(Metric.newBuilder().setName(name).setValue(value)));
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

  private void logLevel(ServerCall call) throws CairnException {
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
