package io.cairnfs.client.testing;

import com.google.protobuf.ByteString;
import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.dataserver.ChunkLengthReply;
import io.cairnfs.proto.dataserver.ChunkLengthRequest;
import io.cairnfs.proto.dataserver.PacketAck;
import io.cairnfs.proto.dataserver.PacketFlag;
import io.cairnfs.proto.dataserver.PacketHeader;
import io.cairnfs.proto.dataserver.ReadChunkReply;
import io.cairnfs.proto.dataserver.ReadChunkRequest;
import io.cairnfs.proto.dataserver.SyncChunkReply;
import io.cairnfs.proto.dataserver.SyncChunkRequest;
import io.cairnfs.proto.dataserver.WriteChunkReply;
import io.cairnfs.proto.dataserver.WriteChunkRequest;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.RpcServerOptions;
import io.cairnfs.rpc.server.SecurityMode;
import io.cairnfs.rpc.server.ServerCall;
import io.cairnfs.rpc.server.ServerStream;
import io.cairnfs.rpc.server.StreamReceiver;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One data server of a {@link FakeCluster}. As the head of a pipeline it stores for all members:
 * the chunk's bytes are in one place, and a member's failure is played by its flags.
 */
public final class FakeDataServer {
  private static final int CELL = 4096;

  private final FakeCluster cluster;
  private final int id;
  private final RpcServer server;

  /** The pipeline fails at this member when its chunk would grow beyond; −1 = never. */
  public final AtomicLong failAtLength = new AtomicLong(-1);

  /** Whether a failing head breaks the connection instead of saying so. */
  public volatile boolean failSilently;

  /** Nothing is answered or acknowledged any more. */
  public volatile boolean frozen;

  /** Says of every replica that its stream was interrupted. */
  public volatile boolean interrupted;

  public final AtomicInteger lengthsAsked = new AtomicInteger();

  /** Reads wait so long. */
  public volatile long readDelayMillis;

  /** Reads answer with a flipped byte. */
  public volatile boolean corrupt;

  /** Reads are refused: the replica is not here. */
  public volatile boolean lacksChunks;

  /** So many more forces are refused: the replica is not here yet. */
  public final AtomicInteger forcesRefused = new AtomicInteger();

  /** Forces that were asked for are answered only later. */
  public volatile boolean holdingForces;

  public final Queue<Runnable> heldForces = new ConcurrentLinkedQueue<>();

  /** Reads are answered only later. */
  public volatile boolean holdingReads;

  public final Queue<Runnable> heldReads = new ConcurrentLinkedQueue<>();

  /** Packets are stored but acknowledged only later. */
  public volatile boolean holdingAcks;

  public final Queue<Runnable> heldAcks = new ConcurrentLinkedQueue<>();
  public final AtomicInteger reads = new AtomicInteger();
  public final AtomicInteger streams = new AtomicInteger();
  public final AtomicInteger packets = new AtomicInteger();
  public final AtomicLong bytesReceived = new AtomicLong();
  public final AtomicLong bytesUnacknowledged = new AtomicLong();
  public final AtomicLong mostUnacknowledged = new AtomicLong();

  FakeDataServer(FakeCluster cluster, int id) throws CairnException {
    this.cluster = cluster;
    this.id = id;
    PeerIdentity self =
        new PeerIdentity("fake", PeerRole.DATA_SERVER, "", "d" + id, "localhost", "test");
    server =
        RpcServer.builder(
                cluster.loops,
                RpcServerOptions.of("127.0.0.1", 0, SecurityMode.LOOPBACK_ONLY),
                () -> self,
                cluster.clock)
            .handler(Method.READ_CHUNK, this::read)
            .handler(Method.SYNC_CHUNK, this::sync)
            .handler(Method.CHUNK_LENGTH, this::length)
            .streamHandler(Method.WRITE_CHUNK, this::write)
            .start();
  }

  public int id() {
    return id;
  }

  public HostPort address() {
    return server.address();
  }

  /** As a killed process: connections break. */
  public void kill() {
    Thread killer = new Thread(server::close, "killer-d" + id);
    killer.setDaemon(true);
    killer.start();
  }

  public void releaseAcks() {
    holdingAcks = false;
    Runnable ack = heldAcks.poll();
    while (ack != null) {
      ack.run();
      ack = heldAcks.poll();
    }
  }

