package io.cairnfs.bench.heal;

import io.cairnfs.bench.calibrate.Calibration;
import io.cairnfs.bench.report.Figure;
import io.cairnfs.bench.report.FigureTable;
import io.cairnfs.bench.rig.BenchCluster;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.common.time.Clock;
import io.cairnfs.localcluster.LocalProcesses;
import io.cairnfs.proto.metadata.ServerReport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** One cluster to which one thing after the other happens. For one thread. */
final class HealRun {
  private static final int BLOCK = 1 << 20;
  private static final int IDLE_SECONDS = 10;

  /** Recovery may take so many times what the disk and the network allow. */
  private static final double RECOVERY_AIM = 1.5;

  private static final double MOVED_AIM = 1.05;
  private static final double FILL_AIM = 1.05;

  /** The longest time in which a dead server must be noticed, in seconds. */
  private static final double DETECTION_AIM = 10;

  private static final double FELT_AIM = 1.5;

  private final CairnFileSystem fileSystem;
  private final LocalProcesses processes;
  private final Path directory;
  private final HealFiles files;
  private final Clock clock;
  private final FigureTable table;
  private final ClusterWatch watch;
  private double floorBytesPerSecond;

  HealRun(
      BenchCluster cluster,
      CairnFileSystem fileSystem,
      HealFiles files,
      Clock clock,
      FigureTable table) {
    this.fileSystem = fileSystem;
    this.processes = cluster.processes().orElseThrow();
    this.directory = cluster.directory();
    this.files = files;
    this.clock = clock;
    this.table = table;
    this.watch = new ClusterWatch(fileSystem, clock);
  }

  /** Writes the files, and measures what the machine can copy at best. */
  void prepare() throws IOException, InterruptedException {
    files.write();
    double unused = watch.secondsUntilWhole("the files are written");
    double disk = diskBytesPerSecond();
    double network = Calibration.streamGigabytes(clock) * 1e9;
    floorBytesPerSecond = Math.min(disk, network);
    table.add(Figure.rate("plain file, written and forced", disk / BLOCK, "MiB/s", ""));
    table.add(Figure.rate("loopback stream", network / BLOCK, "MiB/s", ""));
  }

