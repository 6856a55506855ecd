package io.cairnfs.raft.simulation;

import io.cairnfs.raft.simulation.SimulationReport.Failure;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Runs seeds and sums up what they met. */
public final class RaftSimulation {
  private static final int MAX_FAILURES = 10;

  private final SimulationOptions options;
  private final AtomicInteger next = new AtomicInteger();
  private final Tally tally = new Tally();
  private final List<Failure> failures = new ArrayList<>();
  private long events;
  private long faults;
  private int completed;

  private RaftSimulation(SimulationOptions options) {
    this.options = options;
  }

  /** Runs all seeds, or until ten of them have failed. */
  public static SimulationReport run(SimulationOptions options) throws InterruptedException {
    return new RaftSimulation(options).runAll();
  }

  private SimulationReport runAll() throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (int i = 1; i < options.threads(); i++) {
      Thread thread = new Thread(this::work, "simulation-" + i);
      thread.start();
      threads.add(thread);
    }
    work();
    for (Thread thread : threads) {
      thread.join();
    }
    return new SimulationReport(completed, events, faults, tally.complete(), List.copyOf(failures));
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
      SeedRun.Outcome outcome =
          new SeedRun(seed, options.scenario(), options.trace().orElse(null)).run();
      synchronized (this) {
        completed++;
        events += outcome.events();
        faults += outcome.faults();
        tally.add(outcome.tally());
      }
    } catch (RuntimeException | StackOverflowError | AssertionError e) {
      synchronized (this) {
        completed++;
        failures.add(new Failure(seed, options.scenario(), e));
      }
    }
  }
}
