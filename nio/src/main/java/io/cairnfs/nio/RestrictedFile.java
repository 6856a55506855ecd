package io.cairnfs.nio;

import io.cairnfs.client.CairnFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Something open that refuses everything; what it can, the subclass says. */
abstract class RestrictedFile implements CairnFile {
  private final CairnException refusal;

  RestrictedFile(ErrorCode code, String message) {
    this.refusal = new CairnException(code, message);
  }

  CairnException refused() {
    return new CairnException(refusal.code(), refusal.getMessage());
  }

  @Override
  public int read(long position, ByteBuffer target) throws IOException {
    throw refused();
  }

  @Override
  public long read(long position, ByteBuffer[] targets) throws IOException {
    long done = 0;
    for (ByteBuffer target : targets) {
      while (target.hasRemaining()) {
        int count = read(position + done, target);
        if (count < 0) {
          return done == 0 ? -1 : done;
        }
        done += count;
      }
    }
    return done;
  }

  @Override
  public List<CompletableFuture<ByteBuffer>> readVectored(List<Range> ranges) throws IOException {
    throw refused();
  }

  @Override
  public int write(long position, ByteBuffer source) throws IOException {
    throw refused();
  }

  @Override
  public long write(long position, ByteBuffer[] sources) throws IOException {
    long done = 0;
    for (ByteBuffer source : sources) {
      done += write(position + done, source);
    }
    return done;
  }

  @Override
  public long append(ByteBuffer source) throws IOException {
    throw refused();
  }

  @Override
  public void truncate(long length) throws IOException {
    throw refused();
  }

  @Override
  public void allocate(long offset, long length, Allocate growth) throws IOException {
    throw refused();
  }

  @Override
  public void punchHole(long offset, long length) throws IOException {
    throw refused();
  }

  @Override
  public long seekData(long offset) throws IOException {
    throw refused();
  }

  @Override
  public long seekHole(long offset) throws IOException {
    throw refused();
  }
}
