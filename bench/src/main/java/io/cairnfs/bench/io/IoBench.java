package io.cairnfs.bench.io;

import io.cairnfs.bench.report.Figure;
import io.cairnfs.bench.report.FigureOutput;
import io.cairnfs.bench.report.FigureTable;
import io.cairnfs.bench.rig.BenchCluster;
import io.cairnfs.bench.rig.BenchTarget;
import io.cairnfs.bench.rig.Callers;
import io.cairnfs.bench.rig.WarmUp;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnInputStream;
import io.cairnfs.client.CairnOutputStream;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.localcluster.LocalProcesses;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code bench io}: streams, positional reads, flushes, small files, and the stall of a writer
 * whose server fails.
 */
@Command(
    name = "io",
    mixinStandardHelpOptions = true,
    description =
        "Writes and reads with three replicas: streams, positional reads, flush and sync, small"
            + " files, stalls.")
public final class IoBench implements Callable<Integer> {
  private static final int BLOCK = 1 << 20;
  private static final int REPLICAS = 3;
  private static final Duration WARM_UP = Duration.ofSeconds(150);
  private static final int WARM_UP_MEBIBYTES = 256;
  private static final int PREAD_FILE_MEBIBYTES = 512;
  private static final List<Integer> PREAD_BYTES = List.of(64 << 10, 4 << 10);
  private static final List<Integer> SMALL_BYTES = List.of(4 << 10, 64 << 10);

  @Mixin private BenchTarget target;

  @Option(
      names = "--runs",
      defaultValue = "3",
      description = "Runs of each figure (default: ${DEFAULT-VALUE}).")
  private int runs;

  @Option(
      names = "--mib",
      defaultValue = "1024",
      description = "MiB of a stream (default: ${DEFAULT-VALUE}).")
  private int mebibytes;

