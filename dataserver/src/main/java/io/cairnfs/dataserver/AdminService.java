package io.cairnfs.dataserver;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.metrics.HistogramSnapshot;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.process.CairnVersion;
import io.cairnfs.common.process.ServerLogging;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
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
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.ServerCall;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** Answers operators: status, metrics, log level. */
final class AdminService {
  private final DataServerOptions options;
  private final ReplicaStore store;
  private final IdentityFile identity;
  private final Supplier<Registration> registration;
  private final MetricRegistry metrics;
  private final Clock clock;
  private final long startNanos;

  AdminService(
      DataServerOptions options,
      ReplicaStore store,
      IdentityFile identity,
      Supplier<Registration> registration,
      MetricRegistry metrics,
      Clock clock) {
    this.options = options;
    this.store = store;
    this.identity = identity;
    this.registration = registration;
    this.metrics = metrics;
    this.clock = clock;
    this.startNanos = clock.monotonicNanos();
  }

  void addTo(RpcServer.Builder server, Executor threads) {
    server.handler(Method.SERVER_STATUS, this::status, threads);
    server.handler(Method.METRICS, this::metrics, threads);
    server.handler(Method.LOG_LEVEL, this::logLevel, threads);
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
            .setState(state(registration.get()))
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
