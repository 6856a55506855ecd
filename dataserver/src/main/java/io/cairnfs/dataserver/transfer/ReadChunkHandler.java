package io.cairnfs.dataserver.transfer;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.metrics.Counter;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.storage.ReadRange;
import io.cairnfs.dataserver.storage.ReplicaRead;
import io.cairnfs.dataserver.storage.ReplicaStore;
import io.cairnfs.proto.dataserver.ReadChunkReply;
import io.cairnfs.proto.dataserver.ReadChunkRequest;
import io.cairnfs.rpc.server.RpcHandler;
import io.cairnfs.rpc.server.ServerCall;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.Optional;

/**
 * READ_CHUNK, on a disk thread: checksums from memory or the checksum file, bytes from the page
 * cache by the transport.
 */
final class ReadChunkHandler implements RpcHandler {
  private final ReplicaStore store;
  private final Foreground foreground;
  private final Clock clock;
  private final Counter bytes;

  ReadChunkHandler(ReplicaStore store, Foreground foreground, Clock clock, MetricRegistry metrics) {
    this.store = store;
    this.foreground = foreground;
    this.clock = clock;
    this.bytes = metrics.counter("dataserver.read.bytes");
  }

  @Override
  public void handle(ServerCall call) throws CairnException {
    if (call.isCancelled()) {
      throw new CairnException(ErrorCode.CANCELLED, "the caller gave up");
    }
    ReadChunkRequest request = call.message(ReadChunkRequest.parser());
    ReadRange range =
        ReadRange.of(
            request.getOffset(),
            Integer.toUnsignedLong(request.getLength()),
            request.getKnownLength(),
            request.getLimit());
    ReplicaRead read = store.read(new ChunkId(request.getChunk()), range);
    boolean handedOver = false;
    try {
      int[] checksums = read.checksums();
      ReadChunkReply reply =
          ReadChunkReply.newBuilder()
              .setOffset(read.offset())
              .setLength(read.length())
              .setChecksumCount(checksums.length)
              .setReplicaLength(read.replicaLength())
              .setClientsSlowed(request.getBackground() && foreground.isSlowed())
              .build();
      bytes.add(read.length());
      note(call, request, read.length());
      Optional<FileChannel> channel = read.channel();
      if (channel.isPresent() && read.length() > 0) {
        ByteBuf first = checksums(checksums, 0);
        handedOver = true;
        call.reply(reply, first, new ReplicaRegion(channel.get(), read));
      } else {
        call.reply(reply, inMemory(read, checksums));
      }
    } catch (IOException e) {
      throw new CairnException(
          ErrorCode.CHUNK_CORRUPT, new ChunkId(request.getChunk()) + " cannot be read: " + e, e);
    } finally {
      if (!handedOver) {
        close(read);
      }
    }
  }

  private void note(ServerCall call, ReadChunkRequest request, int length) {
    if (request.getBackground()) {
      foreground.background(length);
    } else {
      foreground.read(clock.monotonicNanos() - call.arrivedNanos());
    }
  }

  private static ByteBuf checksums(int[] checksums, int room) {
    ByteBuf buffer = PooledByteBufAllocator.DEFAULT.directBuffer(4 * checksums.length + room);
    for (int checksum : checksums) {
      buffer.writeInt(checksum);
    }
    return buffer;
  }

  private static ByteBuf inMemory(ReplicaRead read, int[] checksums) throws IOException {
    ByteBuf buffer = checksums(checksums, read.length());
    boolean good = false;
    try {
      read.read(buffer.nioBuffer(buffer.writerIndex(), read.length()), 0);
      buffer.writerIndex(buffer.writerIndex() + read.length());
      good = true;
      return buffer;
    } finally {
      if (!good) {
        buffer.release();
      }
    }
  }

  private static void close(ReplicaRead read) throws CairnException {
    try {
      read.close();
    } catch (IOException e) {
      throw new CairnException(ErrorCode.IO_ERROR, "closing a replica: " + e, e);
    }
  }
}
