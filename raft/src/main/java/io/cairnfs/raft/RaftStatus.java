package io.cairnfs.raft;

import java.util.List;
import java.util.Optional;

/**
 * A member's view at one moment.
 *
 * @param leader who leads the term, as far as this member knows
 * @param ready leads, and has applied the first entry of its own term: it may serve
 * @param commitIndex highest index known committed
 * @param appliedIndex highest index that the state machine has applied
 * @param followers what a leader knows of the other members; empty where this member does not lead
 */
public record RaftStatus(
    MemberId self,
    RaftRole role,
    long term,
    Optional<Member> leader,
    boolean ready,
    long commitIndex,
    long appliedIndex,
    long firstIndex,
    long lastIndex,
    Membership membership,
    List<Follower> followers) {
  public RaftStatus {
    followers = List.copyOf(followers);
  }

  /**
   * Another member, as its leader knows it.
   *
   * @param reachable it answered within the longest election time-out
   * @param matchIndex its log is known to be equal, and durable, up to here
   */
  public record Follower(MemberId id, boolean reachable, long matchIndex) {}

  /** What is known of a member; nothing of this one itself, or where this one does not lead. */
  public Optional<Follower> follower(MemberId id) {
    return followers.stream().filter(follower -> follower.id().equals(id)).findFirst();
  }
}
