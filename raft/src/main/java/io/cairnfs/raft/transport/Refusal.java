package io.cairnfs.raft.transport;

import io.cairnfs.raft.Membership;

/**
 * Why a member's message was not taken: it is not the member that it says it is.
 *
 * @param removed its removal is committed; otherwise the group's member of this id is another
 *     instance
 * @param reason for people
 * @param membership as the refusing member has it
 * @param leader address of whoever leads; empty if that is not known
 */
public record Refusal(boolean removed, String reason, Membership membership, String leader) {}
