package io.cairnfs.dataserver.storage;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.id.ChunkId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the checksum file of an unsealed replica records, and the longest prefix of the data file
 * that it vouches for.
 */
final class RecordedCells {
  private record Partial(int covered, int crc) {}

  /** The longest prefix that verifies. */
  static final class Prefix {
    private final long length;
    private final int[] cells;
    private final int partial;

    private Prefix(long length, int[] cells, int partial) {
      this.length = length;
      this.cells = cells;
      this.partial = partial;
    }

    long length() {
      return length;
    }

    /** Checksums of the whole cells; the caller's to keep. */
    int[] cells() {
      return cells;
    }

    /** Checksum of what lies behind the last cell border. */
    int partial() {
      return partial;
    }
  }

  private int[] whole = new int[64];
  private final BitSet hasWhole = new BitSet();
  private final Map<Integer, List<Partial>> partials = new HashMap<>();
  private int epoch;
  private long end;

  private RecordedCells() {}

  /** Reads all records; damaged ones are left out. */
  static RecordedCells read(DiskFile sums, ChunkId chunk, String file) throws IOException {
    RecordedCells recorded = new RecordedCells();
    long size = sums.size();
    recorded.end = ChecksumRecord.HEADER_BYTES;
    if (size < ChecksumRecord.HEADER_BYTES) {
      return recorded;
    }
    ByteBuffer header = ByteBuffer.allocate(ChecksumRecord.HEADER_BYTES);
    ReplicaRead.readFully(sums, header, 0);
    header.flip();
    if (!DataFileHeader.isUnwritten(header)) {
      ChunkId found = ChecksumRecord.decodeHeader(header, file);
      if (!found.equals(chunk)) {
        throw new CorruptionException(file, 12, chunk.toString(), found.toString());
      }
    }
    ByteBuffer records = ByteBuffer.allocate(64 << 10);
    long at = ChecksumRecord.HEADER_BYTES;
    while (at < size) {
      records.clear();
      int bytes = sums.read(records, at);
      for (int i = 0; i + ChecksumRecord.BYTES <= bytes; i += ChecksumRecord.BYTES) {
        recorded.add(records, i);
      }
      at += bytes;
      if (bytes < records.capacity()) {
        break;
      }
    }
    long records16 = (size - ChecksumRecord.HEADER_BYTES + ChecksumRecord.BYTES - 1);
    recorded.end =
        ChecksumRecord.HEADER_BYTES + records16 / ChecksumRecord.BYTES * ChecksumRecord.BYTES;
    return recorded;
  }

  private void add(ByteBuffer records, int at) {
    if (!ChecksumRecord.isValid(records, at)) {
      return;
    }
    int number = records.getInt(at + 4);
    if (records.getShort(at) == ChecksumRecord.EPOCH) {
      epoch = Math.max(epoch, number);
      return;
    }
    int covered = records.getShort(at + 2);
    int crc = records.getInt(at + 8);
    if (covered < Cells.SIZE) {
      partials.computeIfAbsent(number, key -> new ArrayList<>()).add(new Partial(covered, crc));
      return;
    }
    if (number >= whole.length) {
      whole = Arrays.copyOf(whole, Math.max(number + 1, whole.length * 2));
    }
    whole[number] = crc;
    hasWhole.set(number);
  }

  /** The highest epoch recorded, 0 if none. */
  int epoch() {
    return epoch;
  }

  /** Where the next record goes: behind everything, on a record's border. */
  long end() {
    return end;
  }

  /** Reads the data file up to where it ends to verify. */
  Prefix verify(DiskFile data, long maxLength, ScratchBuffers scratch) throws IOException {
    ByteBuffer buffer = scratch.take(ScratchBuffers.BYTES);
    try {
      return verify(data, maxLength, buffer);
    } finally {
      scratch.give(buffer);
    }
  }

  private Prefix verify(DiskFile data, long maxLength, ByteBuffer buffer) throws IOException {
    long bytes = Math.min(maxLength, Math.max(0, data.size() - DataFileHeader.BYTES));
    int cell = 0;
    for (long at = 0; at < bytes; at += ScratchBuffers.BYTES) {
      buffer.clear().limit((int) Math.min(ScratchBuffers.BYTES, bytes - at));
      int read = data.read(buffer, DataFileHeader.BYTES + at);
      buffer.flip();
      for (int from = 0; from < read; from += Cells.SIZE, cell++) {
        int size = Math.min(Cells.SIZE, read - from);
        if (size < Cells.SIZE
            || !hasWhole.get(cell)
            || Crc32c.of(buffer.slice(from, Cells.SIZE)) != whole[cell]) {
          return endingIn(cell, buffer.slice(from, size));
        }
      }
    }
    return new Prefix((long) cell * Cells.SIZE, Arrays.copyOf(whole, cell), 0);
  }

  private Prefix endingIn(int cell, ByteBuffer bytes) {
    int length = 0;
    int crc = 0;
    for (Partial partial : partials.getOrDefault(cell, List.of())) {
      if (partial.covered() > length
          && partial.covered() <= bytes.remaining()
          && Crc32c.of(bytes.slice(0, partial.covered())) == partial.crc()) {
        length = partial.covered();
        crc = partial.crc();
      }
    }
    return new Prefix(
        (long) cell * Cells.SIZE + length, Arrays.copyOf(whole, Math.max(cell, 0)), crc);
  }
}
