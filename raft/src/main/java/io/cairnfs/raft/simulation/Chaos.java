package io.cairnfs.raft.simulation;

import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Makes faults, one after the other and several at a time, and ends them. */
final class Chaos {
  private static final long MILLI = 1_000_000;
  private static final int SEGMENT_HEADER_BYTES = 4_096;

  private final SimulatedGroup run;
  private final Scenario scenario;
  private final RandomGenerator random;
  private boolean stopped;
  private int faults;

  Chaos(SimulatedGroup run, Scenario scenario, RandomGenerator random) {
    this.run = run;
    this.scenario = scenario;
    this.random = random;
  }

  int faults() {
    return faults;
  }

  void start() {
    run.events().after(600 * MILLI, this::next);
  }

  void stop() {
    stopped = true;
  }

  private void next() {
    if (stopped) {
      return;
    }
    makeCounted(scenario.draw(random));
    run.events().after(5 * MILLI + random.nextLong(220 * MILLI), this::next);
  }

  boolean makeCounted(FaultKind kind) {
    if (!make(kind)) {
      return false;
    }
    faults++;
    run.tally().count(kind);
    return true;
  }

  /** Everything that can be repaired is, and what stands still goes on. */
  void repair(SimulatedMember member) {
    member.store().disk().limitCapacity(Long.MAX_VALUE);
    member.store().disk().failForces(0);
    member.slowDisk(MILLI);
    if (member.isHalted()) {
      member.resume();
    }
    member.start();
  }

  private boolean make(FaultKind kind) {
    SimulatedMember victim = anyMember();
    return switch (kind) {
      case PARTITION -> partition();
      case LEADER_ISOLATED -> isolateLeader();
      case ONE_WAY_PARTITION -> cutOneWay(victim);
      case LINK_CUT -> cutLink(victim);
      case LOSS_BURST -> weather(() -> run.network().lose(5 + random.nextInt(50)), this::noLoss);
      case DUPLICATION_BURST ->
          weather(() -> run.network().duplicate(10 + random.nextInt(50)), this::noDuplicates);
      case REORDERING_BURST ->
          weather(() -> run.network().reorder(10 + random.nextInt(60)), this::noReordering);
      case DELAY_BURST ->
          weather(() -> run.network().delay(1 + random.nextLong(1_000 * MILLI)), this::noDelay);
      case PROCESS_KILLED -> kill(victim);
      case POWER_LOST -> losePower(victim);
      case POWER_LOST_EVERYWHERE -> losePowerEverywhere();
      case PROCESS_PAUSED -> pause(victim);
      case MACHINE_SUSPENDED -> suspend(victim);
      case DISK_SLOW -> slowDisk(victim);
      case DISK_FULL -> fillDisk(victim);
      case FORCE_FAILED -> failForce(victim);
      case BIT_FLIPPED -> flipBit(victim);
      case VOTERS_RESTARTED_WITHIN_LEASE -> restartVoters();
      case LEADERSHIP_TRANSFERRED -> transfer();
      case MEMBERSHIP_CHANGED -> {
        run.trace(victim.id(), "FAULT membership changes");
        run.operator().changeMembers();
        yield true;
      }
    };
  }

  private SimulatedMember anyMember() {
    List<SimulatedMember> alive =
        run.members().stream().filter(member -> !member.isGone()).toList();
    if (random.nextInt(3) == 0 && run.leader().isPresent()) {
      return run.leader().get();
    }
    return alive.get(random.nextInt(alive.size()));
  }

  // The network.

  private boolean partition() {
    List<SimulatedMember> one = new ArrayList<>();
    List<SimulatedMember> other = new ArrayList<>();
    for (SimulatedMember member : run.members()) {
      (random.nextBoolean() ? one : other).add(member);
    }
    if (one.isEmpty() || other.isEmpty()) {
      return false;
    }
    run.trace(one.get(0).id(), "FAULT partition: " + ids(one) + " | " + ids(other));
    long duration = duration();
    for (SimulatedMember left : one) {
      for (SimulatedMember right : other) {
        cut(left.id(), right.id(), duration);
        cut(right.id(), left.id(), duration);
      }
    }
    return true;
  }

