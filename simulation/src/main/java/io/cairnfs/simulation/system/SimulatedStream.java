package io.cairnfs.simulation.system;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.rpc.client.ClientStream;
import io.cairnfs.rpc.client.RpcReply;
import io.cairnfs.rpc.client.StreamListener;
import io.cairnfs.rpc.frame.Peer;
import io.cairnfs.rpc.server.ServerStream;
import io.cairnfs.rpc.server.StreamReceiver;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;

/**
 * A connection with one stream on it: two ways, each in order. A process that ends breaks it, which
 * the other side hears as soon as the way is free.
 */
final class SimulatedStream {
  private static final long MICRO = 1_000;
  private static final long MILLI = 1_000_000;

  private final SimulatedTransport transport;
  private final SimulatedNode caller;
  private final SimulatedNode receiver;
  private final int callerLife;
  private int receiverLife;
  private final Peer peer;
  private final Method method;
  private final ByteString request;
  private final StreamListener listener;
  private final Client client = new Client();
  private final Server server = new Server();
  private final Way toServer = new Way(true);
  private final Way toClient = new Way(false);

  SimulatedStream(
      SimulatedTransport transport,
      SimulatedNode caller,
      Peer peer,
      HostPort address,
      Method method,
      MessageLite request,
      StreamListener listener) {
    this.transport = transport;
    this.caller = caller;
    this.peer = peer;
    this.method = method;
    this.request = request.toByteString();
    this.listener = listener;
    this.receiver = transport.at(address).orElseThrow();
    callerLife = caller.life();
    toServer.send(server::open);
    watch();
  }

  ClientStream client() {
    return client;
  }

  private boolean callerLives() {
    return caller.isUp() && caller.life() == callerLife;
  }

  private boolean receiverLives() {
    return receiver.isUp() && (!server.opened || receiver.life() == receiverLife);
  }

  /** The machines notice broken connections, sooner or later. */
  private void watch() {
    transport
        .events()
        .after(
            100 * MILLI,
            () -> {
              if (client.ended && server.ended) {
                return;
              }
              if (!callerLives() && !server.ended && transport.connects(caller, receiver)) {
                server.breakOff(ErrorCode.CONNECTION_LOST);
              }
              if (!receiverLives() && !client.ended && transport.connects(receiver, caller)) {
                server.ended = true;
                client.end(null, new CairnException(ErrorCode.CONNECTION_LOST, "reset by peer"));
              }
              if (callerLives() || !server.ended) {
                watch();
              }
            });
  }

  /** One direction. */
  private final class Way {
    private final boolean forward;
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private boolean moving;

    Way(boolean forward) {
      this.forward = forward;
    }

    void send(Runnable delivery) {
      waiting.add(delivery);
      move();
    }

    private void move() {
      if (moving || waiting.isEmpty()) {
        return;
      }
      moving = true;
      long delay = 50 * MICRO + transport.random().nextLong(450 * MICRO);
      if (transport.random().nextInt(200) == 0) {
        delay += transport.random().nextLong(200 * MILLI);
      }
      transport.events().after(delay, this::arrive);
    }

    private void arrive() {
      SimulatedNode from = forward ? caller : receiver;
      SimulatedNode to = forward ? receiver : caller;
      if (!transport.connects(from, to)) {
        transport.events().after(50 * MILLI, this::arrive);
        return;
      }
      moving = false;
      Runnable delivery = waiting.remove();
      if (forward ? receiverLives() : callerLives()) {
        to.execute(delivery);
      }
      move();
    }
  }

  private final class Client implements ClientStream {
    private final CompletableFuture<RpcReply> finished = new CompletableFuture<>();
    private boolean ended;

    @Override
    public void send(MessageLite message, ByteBuf payload) {
      byte[] bytes = new byte[payload.readableBytes()];
      payload.readBytes(bytes);
      payload.release();
      if (!ended && callerLives()) {
        ByteString header = message.toByteString();
        toServer.send(() -> server.take(header, bytes));
      }
    }

    @Override
    public boolean isWritable() {
      return true;
    }

    @Override
    public void cancel() {
      if (!ended && callerLives()) {
        toServer.send(() -> server.breakOff(ErrorCode.CANCELLED));
        end(null, new CairnException(ErrorCode.CANCELLED, "cancelled"));
      }
    }

    private void end(RpcReply reply, CairnException failure) {
      if (ended) {
        return;
      }
      ended = true;
      if (!callerLives()) {
        return;
      }
      caller.execute(
          () -> {
            if (failure == null) {
              finished.complete(reply);
            } else {
              finished.completeExceptionally(failure);
            }
          });
    }

    @Override
    public CompletableFuture<RpcReply> finished() {
      return finished;
    }

    @Override
    public EventLoop eventLoop() {
      return new VirtualEventLoop(caller);
    }
  }

  private final class Server implements ServerStream {
    private final Deque<Runnable> unread = new ArrayDeque<>();
    private StreamReceiver target;
    private boolean opened;
    private boolean paused;
    private boolean ended;

    void open() {
      opened = true;
      receiverLife = receiver.life();
      try {
        target = receiver.handlers().stream(method).open(this);
      } catch (CairnException e) {
        fail(e);
      }
    }

    void take(ByteString header, byte[] bytes) {
      if (paused) {
        unread.add(() -> take(header, bytes));
        return;
      }
      if (ended || target == null) {
        return;
      }
      try {
        target.onData(header, Unpooled.wrappedBuffer(bytes));
      } catch (CairnException e) {
        fail(e);
      }
    }

    void breakOff(ErrorCode why) {
      if (ended) {
        return;
      }
      ended = true;
      if (target != null && receiverLives()) {
        receiver.execute(() -> target.onBroken(new CairnException(why, "the caller is gone")));
      }
    }

    @Override
    public Method method() {
      return method;
    }

    @Override
    public ByteString message() {
      return request;
    }

    @Override
    public <T extends MessageLite> T message(Parser<T> parser) throws CairnException {
      try {
        return parser.parseFrom(request);
      } catch (InvalidProtocolBufferException e) {
        throw new CairnException(ErrorCode.MALFORMED, method + ": " + e.getMessage(), e);
      }
    }

    @Override
    public Peer peer() {
      return peer;
    }

    @Override
    public EventLoop eventLoop() {
      return new VirtualEventLoop(receiver);
    }

    @Override
    public void ack(MessageLite message) {
      ByteString bytes = message.toByteString();
      if (!ended) {
        toClient.send(
            () -> {
              if (!client.ended) {
                listener.onAck(bytes);
              }
            });
      }
    }

    @Override
    public void finish(MessageLite reply) {
      if (!ended) {
        ended = true;
        ByteString bytes = reply.toByteString();
        toClient.send(() -> client.end(new RpcReply(bytes, Unpooled.EMPTY_BUFFER), null));
      }
    }

    @Override
    public void fail(CairnException refusal) {
      if (!ended) {
        ended = true;
        toClient.send(() -> client.end(null, refusal));
      }
    }

    @Override
    public void pauseReading() {
      paused = true;
    }

    @Override
    public void resumeReading() {
      paused = false;
      while (!paused && !unread.isEmpty()) {
        unread.remove().run();
      }
    }
  }
}
