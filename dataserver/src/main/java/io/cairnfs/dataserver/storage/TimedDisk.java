package io.cairnfs.dataserver.storage;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.disk.ForwardingDisk;
import io.cairnfs.common.disk.ForwardingFile;
import io.cairnfs.common.metrics.RecentLatency;
import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A volume's disk that remembers how long its forces, writes and reads took. What the transport
 * sends from a file's channel passes by here unseen.
 */
final class TimedDisk extends ForwardingDisk {
  private final Clock clock;
  private final RecentLatency forces = new RecentLatency();
  private final RecentLatency writes = new RecentLatency();
  private final RecentLatency reads = new RecentLatency();

  TimedDisk(Disk disk, Clock clock) {
    super(disk);
    this.clock = clock;
  }

  /** By one thread, once a window. */
  void endWindow() {
    long unusedForces = forces.endWindow();
    long unusedWrites = writes.endWindow();
    long unusedReads = reads.endWindow();
  }

  /** Of the last window that was ended. */
  VolumeLatency latency() {
    return new VolumeLatency(forces.p99Micros(), writes.p99Micros(), reads.p99Micros());
  }

  /** Also of one that failed: a disk is often slow before it fails. */
  private void ended(RecentLatency latency, long began) {
    latency.record(clock.monotonicNanos() - began);
  }

  @Override
  public DiskFile open(String name, OpenMode mode) throws IOException {
    return new TimedFile(disk().open(name, mode));
  }

  /** Not among the reads' times: clients' reads are seldom as long. */
  @Override
  public DiskFile openUncached(String name) throws IOException {
    return disk().openUncached(name);
  }

  @Override
  public void forceDirectory(String directory) throws IOException {
    long began = clock.monotonicNanos();
    try {
      disk().forceDirectory(directory);
    } finally {
      ended(forces, began);
    }
  }

  private final class TimedFile extends ForwardingFile {

    TimedFile(DiskFile file) {
      super(file);
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
      long began = clock.monotonicNanos();
      try {
        return file().read(target, position);
      } finally {
        ended(reads, began);
      }
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      long began = clock.monotonicNanos();
      try {
        file().write(source, position);
      } finally {
        ended(writes, began);
      }
    }

    @Override
    public void write(ByteBuffer[] sources, long position) throws IOException {
      long began = clock.monotonicNanos();
      try {
        file().write(sources, position);
      } finally {
        ended(writes, began);
      }
    }

    @Override
    public void force() throws IOException {
      long began = clock.monotonicNanos();
      try {
        file().force();
      } finally {
        ended(forces, began);
      }
    }
  }
}
