package io.cairnfs.common.process;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A data directory belongs to one process at a time: the operating system lets go when that process
 * ends, however it ends.
 */
public final class DirectoryLock implements AutoCloseable {
  private static final String NAME = "lock";

  private final FileChannel channel;

  private DirectoryLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the lock file of a directory, which must exist.
   *
   * @throws CairnException {@code BUSY} naming the directory, if another process has it
   */
  public static DirectoryLock take(Path directory) throws IOException {
    Path file = directory.resolve(NAME);
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      channel.close();
      throw taken(directory, e);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    if (lock == null) {
      channel.close();
      throw taken(directory, null);
    }
    return new DirectoryLock(channel);
  }

  private static CairnException taken(Path directory, Throwable cause) {
    return new CairnException(
        ErrorCode.BUSY, directory + ": another process uses this directory", cause);
  }

  /** A remark for the operator where a data directory will not survive a restart of the machine. */
  public static String volatileRemark(Path directory) throws IOException {
    String type = Files.getFileStore(directory).type();
    return type.equals("tmpfs") || type.equals("ramfs")
        ? directory + " is on " + type + ": everything in it is lost when the machine restarts"
        : "";
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
