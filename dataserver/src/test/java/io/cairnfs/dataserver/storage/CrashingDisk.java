package io.cairnfs.dataserver.storage;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Optional;

/** A disk whose process dies before its n-th change: that change and all later ones fail. */
final class CrashingDisk implements Disk {
  private final Disk disk;
  private int changesLeft;

  CrashingDisk(Disk disk, int changesLeft) {
    this.disk = disk;
    this.changesLeft = changesLeft;
  }

  boolean hasCrashed() {
    return changesLeft < 0;
  }

  private void change() throws IOException {
    if (--changesLeft < 0) {
      changesLeft = -1;
      throw new IOException("the process has crashed");
    }
  }

  @Override
  public DiskFile open(String name, OpenMode mode) throws IOException {
    if (mode == OpenMode.CREATE) {
      change();
    }
    return new CrashingFile(disk.open(name, mode));
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
    change();
    disk.createDirectories(directory);
  }

  @Override
  public void rename(String source, String target) throws IOException {
    change();
    disk.rename(source, target);
  }

  @Override
  public void delete(String name) throws IOException {
    change();
    disk.delete(name);
  }

  @Override
  public void forceDirectory(String directory) throws IOException {
    change();
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

  private final class CrashingFile implements DiskFile {
    private final DiskFile file;

    CrashingFile(DiskFile file) {
      this.file = file;
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
      return file.read(target, position);
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      change();
      file.write(source, position);
    }

    @Override
    public void force() throws IOException {
      change();
      file.force();
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public void truncate(long size) throws IOException {
      change();
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
