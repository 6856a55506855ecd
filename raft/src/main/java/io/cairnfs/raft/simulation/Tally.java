package io.cairnfs.raft.simulation;

import io.cairnfs.raft.core.CoreCounters;
import io.cairnfs.raft.core.CoreEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Counts by kind. */
public final class Tally {
  private final Map<String, Long> counts = new TreeMap<>();

  public void count(Enum<?> kind) {
    counts.merge(name(kind), 1L, Long::sum);
  }

  public void add(CoreCounters core) {
    for (CoreEvent event : CoreEvent.values()) {
      long count = core.of(event);
      if (count > 0) {
        counts.merge(name(event), count, Long::sum);
      }
    }
  }

  public void add(Tally other) {
    other.counts.forEach((name, count) -> counts.merge(name, count, Long::sum));
  }

  public long of(Enum<?> kind) {
    return counts.getOrDefault(name(kind), 0L);
  }

  /** Counts something under a name of its own. */
  public void count(String name) {
    counts.merge(name, 1L, Long::sum);
  }

  /** What was counted, by name. */
  public Map<String, Long> counts() {
    return new TreeMap<>(counts);
  }

  /** All kinds that exist, with those that never happened. */
  Map<String, Long> complete() {
    Map<String, Long> all = new TreeMap<>(counts);
    for (Enum<?> kind : kinds()) {
      all.putIfAbsent(name(kind), 0L);
    }
    return all;
  }

  private static List<Enum<?>> kinds() {
    List<Enum<?>> kinds = new ArrayList<>(List.of(FaultKind.values()));
    kinds.addAll(List.of(Sighting.values()));
    kinds.addAll(List.of(CoreEvent.values()));
    return kinds;
  }

  private static String name(Enum<?> kind) {
    String group = kind instanceof FaultKind ? "fault" : "case";
    return group + "." + kind.name();
  }
}