  private static List<MemberId> ids(List<SimulatedMember> members) {
    return members.stream().map(SimulatedMember::id).toList();
  }

  private boolean isolateLeader() {
    Optional<SimulatedMember> leader = run.leader();
    if (leader.isEmpty()) {
      return false;
    }
    run.trace(leader.get().id(), "FAULT leader isolated");
    long duration = duration();
    for (SimulatedMember other : run.members()) {
      cut(leader.get().id(), other.id(), duration);
      cut(other.id(), leader.get().id(), duration);
    }
    return true;
  }

  private boolean cutOneWay(SimulatedMember victim) {
    boolean deaf = random.nextBoolean();
    run.trace(victim.id(), deaf ? "FAULT deaf" : "FAULT mute");
    long duration = duration();
    for (SimulatedMember other : run.members()) {
      if (deaf) {
        cut(other.id(), victim.id(), duration);
      } else {
        cut(victim.id(), other.id(), duration);
      }
    }
    return true;
  }

  private boolean cutLink(SimulatedMember victim) {
    SimulatedMember other = anyMember();
    if (other == victim) {
      return false;
    }
    run.trace(victim.id(), "FAULT link to " + other.id() + " cut");
    long duration = duration();
    cut(victim.id(), other.id(), duration);
    cut(other.id(), victim.id(), duration);
    return true;
  }

  private void cut(MemberId from, MemberId to, long duration) {
    run.network().cut(from.value(), to.value());
    run.events().after(duration, () -> run.network().join(from.value(), to.value()));
  }

  private boolean weather(Runnable begin, Runnable end) {
    begin.run();
    run.events().after(duration(), end);
    return true;
  }

  private void noLoss() {
    run.network().lose(0);
  }

  private void noDuplicates() {
    run.network().duplicate(0);
  }

  private void noReordering() {
    run.network().reorder(0);
  }

  private void noDelay() {
    run.network().delay(0);
  }

  private long duration() {
    return 50 * MILLI + random.nextLong(1_200 * MILLI);
  }

  // Processes.

  private boolean kill(SimulatedMember victim) {
    if (!victim.isUp()) {
      return false;
    }
    run.trace(victim.id(), "FAULT kill");
    victim.kill();
    startLater(victim);
    return true;
  }

  private boolean losePower(SimulatedMember victim) {
    if (!victim.isUp()) {
      return false;
    }
    run.trace(victim.id(), "FAULT power");
    victim.losePower();
    startLater(victim);
    return true;
  }

  private boolean losePowerEverywhere() {
    for (SimulatedMember member : run.members()) {
      if (member.isUp()) {
        member.losePower();
        startLater(member);
      }
    }
    return true;
  }

  /** Often so soon that a voter would have forgotten whom it had heard. */
  private void startLater(SimulatedMember member) {
    long delay =
        random.nextBoolean() ? random.nextLong(100 * MILLI) : random.nextLong(1_500 * MILLI);
    run.events().after(delay, member::start);
  }

  private boolean pause(SimulatedMember victim) {
    if (!victim.isUp() || victim.isHalted()) {
      return false;
    }
    run.trace(victim.id(), "FAULT pause");
    victim.pause();
    run.events().after(duration(), victim::resume);
    return true;
  }

  private boolean suspend(SimulatedMember victim) {
    if (!victim.isUp() || victim.isHalted()) {
      return false;
    }
    run.trace(victim.id(), "FAULT suspend");
    victim.suspend();
    run.events().after(duration(), victim::resume);
    return true;
  }

  /** Hazard A12: who forgets in a restart that it heard a leader could elect another one. */
  private boolean restartVoters() {
    Optional<SimulatedMember> leader = run.leader();
    SimulatedMember rival = anyMember();
    if (leader.isEmpty() || leader.get() == rival) {
      return false;
    }
    run.trace(rival.id(), "FAULT cut off from the leader, whose other voters restart");
    cut(leader.get().id(), rival.id(), 1_200 * MILLI);
    cut(rival.id(), leader.get().id(), 1_200 * MILLI);
    for (int round = 0; round < 3; round++) {
      long when = 300 * MILLI + random.nextLong(500 * MILLI);
      for (SimulatedMember member : run.runningMembers()) {
        if (member != rival && member != leader.get()) {
          run.events().after(when, () -> restart(member));
        }
      }
    }
    return true;
  }

