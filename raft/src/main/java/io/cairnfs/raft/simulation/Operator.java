package io.cairnfs.raft.simulation;

import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.core.MembershipCodec;
import io.cairnfs.raft.core.Proposal;
import io.cairnfs.raft.core.RaftCore.Acceptance;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Who runs the group: replaces members whose disks are damaged, and changes the membership when
 * told to. Asks whoever believes to lead, at bad moments too; the engine must refuse what is
 * unsafe.
 */
final class Operator {
  private static final long MILLI = 1_000_000;
  private static final int MAX_VOTERS = 5;
  private static final int MAX_MEMBERS_EVER = 12;

  private final SimulatedGroup run;
  private final RandomGenerator random;
  private boolean stopped;
  private int wanted;

  Operator(SimulatedGroup run, RandomGenerator random) {
    this.run = run;
    this.random = random;
  }

  void start() {
    run.events().after(40 * MILLI + random.nextLong(200 * MILLI), this::work);
  }

  void stop() {
    stopped = true;
  }

  /** Changes the membership a few times from now on. */
  void changeMembers() {
    wanted += 1 + random.nextInt(3);
  }

  private void work() {
    if (stopped) {
      return;
    }
    start();
    retireRemoved();
    List<SimulatedMember> leaders =
        run.runningMembers().stream().filter(SimulatedMember::isLeader).toList();
    if (leaders.isEmpty()) {
      return;
    }
    SimulatedMember leader = leaders.get(random.nextInt(leaders.size()));
    next(leader).ifPresent(membership -> leader.input(() -> change(leader, membership)));
  }

  private Optional<Membership> next(SimulatedMember leader) {
    Membership now = leader.core().membership();
    for (Member voter : now.voters()) {
      if (run.member(voter.id()).isGone() && now.voters().size() > 1) {
        return Optional.of(now.without(voter.id()));
      }
    }
    boolean short3 = now.voters().size() < 3;
    for (Member learner : now.learners()) {
      if (run.member(learner.id()).isGone()) {
        return Optional.of(now.without(learner.id()));
      }
      if ((wanted > 0 || short3) && now.voters().size() < MAX_VOTERS) {
        return Optional.of(now.withVoter(learner));
      }
    }
    if (wanted == 0 && !short3) {
      return Optional.empty();
    }
    wanted = Math.max(0, wanted - 1);
    boolean mayJoin = run.membersMade() < MAX_MEMBERS_EVER && now.learners().isEmpty();
    if (mayJoin && (short3 || (now.voters().size() < MAX_VOTERS && random.nextBoolean()))) {
      return Optional.of(now.withLearner(run.join().address()));
    }
    if (now.voters().size() <= 2) {
      return Optional.empty();
    }
    Member victim = now.voters().get(random.nextInt(now.voters().size()));
    return leavesMajority(now.without(victim.id()))
        ? Optional.of(random.nextInt(4) == 0 ? now.withLearner(victim) : now.without(victim.id()))
        : Optional.empty();
  }

  /** A membership that could never commit anything must not be asked for. */
  private boolean leavesMajority(Membership membership) {
    long healthy =
        membership.voters().stream().filter(voter -> !run.member(voter.id()).isGone()).count();
    return healthy > membership.voters().size() / 2;
  }

  private void change(SimulatedMember leader, Membership membership) {
    if (!leavesMajority(membership)) {
      return;
    }
    Membership before = leader.core().membership();
    Acceptance acceptance =
        leader.core().changeMembers(membership, new Change(membership), leader.localNanos());
    run.trace(leader.id(), "change to " + membership + ": " + acceptance);
    if (acceptance == Acceptance.ACCEPTED) {
      for (Member voter : membership.voters()) {
        if (!before.isVoter(voter.id())) {
          run.tally().count(Sighting.LEARNER_PROMOTED);
        }
      }
      for (Member voter : before.voters()) {
        if (!membership.isVoter(voter.id())) {
          run.tally().count(Sighting.VOTER_REMOVED);
          if (voter.id().equals(leader.id())) {
            run.tally().count(Sighting.LEADER_REMOVED);
          }
        }
      }
    }
  }

  /** Members that no membership in force anywhere names are switched off, sooner or later. */
  private void retireRemoved() {
    for (SimulatedMember member : run.runningMembers()) {
      if (random.nextInt(20) == 0 && isNowhereNamed(member.id())) {
        member.retire();
      }
    }
  }

  private boolean isNowhereNamed(MemberId id) {
    for (SimulatedMember member : run.members()) {
      if (member.isGone()) {
        continue;
      }
      if (!member.isUp() || namesInForceOrBefore(member, id)) {
        return false;
      }
    }
    return true;
  }

  /** What is in force but not committed may be undone, and then the one before counts again. */
  private static boolean namesInForceOrBefore(SimulatedMember member, MemberId id) {
    return member.core().membership().member(id).isPresent()
        || member.core().membershipAt(member.core().commitIndex()).member(id).isPresent();
  }

  private record Change(Membership membership) implements Proposal {
    @Override
    public byte[] payload() {
      return MembershipCodec.encode(membership);
    }
  }
}
