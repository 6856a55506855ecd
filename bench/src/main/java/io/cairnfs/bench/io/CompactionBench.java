package io.cairnfs.bench.io;

import io.cairnfs.bench.report.Figure;
import io.cairnfs.bench.report.FigureTable;
import io.cairnfs.client.CairnFile;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.FileExtent;
import io.cairnfs.client.OpenOptions;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;

/**
 * The worst that can be done to a file of 1 GiB: all of it is overwritten at random, 4 KiB at a
 * time. Tells, while that goes on and afterwards, in how many extents the file lies, and how many
 * bytes of the chunks that it needs nothing refers to.
 */
final class CompactionBench {
  private static final int RECORD = 4 << 10;
  private static final long FILE_BYTES = 1L << 30;
  private static final int WRITES = (int) (FILE_BYTES / RECORD);
  private static final int LOOKS = 8;
  private static final long PERIOD_MILLIS = 5_000;
  private static final int MOST_PERIODS = 60;
  private static final CairnPath FILE = CairnPath.of("/compaction");

  private final CairnFileSystem fileSystem;
  private final Clock clock;

  /** In how many extents a file lies, in how many chunks, and what else is in these. */
  private record Look(int extents, int chunks, long deadBytes) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%,d extents in %d chunks, %,d MiB of them dead",
          extents,
          chunks,
          deadBytes >> 20);
    }
  }

  CompactionBench(CairnFileSystem fileSystem, Clock clock) {
    this.fileSystem = fileSystem;
    this.clock = clock;
  }

  void run(FigureTable table) throws Exception {
    int mostExtents = 0;
    long mostDead = 0;
    long start;
    try (CairnFile file =
        fileSystem.openFile(FILE, OpenOptions.forReadingAndWriting().orCreate())) {
      fill(file);
      Random random = new Random(1);
      ByteBuffer record = ByteBuffer.allocate(RECORD);
      start = clock.monotonicNanos();
      for (int i = 1; i <= WRITES; i++) {
        random.nextBytes(record.array());
        long at = random.nextLong(FILE_BYTES / RECORD) * RECORD;
        int unused = file.write(at, record.rewind());
        if (i % (WRITES / LOOKS) == 0) {
          Look look = look("after " + i + " writes", start);
          mostExtents = Math.max(mostExtents, look.extents());
          mostDead = Math.max(mostDead, look.deadBytes());
        }
      }
    }
    double seconds = (clock.monotonicNanos() - start) / 1e9;
    long closed = clock.monotonicNanos();
    Look last = look("closed", closed);
    long rested = closed;
    int same = 0;
    for (int i = 0; i < MOST_PERIODS && same < 3; i++) {
      Thread.sleep(PERIOD_MILLIS);
      Look look = look("at rest", closed);
      if (look.equals(last)) {
        same++;
      } else {
        same = 0;
        rested = clock.monotonicNanos();
      }
      last = look;
    }
    if (!fileSystem.delete(FILE, DeleteMode.SINGLE)) {
      throw new IOException(FILE + " is gone");
    }
    table.add(
        Figure.rate(
            "random writes of 4 KiB over 1 GiB, compacted meanwhile",
            WRITES / seconds,
            "/s",
            WRITES + " writes"));
    table.add(count("extents while it is written, most", mostExtents));
    table.add(count("dead MiB while it is written, most", mostDead >> 20));
    table.add(count("extents at rest", last.extents()));
    table.add(count("dead MiB at rest", last.deadBytes() >> 20));
    table.add(Figure.time("from close to rest", (rested - closed) / 1e9, "s", ""));
  }

  private static Figure count(String name, long value) {
    return Figure.time(name, (double) value, "", "");
  }

  private static void fill(CairnFile file) throws IOException {
    ByteBuffer block = ByteBuffer.allocate(1 << 20);
    for (long at = 0; at < FILE_BYTES; at += block.capacity()) {
      int unused = file.write(at, block.clear());
    }
    file.flush();
  }

  private Look look(String when, long since) throws IOException {
    List<FileExtent> extents = fileSystem.extents(FILE, 0, FILE_BYTES);
    Set<ChunkId> chunks = new HashSet<>();
    long live = 0;
    for (FileExtent extent : extents) {
      chunks.add(extent.chunk());
      live += extent.length();
    }
    long held = 0;
    for (ChunkId chunk : chunks) {
      held += fileSystem.administration().chunk(chunk).getLocation().getLength();
    }
    Look look = new Look(extents.size(), chunks.size(), held - live);
    System.err.printf(
        Locale.ROOT, "bench: %s, %.1f s: %s%n", when, (clock.monotonicNanos() - since) / 1e9, look);
    return look;
  }
}
