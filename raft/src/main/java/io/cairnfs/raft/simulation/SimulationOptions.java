package io.cairnfs.raft.simulation;

import java.util.Optional;
import java.util.function.Consumer;

/**
 * What to run.
 *
 * @param firstSeed seeds are {@code [firstSeed, firstSeed + seeds)}
 * @param threads each runs seeds of its own
 * @param trace gets a line for everything that happens; meant for one seed
 */
public record SimulationOptions(
    long firstSeed, int seeds, Scenario scenario, int threads, Optional<Consumer<String>> trace) {
  public SimulationOptions {
    if (seeds <= 0 || threads <= 0) {
      throw new IllegalArgumentException(seeds + " seeds on " + threads + " threads");
    }
  }
}
