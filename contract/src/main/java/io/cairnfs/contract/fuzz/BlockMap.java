package io.cairnfs.contract.fuzz;

import io.cairnfs.contract.Face.Handle;
import io.cairnfs.contract.PosixException;
import java.util.Arrays;

/**
 * What a file says of its data and holes, a letter for each block of 4,096 bytes, which is as fine
 * as ext4 tells it: {@code -} for a hole, {@code d} for a block with data.
 */
record BlockMap(String letters) {
  static final int BLOCK_BYTES = 4096;
  private static final int EIO = 5;
  private static final int ENXIO = 6;

  static BlockMap of(Handle handle, long size) throws PosixException {
    char[] letters = new char[(int) ((size + BLOCK_BYTES - 1) / BLOCK_BYTES)];
    Arrays.fill(letters, '-');
    long at = 0;
    while (at < size) {
      long data = seekData(handle, at);
      if (data < 0) {
        break;
      }
      long hole = handle.seekHole(data);
      if (hole <= data || data < at) {
        throw new PosixException(
            EIO, "data from " + data + " end at " + hole + ", asked from " + at);
      }
      long last = (Math.min(hole, size) - 1) / BLOCK_BYTES;
      for (long block = data / BLOCK_BYTES; block <= last; block++) {
        letters[(int) block] = 'd';
      }
      at = hole;
    }
    return new BlockMap(new String(letters));
  }

  private static long seekData(Handle handle, long at) throws PosixException {
    try {
      return handle.seekData(at);
    } catch (PosixException e) {
      if (e.errno() == ENXIO) {
        return -1;
      }
      throw e;
    }
  }

  /** Where data begin, in whole blocks, at or after a position; −1 if nowhere. */
  long data(long from, long size) {
    return next(from, size, false);
  }

  /** Where a hole begins, which the end is, too; −1 beyond it. */
  long hole(long from, long size) {
    return next(from, size, true);
  }

  private long next(long from, long size, boolean hole) {
    if (from < 0 || from >= size) {
      return -1;
    }
    for (int block = (int) (from / BLOCK_BYTES); block < letters.length(); block++) {
      boolean isHole = letters.charAt(block) == '-';
      if (isHole == hole) {
        return Math.max(from, (long) block * BLOCK_BYTES);
      }
    }
    return hole ? size : -1;
  }

  @Override
  public String toString() {
    return letters;
  }
}
