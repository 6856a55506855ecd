package io.cairnfs.client.write;

import io.cairnfs.client.base.Failures;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A record that somebody waits to have appended. Its bytes are taken, and its fate is set, by
 * whoever holds the writer's lock.
 */
final class Append {
  private final List<ByteBuffer> sources;
  private final long length;
  private final boolean sync;
  private long offset = -1;
  private CairnException failure;

  Append(List<ByteBuffer> sources, boolean sync) {
    this.sources = sources;
    this.sync = sync;
    length = sources.stream().mapToLong(ByteBuffer::remaining).sum();
  }

  List<ByteBuffer> sources() {
    return sources;
  }

  long length() {
    return length;
  }

  boolean isSync() {
    return sync;
  }

  boolean isDone() {
    return offset >= 0 || failure != null;
  }

  void landed(long at) {
    offset = at;
  }

  void failed(CairnException reason) {
    failure = reason;
  }

  /** Whoever had taken it over ended by an error of the program. */
  void abandoned() {
    failure = new CairnException(ErrorCode.INTERNAL, "an append of several ended by an error");
  }

  /** Where it landed. */
  long offset() throws CairnException {
    if (failure != null) {
      throw Failures.here(failure);
    }
    return offset;
  }
}
