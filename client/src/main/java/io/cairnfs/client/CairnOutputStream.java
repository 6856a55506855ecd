package io.cairnfs.client;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/**
 * Writes a file from its end on. All methods are safe for several threads; writes are atomic
 * against one another. Errors of writes that were still on their way are thrown by the next call,
 * and by {@link #close()} at the latest; after an error the stream accepts no more bytes.
 *
 * <p>Failing data servers are not errors: the stream goes on in another chunk by itself. What ends
 * it is: the session's expiry ({@code SESSION_EXPIRED}), a lost lease, no space, or the client's
 * time-out.
 */
public abstract class CairnOutputStream extends OutputStream {
  /** Writes the buffer's remaining bytes and moves its position to its limit. */
  public abstract void write(ByteBuffer source) throws IOException;

  /**
   * HDFS' hflush. When it returns, all bytes written so far are in the memory of every member of
   * the pipeline, and whoever opens the file from now on sees them. The length that {@code stat}
   * and listings show follows within about a second. A no-op after close, and for a file whose
   * visibility is deferred.
   */
  @Override
  public abstract void flush() throws IOException;

  /**
   * HDFS' hsync: as {@link #flush()}, and all bytes are on the disks of every member of every chunk
   * concerned before they become part of the file. With deferred visibility the bytes are on the
   * disks but not yet part of a file.
   */
  public abstract void sync() throws IOException;

  /** Bytes written through this stream, plus the length of the file at opening. */
  public abstract long position();

  /**
   * Ends the writing and makes all bytes part of the file. Idempotent: what a second call finds
   * done it does not repeat, and an error is thrown once.
   */
  @Override
  public abstract void close() throws IOException;

  /**
   * Ends the writing without making unflushed bytes part of the file; with deferred visibility no
   * file appears. Never throws; nothing after {@link #close()}.
   */
  public abstract void abort();
}
