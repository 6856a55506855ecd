package io.cairnfs.simulation.system;

import io.cairnfs.raft.core.CoreEvent;
import io.cairnfs.raft.simulation.FaultKind;
import io.cairnfs.raft.simulation.Sighting;
import io.cairnfs.raft.simulation.Tally;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Runs whole clusters, seed by seed, and sums up what they met. */
public final class SystemSimulation {
  private static final int MAX_FAILURES = 10;

  private final Options options;
  private final AtomicInteger next = new AtomicInteger();
  private final Tally tally = new Tally();
  private final List<Failure> failures = new ArrayList<>();
  private long events;
  private long operations;
  private long faults;
  private long virtualNanos;
  private int completed;

  /**
   * What to run.
   *
   * @param threads each runs seeds of its own
   * @param hazard a sequence that each seed plays, instead of faults that it draws
   * @param trace gets a line for everything that happens; meant for one seed
   */
  public record Options(
      long firstSeed,
      int seeds,
      SystemScenario scenario,
      Optional<HazardScenario> hazard,
      int threads,
      Optional<Consumer<String>> trace) {
    public Options(
        long firstSeed,
        int seeds,
        SystemScenario scenario,
        int threads,
        Optional<Consumer<String>> trace) {
      this(firstSeed, seeds, scenario, Optional.empty(), threads, trace);
    }

    private String name() {
      return hazard.map(HazardScenario::name).orElse(scenario.name());
    }
  }

  /** A seed that broke an invariant, or the product itself. */
  public record Failure(long seed, String scenario, Throwable cause) {
    @Override
    public String toString() {
      return "seed " + seed + " (" + scenario + "): " + cause;
    }
  }

  /**
   * What became of a run.
   *
   * @param counts how often each kind of fault, case and check occurred, zeros included
   */
  public record Report(
      int seeds,
      long events,
      long operations,
      long faults,
      long virtualSeconds,
      Map<String, Long> counts,
      List<Failure> failures) {
    /** Kinds that never occurred: what the run has not tested. */
    public List<String> zeros() {
      return counts.entrySet().stream()
          .filter(entry -> entry.getValue() == 0)
          .map(Map.Entry::getKey)
          .toList();
    }
  }

  private SystemSimulation(Options options) {
    this.options = options;
  }

  /** Runs all seeds, or until ten of them have failed. */
  public static Report run(Options options) throws InterruptedException {
    return new SystemSimulation(options).runAll();
  }

  private Report runAll() throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (int i = 1; i < options.threads(); i++) {
      Thread thread = new Thread(this::work, "system-simulation-" + i);
      thread.start();
      threads.add(thread);
    }
    work();
    for (Thread thread : threads) {
      thread.join();
    }
    return new Report(
        completed,
        events,
        operations,
        faults,
        virtualNanos / 1_000_000_000L,
        counts(),
        List.copyOf(failures));
  }

  private Map<String, Long> counts() {
    Map<String, Long> counts = new TreeMap<>(tally.counts());
    for (SystemFault kind : SystemFault.values()) {
      counts.putIfAbsent("fault." + kind, 0L);
    }
    for (FaultKind kind : FaultKind.values()) {
      counts.putIfAbsent("fault." + kind, 0L);
    }
    for (SystemSighting kind : SystemSighting.values()) {
      boolean expected =
          (!kind.isOfLocks() || options.scenario() == SystemScenario.LOCKS)
              && (!kind.isOfSharedFiles() || options.scenario() == SystemScenario.SHARED_FILES)
              && (!kind.isOfCompaction() || options.scenario() == SystemScenario.COMPACTION);
      if (expected) {
        counts.putIfAbsent("case." + kind, 0L);
      }
    }
    for (Sighting kind :
        List.of(
            Sighting.MESSAGE_LOST,
            Sighting.MESSAGE_DUPLICATED,
            Sighting.MESSAGE_OVERTAKEN,
            Sighting.CHECKPOINT_MADE,
            Sighting.LOG_COMPACTED,
            Sighting.LEARNER_PROMOTED,
            Sighting.VOTER_REMOVED,
            Sighting.STOPPED_BY_DISK,
            Sighting.CORRUPTION_DETECTED)) {
      counts.putIfAbsent("case." + kind, 0L);
    }
    for (CoreEvent kind : CoreEvent.values()) {
      counts.putIfAbsent("case." + kind, 0L);
    }
    return counts;
  }

  private void work() {
    for (int number = next.getAndIncrement();
        number < options.seeds() && !hasFailedOften();
        number = next.getAndIncrement()) {
      runSeed(options.firstSeed() + number);
    }
  }

  private synchronized boolean hasFailedOften() {
    return failures.size() >= MAX_FAILURES;
  }

  /** Whatever goes wrong in a seed, an Error included, is that seed's failure. */
  private void runSeed(long seed) {
    try {
      SystemRun.Outcome outcome =
          new SystemRun(seed, options.scenario(), options.hazard(), options.trace().orElse(null))
              .run();
      synchronized (this) {
        completed++;
        events += outcome.events();
        operations += outcome.operations();
        faults += outcome.faults();
        virtualNanos += outcome.virtualNanos();
        tally.add(outcome.tally());
      }
    } catch (RuntimeException | StackOverflowError | AssertionError e) {
      synchronized (this) {
        completed++;
        failures.add(new Failure(seed, options.name(), e));
      }
    }
  }
}
