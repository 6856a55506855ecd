package io.cairnfs.rpc.wire;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.dataserver.ChunkLengthReply;
import io.cairnfs.proto.dataserver.ChunkLengthRequest;
import io.cairnfs.proto.dataserver.PacketAck;
import io.cairnfs.proto.dataserver.PacketHeader;
import io.cairnfs.proto.dataserver.WriteChunkReply;
import io.cairnfs.proto.dataserver.WriteChunkRequest;
import io.cairnfs.rpc.client.ClientStream;
import io.cairnfs.rpc.client.StreamListener;
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.ServerStream;
import io.cairnfs.rpc.server.StreamReceiver;
import io.cairnfs.rpc.transport.RpcEventLoops.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** Prints how fast calls and streams are: run by hand, client and server on one event loop. */
public final class RpcSpeed {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final ChunkLengthRequest REQUEST =
      ChunkLengthRequest.newBuilder()
          .setChunk(77)
          .setToken(ByteString.copyFrom(new byte[180]))
          .build();
  private static final ChunkLengthReply REPLY = ChunkLengthReply.newBuilder().setLength(5).build();

  private RpcSpeed() {}

  public static void main(String[] arguments) throws Exception {
    try (RpcRig rig = new RpcRig(Transport.EPOLL, RpcSpeed::handlers)) {
      for (int round = 0; round < 5; round++) {
        for (int outstanding : new int[] {1, 64}) {
          calls(rig, outstanding, outstanding == 1 ? 30_000 : 300_000);
        }
        stream(rig, 1 << 20, 2_000);
        stream(rig, 4 << 10, 100_000);
      }
    }
  }

  private static void handlers(RpcServer.Builder server) {
    server.handler(
        Method.CHUNK_LENGTH,
        call -> {
          if (call.message(ChunkLengthRequest.parser()).getChunk() == 77) {
            call.reply(REPLY);
          }
        });
    server.streamHandler(Method.WRITE_CHUNK, Sink::new);
  }

  private record Sink(ServerStream stream) implements StreamReceiver {
    @Override
    public void onData(ByteString message, ByteBuf payload) throws CairnException {
      payload.release();
      try {
        PacketHeader header = PacketHeader.parseFrom(message);
        stream.ack(PacketAck.newBuilder().setSequence(header.getSequence()).build());
        if (header.getFlags() == 4) {
          stream.finish(WriteChunkReply.getDefaultInstance());
        }
      } catch (com.google.protobuf.InvalidProtocolBufferException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void onBroken(CairnException cause) {}
  }

  private static void calls(RpcRig rig, int outstanding, int count) throws Exception {
    AtomicInteger left = new AtomicInteger(count);
    CountDownLatch done = new CountDownLatch(count);
    long start = System.nanoTime();
    for (int i = 0; i < outstanding; i++) {
      next(rig, left, done);
    }
    done.await();
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf("calls outstanding=%d: %.0f/s%n", outstanding, count / seconds);
  }

  private static void next(RpcRig rig, AtomicInteger left, CountDownLatch done) {
    if (left.getAndDecrement() <= 0) {
      return;
    }
    var unused =
        rig.client
            .call(rig.address(), Method.CHUNK_LENGTH, REQUEST, ChunkLengthReply.parser(), LONG)
            .thenAccept(
                reply -> {
                  done.countDown();
                  next(rig, left, done);
                });
  }

  private static void stream(RpcRig rig, int packet, int count) throws Exception {
    ByteBuf content = PooledByteBufAllocator.DEFAULT.directBuffer(packet, packet);
    content.writeZero(packet);
    CountDownLatch acknowledged = new CountDownLatch(count);
    Object writable = new Object();
    ClientStream stream =
        rig.client.openStream(
            rig.address(),
            Method.WRITE_CHUNK,
            WriteChunkRequest.getDefaultInstance(),
            new StreamListener() {
              @Override
              public void onAck(ByteString message) {
                acknowledged.countDown();
              }

              @Override
              public void onWritable() {
                synchronized (writable) {
                  writable.notifyAll();
                }
              }
            });
    long start = System.nanoTime();
    for (int i = 0; i < count; i++) {
      synchronized (writable) {
        while (!stream.isWritable()) {
          writable.wait(1);
        }
      }
      stream.send(
          PacketHeader.newBuilder()
              .setSequence(i)
              .setFlags(i == count - 1 ? 4 : 0)
              .setChecksums(ByteString.copyFrom(new byte[packet / 1024]))
              .build(),
          content.retainedDuplicate());
    }
    acknowledged.await();
    stream.finished().get().release();
    double seconds = (System.nanoTime() - start) / 1e9;
    content.release();
    System.out.printf(
        "stream packet=%d: %.2f GB/s, %.0f packets/s%n",
        packet, (double) packet * count / seconds / 1e9, count / seconds);
  }
}
