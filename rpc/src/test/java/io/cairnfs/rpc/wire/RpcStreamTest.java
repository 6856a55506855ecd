package io.cairnfs.rpc.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.dataserver.PacketAck;
import io.cairnfs.proto.dataserver.PacketHeader;
import io.cairnfs.proto.dataserver.WriteChunkReply;
import io.cairnfs.proto.dataserver.WriteChunkRequest;
import io.cairnfs.rpc.client.ClientStream;
import io.cairnfs.rpc.client.RpcReply;
import io.cairnfs.rpc.client.StreamListener;
import io.cairnfs.rpc.server.ServerStream;
import io.cairnfs.rpc.server.StreamReceiver;
import io.cairnfs.rpc.testing.LeakGuard;
import io.cairnfs.rpc.transport.RpcEventLoops.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.EventExecutor;
import java.nio.ByteBuffer;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LeakGuard.class)
final class RpcStreamTest {
  private static final int PACKET = 1 << 20;

  /** Acknowledges each packet with all bytes so far; ends after a packet with flag CLOSE. */
  private static final class Sink implements StreamReceiver {
    final ServerStream stream;
    final AtomicLong received = new AtomicLong();
    final CompletableFuture<CairnException> broken = new CompletableFuture<>();
    volatile long checksum;

    Sink(ServerStream stream) {
      this.stream = stream;
    }

    @Override
    public void onData(ByteString message, ByteBuf payload) throws CairnException {
      try {
        PacketHeader header = PacketHeader.parseFrom(message);
        checksum = checksum * 31 + Crc32c.of(payload.nioBuffer());
        long length = received.addAndGet(payload.readableBytes());
        if (header.getFlags() == 99) {
          throw new CairnException(ErrorCode.VOLUME_FAILED, "disk full");
        }
        stream.ack(
            PacketAck.newBuilder().setSequence(header.getSequence()).setLength(length).build());
        if (header.getFlags() == 4) {
          stream.finish(WriteChunkReply.newBuilder().setLength(length).build());
        }
      } catch (com.google.protobuf.InvalidProtocolBufferException e) {
        throw new CairnException(ErrorCode.MALFORMED, "packet", e);
      } finally {
        payload.release();
      }
    }

    @Override
    public void onBroken(CairnException cause) {
      broken.complete(cause);
    }
  }

  private static class Acks implements StreamListener {
    final Queue<PacketAck> acks = new ConcurrentLinkedQueue<>();
    final AtomicLong writable = new AtomicLong();

