package io.cairnfs.raft.simulation;

import io.cairnfs.raft.core.RaftOptions;
import io.cairnfs.raft.log.LogOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** One group's life under one seed: trouble, then healing, then the group must converge. */
final class SeedRun {
  private static final long MILLI = 1_000_000;
  private static final int MIN_EVENTS = 2_000;
  private static final int MIN_FAULTS = 20;
  private static final int MORE_FAULTS = 40;
  private static final long MAX_TROUBLE_NANOS = 600_000 * MILLI;
  private static final long MAX_HEALING_NANOS = 60_000 * MILLI;
  private static final RaftOptions OPTIONS =
      new RaftOptions(
          Duration.ofMillis(50),
          Duration.ofMillis(300),
          Duration.ofMillis(600),
          0.05,
          2_000,
          4,
          6_000,
          20,
          20_000,
          10_000,
          10,
          3_000,
          10);

  private static final LogOptions LOG = new LogOptions(10_240, 512, 1 << 20);

  private final EventQueue events = new EventQueue();
  private final SplittableRandom random;
  private final SimulatedGroup group;
  private final List<SimulatedClient> clients = new ArrayList<>();

  /**
   * @param trace gets one line for each thing that happens; null for none
   */
  SeedRun(long seed, Scenario scenario, Consumer<String> trace) {
    random = new SplittableRandom(seed);
    group =
        new SimulatedGroup(
            events,
            random,
            new SimulatedGroup.Settings(
                OPTIONS, LOG, new RegisterMachine.Registers(), member -> MemberProcess.NONE),
            scenario,
            trace);
    group.form(3 + random.nextInt(3));
    for (int number = 1; number <= 5; number++) {
      clients.add(new SimulatedClient(number, number > 3, group, random));
    }
    List<SimulatedMember> voters = group.members();
    group.trace(
        voters.get(0).id(), "scenario " + group.scenario() + ", " + voters.size() + " voters");
  }

  /** Runs to the end; throws {@link InvariantViolation}, or whatever the engine threw. */
  Outcome run() {
    group.members().forEach(SimulatedMember::start);
    clients.forEach(SimulatedClient::start);
    group.chaos().start();
    group.operator().start();
    int faults = MIN_FAULTS + random.nextInt(MORE_FAULTS);
    while (events.executed() < MIN_EVENTS || group.chaos().faults() < faults) {
      step();
      if (events.nowNanos() > MAX_TROUBLE_NANOS) {
        Invariants.fail("only " + group.chaos().faults() + " faults could be made");
      }
    }
    group.trace(group.members().get(0).id(), "---- everything is healed ----");
    group.heal();
    clients.forEach(SimulatedClient::drain);
    long deadline = events.nowNanos() + MAX_HEALING_NANOS;
    while (!hasConverged()) {
      step();
      if (events.nowNanos() > deadline) {
        Invariants.fail("no convergence after healing:" + group.describe());
      }
    }
    List<SimulatedMember> inForce = group.inForce();
    group.invariants().converged(inForce);
    for (int number = 1; number <= clients.size(); number++) {
      for (SimulatedMember member : inForce) {
        RegisterMachine machine = (RegisterMachine) member.machine();
        if (machine.lastCall(number) != clients.get(number - 1).lastCall()) {
          Invariants.fail("calls of client " + number + " are missing at " + member.id());
        }
      }
    }
    for (SimulatedMember member : group.runningMembers()) {
      group.tally().add(member.core().counters());
    }
    return new Outcome(events.executed(), group.chaos().faults(), group.tally());
  }

  private void step() {
    events.runNext();
    group.checkLeases();
  }

  private boolean hasConverged() {
    for (SimulatedClient client : clients) {
      if (!client.isDone()) {
        return false;
      }
    }
    return group.hasConverged();
  }

  /** What a run that kept all invariants met. */
  record Outcome(long events, int faults, Tally tally) {}
}
