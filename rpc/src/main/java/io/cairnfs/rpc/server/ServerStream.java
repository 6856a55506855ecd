package io.cairnfs.rpc.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.rpc.frame.Peer;
import io.netty.channel.EventLoop;

/**
 * The server's end of a stream call. Safe for any thread; what is sent is handed to the
 * connection's event loop in order. After {@code finish}, {@code fail} or {@link
 * StreamReceiver#onBroken} all of it does nothing, and data that still arrives is dropped.
 */
public interface ServerStream {
  Method method();

  /** The serialized request that opened the stream. */
  ByteString message();

  /**
   * The request that opened the stream.
   *
   * @throws CairnException MALFORMED when the bytes are not such a message
   */
  <T extends MessageLite> T message(Parser<T> parser) throws CairnException;

  Peer peer();

  /** The loop that owns the connection, and on which the receiver is called. */
  EventLoop eventLoop();

  /** Sends an acknowledgement. */
  void ack(MessageLite message);

  /** Ends the stream with success. */
  void finish(MessageLite reply);

  /** Ends the stream with an error. */
  void fail(CairnException refusal);

  /**
   * Stops reading from the connection until {@link #resumeReading}: the receiver is behind. What
   * was already read (one socket read, or the frame being assembled) may still be delivered. It
   * stops the whole connection, so streams belong on connections of their own. While bytes are left
   * unread, the loss of the connection is noticed only when reading goes on.
   */
  void pauseReading();

  /** Reads on. */
  void resumeReading();
}
