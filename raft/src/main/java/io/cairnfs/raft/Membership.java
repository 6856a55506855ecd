package io.cairnfs.raft;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Who belongs to a group: voters decide elections and commitment, learners only receive the log.
 * Both lists are sorted by id; no id is in both. Raft dissertation, chapter 4.
 *
 * @param former the members that were removed last, oldest first: whoever still has such an
 *     identity is told so
 */
public record Membership(List<Member> voters, List<Member> learners, List<FormerMember> former) {
  /** The membership of a member that has not yet heard of its group. */
  public static final Membership NONE = new Membership(List.of(), List.of());

  private static final int MAX_FORMER = 64;

  public Membership {
    voters = sorted(voters);
    learners = sorted(learners);
    former = List.copyOf(former);
    for (Member learner : learners) {
      if (contains(voters, learner.id())) {
        throw new IllegalArgumentException(learner.id() + " is both voter and learner");
      }
    }
  }

  /** A membership from which nobody was removed. */
  public Membership(List<Member> voters, List<Member> learners) {
    this(voters, learners, List.of());
  }

  /** A membership of voters alone. */
  public static Membership ofVoters(Collection<Member> voters) {
    return new Membership(List.copyOf(voters), List.of());
  }

  public boolean isVoter(MemberId id) {
    return contains(voters, id);
  }

  public boolean isLearner(MemberId id) {
    return contains(learners, id);
  }

  public Optional<Member> member(MemberId id) {
    // Asked for every message: no stream.
    for (Member voter : voters) {
      if (voter.id().equals(id)) {
        return Optional.of(voter);
      }
    }
    for (Member learner : learners) {
      if (learner.id().equals(id)) {
        return Optional.of(learner);
      }
    }
    return Optional.empty();
  }

  public Stream<Member> members() {
    return Stream.concat(voters.stream(), learners.stream());
  }

  public Set<MemberId> voterIds() {
    return voters.stream().map(Member::id).collect(Collectors.toUnmodifiableSet());
  }

  /** Adds the member as a voter, or makes a learner one. */
  public Membership withVoter(Member member) {
    Membership others = without(member.id());
    return new Membership(append(others.voters, member), others.learners, former);
  }

  /** Adds the member as a learner, or makes a voter one. */
  public Membership withLearner(Member member) {
    Membership others = without(member.id());
    return new Membership(others.voters, append(others.learners, member), former);
  }

  public Membership without(MemberId id) {
    return new Membership(remove(voters, id), remove(learners, id), former);
  }

  /** Takes a member out for good: what it is now it can never be again. */
  public Membership withFormer(MemberId id) {
    List<FormerMember> known = new ArrayList<>(former);
    member(id).ifPresent(member -> known.add(new FormerMember(id, member.instance())));
    Membership others = without(id);
    return new Membership(
        others.voters,
        others.learners,
        known.subList(Math.max(0, known.size() - MAX_FORMER), known.size()));
  }

  /** Puts in the instances of members that are present and have none yet. */
  public Membership withInstances(ToLongFunction<MemberId> instances) {
    return new Membership(bound(voters, instances), bound(learners, instances), former);
  }

  /** Whether one with this identity was removed, and is not a member (again). */
  public boolean wasRemoved(MemberId id, long instance) {
    if (former.contains(new FormerMember(id, instance))) {
      return true;
    }
    return member(id).isEmpty() && former.contains(new FormerMember(id, 0));
  }

  private static List<Member> bound(List<Member> members, ToLongFunction<MemberId> instances) {
    return members.stream()
        .map(
            member ->
                member.instance() == 0
                    ? member.withInstance(instances.applyAsLong(member.id()))
                    : member)
        .toList();
  }

  private static boolean contains(List<Member> members, MemberId id) {
    for (Member member : members) {
      if (member.id().equals(id)) {
        return true;
      }
    }
    return false;
  }

  private static List<Member> append(List<Member> members, Member member) {
    return Stream.concat(members.stream(), Stream.of(member)).toList();
  }

  private static List<Member> remove(List<Member> members, MemberId id) {
    return members.stream().filter(member -> !member.id().equals(id)).toList();
  }

  private static List<Member> sorted(List<Member> members) {
    TreeMap<MemberId, Member> byId = new TreeMap<>();
    for (Member member : members) {
      if (byId.put(member.id(), member) != null) {
        throw new IllegalArgumentException(member.id() + " is listed twice");
      }
    }
    return List.copyOf(byId.values());
  }

  @Override
  public String toString() {
    return "voters " + voters + (learners.isEmpty() ? "" : " learners " + learners);
  }
}
