package io.cairnfs.simulation.system;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.rpc.client.ClientStream;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcReply;
import io.cairnfs.rpc.client.StreamListener;
import io.cairnfs.rpc.frame.Peer;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Calls from one simulated process. */
final class NodeRpcClient implements RpcClient {
  private final SimulatedTransport transport;
  private final SimulatedNode self;
  private final Peer peer;

  NodeRpcClient(SimulatedTransport transport, SimulatedNode self, PeerIdentity identity) {
    this.transport = transport;
    this.self = self;
    this.peer = new Peer(identity, InetSocketAddress.createUnresolved(self.name(), 1));
  }

  /** What the other end knows of this one. */
  Peer peer() {
    return peer;
  }

  @Override
  public CompletableFuture<RpcReply> call(
      HostPort address, Method method, MessageLite request, Duration timeout) {
    CompletableFuture<RpcReply> result = new CompletableFuture<>();
    int life = self.life();
    self.after(
        timeout.toNanos(),
        () ->
            result.completeExceptionally(
                new CairnException(ErrorCode.TIMED_OUT, "no answer from " + address)));
    SimulatedNode receiver = transport.at(address).orElse(null);
    if (receiver == null) {
      return result;
    }
    Answer answer =
        new Answer() {
          @Override
          public void reply(SimulatedNode from, RpcReply reply) {
            transport.send(from, self, () -> arrive(() -> result.complete(reply)));
          }

          @Override
          public void fail(SimulatedNode from, CairnException refusal) {
            transport.send(from, self, () -> arrive(() -> result.completeExceptionally(refusal)));
          }

          private void arrive(Runnable action) {
            if (self.isUp() && self.life() == life) {
              self.execute(action);
            }
          }
        };
    transport.send(
        self,
        receiver,
        () -> {
          if (receiver.isUp()) {
            receiver.execute(
                () ->
                    receiver
                        .handlers()
                        .answer(
                            new SimulatedCall(
                                method, request.toByteString(), peer, receiver, answer)));
          } else {
            answer.fail(
                receiver, new CairnException(ErrorCode.UNAVAILABLE, address + " does not listen"));
          }
        });
    return result;
  }

  @Override
  public CompletableFuture<RpcReply> call(
      HostPort address, Method method, MessageLite request, ByteBuf payload, Duration timeout) {
    payload.release();
    throw new UnsupportedOperationException("nothing in a cluster calls with raw bytes");
  }

  @Override
  public <T extends MessageLite> CompletableFuture<T> call(
      HostPort address, Method method, MessageLite request, Parser<T> parser, Duration timeout) {
    CompletableFuture<T> result = new CompletableFuture<>();
    CompletableFuture<?> unused =
        call(address, method, request, timeout)
            .whenComplete(
                Watched.then(
                    (reply, failure) -> {
                      if (failure != null) {
                        result.completeExceptionally(failure);
                        return;
                      }
                      try {
                        result.complete(reply.message(parser));
                      } catch (CairnException e) {
                        result.completeExceptionally(e);
                      } finally {
                        reply.release();
                      }
                    }));
    return result;
  }

  @Override
  public ClientStream openStream(
      HostPort address, Method method, MessageLite request, StreamListener listener) {
    return new SimulatedStream(transport, self, peer, address, method, request, listener).client();
  }

  @Override
  public CompletableFuture<Peer> connect(HostPort address) {
    throw new UnsupportedOperationException("nothing in a cluster connects without a call");
  }

  @Override
  public void close() {
    // Whatever it has under way ends with its process.
  }

  /** Where the answer to a call goes. */
  interface Answer {
    void reply(SimulatedNode from, RpcReply reply);

    void fail(SimulatedNode from, CairnException refusal);
  }
}