  public void releaseReads() {
    holdingReads = false;
    Runnable read = heldReads.poll();
    while (read != null) {
      read.run();
      read = heldReads.poll();
    }
  }

  public void releaseForces() {
    holdingForces = false;
    Runnable force = heldForces.poll();
    while (force != null) {
      force.run();
      force = heldForces.poll();
    }
  }

  private StreamReceiver write(ServerStream stream) throws CairnException {
    WriteChunkRequest request = stream.message(WriteChunkRequest.parser());
    FakeChunk chunk = cluster.namespace.chunk(request.getChunk());
    synchronized (chunk) {
      if (chunk.streamed) {
        throw new CairnException(ErrorCode.CHUNK_EXISTS, "a second stream");
      }
      chunk.streamed = true;
    }
    streams.incrementAndGet();
    return new Pipeline(stream, chunk);
  }

  /** One stream into one chunk. */
  private final class Pipeline implements StreamReceiver {
    private final ServerStream stream;
    private final FakeChunk chunk;
    private boolean over;

    Pipeline(ServerStream stream, FakeChunk chunk) {
      this.stream = stream;
      this.chunk = chunk;
    }

    @Override
    public void onData(ByteString message, ByteBuf payload) throws CairnException {
      try {
        take(message, ByteBufUtil.getBytes(payload));
      } finally {
        payload.release();
      }
    }

    private void take(ByteString message, byte[] bytes) throws CairnException {
      PacketHeader header = parse(message);
      packets.incrementAndGet();
      bytesReceived.addAndGet(bytes.length);
      if (over || frozen) {
        return;
      }
      int failed = failedMember(header.getOffset() + bytes.length);
      if (failed != 0) {
        fail(failed, header);
        return;
      }
      verify(header, bytes);
      synchronized (chunk) {
        if (header.getOffset() != chunk.bytes.size()) {
          throw new CairnException(
              ErrorCode.INVALID_ARGUMENT,
              "packet at " + header.getOffset() + " of " + chunk.bytes.size());
        }
        if (chunk.bytes.size() + bytes.length > chunk.maxLength) {
          throw new CairnException(ErrorCode.TOO_LARGE, "chunk is full");
        }
        chunk.bytes.writeBytes(bytes);
      }
      acknowledge(header, bytes.length);
    }

    private int failedMember(long newLength) {
      for (int member : chunk.servers) {
        long limit = cluster.dataServer(member).failAtLength.get();
        if (limit >= 0 && newLength > limit) {
          return member;
        }
      }
      return 0;
    }

    private void fail(int member, PacketHeader header) throws CairnException {
      over = true;
      if (member == id && failSilently) {
        kill();
        return;
      }
      stream.ack(
          PacketAck.newBuilder()
              .setSequence(header.getSequence() - 1)
              .setLength(header.getOffset())
              .setFailedServer(member)
              .setErrorCode(ErrorCode.PIPELINE_FAILED.number())
              .setErrorMessage("member " + member + " failed")
              .build());
      throw new CairnException(ErrorCode.PIPELINE_FAILED, "member " + member + " failed");
    }

    private void acknowledge(PacketHeader header, int length) {
      long now = bytesUnacknowledged.addAndGet(length);
      mostUnacknowledged.accumulateAndGet(now, Math::max);
      Runnable ack =
          () -> {
            bytesUnacknowledged.addAndGet(-length);
            if ((header.getFlags() & PacketFlag.PACKET_SYNC_VALUE) != 0) {
              cluster.events.add("SYNC " + chunk.id);
            }
            stream.ack(
                PacketAck.newBuilder()
                    .setSequence(header.getSequence())
                    .setLength(header.getOffset() + length)
                    .build());
            if ((header.getFlags() & PacketFlag.PACKET_CLOSE_VALUE) != 0) {
              over = true;
              stream.finish(
                  WriteChunkReply.newBuilder().setLength(header.getOffset() + length).build());
            }
          };
      if (holdingAcks) {
        // A living server repeats its last acknowledgement while it waits.
        boolean first = heldAcks.isEmpty();
        heldAcks.add(ack);
        if (first) {
          beat(header.getSequence() - 1, header.getOffset());
        }
      } else {
        ack.run();
      }
    }