  private double diskBytesPerSecond() throws IOException {
    Path file = Files.createTempFile(directory, "floor", ".disk");
    long bytes = files.bytes() / 2;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
      long start = clock.monotonicNanos();
      for (long at = 0; at < bytes; at += BLOCK) {
        channel.write(block.clear(), at);
      }
      channel.force(false);
      return bytes / ((clock.monotonicNanos() - start) / 1e9);
    } finally {
      Files.delete(file);
    }
  }

  /**
   * Lets it happen under load, waits until all is well, and reads everything.
   *
   * @return calls of users that failed
   */
  long measure(HealEvent event) throws IOException, InterruptedException {
    while (watch.in().size() < HealBench.DATA_SERVERS && event != HealEvent.ADDED) {
      watch.awaitJoined(processes.addDataServer());
    }
    double unused = watch.secondsUntilWhole("all is well before " + event);
    tell("%s: begins", event);
    long failed;
    try (Foreground users = new Foreground(fileSystem, clock, name(event), files.small())) {
      TimeUnit.SECONDS.sleep(IDLE_SECONDS);
      Foreground.Felt idle = users.take();
      switch (event) {
        case LOST -> lost();
        case ADDED -> added();
        case DRAINED -> drained();
        case ROLLING -> rolling();
        case TWO -> two();
      }
      felt(event, idle, users.take());
      failed = users.failed();
      users.firstFailure().ifPresent(problem -> tell("%s: first failure: %s", event, problem));
    }
    table.add(Figure.time(name(event) + ": failed calls of users", (double) failed, "", ""));
    files.check();
    tell("%s: all is well, and every byte is as it was written", event);
    return failed;
  }

  private static String name(HealEvent event) {
    return event.name().toLowerCase(Locale.ROOT);
  }

  private static void tell(String format, Object... arguments) {
    System.err.printf("heal: " + format + "%n", arguments);
  }

  private void felt(HealEvent event, Foreground.Felt idle, Foreground.Felt meanwhile) {
    table.add(
        Figure.time(name(event) + ": users' calls meanwhile, p99", meanwhile.p99(), "ms", "")
            .withFloor(idle.p99())
            .withAim(OptionalDouble.of(FELT_AIM * idle.p99()))
            .withRemark(
                String.format(
                    Locale.ROOT,
                    "floor: the same load before; p50 %.1f and %.1f; longest %.0f and %.0f; %d calls",
                    idle.p50(),
                    meanwhile.p50(),
                    idle.longest(),
                    meanwhile.longest(),
                    meanwhile.calls())));
  }

  /** The leader waits before it strikes out one; where two died one replica is left of some. */
  private void recovery(String what, List<ServerReport> victims)
      throws IOException, InterruptedException {
    Set<Integer> servers =
        victims.stream().map(each -> each.getMember().getServer()).collect(Collectors.toSet());
    long bytes = victims.stream().mapToLong(ClusterWatch::used).sum();
    Map<Integer, Long> copied = watch.copiedBytes();
    for (ServerReport victim : victims) {
      processes.kill(victim.getMember().getName());
    }
    table.add(
        Figure.time(
                what + ": until it is noticed",
                watch.secondsUntilDown(servers),
                "s",
                "silence until DOWN")
            .withAim(OptionalDouble.of(DETECTION_AIM)));
    if (victims.size() == 1) {
      watch.strikeOut(servers);
    } else {
      watch.awaitOut(servers);
    }
    double took = watch.secondsUntilWhole(what);
    double ideal = bytes / floorBytesPerSecond;
    table.add(
        Figure.time(what + ": from OUT to full redundancy", took, "s", "")
            .withFloor(ideal)
            .withAim(OptionalDouble.of(RECOVERY_AIM * ideal))
            .withRemark(
                "%,d MiB were lost, %,d copied; floor: the lost bytes at what disk and network allow"
                    .formatted(bytes / BLOCK, watch.copiedSince(copied) / BLOCK)));
    table.add(Figure.time(what + ": chunks lost", (double) watch.report().getChunksLost(), "", ""));
  }

  private void lost() throws IOException, InterruptedException {
    recovery("lost", watch.in().subList(0, 1));
  }

  private void two() throws IOException, InterruptedException {
    recovery("two", watch.in().subList(0, 2));
  }

  private void added() throws IOException, InterruptedException {
    Map<Integer, Long> copied = watch.copiedBytes();
    long start = clock.monotonicNanos();
    watch.awaitJoined(processes.addDataServer());
    double unused =
        watch.secondsUntil(
            "added", report -> ClusterWatch.isWhole(report) && ClusterWatch.hasLetGo(report));
    double took = (clock.monotonicNanos() - start) / 1e9;
    long moved = watch.copiedSince(copied);
    List<ServerReport> in = watch.in();
    double mean = in.stream().mapToLong(ClusterWatch::used).average().orElseThrow();
    long most = in.stream().mapToLong(ClusterWatch::used).max().orElseThrow();
    table.add(Figure.time("added: until it has its share", took, "s", "its start included"));
    table.add(
        Figure.time("added: bytes moved", moved / (double) BLOCK, "MiB", "")
            .withFloor(mean / BLOCK)
            .withAim(OptionalDouble.of(MOVED_AIM * mean / BLOCK))
            .withRemark("floor: one server's share of what is stored"));
    table.add(
        Figure.time("added: fullest server", most / (double) BLOCK, "MiB", "")
            .withFloor(mean / BLOCK)
            .withAim(OptionalDouble.of(FILL_AIM * mean / BLOCK))
            .withRemark("floor: the mean"));
  }

  private void drained() throws IOException, InterruptedException {
    ServerReport victim = watch.in().get(0);
    long bytes = ClusterWatch.used(victim);
    int id = victim.getMember().getServer();
    watch.drain(victim);
    double took =
        watch.secondsUntil(
            "drained",
            report ->
                ClusterWatch.isWhole(report)
                    && report.getServersList().stream()
                        .filter(each -> each.getMember().getServer() == id)
                        .allMatch(each -> each.getSlots() == 0));
    table.add(
        Figure.time("drained: until it holds nothing that is needed", took, "s", "")
            .withFloor(bytes / floorBytesPerSecond)
            .withRemark("%,d MiB".formatted(bytes / BLOCK)));
    processes.kill(victim.getMember().getName());
    double unused = watch.secondsUntilDown(Set.of(id));
    watch.strikeOut(Set.of(id));
    table.add(Figure.time("drained: chunks lost", (double) watch.report().getChunksLost(), "", ""));
  }

  private void rolling() throws IOException, InterruptedException {
    List<String> ids = new ArrayList<>(processes.metaserverPids().keySet());
    for (ServerReport each : watch.in()) {
      ids.add(each.getMember().getName());
    }
    long start = clock.monotonicNanos();
    for (String id : ids) {
      processes.restart(id);
      double unused = watch.secondsUntilWhole("restart of " + id);
    }
    table.add(
        Figure.time(
            "rolling: %d processes restarted".formatted(ids.size()),
            (clock.monotonicNanos() - start) / 1e9,
            "s",
            "each waited for"));
  }
}
