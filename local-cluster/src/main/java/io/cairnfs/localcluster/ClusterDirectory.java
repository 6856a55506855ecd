package io.cairnfs.localcluster;

import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.config.ConfigurationException;
import io.cairnfs.common.config.DataServerEntry;
import io.cairnfs.common.config.MetaserverEntry;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.process.PidFile;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a local cluster leaves on disk, all below one directory:
 *
 * <pre>
 * cluster.conf   configuration of all roles (written once, when the cluster is made)
 * client.conf    how clients reach it
 * mode           "single" or "processes": how it runs, or ran last
 * ID/            a role's data
 * logs/ID.log    a role's log
 * pids/ID.pid    a role's process (or pids/local.pid for all of them)
 * </pre>
 */
final class ClusterDirectory {
  /** Name of the pid file and log of the one process of a cluster in one JVM. */
  static final String SINGLE = "local";

  /** Where quickstart collects its files. */
  static final String QUICKSTART_FILES = "quickstart";

  /** Everything else; the configuration last, since with it the directory is a cluster's. */
  private static final List<String> FILES =
      List.of(
          "client.conf", "mode", "cluster-id", "logs", "pids", QUICKSTART_FILES, "cluster.conf");

  private final Path root;

  ClusterDirectory(Path root) {
    this.root = root.toAbsolutePath().normalize();
  }

  /** Where a cluster lives unless told otherwise. */
  static Path defaultRoot() {
    return Path.of(System.getProperty("user.home"), ".cairn", "local");
  }

  Path root() {
    return root;
  }

  Path configurationFile() {
    return root.resolve("cluster.conf");
  }

  Path clientFile() {
    return root.resolve("client.conf");
  }

  Path logFile(String id) {
    return root.resolve("logs").resolve(id + ".log");
  }

  /** Standard output and error of a role's process. */
  Path outputFile(String id) {
    return root.resolve("logs").resolve(id + ".out");
  }

  PidFile pidFile(String id) {
    return new PidFile(root.resolve("pids").resolve(id + ".pid"));
  }

  boolean exists() {
    return Files.exists(configurationFile());
  }

  ClusterMode mode() throws IOException {
    Path file = root.resolve("mode");
    return Files.exists(file)
        ? ClusterMode.ofWord(Files.readString(file).strip())
        : ClusterMode.SINGLE;
  }

  void setMode(ClusterMode mode) throws IOException {
    replace(root.resolve("mode"), mode.word() + "\n");
  }

  CairnConfiguration configuration() throws LocalClusterException {
    if (!exists()) {
      throw new LocalClusterException(
          "no local cluster in " + root + ": make one with 'cairn local start'");
    }
    try {
      return CairnConfiguration.load(configurationFile(), Map.of());
    } catch (ConfigurationException e) {
      throw new LocalClusterException(e.getMessage(), e);
    }
  }

  List<Role> roles() throws LocalClusterException {
    CairnConfiguration configuration = configuration();
    List<Role> roles = new ArrayList<>();
    try {
      for (MetaserverEntry entry : configuration.metaservers()) {
        roles.add(new Role(Role.Kind.METASERVER, entry.id(), entry.address()));
      }
      for (DataServerEntry entry : configuration.dataServers()) {
        roles.add(new Role(Role.Kind.DATA_SERVER, entry.id(), entry.address()));
      }
    } catch (ConfigurationException e) {
      throw new LocalClusterException(e.getMessage(), e);
    }
    return roles;
  }

  /** The role of an id, or an error that lists the ids there are. */
  Role role(String id) throws LocalClusterException {
    List<Role> roles = roles();
    return roles.stream()
        .filter(role -> role.id().equals(id))
        .findFirst()
        .orElseThrow(
            () ->
                new LocalClusterException(
                    "no role " + id + "; there are " + roles.stream().map(Role::id).toList()));
  }

  List<HostPort> metaserverAddresses() throws LocalClusterException {
    return roles().stream()
        .filter(role -> role.kind() == Role.Kind.METASERVER)
        .map(Role::address)
        .toList();
  }

  /** {@code cairn://host:port,...} of this cluster. */
  String uri() throws LocalClusterException {
    return "cairn://"
        + String.join(",", metaserverAddresses().stream().map(HostPort::toString).toList());
  }

