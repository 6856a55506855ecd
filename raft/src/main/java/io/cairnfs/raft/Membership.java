package io.cairnfs.raft;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Who belongs to a group: voters decide elections and commitment, learners only receive the log.
 * Both lists are sorted by id; no id is in both. Raft dissertation, chapter 4.
 */
public record Membership(List<Member> voters, List<Member> learners) {
  /** The membership of a member that has not yet heard of its group. */
  public static final Membership NONE = new Membership(List.of(), List.of());

  public Membership {
    voters = sorted(voters);
    learners = sorted(learners);
    for (Member learner : learners) {
      if (contains(voters, learner.id())) {
        throw new IllegalArgumentException(learner.id() + " is both voter and learner");
      }
    }
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
    return members().filter(member -> member.id().equals(id)).findFirst();
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
    return new Membership(append(others.voters, member), others.learners);
  }

  /** Adds the member as a learner, or makes a voter one. */
  public Membership withLearner(Member member) {
    Membership others = without(member.id());
    return new Membership(others.voters, append(others.learners, member));
  }

  public Membership without(MemberId id) {
    return new Membership(remove(voters, id), remove(learners, id));
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
