package io.cairnfs.contract.fuzz;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What all sequences together came to. Safe for any thread. */
final class Tally {
  private final Map<KnownDifference, Long> known = new EnumMap<>(KnownDifference.class);
  private final Map<Step.Kind, Long> done = new EnumMap<>(Step.Kind.class);
  private final Map<Occasion, Long> met = new EnumMap<>(Occasion.class);
  private final List<String> failures = new ArrayList<>();
  private long sequences;
  private long calls;

  synchronized void add(int steps, Worlds.Result result) {
    sequences++;
    calls += steps;
    result.known().forEach((each, count) -> known.merge(each, count, Long::sum));
    result.done().forEach((each, count) -> done.merge(each, count, Long::sum));
    result.met().forEach((each, count) -> met.merge(each, count, Long::sum));
  }

  synchronized void fail(String text) {
    failures.add(text);
  }

  synchronized List<String> failures() {
    return List.copyOf(failures);
  }

  /** Listed differences and occasions that were not met, and calls that never succeeded. */
  synchronized List<String> missing(Surroundings surroundings) {
    List<String> missing = new ArrayList<>();
    for (KnownDifference each : KnownDifference.values()) {
      if (!known.containsKey(each) && each.isPossible(surroundings)) {
        missing.add("the listed difference " + each + " was not met");
      }
    }
    for (Step.Kind each : Step.Kind.values()) {
      if (!done.containsKey(each) && each != Step.Kind.WAY) {
        missing.add("no call " + each + " succeeded");
      }
    }
    for (Occasion each : Occasion.values()) {
      if (!met.containsKey(each) && each.isPossible(surroundings)) {
        missing.add("the occasion " + each + " was not met");
      }
    }
    return missing;
  }

  @Override
  public synchronized String toString() {
    return "done: %s%nmet: %s%nby design: %s%n%,d calls in %,d sequences compared, %d unexplained differences"
        .formatted(done, met, known, calls, sequences, failures.size());
  }
}
