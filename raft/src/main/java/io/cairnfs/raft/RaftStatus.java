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
 * @param standing what this process is to the group
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
    Standing standing,
    List<Follower> followers) {
  public RaftStatus {
    followers = List.copyOf(followers);
  }

  /** Of a member without an instance. */
  public RaftStatus(
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
    this(
        self,
        role,
        term,
        leader,
        ready,
        commitIndex,
        appliedIndex,
        firstIndex,
        lastIndex,
        membership,
        new Standing(0, Belonging.MEMBER, ""),
        followers);
  }

  /** Whether the group takes this process for a member. */
  public enum Belonging {
    /** It has not been told of any group yet, or has not been added to it. */
    JOINING,
    MEMBER,
    /** Another directory is the member of this id: this one was emptied and formatted again. */
    REFUSED,
    /** It was a member; it never will be again. */
    REMOVED
  }

  /**
   * @param instance which life of its directory this member is; 0 = none was given
   * @param reason why it is REFUSED or REMOVED, for people; else empty
   */
  public record Standing(long instance, Belonging belonging, String reason) {}

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
