package io.cairnfs.client.chunk;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * CRC-32C of the pieces of a byte range that the 4 KiB cell borders of a chunk cut it into; the
 * first piece may begin and the last may end inside a cell. As on the wire: 32 bits each,
 * big-endian.
 */
public final class CellChecksums {
  public static final int CELL_BYTES = 4096;

  private CellChecksums() {}

  /** Number of pieces of {@code length} bytes from {@code chunkOffset} on. */
  public static int pieces(long chunkOffset, int length) {
    if (length == 0) {
      return 0;
    }
    return (int) ((chunkOffset + length - 1) / CELL_BYTES - chunkOffset / CELL_BYTES) + 1;
  }

  /** Checksums of the readable bytes, which lie at {@code chunkOffset} of the chunk. */
  public static ByteString of(ByteBuf bytes, long chunkOffset) {
    int length = bytes.readableBytes();
    ByteBuffer checksums = ByteBuffer.allocate(4 * pieces(chunkOffset, length));
    ByteBuffer data = bytes.nioBuffer();
    int base = data.position();
    CRC32C crc = new CRC32C();
    int at = 0;
    int piece = (int) Math.min(length, CELL_BYTES - chunkOffset % CELL_BYTES);
    while (at < length) {
      data.limit(base + at + piece);
      crc.reset();
      crc.update(data);
      checksums.putInt((int) crc.getValue());
      at += piece;
      piece = Math.min(length - at, CELL_BYTES);
    }
    return UnsafeByteOperations.unsafeWrap(checksums.flip());
  }

  /**
   * Checks {@code length} bytes that begin at a cell border.
   *
   * @param checksumIndex where their checksums begin in {@code buffer}
   * @param dataIndex where they begin
   * @return the first cell whose checksum differs, or −1
   */
  public static int firstBadCell(ByteBuf buffer, int checksumIndex, int dataIndex, int length) {
    ByteBuffer data = buffer.nioBuffer(dataIndex, length);
    int base = data.position();
    CRC32C crc = new CRC32C();
    int cells = pieces(0, length);
    for (int cell = 0; cell < cells; cell++) {
      data.limit(base + Math.min(length, (cell + 1) * CELL_BYTES));
      crc.reset();
      crc.update(data);
      if ((int) crc.getValue() != buffer.getInt(checksumIndex + 4 * cell)) {
        return cell;
      }
    }
    return -1;
  }
}
