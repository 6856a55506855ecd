package io.cairnfs.dataserver.storage;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.disk.ForwardingDisk;
import io.cairnfs.common.disk.ForwardingFile;
import io.cairnfs.common.time.ManualClock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.Optional;

/** A disk whose forces and reads take as long as a test says, by the test's clock. */
final class LaggingDisk extends ForwardingDisk {
  private final ManualClock clock;
  Duration force = Duration.ZERO;
  Duration read = Duration.ZERO;

  LaggingDisk(Disk disk, ManualClock clock) {
    super(disk);
    this.clock = clock;
  }

  @Override
  public DiskFile open(String name, OpenMode mode) throws IOException {
    return new LaggingFile(disk().open(name, mode));
  }

  @Override
  public void forceDirectory(String directory) throws IOException {
    clock.advance(force);
    disk().forceDirectory(directory);
  }

  private final class LaggingFile extends ForwardingFile {

    LaggingFile(DiskFile file) {
      super(file);
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
      clock.advance(read);
      return file().read(target, position);
    }

    @Override
    public void force() throws IOException {
      clock.advance(force);
      file().force();
    }

    @Override
    public Optional<FileChannel> channel() {
      return Optional.empty();
    }
  }
}
