package io.cairnfs.raft.driver;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/**
 * A disk that can be full: new files of more than a page find no room. Or its forces fail, or do
 * not return.
 */
final class FaultyDisk implements Disk {
  private static final int PAGE_BYTES = 4096;

  private final Disk disk;
  private volatile Consumer<String> beforeForce = name -> {};
  private volatile boolean full;
  private volatile boolean forcesFail;
  private volatile CountDownLatch stalled = new CountDownLatch(0);

  FaultyDisk(Disk disk) {
    this.disk = disk;
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
    return new FaultyFile(name, disk.open(name, mode));
  }

  @Override
  public boolean exists(String name) throws IOException {
    return disk.exists(name);
  }

  @Override
  public List<String> list(String directory) throws IOException {
    return disk.list(directory);
  }

  @Override
  public boolean isDirectory(String name) throws IOException {
    return disk.isDirectory(name);
  }

  @Override
  public void createDirectories(String directory) throws IOException {
    disk.createDirectories(directory);
  }

  @Override
  public void rename(String source, String target) throws IOException {
    disk.rename(source, target);
  }

  @Override
  public void delete(String name) throws IOException {
    disk.delete(name);
  }

  @Override
  public void forceDirectory(String directory) throws IOException {
    disk.forceDirectory(directory);
  }

  @Override
  public long usableBytes() throws IOException {
    return full ? PAGE_BYTES : disk.usableBytes();
  }

  @Override
  public String describe(String name) {
    return disk.describe(name);
  }

  private final class FaultyFile implements DiskFile {
    private final String name;
    private final DiskFile file;

    FaultyFile(String name, DiskFile file) {
      this.name = name;
      this.file = file;
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
      return file.read(target, position);
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      long end = position + source.remaining();
      if (full && end > PAGE_BYTES && end > file.size()) {
        throw new IOException(name + ": No space left on device");
      }
      file.write(source, position);
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
      file.force();
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public void truncate(long size) throws IOException {
      file.truncate(size);
    }

    @Override
    public Optional<FileChannel> channel() {
      return file.channel();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
