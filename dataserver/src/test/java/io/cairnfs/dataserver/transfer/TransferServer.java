package io.cairnfs.dataserver.transfer;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.SystemDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.id.ServerId;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.process.FatalErrors;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.dataserver.storage.IdentityFile;
import io.cairnfs.dataserver.storage.ReplicaStore;
import io.cairnfs.dataserver.storage.VolumeOptions;
import io.cairnfs.dataserver.storage.VolumeSet;
import io.cairnfs.dataserver.storage.VolumeSource;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.proto.types.Member;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcClientOptions;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.RpcServerOptions;
import io.cairnfs.rpc.server.SecurityMode;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;

/** A data server's lower half on a real directory, which answers like a registered one. */
final class TransferServer implements AutoCloseable {
  static final String CLUSTER = "cluster-1";

  final int id;
  final ReplicaStore store;
  final MetricRegistry metrics = new MetricRegistry();
  final Queue<Throwable> fatal = new ConcurrentLinkedQueue<>();
  private final RpcEventLoops loops;
  private final DiskThreads disk;
  private final RpcClient client;
  private final RpcServer server;
  private final TransferService service;

  TransferServer(int id, Path directory, TransferOptions options, VolumeOptions volume)
      throws IOException {
    this(id, directory, options, volume, UnaryOperator.identity());
  }

  /**
   * @param wrapping what the volume's disk is seen through
   */
  TransferServer(
      int id,
      Path directory,
      TransferOptions options,
      VolumeOptions volume,
      UnaryOperator<Disk> wrapping)
      throws IOException {
    this.id = id;
    SystemClock clock = new SystemClock();
    FatalErrors fatalErrors = (what, cause) -> fatal.add(cause);
    Files.createDirectories(directory);
    IdentityFile identity = IdentityFile.open(new SystemDisk(directory), new Random(id));
    VolumeSource source = VolumeSource.directory(directory.resolve("v1"), volume);
    VolumeSet set =
        VolumeSet.open(
            List.of(
                new VolumeSource(wrapping.apply(source.disk()), source.options(), source.lock())),
            identity.identity(),
            new Random(id),
            clock);
    if (identity.server().isEmpty()) {
      identity.write(set.identity().withServer(new ServerId(id), CLUSTER));
      set.mark(identity.identity());
    }
    store = ReplicaStore.open(set, clock);
    loops = RpcEventLoops.create(1, "loop-" + id);
    disk = new DiskThreads("disk-" + id, options.diskThreads(), 1000, fatalErrors);
    PeerIdentity self = new PeerIdentity(CLUSTER, PeerRole.DATA_SERVER, "", "d" + id, "", "test");
    client = RpcClient.create(loops, RpcClientOptions.DEFAULT, () -> self, clock);
    service =
        new TransferService(
            store,
            identity,
            client,
            new TransferThreads(disk, disk, disk),
            options,
            clock,
            fatalErrors,
            metrics);
    RpcServer.Builder builder =
        RpcServer.builder(
            loops,
            RpcServerOptions.of("127.0.0.1", 0, SecurityMode.LOOPBACK_ONLY),
            () -> self,
            clock);
    builder.onFatal(fatal::add);
    service.addTo(builder);
    server = builder.start();
  }

  HostPort address() {
    return server.address();
  }

  Member member() {
    return Member.newBuilder()
        .setServer(id)
        .setHost(address().host())
        .setPort(address().port())
        .build();
  }

  PeerLatencies peers() {
    return service.peers();
  }

  int streams() {
    return service.streams();
  }

  /** Stops the event loop from doing anything until the latch is counted down. */
  void freeze(CountDownLatch until) {
    loops
        .group()
        .forEach(
            loop ->
                loop.execute(
                    () -> {
                      try {
                        until.await();
                      } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                      }
                    }));
  }

  /** From now on streams to others fail at once, before their callers have returned. */
  void reachNobody() {
    client.close();
  }

  /** All connections break. */
  void kill() throws CairnException {
    server.close();
  }

  @Override
  public void close() throws IOException {
    server.close();
    client.close();
    // As a data server does: what the disk threads finish is told on the loops.
    disk.close();
    loops.close();
    store.close();
  }
}
