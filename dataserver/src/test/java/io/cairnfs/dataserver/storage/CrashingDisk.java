package io.cairnfs.dataserver.storage;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.disk.ForwardingDisk;
import io.cairnfs.common.disk.ForwardingFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A disk whose process dies before its n-th change: that change and all later ones fail. */
final class CrashingDisk extends ForwardingDisk {
  private int changesLeft;

  CrashingDisk(Disk disk, int changesLeft) {
    super(disk);
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
    return new CrashingFile(disk().open(name, mode));
  }

  @Override
  public void createDirectories(String directory) throws IOException {
    change();
    disk().createDirectories(directory);
  }

  @Override
  public void rename(String source, String target) throws IOException {
    change();
    disk().rename(source, target);
  }

  @Override
  public void delete(String name) throws IOException {
    change();
    disk().delete(name);
  }

  @Override
  public void forceDirectory(String directory) throws IOException {
    change();
    disk().forceDirectory(directory);
  }

  private final class CrashingFile extends ForwardingFile {

    CrashingFile(DiskFile file) {
      super(file);
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      change();
      file().write(source, position);
    }

    @Override
    public void force() throws IOException {
      change();
      file().force();
    }

    @Override
    public void truncate(long size) throws IOException {
      change();
      file().truncate(size);
    }
  }
}
