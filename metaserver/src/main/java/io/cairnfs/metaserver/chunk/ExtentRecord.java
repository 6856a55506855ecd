package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.namespace.RecordInput;
import io.cairnfs.metaserver.namespace.RecordOutput;
import io.cairnfs.proto.types.Extent;

/**
 * File bytes [fileOffset, end) are chunk bytes from chunkOffset on.
 *
 * <p>The key of table EXTENT holds the end, not the begin: one forward seek then finds the extent
 * that holds an offset.
 *
 * @param isOpenTail the file's last bytes, in a chunk that is still appended to
 */
public record ExtentRecord(
    long fileOffset,
    long length,
    ChunkId chunk,
    long chunkOffset,
    boolean isOpenTail,
    long changeIndex) {
  private static final int FORMAT = 1;

  public ExtentRecord {
    if (fileOffset < 0 || length <= 0 || chunkOffset < 0) {
      throw new IllegalArgumentException(
          "extent of "
              + length
              + " bytes at "
              + fileOffset
              + " in "
              + chunk
              + " at "
              + chunkOffset);
    }
  }

  public long end() {
    return fileOffset + length;
  }

  public long chunkEnd() {
    return chunkOffset + length;
  }

  /** The part from an offset inside on. */
  ExtentRecord from(long offset) {
    long cut = offset - fileOffset;
    return new ExtentRecord(
        offset, length - cut, chunk, chunkOffset + cut, isOpenTail, changeIndex);
  }

  /** The part before an offset inside: never a tail. */
  ExtentRecord until(long offset) {
    return new ExtentRecord(
        fileOffset, offset - fileOffset, chunk, chunkOffset, false, changeIndex);
  }

  ExtentRecord withLength(long newLength) {
    return new ExtentRecord(fileOffset, newLength, chunk, chunkOffset, isOpenTail, changeIndex);
  }

  ExtentRecord withOpenTail(boolean open) {
    return new ExtentRecord(fileOffset, length, chunk, chunkOffset, open, changeIndex);
  }

  /** The other one continues this one, in the file and in the chunk. */
  boolean isFollowedBy(ExtentRecord next) {
    return chunk.equals(next.chunk) && end() == next.fileOffset && chunkEnd() == next.chunkOffset;
  }

  /** Both as one; the other one {@linkplain #isFollowedBy follows}. */
  ExtentRecord joinedWith(ExtentRecord next) {
    return new ExtentRecord(
        fileOffset, length + next.length, chunk, chunkOffset, next.isOpenTail, changeIndex);
  }

  /** As clients see it. */
  public Extent toProto() {
    return Extent.newBuilder()
        .setFileOffset(fileOffset)
        .setLength(length)
        .setChunk(chunk.value())
        .setChunkOffset(chunkOffset)
        .setOpenTail(isOpenTail)
        .build();
  }

  byte[] encode(long index) {
    return new RecordOutput(FORMAT)
        .writeVarint(length)
        .writeLong(chunk.value())
        .writeVarint(chunkOffset)
        .writeBoolean(isOpenTail)
        .writeVarint(index)
        .toByteArray();
  }

  static ExtentRecord decode(long end, byte[] value) {
    RecordInput in = new RecordInput("extent", value, FORMAT);
    long length = in.readVarint();
    ExtentRecord record =
        new ExtentRecord(
            end - length,
            length,
            new ChunkId(in.readLong()),
            in.readVarint(),
            in.readBoolean(),
            in.readVarint());
    in.requireEnd();
    return record;
  }
}
