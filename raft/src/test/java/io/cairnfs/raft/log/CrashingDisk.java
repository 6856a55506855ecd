package io.cairnfs.raft.log;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Optional;

/** A disk whose process dies before the n-th change or force. */
public class CrashingDisk implements Disk {
  private final Disk disk;
  private long left;
  private long done;
  private long watchedPosition = -1;
  private ReadHook watcher = () -> {};

  /** The process has died here. */
  public static final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1;

    Crash(String before) {
      super("crash before " + before);
    }
  }

  /** What happens just before a read. */
  public interface ReadHook {
    void run() throws IOException;
  }

  public CrashingDisk(Disk disk) {
    this.disk = disk;
    this.left = Long.MAX_VALUE;
  }

  /** Dies before the change that follows so many others. */
  public void crashAfter(long changes) {
    left = changes;
  }

  /** Has something happen before any file is read from that position on. */
  public void beforeReadAt(long position, ReadHook hook) {
    watchedPosition = position;
    watcher = hook;
  }

  /** Changes and forces that were made. */
  public long changes() {
    return done;
  }

  private void change(String what) {
    if (left <= 0) {
      throw new Crash(what);
    }
    left--;
    done++;
  }

  @Override
  public DiskFile open(String name, OpenMode mode) throws IOException {
    if (mode == OpenMode.CREATE) {
      change("create " + name);
    }
    return new CrashingFile(name, disk.open(name, mode));
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
    change("create directory " + directory);
    disk.createDirectories(directory);
  }

  @Override
  public void rename(String source, String target) throws IOException {
    change("rename " + source);
    disk.rename(source, target);
  }

  @Override
  public void delete(String name) throws IOException {
    change("delete " + name);
    disk.delete(name);
  }

  @Override
  public void forceDirectory(String directory) throws IOException {
    change("force directory " + directory);
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
    private final String name;
    private final DiskFile file;

    CrashingFile(String name, DiskFile file) {
      this.name = name;
      this.file = file;
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
      if (position == watchedPosition) {
        watcher.run();
      }
      return file.read(target, position);
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      change("write " + name);
      file.write(source, position);
    }

    @Override
    public void force() throws IOException {
      change("force " + name);
      file.force();
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public void truncate(long size) throws IOException {
      change("truncate " + name);
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
