package io.cairnfs.contract.fuzz;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** Makes fresh pairs of directories and runs an episode in each. Safe for any thread. */
final class Worlds {
  private final Home linux;
  private final Home cairn;
  private final Cast cast;
  private final AtomicInteger made = new AtomicInteger();

  Worlds(Home linux, Home cairn, Cast cast) {
    this.linux = linux;
    this.cairn = cairn;
    this.cast = cast;
  }

  /** What came of an episode. */
  record Result(
      Optional<Episode.Difference> difference,
      Map<KnownDifference, Long> known,
      Map<Step.Kind, Long> done,
      Map<Occasion, Long> met) {}

  /** Runs steps in a new world and removes it. */
  Result run(List<Step> steps) throws IOException {
    String name = "w" + made.getAndIncrement();
    Map<String, Side> ours = linux.begin(name);
    Map<String, Side> theirs = cairn.begin(name);
    try {
      Episode episode = new Episode(ours, theirs, cast.teller());
      return new Result(episode.run(steps), episode.known(), episode.done(), episode.met());
    } finally {
      for (Side side : ours.values()) {
        side.close();
      }
      for (Side side : theirs.values()) {
        side.close();
      }
      linux.remove(name);
      cairn.remove(name);
    }
  }
}
