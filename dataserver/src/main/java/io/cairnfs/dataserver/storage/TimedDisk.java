package io.cairnfs.dataserver.storage;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.metrics.RecentLatency;
import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Optional;

/**
 * A volume's disk that remembers how long its forces, writes and reads took. What the transport
 * sends from a file's channel passes by here unseen.
 */
final class TimedDisk implements Disk {
  private final Disk disk;
  private final Clock clock;
  private final RecentLatency forces = new RecentLatency();
  private final RecentLatency writes = new RecentLatency();
  private final RecentLatency reads = new RecentLatency();

  TimedDisk(Disk disk, Clock clock) {
    this.disk = disk;
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
    return new TimedFile(disk.open(name, mode));
  }

  /** Not among the reads' times: clients' reads are seldom as long. */
  @Override
  public DiskFile openUncached(String name) throws IOException {
    return disk.openUncached(name);
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
    long began = clock.monotonicNanos();
    try {
      disk.forceDirectory(directory);
    } finally {
      ended(forces, began);
    }
  }

  @Override
  public boolean isSameFile(String first, String second) throws IOException {
    return disk.isSameFile(first, second);
  }

  @Override
  public long usableBytes() throws IOException {
    return disk.usableBytes();
  }

  @Override
  public String describe(String name) {
    return disk.describe(name);
  }

  private final class TimedFile implements DiskFile {
    private final DiskFile file;

    TimedFile(DiskFile file) {
      this.file = file;
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
      long began = clock.monotonicNanos();
      try {
        return file.read(target, position);
      } finally {
        ended(reads, began);
      }
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      long began = clock.monotonicNanos();
      try {
        file.write(source, position);
      } finally {
        ended(writes, began);
      }
    }

    @Override
    public void write(ByteBuffer[] sources, long position) throws IOException {
      long began = clock.monotonicNanos();
      try {
        file.write(sources, position);
      } finally {
        ended(writes, began);
      }
    }

    @Override
    public void force() throws IOException {
      long began = clock.monotonicNanos();
      try {
        file.force();
      } finally {
        ended(forces, began);
      }
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
