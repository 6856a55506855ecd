package io.cairnfs.simulation.system;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.rpc.client.RpcReply;
import io.cairnfs.rpc.frame.Peer;
import io.cairnfs.rpc.server.ServerCall;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.channel.FileRegion;
import java.util.OptionalLong;

/** A call at the process that answers it. */
final class SimulatedCall implements ServerCall {
  private final Method method;
  private final ByteString message;
  private final Peer peer;
  private final SimulatedNode node;
  private final NodeRpcClient.Answer answer;
  private final int life;
  private final long arrivedNanos;
  private boolean answered;

  SimulatedCall(
      Method method,
      ByteString message,
      Peer peer,
      SimulatedNode node,
      NodeRpcClient.Answer answer) {
    this.method = method;
    this.message = message;
    this.peer = peer;
    this.node = node;
    this.answer = answer;
    this.life = node.life();
    this.arrivedNanos = node.clock().monotonicNanos();
  }

  @Override
  public long arrivedNanos() {
    return arrivedNanos;
  }

  @Override
  public Method method() {
    return method;
  }

  @Override
  public ByteString message() {
    return message;
  }

  @Override
  public <T extends MessageLite> T message(Parser<T> parser) throws CairnException {
    try {
      return parser.parseFrom(message);
    } catch (InvalidProtocolBufferException e) {
      throw new CairnException(ErrorCode.MALFORMED, method + ": " + e.getMessage(), e);
    }
  }

  @Override
  public ByteBuf payload() {
    return Unpooled.EMPTY_BUFFER;
  }

  @Override
  public Peer peer() {
    return peer;
  }

  @Override
  public OptionalLong deadlineNanos() {
    return OptionalLong.empty();
  }

  @Override
  public boolean isCancelled() {
    return false;
  }

  @Override
  public void onCancel(Runnable action) {
    // Nobody cancels: who gives up forgets.
  }

  @Override
  public EventLoop eventLoop() {
    return new VirtualEventLoop(node);
  }

  @Override
  public void reply(MessageLite reply) {
    reply(reply, Unpooled.EMPTY_BUFFER);
  }

  @Override
  public void reply(MessageLite reply, ByteBuf payload) {
    byte[] bytes = new byte[payload.readableBytes()];
    payload.readBytes(bytes);
    payload.release();
    if (first()) {
      answer.reply(node, new RpcReply(reply.toByteString(), Unpooled.wrappedBuffer(bytes)));
    }
  }

  @Override
  public void reply(MessageLite reply, ByteBuf first, FileRegion rest) {
    first.release();
    rest.release();
    throw new UnsupportedOperationException("a simulated file has no channel");
  }

  @Override
  public void fail(CairnException refusal) {
    if (first()) {
      answer.fail(node, refusal);
    }
  }

  private boolean first() {
    if (answered) {
      throw new IllegalStateException(method + " was answered twice");
    }
    answered = true;
    return node.isUp() && node.life() == life;
  }
}
