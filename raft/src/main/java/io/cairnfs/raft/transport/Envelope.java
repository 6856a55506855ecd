package io.cairnfs.raft.transport;

import io.cairnfs.raft.Member;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.core.RaftMessage;
import io.cairnfs.raft.core.RaftMessage.AppendReply;
import io.cairnfs.raft.core.RaftMessage.CheckpointReply;
import io.cairnfs.raft.core.RaftMessage.VoteReply;

/**
 * Which lives of two members' directories a message is between; 0 = not said.
 *
 * @param from the sender's own
 * @param to the one that a request is meant for; answers go to whoever asked
 */
public record Envelope(long from, long to) {
  /**
   * Of a message to be sent. A request asks for a promise, which only the very member that is meant
   * can give.
   */
  public static Envelope of(RaftMessage message, long sender, Membership membership) {
    boolean answers =
        message instanceof AppendReply
            || message instanceof VoteReply
            || message instanceof CheckpointReply;
    long to = answers ? 0 : membership.member(message.to()).map(Member::instance).orElse(0L);
    return new Envelope(sender, to);
  }
}
