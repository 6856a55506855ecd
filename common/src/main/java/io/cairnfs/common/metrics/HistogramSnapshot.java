package io.cairnfs.common.metrics;

/** A histogram's state at one moment; the unit is in its name. */
public record HistogramSnapshot(long count, double mean, long p50, long p99, long p999, long max) {}
