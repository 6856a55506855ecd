package io.cairnfs.raft.log;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.disk.ForwardingDisk;
import io.cairnfs.common.disk.ForwardingFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A disk whose process dies before the n-th change or force. */
public class CrashingDisk extends ForwardingDisk {
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
    super(disk);
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
    return new CrashingFile(name, disk().open(name, mode));
  }

  @Override
  public void createDirectories(String directory) throws IOException {
    change("create directory " + directory);
    disk().createDirectories(directory);
  }

  @Override
  public void rename(String source, String target) throws IOException {
    change("rename " + source);
    disk().rename(source, target);
  }

  @Override
  public void delete(String name) throws IOException {
    change("delete " + name);
    disk().delete(name);
  }

  @Override
  public void forceDirectory(String directory) throws IOException {
    change("force directory " + directory);
    disk().forceDirectory(directory);
  }

  private final class CrashingFile extends ForwardingFile {
    private final String name;

    CrashingFile(String name, DiskFile file) {
      super(file);
      this.name = name;
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
      if (position == watchedPosition) {
        watcher.run();
      }
      return file().read(target, position);
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      change("write " + name);
      file().write(source, position);
    }

    @Override
    public void force() throws IOException {
      change("force " + name);
      file().force();
    }

    @Override
    public void truncate(long size) throws IOException {
      change("truncate " + name);
      file().truncate(size);
    }
  }
}
