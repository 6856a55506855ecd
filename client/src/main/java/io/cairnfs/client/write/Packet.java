package io.cairnfs.client.write;

import com.google.protobuf.ByteString;
import io.cairnfs.client.chunk.CellChecksums;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.CompletableFuture;

/**
 * Bytes of one file on their way into a chunk. Which chunk, and where in it, is settled only by the
 * acknowledgement: until then the packet may move to another chunk. Guarded by its appender's
 * monitor; after {@link #acknowledged()} has completed, immutable.
 */
final class Packet {
  private final ByteBuf payload;
  private final long fileOffset;
  private final int contentLength;
  private final int length;
  private final int flags;
  private final boolean budgeted;
  private final CompletableFuture<Packet> acknowledged = new CompletableFuture<>();
  private ByteString checksums = ByteString.EMPTY;
  private long checksumPhase = -1;
  private OpenChunk chunk;
  private long chunkOffset;
  private long sequence;
  private volatile boolean settled;

  /**
   * @param payload owned by the packet until it is acknowledged
   * @param contentLength bytes of the file in the payload; what follows is padding
   */
  Packet(ByteBuf payload, long fileOffset, int contentLength, int flags, boolean budgeted) {
    this.payload = payload;
    this.fileOffset = fileOffset;
    this.contentLength = contentLength;
    this.flags = flags;
    this.budgeted = budgeted;
    length = payload.readableBytes();
  }

  ByteBuf payload() {
    return payload;
  }

  long fileOffset() {
    return fileOffset;
  }

  int contentLength() {
    return contentLength;
  }

  int length() {
    return length;
  }

  int flags() {
    return flags;
  }

  boolean isBudgeted() {
    return budgeted;
  }

  /** A packet without bytes only carries flags for the chunk it was made for. */
  boolean isControl() {
    return length == 0;
  }

  OpenChunk chunk() {
    return chunk;
  }

  long chunkOffset() {
    return chunkOffset;
  }

  long sequence() {
    return sequence;
  }

  /**
   * Completes when every member has the bytes; a control packet fails with PIPELINE_FAILED when its
   * chunk does.
   */
  CompletableFuture<Packet> acknowledged() {
    return acknowledged;
  }

  /**
   * True from the moment at which the appender counts the packet as acknowledged; its place does
   * not change any more.
   */
  boolean isSettled() {
    return settled;
  }

  void settle() {
    settled = true;
  }

  void placeAt(OpenChunk target, long offset, long number) {
    chunk = target;
    chunkOffset = offset;
    sequence = number;
  }

  /** Made once; again only if the packet moved to where cell borders cut it elsewhere. */
  ByteString checksums() {
    long phase = chunkOffset % CellChecksums.CELL_BYTES;
    if (phase != checksumPhase) {
      checksums = CellChecksums.of(payload, chunkOffset);
      checksumPhase = phase;
    }
    return checksums;
  }

  /** Ahead of sending, on the writer's thread, for the usual place: a cell border. */
  void prepareChecksums(long expectedPhase) {
    if (length > 0) {
      checksums = CellChecksums.of(payload, expectedPhase);
      checksumPhase = expectedPhase;
    }
  }
}
