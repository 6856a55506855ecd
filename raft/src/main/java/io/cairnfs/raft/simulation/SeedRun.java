package io.cairnfs.raft.simulation;

import io.cairnfs.common.id.HostPort;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.core.RaftMessage;
import io.cairnfs.raft.core.RaftOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
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

  private final EventQueue events = new EventQueue();
  private final SplittableRandom random;
  private final Tally tally = new Tally();
  private final Invariants invariants = new Invariants();
  private final SimulatedNetwork network;
  private final Map<MemberId, SimulatedMember> members = new TreeMap<>();
  private final List<SimulatedClient> clients = new ArrayList<>();
  private final Chaos chaos;
  private final Operator operator;
  private final Consumer<String> trace;
  private int membersMade;

  /**
   * @param trace gets one line for each thing that happens; null for none
   */
  SeedRun(long seed, Scenario scenario, Consumer<String> trace) {
    random = new SplittableRandom(seed);
    this.trace = trace;
    network =
        new SimulatedNetwork(
            events, random, tally, message -> member(message.to()).receive(message));
    Scenario resolved = scenario.resolve(random);
    chaos = new Chaos(this, resolved, random);
    operator = new Operator(this, random);
    List<Member> voters = new ArrayList<>();
    for (int left = 3 + random.nextInt(3); left > 0; left--) {
      voters.add(nextAddress());
    }
    Membership first = Membership.ofVoters(voters);
    voters.forEach(voter -> add(voter, first));
    for (int number = 1; number <= 5; number++) {
      clients.add(new SimulatedClient(number, number > 3, this, random));
    }
    trace(voters.get(0).id(), "scenario " + resolved + ", " + voters.size() + " voters");
  }

  /** Runs to the end; throws {@link InvariantViolation}, or whatever the engine threw. */
  Outcome run() {
    members.values().forEach(SimulatedMember::start);
    clients.forEach(SimulatedClient::start);
    chaos.start();
    operator.start();
    int faults = MIN_FAULTS + random.nextInt(MORE_FAULTS);
    while (events.executed() < MIN_EVENTS || chaos.faults() < faults) {
      step();
      if (events.nowNanos() > MAX_TROUBLE_NANOS) {
        Invariants.fail("only " + chaos.faults() + " faults could be made");
      }
    }
    heal();
    long deadline = events.nowNanos() + MAX_HEALING_NANOS;
    while (!hasConverged()) {
      step();
      if (events.nowNanos() > deadline) {
        Invariants.fail("no convergence after healing:" + describe());
      }
    }
    invariants.converged(group());
    for (int number = 1; number <= clients.size(); number++) {
      for (SimulatedMember member : group()) {
        if (member.machine().lastCall(number) != clients.get(number - 1).lastCall()) {
          Invariants.fail("calls of client " + number + " are missing at " + member.id());
        }
      }
    }
    for (SimulatedMember member : members.values()) {
      if (member.isUp()) {
        tally.add(member.core().counters());
      }
    }
    return new Outcome(events.executed(), chaos.faults(), tally);
  }

  private void step() {
    events.runNext();
    invariants.leases(members.values());
  }

  private void heal() {
    trace(members.values().iterator().next().id(), "---- everything is healed ----");
    chaos.stop();
    operator.stop();
    network.heal();
    for (SimulatedMember member : members.values()) {
      chaos.repair(member);
    }
    clients.forEach(SimulatedClient::drain);
  }

  private boolean hasConverged() {
    for (SimulatedClient client : clients) {
      if (!client.isDone()) {
        return false;
      }
    }
    Optional<SimulatedMember> leader = leader();
    if (leader.isEmpty()) {
      return false;
    }
    long last = leader.get().core().lastIndex();
    for (SimulatedMember member : group()) {
      if (!member.isUp() || member.machine().index() != last) {
        return false;
      }
    }
    return true;
  }

  /** The members of the leader's group, or nobody without a leader. */
  private List<SimulatedMember> group() {
    List<SimulatedMember> group = new ArrayList<>();
    leader()
        .ifPresent(
            leader ->
                leader
                    .core()
                    .membership()
                    .members()
                    .forEach(
                        address -> {
                          SimulatedMember member = members.get(address.id());
                          if (!member.isGone()) {
                            group.add(member);
                          }
                        }));
    return group;
  }

  private String describe() {
    StringBuilder text = new StringBuilder();
    for (SimulatedMember member : members.values()) {
      text.append("\n  ").append(member.id()).append(' ').append(member.state());
      if (member.isUp()) {
        text.append(
            " %s term %d commit %d last %d applied %d in %s"
                .formatted(
                    member.core().role(),
                    member.core().term(),
                    member.core().commitIndex(),
                    member.core().lastIndex(),
                    member.machine().index(),
                    member.core().membership()));
      }
    }
    return text.toString();
  }

  // What the parts of the run know of one another.

  EventQueue events() {
    return events;
  }

  Tally tally() {
    return tally;
  }

  Invariants invariants() {
    return invariants;
  }

  SimulatedNetwork network() {
    return network;
  }

  SimulatedMember member(MemberId id) {
    return members.get(id);
  }

  List<SimulatedMember> members() {
    return List.copyOf(members.values());
  }

  List<SimulatedMember> runningMembers() {
    return members.values().stream().filter(SimulatedMember::isUp).toList();
  }

  /** Who leads the highest term. */
  Optional<SimulatedMember> leader() {
    SimulatedMember newest = null;
    int leaders = 0;
    for (SimulatedMember member : members.values()) {
      if (member.isLeader()) {
        leaders++;
        if (newest == null || member.core().term() > newest.core().term()) {
          newest = member;
        }
      }
    }
    if (leaders > 1) {
      tally.count(Sighting.TWO_LEADERS_OF_DIFFERENT_TERMS);
    }
    return Optional.ofNullable(newest);
  }

  Operator operator() {
    return operator;
  }

  int membersMade() {
    return membersMade;
  }

  /** Makes a member that has never belonged to a group, and starts it. */
  SimulatedMember join() {
    SimulatedMember member = add(nextAddress(), Membership.NONE);
    member.start();
    return member;
  }

  private SimulatedMember add(Member address, Membership formatted) {
    SimulatedMember member = new SimulatedMember(address, formatted, this, OPTIONS, random);
    members.put(address.id(), member);
    return member;
  }

  private Member nextAddress() {
    membersMade++;
    return new Member(
        new MemberId("m" + (membersMade < 10 ? "0" : "") + membersMade),
        new HostPort("member" + membersMade, 1));
  }

  /** Can reach no majority of its group just now. */
  boolean isCutOff(SimulatedMember member) {
    List<Member> voters = member.core().membership().voters();
    long reached =
        voters.stream()
            .filter(
                voter ->
                    voter.id().equals(member.id())
                        || (members.get(voter.id()).isUp() && !isCut(member.id(), voter.id())))
            .count();
    return reached <= voters.size() / 2;
  }

  boolean isCut(MemberId one, MemberId other) {
    return !network.connects(one, other) || !network.connects(other, one);
  }

  void trace(MemberId member, String what) {
    if (trace != null) {
      trace.accept("%10.3f ms %s %s".formatted(events.nowNanos() / 1e6, member, what));
    }
  }

  void traceMessage(RaftMessage message) {
    if (trace != null) {
      trace(message.from(), "-> " + message.to() + " " + message);
    }
  }

  /** What a run that kept all invariants met. */
  record Outcome(long events, int faults, Tally tally) {}
}
