package io.cairnfs.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.ByteString;
import io.cairnfs.client.base.Failures;
import io.cairnfs.client.write.RangeWriter;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.types.Attributes;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** One handle of a file that this client has open. */
final class ConnectedFile implements CairnFile {

  private final OpenFiles files;
  private final SharedFile shared;
  private final ByteString handle;
  private final CairnPath path;
  private final OpenOptions options;
  private final Object failures = new Object();

  @GuardedBy("failures")
  private int seenFailures;

  private volatile boolean closed;

  ConnectedFile(
      OpenFiles files, SharedFile shared, ByteString handle, CairnPath path, OpenOptions options) {
    this.handle = handle;
    this.files = files;
    this.shared = shared;
    this.path = path;
    this.options = options;
    seenFailures = shared.writer().map(RangeWriter::failures).orElse(0);
  }

  SharedFile shared() {
    return shared;
  }

  /** With the rights of this handle. */
  FileRef reference() {
    return FileRef.newBuilder().setInode(shared.inode()).setHandle(handle).build();
  }

  OpenOptions options() {
    return options;
  }

  void requireReadable() throws CairnException {
    requireOpen();
    if (!options.read()) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, path + " is not open for reading");
    }
  }

  void requireWritable() throws CairnException {
    requireOpen();
    if (!options.write()) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, path + " is not open for writing");
    }
    reportFailure();
  }

  private void requireOpen() throws CairnException {
    if (closed) {
      throw new CairnException(ErrorCode.STALE_HANDLE, path + ": this handle is closed");
    }
    shared.requireSession();
  }

  /** What was lost since this handle last heard of it. */
  private void reportFailure() throws CairnException {
    RangeWriter writer = shared.writer().orElseThrow();
    synchronized (failures) {
      if (seenFailures != writer.failures()) {
        seenFailures = writer.failures();
        throw Failures.here(writer.lastFailure().orElseThrow());
      }
    }
  }

  /** A call that throws itself what was lost. */
  private interface Call<T> {
    T run() throws CairnException;
  }

  private <T> T told(Call<T> call) throws CairnException {
    try {
      return call.run();
    } catch (CairnException e) {
      synchronized (failures) {
        seenFailures = shared.writer().orElseThrow().failures();
      }
      throw e;
    }
  }

  private void require(boolean valid, String what, long value) throws CairnException {
    if (!valid) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, path + ": " + what + " " + value);
    }
  }

  private void requireRange(long offset, long length) throws CairnException {
    require(offset >= 0, "negative offset", offset);
    require(length >= 0 && offset + length >= 0, "length", length);
  }

  @Override
  public int read(long position, ByteBuffer target) throws CairnException {
    requireReadable();
    require(position >= 0, "negative position", position);
    return shared.read(position, target, isFresh());
  }

  private boolean isFresh() {
    return options.freshness() == OpenOptions.Freshness.EACH_READ;
  }

  @Override
  public long read(long position, ByteBuffer[] targets) throws CairnException {
    long total = 0;
    for (ByteBuffer target : targets) {
      if (target.hasRemaining()) {
        int count = read(position + total, target);
        if (count < 0) {
          return total == 0 ? -1 : total;
        }
        total += count;
      }
    }
    return total;
  }

  @Override
  public List<CompletableFuture<ByteBuffer>> readVectored(List<Range> ranges)
      throws CairnException {
    requireReadable();
    return files.readVectored(this, ranges);
  }

  @Override
  public int write(long position, ByteBuffer source) throws CairnException {
    return (int) write(position, new ByteBuffer[] {source});
  }

  @Override
  public long write(long position, ByteBuffer[] sources) throws CairnException {
    long total = Arrays.stream(sources).mapToLong(ByteBuffer::remaining).sum();
    requireRange(position, total);
    requireWritable();
    if (total == 0) {
      return 0;
    }
    if (options.append()) {
      var unused = appended(sources);
      return total;
    }
    return told(
        () -> {
          long written = shared.write(position, Arrays.asList(sources));
          if (options.syncWrites()) {
            shared.writer().orElseThrow().sync();
          }
          return written;
        });
  }

  private long appended(ByteBuffer[] sources) throws CairnException {
    return told(
        () -> shared.writer().orElseThrow().append(Arrays.asList(sources), options.syncWrites()));
  }

  @Override
  public long append(ByteBuffer source) throws CairnException {
    requireWritable();
    return appended(new ByteBuffer[] {source});
  }

  @Override
  public long length() throws CairnException {
    requireOpen();
    return shared.length();
  }

  @Override
  public FileStatus status() throws CairnException {
    requireOpen();
    return Conversions.status(path, shared.attributes());
  }

  @Override
  public void truncate(long length) throws CairnException {
    requireRange(length, 0);
    requireWritable();
    var unused =
        told(
            () -> {
              shared.truncate(length);
              return length;
            });
  }

  @Override
  public void allocate(long offset, long length, Allocate growth) throws CairnException {
    requireRange(offset, length);
    require(length > 0, "length", length);
    requireWritable();
    var unused =
        told(
            () -> {
              shared.allocate(offset, length, growth == Allocate.KEEP_LENGTH);
              return length;
            });
  }

  @Override
  public void punchHole(long offset, long length) throws CairnException {
    requireRange(offset, length);
    require(length > 0, "length", length);
    requireWritable();
    var unused =
        told(
            () -> {
              shared.punch(offset, length);
              return length;
            });
  }

  @Override
  public long seekData(long offset) throws CairnException {
    requireRange(offset, 0);
    requireOpen();
    return shared.seek(offset, false);
  }

  @Override
  public long seekHole(long offset) throws CairnException {
    requireRange(offset, 0);
    requireOpen();
    return shared.seek(offset, true);
  }

  @Override
  public void flush() throws CairnException {
    requireOpen();
    if (options.write()) {
      requireWritable();
      flushed(false);
    }
  }

  @Override
  public void sync() throws CairnException {
    requireOpen();
    if (options.write()) {
      requireWritable();
      flushed(true);
    }
  }

  private void flushed(boolean sync) throws CairnException {
    Optional<Attributes> unused =
        told(
            () -> {
              RangeWriter writer = shared.writer().orElseThrow();
              if (sync) {
                writer.sync();
                return Optional.empty();
              }
              return writer.flush();
            });
  }

  @Override
  public void close() throws CairnException {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    try {
      if (options.write()) {
        shared.requireSession();
        reportFailure();
        flushed(files.syncOnClose());
      }
    } finally {
      files.closed(shared);
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
