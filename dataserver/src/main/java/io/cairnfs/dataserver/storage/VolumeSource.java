package io.cairnfs.dataserver.storage;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.SystemDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A directory that is, or is to become, a volume.
 *
 * @param lock keeps other processes away until it is closed
 */
public record VolumeSource(Disk disk, VolumeOptions options, Closeable lock) {
  private static final String LOCK_FILE = "LOCK";

  /**
   * A directory of this machine, created if it is missing and locked.
   *
   * @throws CairnException BUSY when another process uses it; IO_ERROR when it cannot be written
   */
  public static VolumeSource directory(Path directory, VolumeOptions options)
      throws CairnException {
    try {
      Files.createDirectories(directory);
      return new VolumeSource(new SystemDisk(directory), options, lock(directory));
    } catch (CairnException e) {
      throw e;
    } catch (IOException e) {
      throw new CairnException(
          ErrorCode.IO_ERROR, "volume " + directory + " cannot be used: " + e, e);
    }
  }

  private static Closeable lock(Path directory) throws IOException {
    FileChannel channel =
        FileChannel.open(
            directory.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return channel;
      }
    } catch (OverlappingFileLockException e) {
      channel.close();
      throw inUse(directory, e);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    channel.close();
    throw inUse(directory, null);
  }

  private static CairnException inUse(Path directory, Exception cause) {
    return new CairnException(
        ErrorCode.BUSY,
        "volume " + directory + " is in use by another process (its file LOCK is locked)",
        cause);
  }
}
