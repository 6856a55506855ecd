package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.id.SessionId;

/**
 * The exclusive right of one session to write a file.
 *
 * @param grant number of the grant, from a counter: the fencing token that a commit presents
 * @param commits sequence number of the last commit that was applied under it; 0 = none yet
 */
public record LeaseRecord(SessionId session, long grant, long commits) {
  private static final int FORMAT = 1;

  /** The same lease, one commit further. */
  public LeaseRecord withCommits(long sequence) {
    return new LeaseRecord(session, grant, sequence);
  }

  byte[] encode() {
    return new RecordOutput(FORMAT)
        .writeVarint(session.value())
        .writeVarint(grant)
        .writeVarint(commits)
        .toByteArray();
  }

  public static LeaseRecord decode(byte[] value) {
    RecordInput in = new RecordInput("lease", value, FORMAT);
    LeaseRecord record =
        new LeaseRecord(new SessionId(in.readVarint()), in.readVarint(), in.readVarint());
    in.requireEnd();
    return record;
  }
}