    @Override
    public void onAck(ByteString message) {
      try {
        acks.add(PacketAck.parseFrom(message));
      } catch (com.google.protobuf.InvalidProtocolBufferException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public void onWritable() {
      writable.incrementAndGet();
    }
  }

  private final Queue<Sink> sinks = new ConcurrentLinkedQueue<>();

  private RpcRig rig(Transport transport) throws CairnException {
    return rig(1, transport);
  }

  private RpcRig rig(int eventLoops, Transport transport) throws CairnException {
    return new RpcRig(
        eventLoops,
        transport,
        server ->
            server.streamHandler(
                Method.WRITE_CHUNK,
                stream -> {
                  if (stream.message(WriteChunkRequest.parser()).getChunk() == 13) {
                    throw new CairnException(ErrorCode.CHUNK_EXISTS, "13");
                  }
                  Sink sink = new Sink(stream);
                  sinks.add(sink);
                  return sink;
                }));
  }

  private static WriteChunkRequest open(long chunk) {
    return WriteChunkRequest.newBuilder().setChunk(chunk).build();
  }

  private static PacketHeader packet(long sequence, int flags) {
    return PacketHeader.newBuilder().setSequence(sequence).setFlags(flags).build();
  }

  private static ByteBuf payload(int length, int seed) {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    for (int i = 0; i < length / 8; i++) {
      bytes.putLong(seed * 1_000_003L + i);
    }
    // In one call: the leak detector records each.
    return PooledByteBufAllocator.DEFAULT.directBuffer(length, length).writeBytes(bytes.array());
  }

  @ParameterizedTest
  @EnumSource
  void aStreamThatIsOpenedOnAnEventLoopStaysThere(Transport transport) throws Exception {
    try (RpcRig rig = rig(3, transport)) {
      for (int round = 0; round < 2; round++) {
        for (EventExecutor loop : rig.loops.group()) {
          CompletableFuture<Boolean> acknowledgedThere = new CompletableFuture<>();
          Acks acks =
              new Acks() {
                @Override
                public void onAck(ByteString message) {
                  acknowledgedThere.complete(loop.inEventLoop());
                }
              };
          ClientStream stream =
              loop.submit(
                      () -> rig.client.openStream(rig.address(), Method.WRITE_CHUNK, open(1), acks))
                  .get();
          stream.send(packet(1, 4), payload(8, 1));
          assertThat(acknowledgedThere.get()).isTrue();
          stream.finished().get().release();
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void packetsArriveInOrderAndAreAcknowledged(Transport transport) throws Exception {
    try (RpcRig rig = rig(transport)) {
      for (int round = 0; round < 3; round++) {
        Acks acks = new Acks();
        ClientStream stream =
            rig.client.openStream(rig.address(), Method.WRITE_CHUNK, open(1), acks);
        long expected = 0;
        for (int i = 0; i < 10; i++) {
          ByteBuf payload = payload(PACKET, i);
          expected = expected * 31 + Crc32c.of(payload.nioBuffer());
          stream.send(packet(i, i == 9 ? 4 : 0), payload);
        }
        RpcReply reply = Await.value(stream.finished());
        assertThat(reply.message(WriteChunkReply.parser()).getLength()).isEqualTo(10L * PACKET);
        reply.release();
        assertThat(acks.acks).hasSize(10).last().extracting(PacketAck::getSequence).isEqualTo(9L);
        assertThat(acks.writable.get()).isPositive();
        assertThat(sinks.poll().checksum).isEqualTo(expected);
        // The connection is used again.
        assertThat(rig.server.connectionCount()).isEqualTo(1);
        stream.send(packet(11, 0), Unpooled.wrappedBuffer(new byte[10]));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aReceiverThatStopsReadingStopsTheSender(Transport transport) throws Exception {
    try (RpcRig rig = rig(transport)) {
      Acks acks = new Acks();
      ClientStream stream = rig.client.openStream(rig.address(), Method.WRITE_CHUNK, open(1), acks);
      Await.until(stream::isWritable);
      Await.until(() -> sinks.size() == 1);
      Sink sink = sinks.element();
      sink.stream.pauseReading();
      sink.stream.pauseReading();
      int sent = 0;
      // Socket buffers take some; a sender that heeds isWritable must come to a stop.
      for (int idle = 0; idle < 200; idle++) {
        while (stream.isWritable() && sent < 200) {
          stream.send(packet(sent++, 0), payload(PACKET, 0));
          idle = 0;
        }
        rig.loops.group().submit(() -> {}).get();
        java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
      }
      assertThat(sent).isBetween(2, 100);
      assertThat(sink.received.get()).isLessThan((long) sent * PACKET);
      long became = acks.writable.get();
      sink.stream.resumeReading();
      int all = sent;
      Await.until(() -> sink.received.get() == (long) all * PACKET);
      Await.until(() -> acks.writable.get() == became + 1);
      stream.send(packet(sent, 4), Unpooled.EMPTY_BUFFER);
      Await.value(stream.finished()).release();
    }
  }

  @Test
  void theServerCanRefuseAtTheBeginningAndInTheMiddle() throws Exception {
    try (RpcRig rig = rig(Transport.EPOLL)) {
      ClientStream refused =
          rig.client.openStream(rig.address(), Method.WRITE_CHUNK, open(13), new Acks());
      refused.send(packet(0, 0), payload(PACKET, 0));
      Await.refusal(refused.finished(), ErrorCode.CHUNK_EXISTS);
      ClientStream failed =
          rig.client.openStream(rig.address(), Method.WRITE_CHUNK, open(1), new Acks());
      failed.send(packet(0, 99), payload(PACKET, 0));
      failed.send(packet(1, 0), payload(PACKET, 0));
      CairnException refusal = Await.refusal(failed.finished(), ErrorCode.VOLUME_FAILED);
      assertThat(refusal).hasMessage("disk full");
      ClientStream unknown =
          rig.client.openStream(rig.address(), Method.READ_CHUNK, open(1), new Acks());
      Await.refusal(unknown.finished(), ErrorCode.UNKNOWN_METHOD);
      assertThat(rig.fatal).isEmpty();
      assertThat(rig.server.connectionCount()).isEqualTo(1);
    }
  }

  @Test
  void cancellingEndsBothSides() throws Exception {
    try (RpcRig rig = rig(Transport.EPOLL)) {
      ClientStream stream =
          rig.client.openStream(rig.address(), Method.WRITE_CHUNK, open(1), new Acks());
      stream.send(packet(0, 0), payload(PACKET, 0));
      Await.until(() -> sinks.size() == 1 && sinks.element().received.get() == PACKET);
      stream.cancel();
      Await.refusal(stream.finished(), ErrorCode.CANCELLED);
      assertThat(Await.value(sinks.element().broken).code()).isEqualTo(ErrorCode.CANCELLED);
      sinks.element().stream.ack(PacketAck.getDefaultInstance());
      sinks.element().stream.finish(WriteChunkReply.getDefaultInstance());
      stream.send(packet(1, 0), payload(PACKET, 0));
      assertThat(stream.isWritable()).isFalse();
    }
  }

  @Test
  void losingTheConnectionEndsBothSides() throws Exception {
    try (RpcRig rig = rig(Transport.EPOLL)) {
      ClientStream stream =
          rig.client.openStream(rig.address(), Method.WRITE_CHUNK, open(1), new Acks());
      stream.send(packet(0, 0), payload(PACKET, 0));
      Await.until(() -> sinks.size() == 1);
      Await.until(() -> sinks.element().received.get() == PACKET);
      sinks.element().stream.pauseReading();
      rig.client.close();
      Await.refusal(stream.finished(), ErrorCode.CONNECTION_LOST);
      assertThat(Await.value(sinks.element().broken).code()).isEqualTo(ErrorCode.CONNECTION_LOST);
    }
  }

  @Test
  void streamsOfOneAddressHaveConnectionsOfTheirOwn() throws Exception {
    try (RpcRig rig = rig(Transport.EPOLL)) {
      ClientStream first =
          rig.client.openStream(rig.address(), Method.WRITE_CHUNK, open(1), new Acks());
      ClientStream second =
          rig.client.openStream(rig.address(), Method.WRITE_CHUNK, open(2), new Acks());
      Await.until(() -> sinks.size() == 2);
      assertThat(rig.server.connectionCount()).isEqualTo(2);
      first.send(packet(0, 4), Unpooled.EMPTY_BUFFER);
      second.send(packet(0, 4), Unpooled.EMPTY_BUFFER);
      Await.value(first.finished()).release();
      Await.value(second.finished()).release();
    }
  }

  @Test
  void aStreamToNobodyFailsAndReleasesWhatWasSent() throws Exception {
    RpcRig rig = rig(Transport.EPOLL);
    rig.server.close();
    try (rig) {
      ClientStream stream =
          rig.client.openStream(rig.address(), Method.WRITE_CHUNK, open(1), new Acks());
      ByteBuf payload = payload(PACKET, 0);
      stream.send(packet(0, 0), payload);
      Await.refusal(stream.finished(), ErrorCode.UNAVAILABLE);
      Await.until(() -> payload.refCnt() == 0);
    }
  }
}
