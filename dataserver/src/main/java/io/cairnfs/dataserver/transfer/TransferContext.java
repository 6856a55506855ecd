package io.cairnfs.dataserver.transfer;

import io.cairnfs.common.metrics.Counter;
import io.cairnfs.common.metrics.Histogram;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.process.FatalErrors;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.storage.ReplicaStore;
import io.cairnfs.rpc.client.RpcClient;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/** What all streams of a server share. Safe for any thread. */
final class TransferContext {
  private final ReplicaStore store;
  private final RpcClient client;
  private final Executor disk;
  private final TransferOptions options;
  private final Clock clock;
  private final FatalErrors fatal;
  private final StreamBudget budget;
  private final PeerLatencies peers = new PeerLatencies();
  private final AtomicInteger streams = new AtomicInteger();
  private final Counter receivedBytes;
  private final Counter failures;
  private final Histogram setUpMicros;
  private final Histogram packetMicros;

  TransferContext(
      ReplicaStore store,
      RpcClient client,
      Executor disk,
      TransferOptions options,
      Clock clock,
      FatalErrors fatal,
      MetricRegistry metrics) {
    this.store = store;
    this.client = client;
    this.disk = disk;
    this.options = options;
    this.clock = clock;
    this.fatal = fatal;
    this.budget = new StreamBudget(options.budgetBytes());
    this.receivedBytes = metrics.counter("dataserver.write.bytes");
    this.failures = metrics.counter("dataserver.pipeline.failures");
    this.setUpMicros = metrics.histogram("dataserver.pipeline.setup.micros");
    this.packetMicros = metrics.histogram("dataserver.packet.micros");
    metrics.gauge("dataserver.streams", streams::get);
    metrics.gauge("dataserver.streams.bytes", budget::held);
  }

  ReplicaStore store() {
    return store;
  }

  RpcClient client() {
    return client;
  }

  Executor disk() {
    return disk;
  }

  TransferOptions options() {
    return options;
  }

  Clock clock() {
    return clock;
  }

  StreamBudget budget() {
    return budget;
  }

  PeerLatencies peers() {
    return peers;
  }

  /** The action, whose unexpected failure stops the process instead of being logged by a loop. */
  Runnable guarded(Runnable action) {
    return () -> {
      try {
        action.run();
      } catch (RuntimeException | Error e) {
        fatal.stop("a chunk stream", e);
      }
    };
  }

  int streams() {
    return streams.get();
  }

  void streamStarted() {
    streams.incrementAndGet();
  }

  void streamEnded() {
    streams.decrementAndGet();
  }

  void received(int bytes) {
    receivedBytes.add(bytes);
  }

  void setUp(long nanos) {
    setUpMicros.record(nanos / 1000);
  }

  void acknowledged(long nanos) {
    packetMicros.record(nanos / 1000);
  }

  void pipelineFailed() {
    failures.increment();
  }
}
