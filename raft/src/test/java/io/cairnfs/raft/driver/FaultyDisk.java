package io.cairnfs.raft.driver;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.disk.ForwardingDisk;
import io.cairnfs.common.disk.ForwardingFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/**
 * A disk that can be full: new files of more than a page find no room. Or its forces fail, or do
 * not return.
 */
final class FaultyDisk extends ForwardingDisk {
  private static final int PAGE_BYTES = 4096;

  private volatile Consumer<String> beforeForce = name -> {};
  private volatile boolean full;
  private volatile boolean forcesFail;
  private volatile CountDownLatch stalled = new CountDownLatch(0);

  FaultyDisk(Disk disk) {
    super(disk);
  }

  void fill(boolean isFull) {
    full = isFull;
  }

  /** No force returns until {@link #goOn}. */
  void stall() {
    stalled = new CountDownLatch(1);
  }

  void goOn() {
    stalled.countDown();
  }

  /** Told the name of each file that is about to be forced, on the thread that does it. */
  void beforeForce(Consumer<String> watcher) {
    beforeForce = watcher;
  }

  void failForces() {
    forcesFail = true;
  }

  @Override
  public DiskFile open(String name, OpenMode mode) throws IOException {
    return new FaultyFile(name, disk().open(name, mode));
  }

  @Override
  public long usableBytes() throws IOException {
    return full ? PAGE_BYTES : disk().usableBytes();
  }

  private final class FaultyFile extends ForwardingFile {
    private final String name;

    FaultyFile(String name, DiskFile file) {
      super(file);
      this.name = name;
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      long end = position + source.remaining();
      if (full && end > PAGE_BYTES && end > file().size()) {
        throw new IOException(name + ": No space left on device");
      }
      file().write(source, position);
    }

    @Override
    public void force() throws IOException {
      beforeForce.accept(name);
      if (forcesFail) {
        throw new IOException(name + ": Input/output error");
      }
      try {
        stalled.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
      file().force();
    }
  }
}
