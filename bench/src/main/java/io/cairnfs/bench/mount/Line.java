package io.cairnfs.bench.mount;

import io.cairnfs.bench.report.Figure.Better;
import java.util.OptionalDouble;

/** The lines of the table, with what is aimed at for a mount of six processes on two cores. */
enum Line {
  SEQUENTIAL_WRITE("sequential write, end fsync", "MiB/s", Better.HIGHER, 400),
  SEQUENTIAL_READ("sequential read 1 MiB, cold", "MiB/s", Better.HIGHER, 1_000),
  RANDOM_READ("random read 4 KiB, 1 job, cold", "/s", Better.HIGHER, 8_000),
  RANDOM_WRITE("random write 4 KiB, 1 job, end fsync", "/s", Better.HIGHER, 30_000),
  APPEND("append 4 KiB + fsync, p50", "ms", Better.LOWER, 0.7),
  CREATE_ONE("create + write 4 KiB + close, 1 process", "files/s", Better.HIGHER, 1_500),
  CREATE_MANY("create + write 4 KiB + close, 8 processes", "files/s", Better.HIGHER, 4_000),
  STAT_ONE("stat, dentries dropped, 1 process", "/s", Better.HIGHER, 15_000),
  STAT_MANY("stat, dentries dropped, 8 processes", "/s", Better.HIGHER, 40_000),
  READ_ONE("open + read 4 KiB + close, cold, 1 process", "files/s", Better.HIGHER, 5_000),
  READ_MANY("open + read 4 KiB + close, cold, 8 processes", "files/s", Better.HIGHER, 12_000),
  UNLINK_ONE("unlink, 1 process", "files/s", Better.HIGHER, 2_500),
  UNLINK_MANY("unlink, 8 processes", "files/s", Better.HIGHER),
  LIST("ls -l of 10,000 entries, cold", "s", Better.LOWER, 0.4),
  UNTAR("untar of a source tree", "s", Better.LOWER, 2.5),
  CLONE("git clone", "s", Better.LOWER, 4),
  COMMIT("git init, add, commit", "s", Better.LOWER, 3),
  REMOVE("rm -rf of it", "s", Better.LOWER, 1.2),
  COPY_IN("cp -r in", "s", Better.LOWER, 1.5),
  COPY_OUT("cp -r out, cold", "s", Better.LOWER, 0.8),
  SQLITE("SQLite, 1,000 transactions", "s", Better.LOWER, 3);

  private final String text;
  private final String unit;
  private final Better better;
  private final OptionalDouble aim;

  Line(String text, String unit, Better better) {
    this.text = text;
    this.unit = unit;
    this.better = better;
    this.aim = OptionalDouble.empty();
  }

  Line(String text, String unit, Better better, double aim) {
    this.text = text;
    this.unit = unit;
    this.better = better;
    this.aim = OptionalDouble.of(aim);
  }

  String text() {
    return text;
  }

  String unit() {
    return unit;
  }

  Better better() {
    return better;
  }

  OptionalDouble aim() {
    return aim;
  }
}
