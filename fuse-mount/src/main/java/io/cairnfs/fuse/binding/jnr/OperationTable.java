package io.cairnfs.fuse.binding.jnr;

import java.util.ArrayList;
import java.util.List;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.Struct;
import jnr.ffi.annotations.Delegate;
import ru.serce.jnrfuse.struct.FuseOperations;

/**
 * libfuse's {@code struct fuse_operations} (2.9): a pointer of 8 bytes for each operation, flags
 * behind the 38th. Each callback gets pointers where libfuse has some, also for paths, whose bytes
 * are names as they are. Public where jnr-ffi implements them at run time.
 */
public final class OperationTable {
  private static final int POINTER_BYTES = 8;
  private static final int FLAGS = 38 * POINTER_BYTES;

  /** A null instead of a path of what is open, and no work for it; UTIME_OMIT is understood. */
  private static final byte NULL_PATH_NO_PATH_OMIT = 0b111;

  private final FuseOperations table;
  private final Pointer memory;
  private final Runtime runtime;

  /** libfuse knows the callbacks by their addresses only. */
  private final List<Object> kept = new ArrayList<>();

  /** Operations by their place in the table. */
  enum Slot {
    GETATTR(0),
    READLINK(1),
    MKNOD(3),
    MKDIR(4),
    UNLINK(5),
    RMDIR(6),
    SYMLINK(7),
    RENAME(8),
    LINK(9),
    CHMOD(10),
    CHOWN(11),
    TRUNCATE(12),
    OPEN(14),
    READ(15),
    WRITE(16),
    STATFS(17),
    FLUSH(18),
    RELEASE(19),
    FSYNC(20),
    SETXATTR(21),
    GETXATTR(22),
    LISTXATTR(23),
    REMOVEXATTR(24),
    OPENDIR(25),
    READDIR(26),
    RELEASEDIR(27),
    FSYNCDIR(28),
    INIT(29),
    ACCESS(31),
    CREATE(32),
    FTRUNCATE(33),
    FGETATTR(34),
    LOCK(35),
    UTIMENS(36),
    FLOCK(43),
    FALLOCATE(44);

    private final int place;

    Slot(int place) {
      this.place = place;
    }
  }

  /** {@code (path)}. */
  public interface OfPath {
    @Delegate
    int call(Pointer path);
  }

  /** {@code (path, pointer)}: another path, a structure. */
  public interface OfPathAndPointer {
    @Delegate
    int call(Pointer path, Pointer other);
  }

  /** {@code (path, number)}. */
  public interface OfPathAndInt {
    @Delegate
    int call(Pointer path, int number);
  }

  /** {@code (path, length)}. */
  public interface OfPathAndLong {
    @Delegate
    int call(Pointer path, long number);
  }

  /** {@code (path, mode, device)}. */
  public interface OfMknod {
    @Delegate
    int call(Pointer path, int mode, long device);
  }

  /** {@code (path, uid, gid)}. */
  public interface OfChown {
    @Delegate
    int call(Pointer path, int uid, int gid);
  }

  /** {@code (path, buffer, length)}. */
  public interface OfBuffer {
    @Delegate
    int call(Pointer path, Pointer buffer, long length);
  }

  /** {@code (path, buffer, length, offset, open file)}. */
  public interface OfTransfer {
    @Delegate
    int call(Pointer path, Pointer buffer, long length, long offset, Pointer open);
  }

  /** {@code (path, number, open file)}. */
  public interface OfIntAndOpen {
    @Delegate
    int call(Pointer path, int number, Pointer open);
  }

  /** {@code (path, length, open file)}. */
  public interface OfLongAndOpen {
    @Delegate
    int call(Pointer path, long number, Pointer open);
  }

  /** {@code (path, structure, open file)}. */
  public interface OfPointerAndOpen {
    @Delegate
    int call(Pointer path, Pointer structure, Pointer open);
  }

  /** {@code (path, name, value, length, flags)}. */
  public interface OfSetxattr {
    @Delegate
    int call(Pointer path, Pointer name, Pointer value, long length, int flags);
  }

  /** {@code (path, name, value, length)}. */
  public interface OfGetxattr {
    @Delegate
    int call(Pointer path, Pointer name, Pointer value, long length);
  }

  /** {@code (path, buffer, filler, offset, open directory)}. */
  public interface OfReaddir {
    @Delegate
    int call(Pointer path, Pointer buffer, Pointer filler, long offset, Pointer open);
  }

  /** {@code (path, open file, command, lock)}. */
  public interface OfLock {
    @Delegate
    int call(Pointer path, Pointer open, int command, Pointer lock);
  }

  /** {@code (path, open file, operation)}. */
  public interface OfFlock {
    @Delegate
    int call(Pointer path, Pointer open, int operation);
  }

  /** {@code (path, mode, offset, length, open file)}. */
  public interface OfFallocate {
    @Delegate
    int call(Pointer path, int mode, long offset, long length, Pointer open);
  }

  /** {@code (connection)}; what it answers libfuse keeps for the mount. */
  public interface OfInit {
    @Delegate
    Pointer call(Pointer connection);
  }

  OperationTable(Runtime runtime) {
    this.runtime = runtime;
    this.table = new FuseOperations(runtime);
    this.memory = Memory.allocateDirect(runtime, Struct.size(table), true);
    table.useMemory(memory);
    memory.putByte(FLAGS, NULL_PATH_NO_PATH_OMIT);
  }

  <T> void set(Slot slot, Class<T> type, T callback) {
    Pointer address = runtime.getClosureManager().getClosurePointer(type, callback);
    kept.add(callback);
    kept.add(address);
    memory.putPointer((long) slot.place * POINTER_BYTES, address);
  }

  FuseOperations structure() {
    return table;
  }
}
