package io.cairnfs.dataserver.heartbeat;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.dataserver.storage.Cells;
import io.cairnfs.proto.dataserver.ReadChunkReply;
import io.cairnfs.rpc.client.RpcReply;
import io.netty.buffer.ByteBuf;

/** What another data server answered to a read, taken out of its message. */
final class SourceRange {
  private SourceRange() {}

  /**
   * The bytes of a range that begins at a cell's border, each cell compared with its checksum.
   *
   * @param slowed hears that clients of the source wait for what is read there
   * @throws CairnException CHUNK_CORRUPT when these are not the bytes that were asked for
   */
  static byte[] verified(RpcReply reply, long offset, int length, Runnable slowed)
      throws CairnException {
    ReadChunkReply header = reply.message(ReadChunkReply.parser());
    if (header.getClientsSlowed()) {
      slowed.run();
    }
    ByteBuf payload = reply.payload();
    int cells = Cells.count(length);
    if (header.getOffset() != offset
        || header.getLength() != length
        || header.getChecksumCount() != cells
        || payload.readableBytes() != Integer.BYTES * cells + length) {
      throw new CairnException(
          ErrorCode.CHUNK_CORRUPT,
          "answered "
              + header.getLength()
              + " bytes at "
              + header.getOffset()
              + ", wanted were "
              + length
              + " at "
              + offset);
    }
    byte[] bytes = new byte[length];
    int from = payload.readerIndex();
    payload.getBytes(from + Integer.BYTES * cells, bytes);
    for (int cell = 0; cell < cells; cell++) {
      int found = Crc32c.of(bytes, cell * Cells.SIZE, Cells.bytesIn(cell, length));
      int expected = payload.getInt(from + Integer.BYTES * cell);
      if (found != expected) {
        throw new CairnException(
            ErrorCode.CHUNK_CORRUPT,
            String.format(
                "cell at %d arrived with checksum %08x, expected %08x",
                offset + (long) cell * Cells.SIZE, found, expected));
      }
    }
    return bytes;
  }
}
