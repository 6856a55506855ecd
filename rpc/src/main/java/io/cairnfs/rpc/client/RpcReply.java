package io.cairnfs.rpc.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.netty.buffer.ByteBuf;

/**
 * A successful answer.
 *
 * @param message the serialized reply
 * @param payload raw bytes, empty if none; they belong to whoever got the reply and must be
 *     released
 */
public record RpcReply(ByteString message, ByteBuf payload) {
  /**
   * The reply as a message; leaves the payload alone.
   *
   * @throws CairnException MALFORMED when the bytes are not such a message
   */
  public <T extends MessageLite> T message(Parser<T> parser) throws CairnException {
    try {
      return parser.parseFrom(message);
    } catch (InvalidProtocolBufferException e) {
      throw new CairnException(ErrorCode.MALFORMED, "reply is malformed: " + e.getMessage(), e);
    }
  }

  /** Gives the payload back. */
  public void release() {
    payload.release();
  }
}
