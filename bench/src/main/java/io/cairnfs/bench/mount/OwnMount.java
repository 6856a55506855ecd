package io.cairnfs.bench.mount;

import io.cairnfs.bench.rig.BenchCluster;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.localcluster.LocalProcesses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** A local cluster of six processes and a mount of it. Closing it unmounts, stops and deletes. */
final class OwnMount implements AutoCloseable {
  private final BenchCluster cluster;
  private final Programs programs;
  private final Path command;
  private final Path point;
  private volatile boolean mounted;

  private OwnMount(BenchCluster cluster, Programs programs, Path command, Path point) {
    this.cluster = cluster;
    this.programs = programs;
    this.command = command;
    this.point = point;
  }

  /**
   * Starts both.
   *
   * @param root an existing directory, for the cluster's data and the mount point
   * @param options of {@code -o}
   */
  static OwnMount start(Path root, String options, Programs programs)
      throws IOException, InterruptedException {
    Path home =
        Optional.ofNullable(System.getenv("CAIRN_HOME"))
            .map(Path::of)
            .orElseThrow(() -> new IOException("CAIRN_HOME is not set: use bin/cairn bench mount"));
    BenchCluster cluster = BenchCluster.own(Optional.of(root.resolve("cluster")));
    OwnMount started =
        new OwnMount(
            cluster,
            programs,
            home.resolve("bin").resolve("cairn"),
            Files.createDirectory(root.resolve("mount")));
    boolean serves = false;
    try {
      started.mount(options, root.resolve("mount.log"));
      serves = true;
      return started;
    } finally {
      if (!serves) {
        cluster.close();
      }
    }
  }

  private void mount(String options, Path log) throws IOException, InterruptedException {
    LocalProcesses processes = cluster.processes().orElseThrow();
    String metaservers =
        processes.metaservers().stream().map(HostPort::toString).collect(Collectors.joining(","));
    double unused =
        programs.run(
            Path.of("/"),
            command.toString(),
            "mount",
            "-o",
            "log=" + log + (options.isEmpty() ? "" : "," + options),
            "cairn://" + metaservers + "/",
            point.toString());
    mounted = true;
    // The mount is a process of its own, which a Ctrl-C does not reach.
    Runtime.getRuntime().addShutdownHook(new Thread(this::leaveNoMount, "unmount"));
  }

  private void leaveNoMount() {
    try {
      unmount("-l");
    } catch (IOException e) {
      System.err.println("bench: " + point + " is mounted still: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void unmount(String... options) throws IOException, InterruptedException {
    if (mounted) {
      mounted = false;
      List<String> words = new ArrayList<>(List.of(command.toString(), "umount"));
      words.addAll(List.of(options));
      words.add(point.toString());
      double unused = programs.run(Path.of("/"), words.toArray(String[]::new));
    }
  }

  Path point() {
    return point;
  }

  @Override
  public void close() throws IOException {
    try {
      unmount();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      cluster.close();
    }
  }
}
