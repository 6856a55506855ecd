package io.cairnfs.common.metrics;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * The metrics of one process by name ({@code part.what.unit}, such as {@code raft.force.micros}).
 * Asking for a name twice gives the same object. Any thread; look names up once, not on a hot path.
 */
public final class MetricRegistry {
  private final Map<String, Counter> counters = new ConcurrentHashMap<>();
  private final Map<String, Histogram> histograms = new ConcurrentHashMap<>();
  private final Map<String, LongSupplier> gauges = new ConcurrentHashMap<>();

  public Counter counter(String name) {
    return counters.computeIfAbsent(name, key -> new Counter());
  }

  public Histogram histogram(String name) {
    return histograms.computeIfAbsent(name, key -> new Histogram());
  }

  /** A later gauge of the same name replaces the earlier one. */
  public void gauge(String name, LongSupplier value) {
    gauges.put(name, value);
  }

  /** Counters and gauges by name, sorted. */
  public Map<String, Long> values() {
    Map<String, Long> result = new TreeMap<>();
    counters.forEach((name, counter) -> result.put(name, counter.value()));
    gauges.forEach((name, gauge) -> result.put(name, gauge.getAsLong()));
    return result;
  }

  /** Histograms by name, sorted. */
  public Map<String, HistogramSnapshot> histograms() {
    Map<String, HistogramSnapshot> result = new TreeMap<>();
    histograms.forEach((name, histogram) -> result.put(name, histogram.snapshot()));
    return result;
  }
}
