package io.cairnfs.simulation.chaos;

import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.process.PidFile;
import io.cairnfs.localcluster.LocalProcesses;
import io.cairnfs.localcluster.RolePlace;
import io.cairnfs.localcluster.volume.LoopVolume;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * A cluster of processes with networks, disks and proxies of their own, as far as the schedule
 * needs them and the machine has them. Closing it takes all of it away again.
 */
final class ChaosCluster implements AutoCloseable {
  private static final int METASERVER_MEGABYTES = 2_048;
  private static final int DATA_SERVER_MEGABYTES = 8_192;

  /**
   * What the roles get.
   *
   * @param namespaces a network each
   * @param volumes a disk each
   * @param proxies connections to some (all, without namespaces) go through this process
   */
  record Rig(boolean namespaces, boolean volumes, boolean proxies) {}

  private final Path root;
  private final List<String> metaservers;
  private final List<String> dataServers;
  private final Map<String, LoopVolume> volumes = new HashMap<>();
  private final List<FaultyProxy> proxies = new ArrayList<>();
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private Optional<Namespaces> network = Optional.empty();
  private final List<Path> metaserverPlaces = new ArrayList<>();
  private LocalProcesses processes;
  private boolean keep;
  private boolean closed;

  private ChaosCluster(Path root, int metaservers, int dataServers) {
    this.root = root.toAbsolutePath();
    this.metaservers = IntStream.rangeClosed(1, metaservers).mapToObj(i -> "m" + i).toList();
    this.dataServers = IntStream.rangeClosed(1, dataServers).mapToObj(i -> "d" + i).toList();
  }

  /** Returns when all of it serves; when it cannot, nothing is left. */
  static ChaosCluster start(Path root, int metaservers, int dataServers, Rig rig)
      throws IOException {
    ChaosCluster cluster = new ChaosCluster(root, metaservers, dataServers);
    try {
      cluster.make(rig);
      return cluster;
    } catch (IOException | RuntimeException e) {
      if (!Thread.currentThread().isInterrupted()) {
        cluster.keep();
      }
      try {
        cluster.close();
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  private void make(Rig rig) throws IOException {
    Files.createDirectories(root);
    new PidFile(root.resolve(Leftovers.OWNER)).write(ProcessHandle.current());
    List<String> servers = new ArrayList<>(metaservers);
    servers.addAll(dataServers);
    if (rig.namespaces()) {
      Namespaces made = Namespaces.create(servers);
      network = Optional.of(made);
      parts.push(made);
    }
    List<Integer> ports = LocalProcesses.freePorts(servers.size());
    Map<String, RolePlace> places = new TreeMap<>();
    for (int i = 0; i < servers.size(); i++) {
      String server = servers.get(i);
      HostPort own =
          network
              .map(some -> new HostPort(some.address(server), Namespaces.port()))
              .orElse(new HostPort("127.0.0.1", ports.get(i)));
      // With namespaces the last of each kind, so that the others are cut where they are.
      boolean through =
          rig.proxies()
              && (network.isEmpty() || i == metaservers.size() - 1 || i == servers.size() - 1);
      HostPort address = through ? proxy(server, own) : own;
      Path place = directory(server, rig);
      if (metaservers.contains(server)) {
        metaserverPlaces.add(place);
      }
      places.put(
          server,
          new RolePlace(
              address,
              through ? Optional.of(own) : Optional.empty(),
              place,
              network.map(some -> some.prefix(server)).orElse(List.of())));
    }
    processes = LocalProcesses.start(root.resolve("cluster"), places, configuration(rig));
  }

  private HostPort proxy(String server, HostPort own) throws IOException {
    InetAddress here =
        network.isPresent()
            ? InetAddress.getByName(network.get().address(Namespaces.CLIENT))
            : InetAddress.getLoopbackAddress();
    FaultyProxy proxy = new FaultyProxy(server, here, own);
    proxies.add(proxy);
    parts.push(proxy);
    network.ifPresent(some -> some.proxied(server, proxy.address().port()));
    return proxy.address();
  }

  private Path directory(String server, Rig rig) throws IOException {
    if (!rig.volumes()) {
      return root.resolve("data").resolve(server);
    }
    LoopVolume volume =
        LoopVolume.create(
            root.resolve("volumes"),
            server,
            metaservers.contains(server) ? METASERVER_MEGABYTES : DATA_SERVER_MEGABYTES);
    volumes.put(server, volume);
    parts.push(volume);
    return volume.directory().resolve("data");
  }

  /** The histories of clients are held against the whole log: no checkpoint may cut it. */
  private static String configuration(Rig rig) {
    return "raft.checkpoint-log-bytes = 1GiB\n"
        + (rig.namespaces() ? "security.mode = none\n" : "")
        + (rig.volumes() ? "raft.reserve-bytes = 64MiB\ndataserver.reserve-bytes = 64MiB\n" : "");
  }

  Path root() {
    return root;
  }

  List<Path> metaserverDirectories() {
    return metaserverPlaces;
  }

  LocalProcesses processes() {
    return processes;
  }

  List<String> metaservers() {
    return metaservers;
  }

  List<String> dataServers() {
    return dataServers;
  }

  Optional<Namespaces> network() {
    return network;
  }

  List<FaultyProxy> proxies() {
    return List.copyOf(proxies);
  }

  boolean hasVolumes() {
    return !volumes.isEmpty();
  }

  LoopVolume volume(String server) {
    return volumes.get(server);
  }

  /** Of all data of a server. */
  Path directory(String server) {
    return hasVolumes()
        ? volumes.get(server).directory().resolve("data")
        : root.resolve("data").resolve(server);
  }

  /** Closing leaves the logs, and the data where it is not on volumes. */
  void keep() {
    if (processes != null) {
      processes.keepDirectory();
    }
    keep = true;
  }

  @Override
  public synchronized void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    // An interrupt has done its work when it led here; the programs below are to be waited for.
    boolean interrupted = Thread.interrupted();
    List<Exception> failures = new ArrayList<>();
    if (processes != null) {
      try {
        Leftovers.killProcesses(root);
        processes.close();
      } catch (IOException e) {
        failures.add(e);
      }
    }
    while (!parts.isEmpty()) {
      try {
        parts.pop().close();
      } catch (Exception e) {
        failures.add(e);
      }
    }
    try {
      if (keep) {
        Files.deleteIfExists(root.resolve(Leftovers.OWNER));
      } else {
        Leftovers.deleteTree(root);
      }
    } catch (IOException e) {
      failures.add(e);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (!failures.isEmpty()) {
      IOException failed = new IOException("not everything could be taken away", failures.get(0));
      failures.stream().skip(1).forEach(failed::addSuppressed);
      throw failed;
    }
  }
}
