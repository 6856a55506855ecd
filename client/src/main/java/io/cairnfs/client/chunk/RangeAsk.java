package io.cairnfs.client.chunk;

import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.dataserver.ReadChunkReply;
import io.cairnfs.proto.dataserver.ReadChunkRequest;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Member;
import io.cairnfs.rpc.client.RpcReply;
import java.util.concurrent.CompletableFuture;

/**
 * Asks members of a chunk for one range, verifies what they answer, and remembers and reports what
 * is wrong with it. Which member is asked, and when, is the caller's matter. Safe for any thread.
 */
final class RangeAsk {
  private final ChunkReader reader;
  private final ClientEnvironment environment;
  private final ChunkLocation chunk;
  private final long offset;
  private final int length;
  private final long limit;

  /**
   * @param limit where the file's bytes end in the chunk; 0 = the chunk's end
   */
  RangeAsk(ChunkReader reader, ChunkLocation chunk, long offset, int length, long limit) {
    this.reader = reader;
    this.environment = reader.environment();
    this.chunk = chunk;
    this.offset = offset;
    this.length = length;
    this.limit = limit;
  }

  CompletableFuture<RpcReply> send(Member member) {
    long sentNanos = environment.clock().monotonicNanos();
    ReadChunkRequest request =
        ReadChunkRequest.newBuilder()
            .setChunk(chunk.getChunk())
            .setOffset(offset)
            .setLength(length)
            .setToken(chunk.getToken())
            .setKnownLength(Math.max(chunk.getLength(), offset + length))
            .setLimit(limit)
            .build();
    CompletableFuture<RpcReply> sent =
        environment
            .rpc()
            .call(
                new HostPort(member.getHost(), member.getPort()),
                Method.READ_CHUNK,
                request,
                reader.options().requestTimeout());
    var unused =
        sent.whenComplete(
            (reply, failure) -> {
              if (failure == null) {
                reader.latencies().record(environment.clock().monotonicNanos() - sentNanos);
              }
            });
    return sent;
  }

  /**
   * The verified bytes of an answer, which take the reply over.
   *
   * @throws CairnException why it is no good; the reply is released
   */
  FetchedRange accept(Member member, RpcReply reply) throws CairnException {
    boolean good = false;
    try {
      FetchedRange bytes = verified(member, reply);
      environment.counters().bytesRead.add(length);
      environment.suspects().clear(member.getServer());
      good = true;
      return bytes;
    } finally {
      if (!good) {
        reply.release();
      }
    }
  }

  private FetchedRange verified(Member member, RpcReply reply) throws CairnException {
    ReadChunkReply header = reply.message(ReadChunkReply.parser());
    long skip = offset - header.getOffset();
    long checksumBytes = 4L * header.getChecksumCount();
    if (header.getOffset() % CellChecksums.CELL_BYTES != 0
        || header.getLength() < 0
        || skip < 0
        || skip > Integer.MAX_VALUE
        || header.getChecksumCount() != CellChecksums.pieces(0, header.getLength())
        || reply.payload().readableBytes() != checksumBytes + header.getLength()) {
      throw new CairnException(
          ErrorCode.MALFORMED,
          name() + " server=" + member.getServer() + ": the answered range does not fit");
    }
    if (header.getLength() < skip + length) {
      throw new CairnException(
          ErrorCode.CHUNK_NOT_FOUND,
          name() + " server=" + member.getServer() + " has only " + header.getReplicaLength());
    }
    int checksumIndex = reply.payload().readerIndex();
    int dataIndex = checksumIndex + (int) checksumBytes;
    int bad =
        CellChecksums.firstBadCell(reply.payload(), checksumIndex, dataIndex, header.getLength());
    if (bad >= 0) {
      throw corrupt(member, header.getOffset() + (long) bad * CellChecksums.CELL_BYTES);
    }
    return new FetchedRange(reply.payload(), dataIndex + (int) skip, length);
  }

  private CairnException corrupt(Member member, long at) {
    String problem = "checksum of the cell at " + at + " differs";
    environment.counters().badReplicas.increment();
    reader.reporter().report(chunk.getChunk(), member.getServer(), problem);
    return new CairnException(
        ErrorCode.CHUNK_CORRUPT, name() + " server=" + member.getServer() + ": " + problem);
  }

  /** What a failure says of the server. */
  void failed(Member member, CairnException failure) {
    switch (failure.code()) {
      // Other refusals are about this chunk, not about the server.
      case CONNECTION_LOST, UNAVAILABLE, TIMED_OUT ->
          environment.suspects().add(member.getServer());
      default -> {}
    }
  }

  /** After a failure another member is asked. */
  void goesOn(Member member, CairnException failure) {
    environment.counters().readFailovers.increment();
    environment
        .events()
        .readFailedOver(
            new ChunkId(chunk.getChunk()).toString(), member.getName(), failure.getMessage());
  }

  String name() {
    return new ChunkId(chunk.getChunk()) + " [" + offset + ", " + (offset + length) + ")";
  }
}