  /**
   * Writes the configuration of a new cluster. Data directories are made by format and by the
   * servers themselves.
   */
  void create(ClusterPlan plan) throws IOException, LocalClusterException {
    List<Integer> ports = plan.basePort() == 0 ? freePorts(plan) : plan.fixedPorts();
    Files.createDirectories(root.resolve("logs"));
    Files.createDirectories(root.resolve("pids"));
    StringBuilder text = new StringBuilder("# A local cluster; written by 'cairn local start'.\n");
    List<String> metaservers = new ArrayList<>();
    for (int i = 1; i <= plan.metaservers(); i++) {
      int port = ports.get(i - 1);
      text.append(
          "metaservers.m%d { host = 127.0.0.1, port = %d, directory = m%d }%n"
              .formatted(i, port, i));
      metaservers.add("127.0.0.1:" + port);
    }
    for (int i = 1; i <= plan.dataServers(); i++) {
      text.append(
          "dataservers.d%d { host = 127.0.0.1, port = %d, directory = d%d, volumes = [d%d/v1] }%n"
              .formatted(i, ports.get(plan.metaservers() + i - 1), i, i));
    }
    text.append(
        "clusters.local.metaservers = [\"%s\"]%n".formatted(String.join("\", \"", metaservers)));
    replace(clientFile(), "fs = \"cairn://" + String.join(",", metaservers) + "\"\n");
    replace(configurationFile(), text.toString());
  }

  /**
   * Writes the configuration of a new cluster whose roles live in places of their own.
   *
   * @param places metaservers by ids that begin with m, data servers by others
   * @param further lines of the configuration
   */
  void create(Map<String, RolePlace> places, String further) throws IOException {
    Files.createDirectories(root.resolve("logs"));
    Files.createDirectories(root.resolve("pids"));
    StringBuilder text = new StringBuilder("# A cluster of a test.\n");
    List<String> metaservers = new ArrayList<>();
    for (Map.Entry<String, RolePlace> each : new TreeMap<>(places).entrySet()) {
      RolePlace place = each.getValue();
      if (each.getKey().startsWith("m")) {
        text.append("metaservers.%s { %s }%n".formatted(each.getKey(), place.configuration()));
        metaservers.add(place.address().toString());
      } else {
        text.append(
            "dataservers.%s { %s, volumes = [\"%s\"] }%n"
                .formatted(each.getKey(), place.configuration(), place.directory().resolve("v1")));
      }
    }
    text.append(further).append('\n');
    replace(clientFile(), "fs = \"cairn://" + String.join(",", metaservers) + "\"\n");
    replace(configurationFile(), text.toString());
  }

  private static List<Integer> freePorts(ClusterPlan plan) throws IOException {
    return freePorts(plan.metaservers() + plan.dataServers());
  }

  static List<Integer> freePorts(int count) throws IOException {
    return freePorts(count, Set.of());
  }

  /** As {@link #freePorts(int)}, but none of the servers that may be stopped just now. */
  static List<Integer> freePorts(int count, Set<Integer> reserved) throws IOException {
    return FreePorts.of(System.getenv(FreePorts.VARIABLE))
        .pick(count, reserved, new SplittableRandom());
  }

  /** Addresses of the cluster that some process listens on. */
  static List<HostPort> taken(List<HostPort> addresses) {
    List<HostPort> taken = new ArrayList<>();
    for (HostPort address : addresses) {
      try (ServerSocket socket = new ServerSocket()) {
        socket.setReuseAddress(true);
        socket.bind(address.toSocketAddress());
      } catch (IOException e) {
        taken.add(address);
      }
    }
    return taken;
  }

  /** How the shell is called so that it means this cluster. */
  String shell() throws LocalClusterException {
    return root.equals(defaultRoot().toAbsolutePath().normalize())
        ? "bin/dfs"
        : "bin/dfs -fs " + uri();
  }

  /**
   * A cluster is made only where nothing else is: what is destroyed later must not be somebody
   * else's.
   */
  void requireOwn(ClusterPlan plan) throws IOException, LocalClusterException {
    if (!Files.exists(root)) {
      return;
    }
    Set<String> own = new HashSet<>(FILES);
    IntStream.rangeClosed(1, plan.metaservers()).forEach(i -> own.add("m" + i));
    IntStream.rangeClosed(1, plan.dataServers()).forEach(i -> own.add("d" + i));
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(root)) {
      for (Path entry : entries) {
        if (!own.contains(entry.getFileName().toString())) {
          throw new LocalClusterException(
              root + " holds other things (" + entry.getFileName() + "): give another --dir");
        }
      }
    }
  }

  /** Removes what the cluster has made, and the directory itself if nothing else is in it. */
  void delete() throws IOException, LocalClusterException {
    List<String> names = new ArrayList<>(roles().stream().map(Role::id).toList());
    names.addAll(FILES);
    for (String name : names) {
      deleteTree(root.resolve(name));
    }
    try (Stream<Path> rest = Files.list(root)) {
      if (rest.findAny().isPresent()) {
        return;
      }
    }
    Files.delete(root);
  }

  /** Removes a file, or a directory with everything below it; one that is not there is fine. */
  static void deleteTree(Path tree) throws IOException {
    if (!Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> all = Files.walk(tree)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private static void replace(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(fresh, text);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
