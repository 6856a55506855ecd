package io.cairnfs.dataserver.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.dataserver.storage.Cells;
import io.cairnfs.proto.dataserver.PacketAck;
import io.cairnfs.proto.dataserver.PacketFlag;
import io.cairnfs.proto.dataserver.PacketHeader;
import io.cairnfs.proto.dataserver.WriteChunkReply;
import io.cairnfs.proto.dataserver.WriteChunkRequest;
import io.cairnfs.rpc.client.ClientStream;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcReply;
import io.cairnfs.rpc.client.StreamListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;

/** The client's side of a pipeline, by hand. */
final class TestWriter implements StreamListener {
  private final ClientStream stream;
  private final byte[] content;
  private long sequence;
  private int sent;
  private PacketAck last = PacketAck.getDefaultInstance();
  private PacketAck failure;
  private int acks;
  private boolean ready;

  TestWriter(RpcClient client, long chunk, int epoch, byte[] content, TransferServer... members) {
    this.content = content;
    WriteChunkRequest.Builder request =
        WriteChunkRequest.newBuilder()
            .setChunk(chunk)
            .setEpoch(epoch)
            .setMaxLength(128 << 20)
            .setReplication(members.length);
    for (int i = 1; i < members.length; i++) {
      request.addDownstream(members[i].member());
    }
    stream = client.openStream(members[0].address(), Method.WRITE_CHUNK, request.build(), this);
  }

  @Override
  public synchronized void onAck(ByteString message) {
    try {
      PacketAck ack = PacketAck.parseFrom(message);
      acks++;
      ready |= ack.getReady();
      if (ack.getFailedServer() != 0) {
        failure = ack;
      }
      last = ack;
      notifyAll();
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public synchronized void onWritable() {
    notifyAll();
  }

  static ByteString checksums(byte[] content, int from, int to) {
    ByteBuffer sums = ByteBuffer.allocate(4 * Cells.pieces(from, to - from));
    for (int at = from; at < to; ) {
      int end = Math.min(to, (at / Cells.SIZE + 1) * Cells.SIZE);
      sums.putInt(Crc32c.of(content, at, end - at));
      at = end;
    }
    return ByteString.copyFrom(sums.flip());
  }

  /** Sends the content up to {@code to}. */
  TestWriter send(int to, PacketFlag... flags) {
    PacketHeader header =
        PacketHeader.newBuilder()
            .setOffset(sent)
            .setChecksums(checksums(content, sent, to))
            .build();
    return send(header, sent, to, flags);
  }

  TestWriter send(PacketHeader header, int from, int to, PacketFlag... flags) {
    int bits = 0;
    for (PacketFlag flag : flags) {
      bits |= flag.getNumber();
    }
    ByteBuf payload = PooledByteBufAllocator.DEFAULT.directBuffer(Math.max(1, to - from));
    payload.writeBytes(content, from, to - from);
    stream.send(header.toBuilder().setSequence(++sequence).setFlags(bits).build(), payload);
    sent = to;
    return this;
  }

  ClientStream stream() {
    return stream;
  }

  synchronized PacketAck await(Predicate<TestWriter> condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
    while (!condition.test(this)) {
      long left = deadline - System.nanoTime();
      assertThat(left).as("waited long enough; last %s", last).isPositive();
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return last;
  }

  void awaitReady() throws InterruptedException {
    await(writer -> writer.ready);
  }

  void awaitLength(long length) throws InterruptedException {
    await(
        writer -> {
          assertThat(writer.failure).isNull();
          return writer.last.getLength() >= length && writer.last.getSequence() == sequence;
        });
  }

  PacketAck awaitFailure() throws InterruptedException {
    await(writer -> writer.failure != null);
    return failure;
  }

  synchronized int acks() {
    return acks;
  }

  synchronized long acknowledgedLength() {
    return last.getLength();
  }

  WriteChunkReply reply() throws Exception {
    RpcReply reply = stream.finished().get(15, TimeUnit.SECONDS);
    reply.release();
    return reply.message(WriteChunkReply.parser());
  }

  CairnException refusal() throws InterruptedException, TimeoutException {
    CompletableFuture<RpcReply> finished = stream.finished();
    try {
      finished.get(15, TimeUnit.SECONDS);
      throw new AssertionError("the stream succeeded");
    } catch (ExecutionException e) {
      return (CairnException) e.getCause();
    }
  }
}
