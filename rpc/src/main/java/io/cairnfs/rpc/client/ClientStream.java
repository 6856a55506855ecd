package io.cairnfs.rpc.client;

import com.google.protobuf.MessageLite;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.util.concurrent.CompletableFuture;

/**
 * The caller's end of a stream call. Safe for any thread; frames go out in the order of the calls
 * of one thread.
 */
public interface ClientStream {
  /**
   * Sends one frame of data; takes ownership of the payload, also on failure. Never blocks: a
   * caller that goes on while {@link #isWritable} is false makes the frames pile up in memory.
   * After the stream has ended it does nothing but release the payload.
   */
  void send(MessageLite message, ByteBuf payload);

  /** Little enough is waiting to be sent. False until the connection is established. */
  boolean isWritable();

  /** Ends the stream from this side; {@link #finished} fails with CANCELLED. */
  void cancel();

  /**
   * Completes on the event loop with the server's final reply, or exceptionally with a {@link
   * io.cairnfs.common.error.CairnException}: the server's refusal, CONNECTION_LOST, UNAVAILABLE
   * when no connection could be made, CANCELLED. Completion may not be forced from outside.
   */
  CompletableFuture<RpcReply> finished();

  /** The loop that owns the connection. */
  EventLoop eventLoop();
}
