package io.cairnfs.bench.io;

import io.cairnfs.bench.calibrate.Calibration;
import io.cairnfs.bench.report.Figure;
import io.cairnfs.bench.report.FigureTable;
import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What the machine allows at best, measured in the same run.
 *
 * @param diskMebibytes writing one plain file as large as all replicas of a stream, without a
 *     force, as {@code dd} does: MiB/s; three replicas on one disk get a third of it
 * @param loopbackMebibytes one loopback TCP stream, MiB/s
 * @param roundTripMicros a loopback round trip
 * @param forceMicros fdatasync of 4 KiB, median
 */
record Floors(
    double diskMebibytes, double loopbackMebibytes, double roundTripMicros, double forceMicros) {
  private static final int BLOCK = 1 << 20;

  /**
   * @param mebibytes size of the streams
   * @param replicas copies of each: the plain file is as large as all of them together, since
   *     memory that is used for the first time costs far more than memory that was just freed
   */
  static Floors measure(Path directory, int mebibytes, int replicas, Clock clock)
      throws IOException {
    return new Floors(
        disk(directory, replicas * mebibytes, clock),
        Calibration.streamGigabytes(clock) * 1e9 / BLOCK,
        Calibration.roundTripMicros(clock),
        Calibration.forceMicros(directory, clock));
  }

  private static double disk(Path directory, int mebibytes, Clock clock) throws IOException {
    Path file = Files.createTempFile(directory, "floor", ".disk");
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
      long start = clock.monotonicNanos();
      for (long i = 0; i < mebibytes; i++) {
        channel.write(block.clear(), i * BLOCK);
      }
      return mebibytes / ((clock.monotonicNanos() - start) / 1e9);
    } finally {
      Files.delete(file);
    }
  }

  void addTo(FigureTable table) {
    table.add(Figure.rate("plain file write", diskMebibytes, "MiB/s", ""));
    table.add(Figure.rate("loopback stream", loopbackMebibytes, "MiB/s", ""));
    table.add(Figure.time("loopback round trip", roundTripMicros, "us", ""));
    table.add(Figure.time("fdatasync p50", forceMicros, "us", ""));
  }
}
