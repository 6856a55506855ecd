package io.cairnfs.bench.calibrate;

import io.cairnfs.bench.report.Figure;
import io.cairnfs.bench.report.FigureOutput;
import io.cairnfs.bench.report.FigureTable;
import io.cairnfs.common.time.SystemClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench calibrate}. */
@Command(
    name = "calibrate",
    description = "Measures the disk, loopback, page cache and checksums of this machine.",
    mixinStandardHelpOptions = true)
public final class CalibrateCommand implements Callable<Integer> {
  @Option(
      names = "--dir",
      description = "A directory on the disk to measure (default: ${DEFAULT-VALUE}).",
      defaultValue = ".")
  private Path directory;

  @Mixin private FigureOutput output;

  @Override
  public Integer call() throws IOException {
    Files.createDirectories(directory);
    Calibration measured = Calibration.measure(directory, new SystemClock());
    FigureTable table = new FigureTable("calibrate");
    table.add(Figure.time("fdatasync of 4 KiB, p50", measured.forceP50Micros(), "us", ""));
    table.add(Figure.time("fdatasync of 4 KiB, p99", measured.forceP99Micros(), "us", ""));
    table.add(Figure.time("loopback round trip of 64 B", measured.roundTripMicros(), "us", ""));
    table.add(Figure.rate("loopback stream", measured.streamGigabytes(), "GB/s", ""));
    table.add(Figure.rate("page cache write", measured.cacheWriteGigabytes(), "GB/s", ""));
    table.add(Figure.rate("page cache read", measured.cacheReadGigabytes(), "GB/s", ""));
    table.add(Figure.rate("CRC-32C, one core", measured.crcGigabytes(), "GB/s", ""));
    output.print(table);
    return 0;
  }
}
