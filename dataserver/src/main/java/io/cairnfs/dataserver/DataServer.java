package io.cairnfs.dataserver;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.SystemDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.process.CairnVersion;
import io.cairnfs.common.process.FatalErrors;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.heartbeat.HeartbeatService;
import io.cairnfs.dataserver.heartbeat.HeartbeatService.Registration;
import io.cairnfs.dataserver.storage.IdentityFile;
import io.cairnfs.dataserver.storage.ReplicaStore;
import io.cairnfs.dataserver.storage.ServerIdentity;
import io.cairnfs.dataserver.storage.VolumeSet;
import io.cairnfs.dataserver.storage.VolumeSource;
import io.cairnfs.dataserver.transfer.DiskThreads;
import io.cairnfs.dataserver.transfer.TransferService;
import io.cairnfs.dataserver.transfer.TransferThreads;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcClientOptions;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.RpcServerOptions;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * A whole data server, as a part of any process. It listens when {@link #start} has returned, and
 * takes streams when it is registered. Safe for any thread.
 */
public final class DataServer implements Closeable {
  private static final int DISK_QUEUE = 10_000;
  private static final int BACKGROUND_THREADS = 1;
  private static final int BACKGROUND_QUEUE = 1000;

  private final RpcServer server;
  private final HeartbeatService heartbeat;
  private final Deque<Closeable> parts;

  private DataServer(RpcServer server, HeartbeatService heartbeat, Deque<Closeable> parts) {
    this.server = server;
    this.heartbeat = heartbeat;
    this.parts = parts;
  }

  /**
   * Opens the volumes, listens, and begins to register.
   *
   * @param loops stay the caller's
   * @throws CairnException when a volume is missing, in use, another server's, or cannot be read;
   *     when the address cannot be listened on; nothing is left running then
   */
  public static DataServer start(
      DataServerOptions options,
      RpcEventLoops loops,
      Clock clock,
      RandomGenerator random,
      FatalErrors fatal,
      MetricRegistry metrics)
      throws CairnException {
    Deque<Closeable> parts = new ArrayDeque<>();
    try {
      return new Assembly(options, loops, clock, random, fatal, metrics, parts).assemble();
    } catch (IOException | RuntimeException e) {
      CairnException failure =
          e instanceof CairnException own
              ? own
              : new CairnException(
                  ErrorCode.IO_ERROR, options.name() + " cannot start: " + e.getMessage(), e);
      closeAll(parts, failure);
      throw failure;
    }
  }

  private static void closeAll(Deque<Closeable> parts, Exception failure) {
    while (!parts.isEmpty()) {
      try {
        parts.pop().close();
      } catch (IOException e) {
        failure.addSuppressed(e);
      }
    }
  }

  /** Where it listens. */
  public HostPort address() {
    return server.address();
  }

  public Registration registration() {
    return heartbeat.registration();
  }

  /** Waits until the cluster knows this server; false if that takes longer or was refused. */
  public boolean awaitRegistered(Duration timeout) throws InterruptedException {
    return heartbeat.awaitRegistered(timeout);
  }

  /** Stops: connections break, work at hand is finished, files and locks are let go. */
  @Override
  public void close() throws IOException {
    IOException failure = new IOException("stopping the data server");
    closeAll(parts, failure);
    if (failure.getSuppressed().length > 0) {
      throw failure;
    }
  }

  /** The order in which a server is put together; taken apart in reverse. */
  private record Assembly(
      DataServerOptions options,
      RpcEventLoops loops,
      Clock clock,
      RandomGenerator random,
      FatalErrors fatal,
      MetricRegistry metrics,
      Deque<Closeable> parts) {

    DataServer assemble() throws IOException {
      Files.createDirectories(options.directory());
      Disk stateDisk = new SystemDisk(options.directory());
      IdentityFile identity = IdentityFile.open(stateDisk, random);
      VolumeSet volumes = VolumeSet.open(sources(), identity.identity(), random, clock);
      parts.push(volumes);
      identity.write(volumes.identity());
      if (identity.server().isPresent()) {
        volumes.mark(identity.identity());
      }
      DiskThreads disk =
          new DiskThreads(
              options.name() + "-disk", options.transfer().diskThreads(), DISK_QUEUE, fatal);
      ReplicaStore store = ReplicaStore.open(volumes, clock, disk);
      parts.pop();
      parts.push(store);
      parts.push(disk::close);
      DiskThreads reads =
          new DiskThreads(
              options.name() + "-read", options.transfer().diskThreads(), DISK_QUEUE, fatal);
      parts.push(reads::close);
      DiskThreads background =
          new DiskThreads(options.name() + "-verify", BACKGROUND_THREADS, BACKGROUND_QUEUE, fatal);
      parts.push(background::abandon);
      RpcClient client =
          RpcClient.create(loops, RpcClientOptions.DEFAULT, () -> self(identity), clock);
      parts.push(client::close);
      TransferService transfer =
          new TransferService(
              store,
              identity,
              client,
              new TransferThreads(disk, reads, background),
              options.transfer(),
              clock,
              fatal,
              metrics);
      return listen(stateDisk, identity, volumes, store, client, transfer, reads);
    }

    private DataServer listen(
        Disk stateDisk,
        IdentityFile identity,
        VolumeSet volumes,
        ReplicaStore store,
        RpcClient client,
        TransferService transfer,
        DiskThreads reads)
        throws IOException {
      HeartbeatView view = new HeartbeatView();
      RpcServer.Builder builder =
          RpcServer.builder(
              loops,
              RpcServerOptions.of(
                  options.forwarded().map(HostPort::host).orElse(options.host()),
                  options.forwarded().map(HostPort::port).orElse(options.port()),
                  options.securityMode()),
              () -> self(identity),
              clock);
      builder.onFatal(cause -> fatal.stop("a handler of " + options.name(), cause));
      transfer.addTo(builder);
      new AdminService(options, store, identity, view::get, metrics, clock).addTo(builder, reads);
      RpcServer server = builder.start();
      HeartbeatService heartbeat =
          new HeartbeatService(
              options.heartbeat(),
              options
                  .forwarded()
                  .map(bound -> new HostPort(options.host(), options.port()))
                  .orElse(server.address()),
              new HeartbeatService.Parts(
                  store, volumes, identity, stateDisk, client, clock, random, fatal, metrics),
              transfer::streams,
              transfer.foreground(),
              transfer.peers());
      view.service = heartbeat;
      heartbeat.start();
      parts.push(heartbeat::close);
      parts.push(server::close);
      return new DataServer(server, heartbeat, parts);
    }

    private List<VolumeSource> sources() throws CairnException {
      List<VolumeSource> sources = new ArrayList<>();
      for (DataServerOptions.VolumeDirectory volume : options.volumes()) {
        try {
          sources.add(VolumeSource.directory(volume.directory(), volume.options()));
        } catch (CairnException e) {
          for (VolumeSource opened : sources) {
            parts.push(opened.lock());
          }
          throw e;
        }
      }
      return sources;
    }

    private PeerIdentity self(IdentityFile identity) {
      ServerIdentity known = identity.identity();
      return new PeerIdentity(
          known.clusterId().isEmpty() ? options.heartbeat().expectedClusterId() : known.clusterId(),
          PeerRole.DATA_SERVER,
          "",
          options.name(),
          options.host(),
          CairnVersion.text());
    }
  }

  /** The server answers before the heartbeats exist. */
  private static final class HeartbeatView {
    private volatile HeartbeatService service;

    Optional<HeartbeatService> get() {
      return Optional.ofNullable(service);
    }
  }
}
