package io.cairnfs.raft;

import java.util.Optional;

/**
 * A member's view at one moment.
 *
 * @param leader who leads the term, as far as this member knows
 * @param ready leads, and has applied the first entry of its own term: it may serve
 * @param commitIndex highest index known committed
 * @param appliedIndex highest index that the state machine has applied
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
    Membership membership) {}
