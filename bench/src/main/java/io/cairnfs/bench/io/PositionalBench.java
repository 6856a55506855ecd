package io.cairnfs.bench.io;

import io.cairnfs.bench.report.Figure;
import io.cairnfs.bench.report.FigureTable;
import io.cairnfs.bench.rig.BenchCluster;
import io.cairnfs.bench.rig.Callers;
import io.cairnfs.client.CairnFile;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnOutputStream;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.client.OpenOptions;
import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Writes at any position, appends of one client and of many, copies without data, open maps. */
final class PositionalBench {
  private static final int RECORD = 4 << 10;
  private static final long FILE_BYTES = 1L << 30;
  private static final int WRITES = 40_000;
  private static final int SYNCED = 1_000;
  private static final int CLIENTS = 100;
  private static final int EACH = 20;
  private static final int EXTENTS = 10_000;
  private static final int CLONES = 9;
  private static final int PART_BYTES = 256 << 20;
  private static final int PARTS = 40;
  private static final OpenOptions BOTH = OpenOptions.forReadingAndWriting().orCreate();
  private static final CairnPath FILE = CairnPath.of("/positional");
  private static final CairnPath COPY = CairnPath.of("/positional-copy");

  private final BenchCluster cluster;
  private final CairnFileSystem fileSystem;
  private final Clock clock;
  private final Callers pool;
  private final Floors floors;
  private final int replicas;
  private final int runs;

  PositionalBench(
      BenchCluster cluster,
      CairnFileSystem fileSystem,
      Clock clock,
      Callers pool,
      Floors floors,
      int replicas,
      int runs) {
    this.cluster = cluster;
    this.fileSystem = fileSystem;
    this.clock = clock;
    this.pool = pool;
    this.floors = floors;
    this.replicas = replicas;
    this.runs = runs;
  }

  /** The calls that will be measured, fewer of them. */
  void warmUp(int round) throws IOException {
    double unused = randomWrites(round, WRITES / 2);
    unused = syncedWrites(round, SYNCED / 5);
    unused = appends(SYNCED / 5);
    unused = streamed(SYNCED / 5);
    unused = clones(PART_BYTES / 16);
  }

  void run(FigureTable table) throws Exception {
    double[] random = new double[runs];
    double[] synced = new double[runs];
    double[] append = new double[runs];
    double[] stream = new double[runs];
    double[] many = new double[runs];
    double[] clone = new double[runs];
    double[] open = new double[runs];
    for (int i = 0; i < runs; i++) {
      random[i] = randomWrites(i, WRITES);
      synced[i] = syncedWrites(i, SYNCED);
      append[i] = appends(SYNCED);
      stream[i] = streamed(SYNCED);
      many[i] = manyAppends();
      clone[i] = clones(PART_BYTES);
      open[i] = opens();
    }
    double chain = replicas * floors.roundTripMicros();
    // A force of the data and one of the commit, one after the other.
    double durable = (chain + floors.roundTripMicros() + 2 * floors.forceMicros()) / 1e3;
    table.add(Figure.medianRate("random write of 4 KiB in 1 GiB", random, "/s"));
    table.add(
        Figure.medianTime("random write of 4 KiB + sync, p50", synced, "ms").withFloor(durable));
    table.add(Figure.medianTime("append of 4 KiB + sync, p50", append, "ms").withFloor(durable));
    // Its tail is open: no commit.
    double forced = (chain + floors.forceMicros()) / 1e3;
    table.add(Figure.medianTime("stream of 4 KiB + sync, p50", stream, "ms").withFloor(forced));
    table.add(Figure.medianRate(CLIENTS + " clients append 4 KiB to one file", many, "/s"));
    table.add(Figure.medianTime("reflink of 10 GiB", clone, "ms"));
    table.add(Figure.medianTime("open of a file of 10,000 extents", open, "ms"));
  }

  private static ByteBuffer record(int seed) {
    byte[] bytes = new byte[RECORD];
    new Random(seed).nextBytes(bytes);
    return ByteBuffer.wrap(bytes);
  }

  private double randomWrites(int seed, int writes) throws IOException {
    Random random = new Random(seed);
    ByteBuffer record = record(seed);
    long start;
    try (CairnFile file = fileSystem.openFile(FILE, BOTH)) {
      file.truncate(FILE_BYTES);
      start = clock.monotonicNanos();
      for (int i = 0; i < writes; i++) {
        long at = random.nextLong(FILE_BYTES / RECORD) * RECORD;
        int unused = file.write(at, record.rewind());
      }
      file.flush();
    }
    double seconds = (clock.monotonicNanos() - start) / 1e9;
    delete(FILE);
    return writes / seconds;
  }