  private void restart(SimulatedMember member) {
    if (member.isUp() && !stopped) {
      member.kill();
      run.events().after(1 + random.nextLong(20 * MILLI), member::start);
    }
  }

  // Disks.

  /** A slow disk of a leader that is cut off, too, has entries on their way that must be undone. */
  private boolean slowDisk(SimulatedMember victim) {
    if (victim.isUp() && victim.isLeader() && random.nextBoolean()) {
      victim.slowDisk(2_000 * MILLI);
      run.events().after(1_500 * MILLI, () -> victim.slowDisk(MILLI));
      return isolateLeader();
    }
    victim.slowDisk(random.nextLong((random.nextInt(3) == 0 ? 2_000 : 200) * MILLI) + MILLI);
    run.events().after(duration(), () -> victim.slowDisk(MILLI));
    return true;
  }

  private boolean fillDisk(SimulatedMember victim) {
    run.trace(victim.id(), "FAULT disk full");
    victim.store().disk().limitCapacity(victim.store().disk().usedBytes() + random.nextInt(2_000));
    run.events().after(duration(), () -> victim.store().disk().limitCapacity(Long.MAX_VALUE));
    return true;
  }

  private boolean failForce(SimulatedMember victim) {
    if (!victim.isUp()) {
      return false;
    }
    run.trace(victim.id(), "FAULT next force fails");
    victim.store().disk().failForces(1);
    return true;
  }

  /**
   * Damages a record that is known forced, and lets the member find it at its next start: it must
   * not start again. Only where all memberships in force can do without it for ever.
   */
  private boolean flipBit(SimulatedMember victim) {
    if (!victim.isUp() || !isDispensable(victim)) {
      return false;
    }
    List<String> segments =
        victim.store().disk().files().stream()
            .filter(name -> name.contains("/log-") && name.endsWith(".segment"))
            .toList();
    if (segments.isEmpty()) {
      return false;
    }
    String name = segments.get(random.nextInt(segments.size()));
    long first = firstIndex(name);
    boolean closed = !name.equals(segments.get(segments.size() - 1));
    if (!closed && !victim.isVouchedFor(first)) {
      return false;
    }
    run.trace(victim.id(), "FAULT bit flip in " + name);
    try {
      // In the fields and the payload that its first record has at least, checksum included.
      long bit = (SEGMENT_HEADER_BYTES + random.nextInt(40)) * 8L + random.nextInt(8);
      victim.store().disk().flipBit(name, bit);
    } catch (IOException e) {
      throw new StorageFailure(e);
    }
    victim.condemn();
    victim.kill();
    startLater(victim);
    return true;
  }

  private static long firstIndex(String segment) {
    String digits = segment.replaceAll(".*log-(\\d+)\\.segment", "$1");
    return Long.parseLong(digits);
  }

  private boolean isDispensable(SimulatedMember victim) {
    for (SimulatedMember member : run.members()) {
      if (member.isGone()) {
        continue;
      }
      if (!member.isUp()
          || !hasMajorityWithout(member.core().membership(), victim)
          || !hasMajorityWithout(member.core().membershipAt(member.core().commitIndex()), victim)) {
        return false;
      }
    }
    return true;
  }

  private boolean hasMajorityWithout(Membership membership, SimulatedMember victim) {
    if (membership.voters().isEmpty()) {
      return true;
    }
    long healthy =
        membership.voters().stream()
            .map(voter -> run.member(voter.id()))
            .filter(member -> member != victim && !member.isGone())
            .count();
    return healthy > membership.voters().size() / 2;
  }

  // Requests.

  private boolean transfer() {
    Optional<SimulatedMember> leader = run.leader();
    if (leader.isEmpty()) {
      return false;
    }
    SimulatedMember from = leader.get();
    SimulatedMember to = anyMember();
    run.trace(from.id(), "FAULT transfer to " + to.id());
    from.input(() -> from.core().transferLeadership(to.id(), from.localNanos()));
    return true;
  }
}
