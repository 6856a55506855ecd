package io.cairnfs.rpc.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.rpc.frame.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.channel.FileRegion;
import java.util.OptionalLong;

/**
 * One request and the way to answer it. Safe for any thread; answers are handed to the connection's
 * event loop. The first answer counts; a second one is a programmer's error
 * (IllegalStateException). Answers to a cancelled call or a lost connection are dropped and their
 * buffers released.
 */
public interface ServerCall {
  Method method();

  /** The serialized request; lives as long as anyone refers to it. */
  ByteString message();

  /**
   * The request as a message.
   *
   * @throws CairnException MALFORMED when the bytes are not such a message
   */
  <T extends MessageLite> T message(Parser<T> parser) throws CairnException;

  /**
   * Raw bytes that came with the request, empty if none. They belong to the call and are released
   * with the answer; who needs them longer retains them.
   */
  ByteBuf payload();

  Peer peer();

  /** The monotonic time (of the server's clock) when the request had arrived. */
  long arrivedNanos();

  /** The monotonic time (of the server's clock) after which the caller no longer waits. */
  OptionalLong deadlineNanos();

  /**
   * The caller gave up or is gone: nobody will read the answer, which must be given all the same.
   */
  boolean isCancelled();

  /**
   * Runs the action on the event loop when the caller gives up or goes away before the answer; at
   * once if that has happened. At most one action.
   */
  void onCancel(Runnable action);

  /** The loop that owns the connection. */
  EventLoop eventLoop();

  void reply(MessageLite message);

  /** Answers with raw bytes; takes ownership of the payload, also on failure. */
  void reply(MessageLite message, ByteBuf payload);

  /**
   * Answers with raw bytes {@code first} followed by a file's bytes, sent without passing through
   * this process where the transport can; takes ownership of both, also on failure.
   */
  void reply(MessageLite message, ByteBuf first, FileRegion rest);

  /** Refuses the call with the exception's code, message and hints. */
  void fail(CairnException refusal);
}
