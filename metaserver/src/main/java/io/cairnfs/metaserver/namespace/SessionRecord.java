package io.cairnfs.metaserver.namespace;

import com.google.protobuf.ByteString;
import io.cairnfs.common.id.SessionId;

/**
 * A client's registered identity.
 *
 * @param user the principal it is bound to
 * @param nonce the client's random number, by which a repeated OpenSession finds its session
 * @param lowWater every call below has been answered at the client, and is never executed again
 * @param highCall no call above has been executed
 */
public record SessionRecord(
    SessionId id,
    String user,
    String host,
    String clientName,
    ByteString nonce,
    long lowWater,
    long highCall,
    long changeIndex) {
  private static final int FORMAT = 1;

  byte[] encode() {
    return new RecordOutput(FORMAT)
        .writeString(user)
        .writeString(host)
        .writeString(clientName)
        .writeBytes(nonce.toByteArray())
        .writeVarint(lowWater)
        .writeVarint(highCall)
        .writeVarint(changeIndex)
        .toByteArray();
  }

  static SessionRecord decode(SessionId id, byte[] value) {
    RecordInput in = new RecordInput("session", value, FORMAT);
    SessionRecord record =
        new SessionRecord(
            id,
            in.readString(),
            in.readString(),
            in.readString(),
            ByteString.copyFrom(in.readBytes()),
            in.readVarint(),
            in.readVarint(),
            in.readVarint());
    in.requireEnd();
    return record;
  }

  /** After one more call was let in. */
  public SessionRecord withCall(long mark, long call, long index) {
    return new SessionRecord(
        id,
        user,
        host,
        clientName,
        nonce,
        Math.max(lowWater, mark),
        Math.max(highCall, call),
        index);
  }
}
