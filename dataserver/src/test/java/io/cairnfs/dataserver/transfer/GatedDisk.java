package io.cairnfs.dataserver.transfer;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.disk.ForwardingDisk;
import io.cairnfs.common.disk.ForwardingFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** A disk whose files are forced only once a gate is open, and which offers no channels. */
final class GatedDisk extends ForwardingDisk {
  private final CountDownLatch gate;

  GatedDisk(Disk disk, CountDownLatch gate) {
    super(disk);
    this.gate = gate;
  }

  @Override
  public DiskFile open(String name, OpenMode mode) throws IOException {
    return new GatedFile(disk().open(name, mode), gate);
  }

  private static final class GatedFile extends ForwardingFile {
    private final CountDownLatch gate;

    GatedFile(DiskFile file, CountDownLatch gate) {
      super(file);
      this.gate = gate;
    }

    @Override
    public void force() throws IOException {
      try {
        gate.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
      file().force();
    }

    @Override
    public Optional<FileChannel> channel() {
      return Optional.empty();
    }
  }
}
