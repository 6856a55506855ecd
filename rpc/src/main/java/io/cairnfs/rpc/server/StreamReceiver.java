package io.cairnfs.rpc.server;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.netty.buffer.ByteBuf;

/** Takes what arrives on a stream. All methods run on the connection's event loop. */
public interface StreamReceiver {
  /**
   * One frame of data, in the order sent.
   *
   * @param message the serialized header message of the method
   * @param payload raw bytes, owned by the receiver, who must release them
   * @throws CairnException ends the stream: the same as {@link ServerStream#fail}
   */
  void onData(ByteString message, ByteBuf payload) throws CairnException;

  /**
   * The caller cancelled (CANCELLED) or its connection is gone (CONNECTION_LOST), before the stream
   * was finished here. Called at most once, and nothing is called after it.
   */
  void onBroken(CairnException cause);
}
