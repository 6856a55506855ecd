package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.id.SessionId;

/**
 * The exclusive right of one session to write a file.
 *
 * @param grant number of the grant, from a counter: the fencing token that a commit presents
 */
public record LeaseRecord(SessionId session, long grant) {
  private static final int FORMAT = 1;

  byte[] encode() {
    return new RecordOutput(FORMAT).writeVarint(session.value()).writeVarint(grant).toByteArray();
  }

  public static LeaseRecord decode(byte[] value) {
    RecordInput in = new RecordInput("lease", value, FORMAT);
    LeaseRecord record = new LeaseRecord(new SessionId(in.readVarint()), in.readVarint());
    in.requireEnd();
    return record;
  }
}
