package io.cairnfs.raft.simulation;

import io.cairnfs.common.id.HostPort;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.core.RaftMessage;
import io.cairnfs.raft.core.RaftOptions;
import io.cairnfs.raft.log.LogOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * A group of members with all that is around them: time, network, what must hold, what goes wrong
 * and who changes the membership.
 */
public final class SimulatedGroup {
  private final EventQueue events;
  private final RandomGenerator random;
  private final Settings settings;
  private final Tally tally = new Tally();
  private final Invariants invariants = new Invariants();
  private final SimulatedNetwork network;
  private final Map<MemberId, SimulatedMember> members = new TreeMap<>();
  private final Consumer<String> trace;
  private final Scenario scenario;
  private final Chaos chaos;
  private final Operator operator;
  private final List<RaftMessage> heldBack = new ArrayList<>();
  private Predicate<RaftMessage> holdsBack = message -> false;
  private int membersMade;

  /**
   * What the members are made of.
   *
   * @param machines what entries are applied to
   * @param processes what runs beside the engine
   */
  public record Settings(
      RaftOptions raft,
      LogOptions log,
      SimulatedMachine.Kind machines,
      Function<SimulatedMember, MemberProcess> processes) {}

  /**
   * @param trace gets one line for each thing that happens; null for none
   */
  public SimulatedGroup(
      EventQueue events,
      RandomGenerator random,
      Settings settings,
      Scenario scenario,
      Consumer<String> trace) {
    this.events = events;
    this.random = random;
    this.settings = settings;
    this.trace = trace;
    network = new SimulatedNetwork(events, random, tally);
    this.scenario = scenario.resolve(random);
    chaos = new Chaos(this, this.scenario, random);
    operator = new Operator(this, random);
  }

  /** Makes the first members, which are not started yet. */
  public void form(int voters) {
    List<Member> addresses = new ArrayList<>();
    for (int left = voters; left > 0; left--) {
      addresses.add(nextAddress());
    }
    Membership first = Membership.ofVoters(addresses);
    addresses.forEach(voter -> add(voter, first));
  }

  /** Everything that can be repaired is, and what stands still goes on. */
  public void heal() {
    chaos.stop();
    operator.stop();
    network.heal();
    for (SimulatedMember member : members.values()) {
      chaos.repair(member);
    }
  }

  /** The members of the leader's group, or nobody without a leader. */
  public List<SimulatedMember> inForce() {
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

  /** Whether all members of the group have applied everything that its leader has. */
  public boolean hasConverged() {
    Optional<SimulatedMember> leader = leader();
    if (leader.isEmpty()) {
      return false;
    }
    long last = leader.get().core().lastIndex();
    for (SimulatedMember member : inForce()) {
      if (!member.isUp() || member.machine().index() != last) {
        return false;
      }
    }
    return true;
  }

  /** The state of all members, for people. */
  public String describe() {
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

  public EventQueue events() {
    return events;
  }

  public Tally tally() {
    return tally;
  }

  public Invariants invariants() {
    return invariants;
  }

  public SimulatedNetwork network() {
    return network;
  }

  Scenario scenario() {
    return scenario;
  }

  Chaos chaos() {
    return chaos;
  }

  Operator operator() {
    return operator;
  }

  /** Makes one fault now; false if it is not possible now. */
  public boolean makeFault(FaultKind kind) {
    return chaos.makeCounted(kind);
  }

  /** Replaces damaged members, and changes the membership when told to, from now on. */
  public void startOperator() {
    operator.start();
  }

  public SimulatedMember member(MemberId id) {
    return members.get(id);
  }

  public List<SimulatedMember> members() {
    return List.copyOf(members.values());
  }

  public List<SimulatedMember> runningMembers() {
    return members.values().stream().filter(SimulatedMember::isUp).toList();
  }

  /** Who leads the highest term. */
  public Optional<SimulatedMember> leader() {
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

  /** To be called after each event. */
  public void checkLeases() {
    invariants.leases(members.values());
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
    SimulatedMember member = new SimulatedMember(address, formatted, this, settings, random);
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
    return !network.connects(one.value(), other.value())
        || !network.connects(other.value(), one.value());
  }

  /** Such messages stay on their way from now on, until they are let go on. */
  public void holdBack(Predicate<RaftMessage> which) {
    holdsBack = which;
  }

  public List<RaftMessage> heldBack() {
    return List.copyOf(heldBack);
  }

  /** Whatever was held back arrives, and nothing is held back any more. */
  public void letGoOn() {
    holdsBack = message -> false;
    heldBack.forEach(this::send);
    heldBack.clear();
  }

  void send(RaftMessage message) {
    if (holdsBack.test(message)) {
      heldBack.add(message);
      return;
    }
    network.send(
        message.from().value(),
        message.to().value(),
        () -> members.get(message.to()).receive(message));
  }

  /** Whether anybody reads the trace. */
  public boolean isTraced() {
    return trace != null;
  }

  void trace(MemberId member, String what) {
    trace(member.value(), what);
  }

  /** One line of the trace. */
  public void trace(String who, String what) {
    if (trace != null) {
      trace.accept("%10.3f ms %s %s".formatted(events.nowNanos() / 1e6, who, what));
    }
  }

  void traceMessage(RaftMessage message) {
    if (trace != null) {
      trace(message.from(), "-> " + message.to() + " " + message);
    }
  }
}