  private double syncedWrites(int seed, int writes) throws IOException {
    Random random = new Random(seed);
    ByteBuffer record = record(seed);
    long[] nanos = new long[writes];
    try (CairnFile file = fileSystem.openFile(FILE, BOTH.syncingWrites())) {
      file.truncate(FILE_BYTES);
      for (int i = 0; i < nanos.length; i++) {
        long at = random.nextLong(FILE_BYTES / RECORD) * RECORD;
        long start = clock.monotonicNanos();
        int unused = file.write(at, record.rewind());
        nanos[i] = clock.monotonicNanos() - start;
      }
    }
    delete(FILE);
    return medianMillis(nanos);
  }

  private double appends(int records) throws IOException {
    ByteBuffer record = record(0);
    long[] nanos = new long[records];
    try (CairnFile file = fileSystem.openFile(FILE, BOTH.appending().syncingWrites())) {
      // Beyond what travels inside the commit.
      long unused = file.append(ByteBuffer.allocate(1 << 20));
      for (int i = 0; i < nanos.length; i++) {
        long start = clock.monotonicNanos();
        unused = file.append(record.rewind());
        nanos[i] = clock.monotonicNanos() - start;
      }
    }
    delete(FILE);
    return medianMillis(nanos);
  }

  /** Under the lease of one writer. */
  private double streamed(int records) throws IOException {
    ByteBuffer record = record(0);
    long[] nanos = new long[records];
    try (CairnOutputStream out = fileSystem.create(FILE, CreateOptions.defaults())) {
      out.write(ByteBuffer.allocate(1 << 20));
      out.sync();
      for (int i = 0; i < nanos.length; i++) {
        long start = clock.monotonicNanos();
        out.write(record.rewind());
        out.sync();
        nanos[i] = clock.monotonicNanos() - start;
      }
    }
    delete(FILE);
    return medianMillis(nanos);
  }

  private static double medianMillis(long[] nanos) {
    Arrays.sort(nanos);
    return nanos[nanos.length / 2] / 1e6;
  }

  private double manyAppends() throws Exception {
    fileSystem.openFile(FILE, BOTH).close();
    List<CairnFileSystem> clients = new ArrayList<>();
    List<CairnFile> files = new ArrayList<>();
    try {
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(cluster.connect());
        files.add(clients.get(i).openFile(FILE, OpenOptions.forAppending()));
        long unused = files.get(i).append(ByteBuffer.allocate(1 << 15));
      }
      double seconds =
          pool.seconds(
              CLIENTS,
              CLIENTS * EACH,
              i -> {
                long unused = files.get(i % CLIENTS).append(record(i));
              });
      return CLIENTS * EACH / seconds;
    } finally {
      for (CairnFile file : files) {
        file.close();
      }
      for (CairnFileSystem client : clients) {
        client.close();
      }
      delete(FILE);
    }
  }

  /** The source's 10 GiB are 256 MiB that are shared forty times. */
  private double clones(int part) throws IOException {
    long total = (long) PARTS * part;
    try (CairnFile file = fileSystem.openFile(FILE, BOTH)) {
      ByteBuffer block = ByteBuffer.allocate(1 << 20);
      for (long at = 0; at < part; at += block.capacity()) {
        int unused = file.write(at, block.clear());
      }
      for (long at = part; at < total; at += part) {
        long unused = fileSystem.copyRange(file, 0, file, at, part);
      }
      // What is on its way to the disks would be waited for by the log.
      file.sync();
    }
    long[] nanos = new long[CLONES];
    for (int i = 0; i < nanos.length; i++) {
      long start = clock.monotonicNanos();
      long length = fileSystem.clone(FILE, COPY, CreateOptions.defaults()).length();
      nanos[i] = clock.monotonicNanos() - start;
      if (length != total) {
        throw new IOException("a copy of " + length + " bytes");
      }
      delete(COPY);
    }
    delete(FILE);
    return medianMillis(nanos);
  }

  private double opens() throws IOException {
    ByteBuffer record = record(1);
    try (CairnFile file = fileSystem.openFile(FILE, BOTH)) {
      for (int i = 0; i < EXTENTS; i++) {
        // Every second record: no extent joins another.
        int unused = file.write(2L * i * RECORD, record.rewind());
      }
    }
    long[] nanos = new long[100];
    for (int i = 0; i < nanos.length; i++) {
      long start = clock.monotonicNanos();
      fileSystem.openFile(FILE, OpenOptions.forReading()).close();
      nanos[i] = clock.monotonicNanos() - start;
    }
    delete(FILE);
    return medianMillis(nanos);
  }

  private void delete(CairnPath path) throws IOException {
    if (!fileSystem.delete(path, DeleteMode.SINGLE)) {
      throw new IOException(path + " is gone");
    }
  }
}
