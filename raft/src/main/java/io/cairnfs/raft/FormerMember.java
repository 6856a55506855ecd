package io.cairnfs.raft;

/**
 * One that was a member and was removed.
 *
 * @param instance 0 = it was never known
 */
public record FormerMember(MemberId id, long instance) {}
