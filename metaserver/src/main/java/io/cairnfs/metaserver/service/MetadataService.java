package io.cairnfs.metaserver.service;

import io.cairnfs.common.id.SessionId;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.metaserver.command.CommandSink;
import io.cairnfs.metaserver.namespace.ClusterRecord;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.RecalledLease;
import io.cairnfs.proto.metadata.ClusterSettings;
import io.cairnfs.raft.ReplicatedLog;
import io.cairnfs.rpc.server.Handlers;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * All that clients and operators ask of one metaserver, put together. Owns the pool for reads that
 * may take long.
 */
public final class MetadataService implements AutoCloseable {
  private static final int READ_THREADS = 2;
  private static final int MAX_WAITING_READS = 10_000;

  private final MutationService mutations;
  private final ReadService reads;
  private final StatusService status;
  private final MemberService members;
  private final ExecutorService executor;
  private final Supplier<StoreView> views;
  private volatile Optional<ClusterRecord> cluster = Optional.empty();

  /**
   * What the service stands on.
   *
   * @param inTheWay hears of directory leases for which reads have to wait
   */
  public record Parts(
      ServiceIdentity identity,
      ReplicatedLog<?> log,
      Leadership leadership,
      CommandSink sink,
      Supplier<StoreView> views,
      ReadHandler reads,
      Consumer<RecalledLease> inTheWay,
      AllocationStamp allocation,
      ContentWatch contents,
      SpaceGuard space,
      Duration sessionTimeout,
      SessionEvents sessions) {}

  /**
   * Who hears that clients opened and closed their sessions, and that a writer's lease was taken
   * from him; called from any thread.
   */
  public record SessionEvents(
      Consumer<SessionId> opened, Consumer<SessionId> closed, Runnable leaseRecovered) {}

  /** Asks the host for groups, and reads at length in threads of its own. */
  public MetadataService(Parts parts, Clock clock, MetricRegistry metrics) {
    this(parts, clock, metrics, readers(), GroupSource.HOST);
  }

  /**
   * @param executor for what takes long; shut down with this
   */
  public MetadataService(
      Parts parts,
      Clock clock,
      MetricRegistry metrics,
      ExecutorService executor,
      GroupSource groupSource) {
    this.executor = executor;
    views = parts.views();
    HostGroups groups = new HostGroups(executor, groupSource, this::superuser);
    mutations =
        new MutationService(
            parts.leadership(),
            parts.sink(),
            groups,
            parts.allocation(),
            parts.contents(),
            parts.space(),
            this::settings,
            parts.sessionTimeout(),
            parts.sessions(),
            clock,
            metrics);
    reads =
        new ReadService(
            parts.leadership(),
            parts.log(),
            parts.views(),
            parts.reads(),
            parts.inTheWay(),
            groups,
            executor,
            clock,
            metrics);
    members = new MemberService(parts.leadership(), parts.log(), groups);
    status = new StatusService(parts.identity(), parts.log(), parts.leadership(), metrics, clock);
  }

  private static ExecutorService readers() {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            READ_THREADS,
            READ_THREADS,
            30,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MAX_WAITING_READS),
            task -> {
              Thread thread = new Thread(task, "metaserver-read");
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /** Never changes once it is there, and every request asks for it. */
  private Optional<ClusterRecord> cluster() {
    Optional<ClusterRecord> known = cluster;
    if (known.isEmpty()) {
      try (StoreView view = views.get()) {
        known = ClusterRecord.find(view);
      }
      cluster = known;
    }
    return known;
  }

  private HostGroups.Superuser superuser() {
    return cluster()
        .map(record -> new HostGroups.Superuser(record.superuser(), record.supergroup()))
        .orElse(new HostGroups.Superuser("", ""));
  }

  private ClusterSettings settings() {
    return cluster()
        .map(
            record ->
                ClusterSettings.newBuilder()
                    .setClusterId(record.clusterId())
                    .setDefaultReplication(record.defaultReplication())
                    .setDefaultChunkBytes(record.defaultChunkBytes())
                    .setInlineBytes(record.inlineBytes())
                    .setMinReplicas(record.minReplicas())
                    .build())
        .orElse(ClusterSettings.getDefaultInstance());
  }

  /** Gives the server the handlers of this service. */
  public void register(Handlers server) {
    server.handler(Method.MUTATE, mutations::mutate);
    server.handler(Method.OPEN_SESSION, mutations::openSession);
    server.handler(Method.READ, reads::read);
    server.handler(Method.WHO_LEADS, status::whoLeads);
    server.handler(Method.SERVER_STATUS, status::serverStatus);
    server.handler(Method.METRICS, status::metrics);
    server.handler(Method.LOG_LEVEL, status::logLevel);
    server.handler(Method.CHANGE_METASERVERS, members::change);
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
