package io.cairnfs.raft.log;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The state file and its replacement as a whole: new file, force, rename, force the directory. When
 * {@link #write} has returned, the new content survives a power cut; when it has thrown, either
 * content may.
 */
final class StateFile {
  private static final String NAME = "state";
  private static final String NEXT = "state.tmp";
  private static final String RESERVE = "reserve";
  private static final int RESERVE_BYTES = 64 << 10;
  private static final int MAX_BYTES = 4096;

  private final Disk disk;
  private final String directory;
  private MemberState current;

  private StateFile(Disk disk, String directory, MemberState current) {
    this.disk = disk;
    this.directory = directory;
    this.current = current;
  }

  static boolean exists(Disk disk, String directory) throws IOException {
    return disk.exists(path(directory, NAME));
  }

  /** Writes the first state of a directory that has none. */
  static void create(Disk disk, String directory, MemberState first) throws IOException {
    new StateFile(disk, directory, first).write(first);
  }

  static StateFile open(Disk disk, String directory) throws IOException {
    String name = path(directory, NAME);
    try (DiskFile file = disk.open(name, Disk.OpenMode.READ)) {
      long size = file.size();
      if (size > MAX_BYTES) {
        throw new CorruptionException(
            disk.describe(name), 0, "at most " + MAX_BYTES + " bytes", size + " bytes");
      }
      ByteBuffer bytes = ByteBuffer.allocate((int) size);
      file.read(bytes, 0);
      return new StateFile(disk, directory, MemberState.decode(bytes.flip(), disk.describe(name)));
    }
  }

  MemberState current() {
    return current;
  }

  void write(MemberState next) throws IOException {
    try {
      replace(next);
    } catch (IOException e) {
      if (!isNoSpace(e) || !disk.exists(path(directory, RESERVE))) {
        throw e;
      }
      // Only a directory that was forced gives the blocks back for certain.
      disk.delete(path(directory, RESERVE));
      disk.forceDirectory(directory);
      replace(next);
    }
    current = next;
  }

  private void replace(MemberState next) throws IOException {
    String temporary = path(directory, NEXT);
    if (disk.exists(temporary)) {
      disk.delete(temporary);
    }
    try (DiskFile file = disk.open(temporary, Disk.OpenMode.CREATE)) {
      file.write(next.encode(), 0);
      file.force();
    }
    disk.rename(temporary, path(directory, NAME));
    disk.forceDirectory(directory);
  }

  /** Allocates the reserve again if it was given up; does nothing while the disk is still full. */
  void restoreReserve() throws IOException {
    String reserve = path(directory, RESERVE);
    if (disk.exists(reserve) || disk.usableBytes() < 4L * RESERVE_BYTES) {
      return;
    }
    try (DiskFile file = disk.open(reserve, Disk.OpenMode.CREATE)) {
      file.write(ByteBuffer.allocate(RESERVE_BYTES), 0);
      file.force();
    } catch (IOException e) {
      if (!isNoSpace(e)) {
        throw e;
      }
      disk.delete(reserve);
      return;
    }
    disk.forceDirectory(directory);
  }

  static String path(String directory, String name) {
    return directory.isEmpty() ? name : directory + "/" + name;
  }

  /** Java has no type for a full file system: only the operating system's words tell. */
  static boolean isNoSpace(IOException e) {
    if (e instanceof CairnException refusal) {
      return refusal.code() == ErrorCode.NO_SPACE;
    }
    String message = e.getMessage();
    return message != null
        && (message.contains("No space left on device") || message.contains("quota exceeded"));
  }
}
