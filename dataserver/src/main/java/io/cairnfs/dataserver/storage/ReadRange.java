package io.cairnfs.dataserver.storage;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;

/**
 * The range a reader asks for.
 *
 * @param knownLength the chunk's committed length as the reader knows it; 0 = not known
 * @param limit where a shared chunk's next file begins, beyond which nothing is answered; 0 = none
 */
public record ReadRange(long offset, int length, long knownLength, long limit) {
  /** Most bytes of one answer. */
  public static final int MAX_LENGTH = 4 << 20;

  /**
   * @throws CairnException INVALID_ARGUMENT when a number is out of its range
   */
  public static ReadRange of(long offset, long length, long knownLength, long limit)
      throws CairnException {
    if (offset < 0
        || offset > Long.MAX_VALUE - Cells.SIZE - MAX_LENGTH
        || length < 0
        || length > MAX_LENGTH
        || knownLength < 0
        || limit < 0) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "range of "
              + Long.toUnsignedString(length)
              + " bytes at "
              + Long.toUnsignedString(offset)
              + "; one read answers at most "
              + MAX_LENGTH);
    }
    return new ReadRange(offset, (int) length, knownLength, limit);
  }

  long alignedOffset() {
    return offset - offset % Cells.SIZE;
  }

  /** The end widened to a cell border, but not beyond the limit or what is readable. */
  long alignedEnd(long readable) {
    long end = (offset + length + Cells.SIZE - 1) / Cells.SIZE * Cells.SIZE;
    if (limit > 0) {
      end = Math.min(end, limit);
    }
    return Math.min(end, readable);
  }
}
