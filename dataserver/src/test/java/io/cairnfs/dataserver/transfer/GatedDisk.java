package io.cairnfs.dataserver.transfer;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** A disk whose files are forced only once a gate is open, and which offers no channels. */
final class GatedDisk implements Disk {
  private final Disk disk;
  private final CountDownLatch gate;

  GatedDisk(Disk disk, CountDownLatch gate) {
    this.disk = disk;
    this.gate = gate;
  }

  @Override
  public DiskFile open(String name, OpenMode mode) throws IOException {
    return new GatedFile(disk.open(name, mode), gate);
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
    return disk.usableBytes();
  }

  @Override
  public String describe(String name) {
    return disk.describe(name);
  }

  private record GatedFile(DiskFile file, CountDownLatch gate) implements DiskFile {
    @Override
    public int read(ByteBuffer target, long position) throws IOException {
      return file.read(target, position);
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      file.write(source, position);
    }

    @Override
    public void force() throws IOException {
      try {
        gate.await();
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
      return Optional.empty();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