  @Option(
      names = "--small-files",
      defaultValue = "2000",
      description = "Small files of a run (default: ${DEFAULT-VALUE}).")
  private int smallFiles;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "PART",
      description = "streams, preads, flush, small, positional, compaction, stall (default: all).")
  private List<Part> only = List.of(Part.values());

  @Mixin private FigureOutput output;

  private final Clock clock = new SystemClock();
  private final Callers pool = new Callers(clock);
  private Floors floors;

  private enum Part {
    STREAMS,
    PREADS,
    FLUSH,
    SMALL,
    POSITIONAL,
    COMPACTION,
    STALL
  }

  @Override
  public Integer call() throws Exception {
    try (BenchCluster cluster = BenchCluster.open(target);
        CairnFileSystem fileSystem = cluster.connect()) {
      FigureTable table = new FigureTable("bench io: three replicas, median of " + runs);
      floors = Floors.measure(cluster.directory(), mebibytes, REPLICAS, clock);
      floors.addTo(table);
      PositionalBench positional =
          new PositionalBench(cluster, fileSystem, clock, pool, floors, REPLICAS, runs);
      new WarmUp(clock, WARM_UP).run(round -> warmUp(fileSystem, positional, round));
      if (only.contains(Part.STREAMS)) {
        streams(fileSystem, table, 1);
        streams(fileSystem, table, 4);
      }
      if (only.contains(Part.PREADS)) {
        positionalReads(fileSystem, table);
      }
      if (only.contains(Part.FLUSH)) {
        flushes(fileSystem, table);
      }
      if (only.contains(Part.SMALL)) {
        for (int threads : new int[] {1, 8, 32}) {
          for (int size : SMALL_BYTES) {
            small(fileSystem, table, size, threads);
          }
        }
      }
      if (only.contains(Part.POSITIONAL)) {
        positional.run(table);
      }
      if (only.contains(Part.COMPACTION)) {
        new CompactionBench(fileSystem, clock).run(table);
      }
      if (only.contains(Part.STALL) && cluster.processes().isPresent()) {
        stalls(fileSystem, table, cluster.processes().get());
      }
      output.print(table);
    }
    return 0;
  }

  /** What will be measured, so that it runs compiled. */
  private void warmUp(CairnFileSystem fileSystem, PositionalBench positional, int round)
      throws Exception {
    writeStream(fileSystem, "/warm/stream", WARM_UP_MEBIBYTES);
    if (readStream(fileSystem, "/warm/stream") != (long) WARM_UP_MEBIBYTES * BLOCK) {
      throw new IOException("a stream came back short");
    }
    if (only.contains(Part.PREADS)) {
      for (int size : PREAD_BYTES) {
        double unused =
            preads(fileSystem, "/warm/stream", WARM_UP_MEBIBYTES, size, 4, new long[4_000], round);
      }
    }
    if (only.contains(Part.FLUSH)) {
      double flush = median(fileSystem, "/warm/flush", out -> out.flush());
      double sync = median(fileSystem, "/warm/sync", out -> out.sync());
      if (flush <= 0 || sync <= 0) {
        throw new IOException("a flush takes time");
      }
    }
    if (only.contains(Part.SMALL)) {
      for (int size : SMALL_BYTES) {
        double unused = writeSmall(fileSystem, "/warm/small-" + size, size, 8, smallFiles);
        unused = readSmall(fileSystem, "/warm/small-" + size, size, 8, smallFiles);
      }
    }
    if (only.contains(Part.POSITIONAL)) {
      positional.warmUp(round);
    }
    delete(fileSystem, "/warm");
  }

  private void streams(CairnFileSystem fileSystem, FigureTable table, int count) throws Exception {
    double[] written = new double[runs];
    double[] read = new double[runs];
    int each = mebibytes / count;
    for (int run = 0; run < runs; run++) {
      String root = "/streams-" + count + "-" + run;
      written[run] =
          (double) each
              * count
              / pool.seconds(count, count, i -> writeStream(fileSystem, root + "/s" + i, each));
      read[run] =
          (double) each
              * count
              / pool.seconds(
                  count,
                  count,
                  i -> {
                    if (readStream(fileSystem, root + "/s" + i) != (long) each * BLOCK) {
                      throw new IOException("a stream came back short");
                    }
                  });
      delete(fileSystem, root);
    }
    String suffix =
        ", " + count + (count == 1 ? " stream of " : " streams, together ") + mebibytes + " MiB";
    table.add(
        Figure.medianRate("sequential write" + suffix, written, "MiB/s")
            .withFloor(floors.diskMebibytes() / REPLICAS));
    table.add(
        Figure.medianRate("sequential read" + suffix, read, "MiB/s")
            .withFloor(floors.loopbackMebibytes()));
  }

  private static void writeStream(CairnFileSystem fileSystem, String name, int mebibytes)
      throws IOException {
    byte[] block = new byte[BLOCK];
    new Random(name.hashCode()).nextBytes(block);
    try (CairnOutputStream out =
        fileSystem.create(CairnPath.of(name), CreateOptions.defaults().createParents())) {
      for (int i = 0; i < mebibytes; i++) {
        out.write(block);
      }
    }
  }

  private static long readStream(CairnFileSystem fileSystem, String name) throws IOException {
    byte[] block = new byte[BLOCK];
    long total = 0;
    try (CairnInputStream in = fileSystem.open(CairnPath.of(name))) {
      for (int bytes = in.read(block); bytes >= 0; bytes = in.read(block)) {
        total += bytes;
      }
    }
    return total;
  }

  private void positionalReads(CairnFileSystem fileSystem, FigureTable table) throws Exception {
    writeStream(fileSystem, "/preads", PREAD_FILE_MEBIBYTES);
    for (int size : PREAD_BYTES) {
      for (int threads : new int[] {1, 16}) {
        double[] rate = new double[runs];
        double[] median = new double[runs];
        for (int run = 0; run < runs; run++) {
          int count = threads == 1 ? 2_000 : 8_000;
          long[] nanos = new long[count];
          double seconds =
              preads(fileSystem, "/preads", PREAD_FILE_MEBIBYTES, size, threads, nanos, run);
          rate[run] = count / seconds;
          Arrays.sort(nanos);
          median[run] = nanos[count / 2] / 1e6;
        }
        String what = "random read of " + (size >> 10) + " KiB, " + threads + " threads";
        table.add(
            Figure.medianRate(what, rate, "/s")
                .withFloor(threads * 1e6 / floors.roundTripMicros()));
        table.add(
            Figure.medianTime(what + ", p50", median, "ms")
                .withFloor(floors.roundTripMicros() / 1e3));
      }
    }
    delete(fileSystem, "/preads");
  }

  private double preads(
      CairnFileSystem fileSystem,
      String name,
      int fileMebibytes,
      int size,
      int threads,
      long[] nanos,
      int seed)
      throws Exception {
    try (CairnInputStream in = fileSystem.open(CairnPath.of(name))) {
      Random random = new Random(seed);
      long[] positions =
          random
              .longs(nanos.length, 0, ((long) fileMebibytes << 20) / size)
              .map(i -> i * size)
              .toArray();
      return pool.seconds(
          threads,
          nanos.length,
          i -> {
            byte[] target = new byte[size];
            long start = clock.monotonicNanos();
            in.readFully(positions[i], target, 0, size);
            nanos[i] = clock.monotonicNanos() - start;
          });
    }
  }

  private void flushes(CairnFileSystem fileSystem, FigureTable table) throws Exception {
    double[] flush = new double[runs];
    double[] sync = new double[runs];
    for (int run = 0; run < runs; run++) {
      flush[run] = median(fileSystem, "/flush", out -> out.flush());
      sync[run] = median(fileSystem, "/sync", out -> out.sync());
    }
    double chain = REPLICAS * floors.roundTripMicros();
    table.add(Figure.medianTime("write 4 KiB + flush, p50", flush, "ms").withFloor(chain / 1e3));
    table.add(
        Figure.medianTime("write 4 KiB + sync, p50", sync, "ms")
            .withFloor((chain + floors.forceMicros()) / 1e3));
  }

  private interface Durable {
    void apply(CairnOutputStream out) throws IOException;
  }

  private double median(CairnFileSystem fileSystem, String name, Durable durable)
      throws IOException {
    long[] nanos = new long[1_000];
    byte[] record = new byte[4 << 10];
    try (CairnOutputStream out =
        fileSystem.create(
            CairnPath.of(name), CreateOptions.defaults().overwrite().createParents())) {
      for (int i = 0; i < nanos.length; i++) {
        long start = clock.monotonicNanos();
        out.write(record);
        durable.apply(out);
        nanos[i] = clock.monotonicNanos() - start;
      }
    }
    delete(fileSystem, name);
    Arrays.sort(nanos);
    return nanos[nanos.length / 2] / 1e6;
  }

  private void small(CairnFileSystem fileSystem, FigureTable table, int size, int threads)
      throws Exception {
    double[] write = new double[runs];
    double[] read = new double[runs];
    int count = threads == 1 ? Math.max(1, smallFiles / 2) : smallFiles * 2;
    for (int run = 0; run < runs; run++) {
      String root = "/small-" + size + "-" + threads + "-" + run;
      write[run] = count / writeSmall(fileSystem, root, size, threads, count);
      read[run] = count / readSmall(fileSystem, root, size, threads, count);
      delete(fileSystem, root);
    }
    String what = "files of " + (size >> 10) + " KiB, " + threads + " threads";
    table.add(
        Figure.medianRate("write " + what, write, "/s")
            .withFloor(threads * 1e6 / (floors.forceMicros() + 2 * floors.roundTripMicros())));
    table.add(
        Figure.medianRate("read " + what, read, "/s")
            .withFloor(threads * 1e6 / floors.roundTripMicros()));
  }

  private static CairnPath smallFile(String root, int number) {
    return CairnPath.of(root + "/d" + number % 16 + "/f" + number);
  }

  /** Seconds that whole files took, each written by one call. */
  private double writeSmall(
      CairnFileSystem fileSystem, String root, int size, int threads, int count) throws Exception {
    byte[] content = new byte[size];
    new Random(size).nextBytes(content);
    return pool.seconds(
        threads,
        count,
        i -> {
          long length =
              fileSystem
                  .createWithContent(
                      smallFile(root, i),
                      ByteBuffer.wrap(content),
                      CreateOptions.defaults().createParents())
                  .length();
          if (length != size) {
            throw new IOException("a file of " + length + " bytes instead of " + size);
          }
        });
  }

  /** Seconds that opening and reading them took. */
  private double readSmall(
      CairnFileSystem fileSystem, String root, int size, int threads, int count) throws Exception {
    return pool.seconds(
        threads,
        count,
        i -> {
          byte[] found = fileSystem.readFully(smallFile(root, i), size);
          if (found.length != size) {
            throw new IOException("a file of " + found.length + " bytes instead of " + size);
          }
        });
  }

  private void stalls(CairnFileSystem fileSystem, FigureTable table, LocalProcesses processes)
      throws Exception {
    double[] killed = new double[runs];
    double[] frozen = new double[runs];
    for (int run = 0; run < runs; run++) {
      killed[run] = longestStall(fileSystem, "/stall-kill-" + run, () -> processes.kill("d2"));
      processes.restart("d2");
      settle(fileSystem);
      frozen[run] =
          longestStall(fileSystem, "/stall-stop-" + run, () -> processes.signal("d3", "STOP"));
      processes.signal("d3", "CONT");
      settle(fileSystem);
    }
    table.add(Figure.medianTime("longest stall of a writer, data server killed", killed, "ms"));
    table.add(Figure.medianTime("longest stall of a writer, data server frozen", frozen, "ms"));
  }

  private interface Fault {
    void happen() throws IOException;
  }

  /** The longest single write or flush of 64 KiB records while a fault happens, in ms. */
  private double longestStall(CairnFileSystem fileSystem, String name, Fault fault)
      throws IOException {
    long longest = 0;
    byte[] record = new byte[64 << 10];
    try (CairnOutputStream out = fileSystem.create(CairnPath.of(name), CreateOptions.defaults())) {
      for (int i = 0; i < 1_500; i++) {
        if (i == 500) {
          fault.happen();
        }
        long start = clock.monotonicNanos();
        out.write(record);
        out.flush();
        longest = Math.max(longest, clock.monotonicNanos() - start);
      }
    }
    delete(fileSystem, name);
    return longest / 1e6;
  }

  /** Waits until every server takes new chunks again. */
  private void settle(CairnFileSystem fileSystem) throws Exception {
    long deadline = clock.monotonicNanos() + 30_000_000_000L;
    while (fileSystem.administration().report().getServersList().stream()
        .anyMatch(
            server -> server.getMember().getHealth() != io.cairnfs.proto.types.ServerHealth.UP)) {
      if (clock.monotonicNanos() > deadline) {
        throw new IOException("a data server did not come back within 30 s");
      }
      Thread.sleep(100);
    }
  }

  private static void delete(CairnFileSystem fileSystem, String name) throws IOException {
    if (!fileSystem.delete(CairnPath.of(name), DeleteMode.RECURSIVE)) {
      throw new IOException(name + " is gone");
    }
  }
}
