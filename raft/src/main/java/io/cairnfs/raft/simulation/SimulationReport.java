package io.cairnfs.raft.simulation;

import java.util.List;
import java.util.Map;

/**
 * What became of a run.
 *
 * @param counts how often each kind of fault, event and situation occurred, zeros included; keys
 *     {@code fault.*} and {@code case.*}
 */
public record SimulationReport(
    int seeds, long events, long faults, Map<String, Long> counts, List<Failure> failures) {
  /** A seed that broke an invariant, or the engine itself. */
  public record Failure(long seed, Scenario scenario, Throwable cause) {
    @Override
    public String toString() {
      return "seed " + seed + " (" + scenario + "): " + cause;
    }
  }

  /** Kinds that never occurred: what the run has not tested. */
  public List<String> zeros() {
    return counts.entrySet().stream()
        .filter(entry -> entry.getValue() == 0)
        .map(Map.Entry::getKey)
        .toList();
  }
}