    private void beat(long sequence, long length) {
      if (heldAcks.isEmpty()) {
        return;
      }
      stream.ack(PacketAck.newBuilder().setSequence(sequence).setLength(length).build());
      var unused =
          stream.eventLoop().schedule(() -> beat(sequence, length), 100, TimeUnit.MILLISECONDS);
    }

    @Override
    public void onBroken(CairnException cause) {
      over = true;
    }
  }

  private static PacketHeader parse(ByteString message) {
    try {
      return PacketHeader.parseFrom(message);
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  private static void verify(PacketHeader header, byte[] bytes) {
    ByteBuffer checksums = header.getChecksums().asReadOnlyByteBuffer();
    int at = 0;
    while (at < bytes.length) {
      int piece = (int) Math.min(bytes.length - at, CELL - (header.getOffset() + at) % CELL);
      if (checksums.getInt() != Crc32c.of(bytes, at, piece)) {
        throw new AssertionError("checksum of the piece at " + (header.getOffset() + at));
      }
      at += piece;
    }
    if (checksums.hasRemaining()) {
      throw new AssertionError(checksums.remaining() + " bytes of checksums too many");
    }
  }

  private void read(ServerCall call) throws CairnException {
    reads.incrementAndGet();
    if (frozen) {
      return;
    }
    ReadChunkRequest request = call.message(ReadChunkRequest.parser());
    if (lacksChunks) {
      throw new CairnException(ErrorCode.CHUNK_NOT_FOUND, "not here");
    }
    if (holdingReads) {
      heldReads.add(() -> answer(call, request));
    } else if (readDelayMillis > 0) {
      var unused =
          call.eventLoop()
              .schedule(() -> answer(call, request), readDelayMillis, TimeUnit.MILLISECONDS);
    } else {
      answer(call, request);
    }
  }

  private void answer(ServerCall call, ReadChunkRequest request) {
    byte[] all = cluster.namespace.chunk(request.getChunk()).content();
    int start = (int) (request.getOffset() / CELL * CELL);
    long asked = request.getOffset() + request.getLength();
    long widened = (asked + CELL - 1) / CELL * CELL;
    long limit = request.getLimit() == 0 ? all.length : Math.min(all.length, request.getLimit());
    int end = (int) Math.min(widened, limit);
    int length = Math.max(0, end - start);
    int cells = (length + CELL - 1) / CELL;
    ByteBuf payload = Unpooled.buffer(4 * cells + length);
    for (int cell = 0; cell < cells; cell++) {
      int at = start + cell * CELL;
      payload.writeInt(Crc32c.of(all, at, Math.min(CELL, end - at)));
    }
    payload.writeBytes(all, start, length);
    if (corrupt && length > 0) {
      int victim = 4 * cells + length / 2;
      payload.setByte(victim, payload.getByte(victim) ^ 1);
    }
    call.reply(
        ReadChunkReply.newBuilder()
            .setOffset(start)
            .setLength(length)
            .setChecksumCount(cells)
            .setReplicaLength(all.length)
            .build(),
        payload);
  }

  private void length(ServerCall call) throws CairnException {
    if (frozen) {
      return;
    }
    FakeChunk chunk = cluster.namespace.chunk(call.message(ChunkLengthRequest.parser()).getChunk());
    lengthsAsked.incrementAndGet();
    call.reply(
        ChunkLengthReply.newBuilder()
            .setLength(chunk.content().length)
            .setContinuous(!interrupted)
            .build());
  }

  private void sync(ServerCall call) throws CairnException {
    if (frozen) {
      return;
    }
    SyncChunkRequest request = call.message(SyncChunkRequest.parser());
    long length = cluster.namespace.chunk(request.getChunk()).content().length;
    if (length < request.getLength()) {
      throw new CairnException(ErrorCode.CHUNK_NOT_FOUND, "only " + length);
    }
    if (forcesRefused.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      throw new CairnException(ErrorCode.CHUNK_NOT_FOUND, "not here");
    }
    Runnable force =
        () -> {
          cluster.events.add("FORCE " + request.getChunk() + " " + id);
          call.reply(SyncChunkReply.newBuilder().setLength(length).build());
        };
    if (holdingForces) {
      heldForces.add(force);
    } else {
      force.run();
    }
  }

  void close() {
    server.close();
  }
}
