package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;

/** What a file may ask for. */
final class FileLimits {
  static final int MAX_REPLICATION = 16;
  static final long MIN_CHUNK_BYTES = 4096;
  static final long MAX_CHUNK_BYTES = 1L << 30;

  private FileLimits() {}

  static int requireReplication(int replication) throws CairnException {
    if (replication < 1 || replication > MAX_REPLICATION) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "replication " + replication + " outside 1.." + MAX_REPLICATION);
    }
    return replication;
  }

  static long requireChunkBytes(long bytes) throws CairnException {
    if (bytes < MIN_CHUNK_BYTES || bytes > MAX_CHUNK_BYTES || bytes % MIN_CHUNK_BYTES != 0) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "chunk size "
              + bytes
              + " is not a multiple of "
              + MIN_CHUNK_BYTES
              + " up to "
              + MAX_CHUNK_BYTES);
    }
    return bytes;
  }

  static int requireMode(int mode) throws CairnException {
    if ((mode & ~07777) != 0) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "mode 0" + Integer.toOctalString(mode) + " above 07777");
    }
    return mode;
  }
}
