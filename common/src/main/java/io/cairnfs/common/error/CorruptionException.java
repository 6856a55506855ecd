package io.cairnfs.common.error;

/**
 * Stored bytes are not what was written. Names file, offset, expected and found; never retried
 * silently.
 */
public final class CorruptionException extends CairnException {
  private static final long serialVersionUID = 1;

  public CorruptionException(String file, long offset, String expected, String found) {
    super(
        ErrorCode.CORRUPT,
        file + ": corrupt at offset " + offset + ": expected " + expected + ", found " + found);
  }
}
