package io.cairnfs.dataserver.storage;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Checks packets against the checksums that came with them and computes from these, without reading
 * the bytes again, the checksums of the cells they extend. Starts where the replica ends; moves on
 * with each packet. Not shared between threads.
 */
final class CellVerifier {
  private final ChunkId chunk;
  private final CRC32C crc = new CRC32C();
  private final int firstCell;
  private int cell;
  private int covered;
  private int partial;
  private int[] whole;
  private int wholeCount;

  /**
   * @param partial checksum of the bytes behind the last cell border, if there are any
   */
  CellVerifier(ChunkId chunk, long length, int partial, int expectedBytes) {
    this.chunk = chunk;
    this.firstCell = Cells.indexOf(length);
    this.cell = firstCell;
    this.covered = (int) (length % Cells.SIZE);
    this.partial = covered == 0 ? 0 : partial;
    this.whole = new int[expectedBytes / Cells.SIZE + 2];
  }

  /** Bytes and checksums of the packet are read; the positions of its payload stay. */
  void add(ReplicaPacket packet) throws CairnException {
    int bytes = packet.bytes();
    int pieces = Cells.pieces(packet.offset(), bytes);
    ByteBuffer checksums = packet.checksums().duplicate();
    if (checksums.remaining() != 4 * pieces) {
      throw new CairnException(
          ErrorCode.MALFORMED,
          chunk
              + " packet of "
              + bytes
              + " bytes at "
              + packet.offset()
              + " needs "
              + pieces
              + " checksums, has "
              + checksums.remaining()
              + " bytes of them");
    }
    Cursor cursor = new Cursor(packet.payload());
    int left = bytes;
    while (left > 0) {
      int piece = Math.min(Cells.SIZE - covered, left);
      crc.reset();
      cursor.update(crc, piece);
      int found = (int) crc.getValue();
      int expected = checksums.getInt();
      if (found != expected) {
        throw new CairnException(
            ErrorCode.CHUNK_CORRUPT,
            String.format(
                "%s bytes [%d, %d) arrived with checksum %08x, expected %08x",
                chunk,
                packet.offset() + bytes - left,
                packet.offset() + bytes - left + piece,
                found,
                expected));
      }
      extend(found, piece);
      left -= piece;
    }
  }

  private void extend(int pieceCrc, int bytes) {
    partial = covered == 0 ? pieceCrc : Crc32c.combine(partial, pieceCrc, bytes);
    covered += bytes;
    if (covered == Cells.SIZE) {
      if (wholeCount == whole.length) {
        whole = java.util.Arrays.copyOf(whole, whole.length * 2);
      }
      whole[wholeCount++] = partial;
      cell++;
      covered = 0;
      partial = 0;
    }
  }

  /** The first cell that was extended. */
  int firstCell() {
    return firstCell;
  }

  /** Cells from {@link #firstCell} on that are whole now. */
  int wholeCount() {
    return wholeCount;
  }

  int whole(int index) {
    return whole[index];
  }

  /** Bytes in the cell that is not whole; 0 = none. */
  int covered() {
    return covered;
  }

  int partial() {
    return partial;
  }

  /** Records for all extended cells. */
  int recordBytes() {
    return ChecksumRecord.BYTES * (wholeCount + (covered > 0 ? 1 : 0));
  }

  void putRecords(ByteBuffer target) {
    for (int i = 0; i < wholeCount; i++) {
      ChecksumRecord.putCell(target, firstCell + i, Cells.SIZE, whole[i]);
    }
    if (covered > 0) {
      ChecksumRecord.putCell(target, cell, covered, partial);
    }
  }

  /** Walks over buffers that lie one behind the other. */
  private static final class Cursor {
    private final List<ByteBuffer> buffers;
    private int index;
    private ByteBuffer current;

    Cursor(List<ByteBuffer> buffers) {
      this.buffers = buffers;
      this.current = buffers.isEmpty() ? ByteBuffer.allocate(0) : buffers.get(0).duplicate();
    }

    void update(CRC32C crc, int bytes) {
      int left = bytes;
      while (left > 0) {
        while (!current.hasRemaining()) {
          current = buffers.get(++index).duplicate();
        }
        int part = Math.min(left, current.remaining());
        int limit = current.limit();
        current.limit(current.position() + part);
        crc.update(current);
        current.limit(limit);
        left -= part;
      }
    }
  }
}
