package io.cairnfs.fuse.binding.jnr;

import io.cairnfs.client.FileSystemStatus;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.time.Clock;
import io.cairnfs.fuse.vfs.AttributeRequest;
import io.cairnfs.fuse.vfs.Caller;
import io.cairnfs.fuse.vfs.DirectoryEntry;
import io.cairnfs.fuse.vfs.Errno;
import io.cairnfs.fuse.vfs.LinuxFlags;
import io.cairnfs.fuse.vfs.LockRequest;
import io.cairnfs.fuse.vfs.NodeAttributes;
import io.cairnfs.fuse.vfs.Vfs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.Struct;
import jnr.ffi.provider.jffi.ClosureHelper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import ru.serce.jnrfuse.FuseFillDir;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseContext;
import ru.serce.jnrfuse.struct.Statvfs;
import ru.serce.jnrfuse.struct.Timespec;

/**
 * libfuse's operations. Each answers 0 or a count, or a negative errno; whatever goes wrong is an
 * errno of that one call. Any thread: libfuse has several.
 */
final class PathOperations {
  private static final Logger LOG = LoggerFactory.getLogger(PathOperations.class);
  private static final int MAX_PATH = 1 << 16;
  private static final int STATFS_BLOCK = 4096;
  private static final int NAME_MAX = 255;
  private static final int UNCHANGED = -1;
  private static final long NANOS = 1_000_000_000L;
  private static final int TIMESPEC_BYTES = 16;
  private static final long UTIME_NOW = (1L << 30) - 1;
  private static final long UTIME_OMIT = (1L << 30) - 2;

  private static final int F_GETLK = 5;
  private static final int F_SETLKW = 7;
  private static final int F_RDLCK = 0;
  private static final int F_WRLCK = 1;
  private static final int F_UNLCK = 2;
  private static final int LOCK_SH = 1;
  private static final int LOCK_EX = 2;
  private static final int LOCK_NB = 4;
  private static final int LOCK_UN = 8;

  // struct flock: type 2 | whence 2 | 0 4 | start 8 | length 8 | pid 4
  private static final int LOCK_TYPE = 0;
  private static final int LOCK_START = 8;
  private static final int LOCK_LENGTH = 16;
  private static final int LOCK_PID = 24;

  // struct fuse_conn_info: ... capable 4 at 20 | want 4
  private static final int CAPABLE = 20;
  private static final int WANT = 24;
  private static final int ASYNC_READ = 1;
  private static final int ATOMIC_O_TRUNC = 1 << 3;
  private static final int BIG_WRITES = 1 << 5;
  private static final int DONT_MASK = 1 << 6;

  private final Vfs vfs;
  private final NodePaths paths;
  private final LockCalls locks;
  private final Supplier<FuseContext> context;
  private final Clock clock;

  /** Nodes of open files, for what libfuse asks by handle. */
  private final Map<Long, Long> nodes = new ConcurrentHashMap<>();

  private final Map<Long, FuseFillDir> fillers = new ConcurrentHashMap<>();

  /** What one call does; its result is libfuse's. */
  private interface Work {
    int run() throws IOException, Errno;
  }

  PathOperations(
      Vfs vfs, NodePaths paths, LockCalls locks, Supplier<FuseContext> context, Clock clock) {
    this.vfs = vfs;
    this.paths = paths;
    this.locks = locks;
    this.context = context;
    this.clock = clock;
  }

  /**
   * The table for libfuse.
   *
   * @param serving called when the kernel is answered for the first time
   */
  OperationTable table(Runnable serving) {
    OperationTable table = new OperationTable(Runtime.getSystemRuntime());
    table.set(
        OperationTable.Slot.INIT,
        OperationTable.OfInit.class,
        connection -> {
          negotiate(connection);
          serving.run();
          return null;
        });
    names(table);
    attributes(table);
    files(table);
    directories(table);
    lockCalls(table);
    return table;
  }

  /** The umask is passed on: a default ACL takes its place. */
  private static void negotiate(Pointer connection) {
    int wanted = ASYNC_READ | ATOMIC_O_TRUNC | BIG_WRITES | DONT_MASK;
    connection.putInt(WANT, connection.getInt(WANT) | (connection.getInt(CAPABLE) & wanted));
  }

  private void names(OperationTable table) {
    table.set(
        OperationTable.Slot.READLINK,
        OperationTable.OfBuffer.class,
        (path, buffer, length) -> answer("readlink", () -> readLink(path, buffer, length)));
    table.set(
        OperationTable.Slot.MKNOD,
        OperationTable.OfMknod.class,
        (path, mode, device) -> answer("mknod", () -> makeNode(path, mode, (int) device)));
    table.set(
        OperationTable.Slot.MKDIR,
        OperationTable.OfPathAndInt.class,
        (path, mode) -> answer("mkdir", () -> makeDirectory(path, mode)));
    table.set(
        OperationTable.Slot.UNLINK,
        OperationTable.OfPath.class,
        path -> answer("unlink", () -> unlink(path)));
    table.set(
        OperationTable.Slot.RMDIR,
        OperationTable.OfPath.class,
        path -> answer("rmdir", () -> removeDirectory(path)));
    table.set(
        OperationTable.Slot.SYMLINK,
        OperationTable.OfPathAndPointer.class,
        (target, path) -> answer("symlink", () -> symlink(target, path)));
    table.set(
        OperationTable.Slot.RENAME,
        OperationTable.OfPathAndPointer.class,
        (from, to) -> answer("rename", () -> rename(from, to)));
    table.set(
        OperationTable.Slot.LINK,
        OperationTable.OfPathAndPointer.class,
        (existing, path) -> answer("link", () -> link(existing, path)));
  }

  private void attributes(OperationTable table) {
    table.set(
        OperationTable.Slot.GETATTR,
        OperationTable.OfPathAndPointer.class,
        (path, stat) -> answer("getattr", () -> told(paths.attributes(bytes(path)), stat)));
    table.set(
        OperationTable.Slot.FGETATTR,
        OperationTable.OfPointerAndOpen.class,
        (path, stat, open) ->
            answer("fgetattr", () -> told(vfs.nodeAttributes(node(new OpenFile(open))), stat)));
    table.set(
        OperationTable.Slot.CHMOD,
        OperationTable.OfPathAndInt.class,
        (path, mode) -> answer("chmod", () -> changeMode(path, mode)));
    table.set(
        OperationTable.Slot.CHOWN,
        OperationTable.OfChown.class,
        (path, uid, gid) -> answer("chown", () -> changeOwner(path, uid, gid)));
    table.set(
        OperationTable.Slot.UTIMENS,
        OperationTable.OfPathAndPointer.class,
        (path, times) -> answer("utimens", () -> changeTimes(path, times)));
    table.set(
        OperationTable.Slot.ACCESS,
        OperationTable.OfPathAndInt.class,
        (path, rights) -> answer("access", () -> access(path, rights)));
    table.set(
        OperationTable.Slot.STATFS,
        OperationTable.OfPathAndPointer.class,
        (path, statistics) -> answer("statfs", () -> statistics(Statvfs.of(statistics))));
    table.set(
        OperationTable.Slot.SETXATTR,
        OperationTable.OfSetxattr.class,
        (path, name, value, length, flags) ->
            answer("setxattr", () -> setXattr(path, name, copy(value, length), flags)));
    table.set(
        OperationTable.Slot.GETXATTR,
        OperationTable.OfGetxattr.class,
        (path, name, value, length) ->
            answer("getxattr", () -> sized(xattr(path, name), value, length)));
    table.set(
        OperationTable.Slot.LISTXATTR,
        OperationTable.OfBuffer.class,
        (path, list, length) -> answer("listxattr", () -> sized(xattrNames(path), list, length)));
    table.set(
        OperationTable.Slot.REMOVEXATTR,
        OperationTable.OfPathAndPointer.class,
        (path, name) -> answer("removexattr", () -> removeXattr(path, name)));
  }

  private void files(OperationTable table) {
    table.set(
        OperationTable.Slot.OPEN,
        OperationTable.OfPathAndPointer.class,
        (path, open) -> answer("open", () -> open(path, new OpenFile(open))));
    table.set(
        OperationTable.Slot.CREATE,
        OperationTable.OfIntAndOpen.class,
        (path, mode, open) -> answer("create", () -> create(path, mode, new OpenFile(open))));
    table.set(
        OperationTable.Slot.READ,
        OperationTable.OfTransfer.class,
        (path, buffer, length, offset, open) ->
            answer("read", () -> read(buffer, length, offset, new OpenFile(open))));
    table.set(
        OperationTable.Slot.WRITE,
        OperationTable.OfTransfer.class,
        (path, buffer, length, offset, open) ->
            answer("write", () -> write(buffer, length, offset, new OpenFile(open))));
    table.set(
        OperationTable.Slot.TRUNCATE,
        OperationTable.OfPathAndLong.class,
        (path, length) -> answer("truncate", () -> truncate(path, length)));
    table.set(
        OperationTable.Slot.FTRUNCATE,
        OperationTable.OfLongAndOpen.class,
        (path, length, open) -> answer("ftruncate", () -> truncate(new OpenFile(open), length)));
    table.set(
        OperationTable.Slot.FLUSH,
        OperationTable.OfPathAndPointer.class,
        (path, open) -> answer("flush", () -> flush(new OpenFile(open))));
    table.set(
        OperationTable.Slot.RELEASE,
        OperationTable.OfPathAndPointer.class,
        (path, open) -> answer("release", () -> release(new OpenFile(open))));
    table.set(
        OperationTable.Slot.FSYNC,
        OperationTable.OfIntAndOpen.class,
        (path, data, open) -> answer("fsync", () -> sync(new OpenFile(open))));
    table.set(
        OperationTable.Slot.FALLOCATE,
        OperationTable.OfFallocate.class,
        (path, mode, offset, length, open) ->
            answer("fallocate", () -> allocate(mode, offset, length, new OpenFile(open))));
  }

  private void directories(OperationTable table) {
    table.set(
        OperationTable.Slot.OPENDIR,
        OperationTable.OfPathAndPointer.class,
        (path, open) -> answer("opendir", () -> openDirectory(path, new OpenFile(open))));
    table.set(
        OperationTable.Slot.READDIR,
        OperationTable.OfReaddir.class,
        (path, buffer, filler, offset, open) ->
            answer("readdir", () -> readDirectory(buffer, filler, offset, new OpenFile(open))));
    table.set(
        OperationTable.Slot.RELEASEDIR,
        OperationTable.OfPathAndPointer.class,
        (path, open) -> answer("releasedir", () -> releaseDirectory(new OpenFile(open))));
    // Names are durable as soon as they are made.
    table.set(
        OperationTable.Slot.FSYNCDIR, OperationTable.OfIntAndOpen.class, (path, data, open) -> 0);
  }

  private void lockCalls(OperationTable table) {
    table.set(
        OperationTable.Slot.LOCK,
        OperationTable.OfLock.class,
        (path, open, command, lock) ->
            answer("lock", () -> lockRange(new OpenFile(open), command, lock)));
    table.set(
        OperationTable.Slot.FLOCK,
        OperationTable.OfFlock.class,
        (path, open, operation) -> answer("flock", () -> lockWhole(new OpenFile(open), operation)));
  }

  private static int answer(String operation, Work work) {
    try {
      return work.run();
    } catch (CairnException e) {
      LOG.debug("{} is refused: {}", operation, e.getMessage());
      return -e.code().errno();
    } catch (Errno e) {
      LOG.debug("{} is refused: {}", operation, e.getMessage());
      return -e.number();
    } catch (IOException | RuntimeException | StackOverflowError e) {
      LOG.error("{} has failed", operation, e);
      return -Errno.EIO;
    }
  }

  private Caller caller() {
    FuseContext asking = context.get();
    return new Caller(asking.uid.intValue(), asking.gid.intValue(), asking.pid.intValue());
  }

  private int umask() {
    return context.get().umask.intValue();
  }

  /** Bytes up to the NUL. */
  private static byte[] bytes(Pointer text) throws Errno {
    int length = text.indexOf(0, (byte) 0, MAX_PATH);
    if (length < 0) {
      throw new Errno(Errno.EINVAL, "a path has no end");
    }
    return copy(text, length);
  }

  private static byte[] copy(Pointer from, long length) {
    byte[] bytes = new byte[(int) length];
    from.get(0, bytes, 0, bytes.length);
    return bytes;
  }

  private long node(OpenFile open) throws Errno {
    Long node = nodes.get(open.handle());
    if (node == null) {
      throw new Errno(Errno.EBADF, "handle " + open.handle() + " is not open");
    }
    return node;
  }

  private int readLink(Pointer path, Pointer buffer, long length) throws IOException, Errno {
    byte[] target = vfs.readLink(caller(), paths.node(bytes(path)));
    int count = (int) Math.min(target.length, length - 1);
    buffer.put(0, target, 0, count);
    buffer.putByte(count, (byte) 0);
    return 0;
  }

  private int makeNode(Pointer path, int mode, int device) throws IOException, Errno {
    NodePaths.Place place = paths.place(bytes(path));
    Vfs.NewNode made = new Vfs.NewNode(mode, umask(), device);
    NodeAttributes unused = vfs.makeNode(caller(), place.directory(), place.name(), made);
    return 0;
  }

  private int makeDirectory(Pointer path, int mode) throws IOException, Errno {
    NodePaths.Place place = paths.place(bytes(path));
    NodeAttributes unused =
        vfs.makeDirectory(caller(), place.directory(), place.name(), mode, umask());
    return 0;
  }

  private int unlink(Pointer path) throws IOException, Errno {
    NodePaths.Place place = paths.place(bytes(path));
    vfs.unlink(caller(), place.directory(), place.name());
    return 0;
  }

  private int removeDirectory(Pointer path) throws IOException, Errno {
    NodePaths.Place place = paths.place(bytes(path));
    try {
      vfs.removeDirectory(caller(), place.directory(), place.name());
    } finally {
      paths.changed();
    }
    return 0;
  }

  private int symlink(Pointer target, Pointer path) throws IOException, Errno {
    NodePaths.Place place = paths.place(bytes(path));
    NodeAttributes unused = vfs.symlink(caller(), place.directory(), place.name(), bytes(target));
    return 0;
  }

  private int rename(Pointer from, Pointer to) throws IOException, Errno {
    NodePaths.Place source = paths.place(bytes(from));
    NodePaths.Place target = paths.place(bytes(to));
    try {
      vfs.rename(caller(), source.directory(), source.name(), target.directory(), target.name(), 0);
    } finally {
      paths.changed();
    }
    return 0;
  }

  private int link(Pointer existing, Pointer path) throws IOException, Errno {
    long node = paths.node(bytes(existing));
    NodePaths.Place place = paths.place(bytes(path));
    NodeAttributes unused = vfs.link(caller(), node, place.directory(), place.name());
    return 0;
  }

  private static int told(NodeAttributes of, Pointer memory) {
    fill(FileStat.of(memory), of);
    return 0;
  }

  private static void fill(FileStat stat, NodeAttributes of) {
    stat.st_ino.set(of.inode());
    stat.st_mode.set(of.mode());
    stat.st_nlink.set(of.links());
    stat.st_uid.set(of.uid());
    stat.st_gid.set(of.gid());
    stat.st_rdev.set(Integer.toUnsignedLong(of.device()));
    stat.st_size.set(of.size());
    stat.st_blocks.set(of.blocks());
    stat.st_blksize.set(STATFS_BLOCK);
    time(stat.st_atim, of.accessedNanos());
    time(stat.st_mtim, of.modifiedNanos());
    time(stat.st_ctim, of.changedNanos());
  }

  private static void time(Timespec field, long nanos) {
    field.tv_sec.set(Math.floorDiv(nanos, NANOS));
    field.tv_nsec.set(Math.floorMod(nanos, NANOS));
  }

  /**
   * The kernel takes set-id bits away in the name of who writes or gives a file away: it has let
   * only owners come here with anything else.
   */
  private int changeMode(Pointer path, int mode) throws IOException, Errno {
    NodeAttributes now = paths.attributes(bytes(path));
    int lost = (now.mode() ^ mode) & LinuxFlags.PERMISSION_BITS;
    boolean onlySetId = lost != 0 && (lost & ~LinuxFlags.SET_ID) == 0 && (lost & mode) == 0;
    if (onlySetId) {
      vfs.dropSetId(now.node(), lost);
    } else {
      NodeAttributes unused =
          vfs.setAttributes(caller(), now.node(), AttributeRequest.none().withMode(mode));
    }
    return 0;
  }

  private int changeOwner(Pointer path, int uid, int gid) throws IOException, Errno {
    OptionalInt user = uid == UNCHANGED ? OptionalInt.empty() : OptionalInt.of(uid);
    OptionalInt group = gid == UNCHANGED ? OptionalInt.empty() : OptionalInt.of(gid);
    NodeAttributes unused =
        vfs.setAttributes(
            caller(), paths.node(bytes(path)), AttributeRequest.none().withOwner(user, group));
    return 0;
  }

  private int changeTimes(Pointer path, Pointer times) throws IOException, Errno {
    AttributeRequest change =
        AttributeRequest.none().withTimes(time(times, 0), time(times, TIMESPEC_BYTES));
    NodeAttributes unused = vfs.setAttributes(caller(), paths.node(bytes(path)), change);
    return 0;
  }

  private OptionalLong time(Pointer times, int at) throws Errno {
    long seconds = times.getLongLong(at);
    long nanos = times.getLongLong(at + Long.BYTES);
    if (nanos == UTIME_OMIT) {
      return OptionalLong.empty();
    }
    if (nanos == UTIME_NOW) {
      return OptionalLong.of(clock.wallNanos());
    }
    try {
      return OptionalLong.of(Math.addExact(Math.multiplyExact(seconds, NANOS), nanos));
    } catch (ArithmeticException e) {
      throw new Errno(Errno.EINVAL, "a time of " + seconds + " s is beyond what is kept");
    }
  }

  private int access(Pointer path, int rights) throws IOException, Errno {
    vfs.access(caller(), paths.node(bytes(path)), rights);
    return 0;
  }

  private int statistics(Statvfs out) throws CairnException {
    FileSystemStatus status = vfs.statistics();
    long free = status.availableBytes() / STATFS_BLOCK;
    out.f_bsize.set(STATFS_BLOCK);
    out.f_frsize.set(STATFS_BLOCK);
    out.f_blocks.set(status.capacityBytes() / STATFS_BLOCK);
    out.f_bfree.set((status.capacityBytes() - status.usedBytes()) / STATFS_BLOCK);
    out.f_bavail.set(free);
    // Inodes are not limited in number: as many again as could be of one block each.
    out.f_files.set(status.files() + status.directories() + free);
    out.f_ffree.set(free);
    out.f_favail.set(free);
    out.f_namemax.set(NAME_MAX);
    return 0;
  }

  private int setXattr(Pointer path, Pointer name, byte[] value, int flags)
      throws IOException, Errno {
    vfs.setXattr(caller(), paths.node(bytes(path)), bytes(name), value, flags);
    return 0;
  }

  private byte[] xattr(Pointer path, Pointer name) throws IOException, Errno {
    return vfs.xattr(caller(), paths.node(bytes(path)), bytes(name));
  }

  private byte[] xattrNames(Pointer path) throws IOException, Errno {
    List<byte[]> names = vfs.xattrNames(caller(), paths.node(bytes(path)));
    ByteBuffer all = ByteBuffer.allocate(names.stream().mapToInt(name -> name.length + 1).sum());
    names.forEach(name -> all.put(name).put((byte) 0));
    return all.array();
  }

  /** A value, or its length if there is no room for any. */
  private static int sized(byte[] value, Pointer target, long room) throws Errno {
    if (room > 0) {
      if (value.length > room) {
        throw new Errno(Errno.ERANGE, value.length + " bytes, and room for " + room);
      }
      target.put(0, value, 0, value.length);
    }
    return value.length;
  }

  private int removeXattr(Pointer path, Pointer name) throws IOException, Errno {
    vfs.removeXattr(caller(), paths.node(bytes(path)), bytes(name));
    return 0;
  }

  private int open(Pointer path, OpenFile open) throws IOException, Errno {
    long node = paths.node(bytes(path));
    opened(vfs.open(caller(), node, open.flags()), node, open);
    return 0;
  }

  private int create(Pointer path, int mode, OpenFile open) throws IOException, Errno {
    NodePaths.Place place = paths.place(bytes(path));
    Vfs.Created made =
        vfs.create(caller(), place.directory(), place.name(), mode, umask(), open.flags());
    opened(made.opened(), made.attributes().node(), open);
    return 0;
  }

  /** Pages are never kept: the kernel's file may be another than the one that they were read of. */
  private void opened(Vfs.Opened opened, long node, OpenFile open) {
    Long unused = nodes.put(opened.handle(), node);
    open.opened(opened.handle());
    if (opened.direct()) {
      open.direct();
    }
  }

  private int read(Pointer buffer, long length, long offset, OpenFile open)
      throws IOException, Errno {
    byte[] bytes = new byte[(int) length];
    int count = vfs.read(open.handle(), offset, ByteBuffer.wrap(bytes));
    buffer.put(0, bytes, 0, count);
    return count;
  }

  private int write(Pointer buffer, long length, long offset, OpenFile open)
      throws IOException, Errno {
    ByteBuffer bytes = ByteBuffer.wrap(copy(buffer, length));
    // libfuse does not pass on whether the writer may keep set-id bits.
    Caller caller = caller();
    boolean kill = !open.fromCache() && caller.uid() != 0;
    vfs.write(caller, open.handle(), offset, bytes, open.fromCache(), kill);
    return (int) length;
  }

  private int truncate(Pointer path, long length) throws IOException, Errno {
    NodeAttributes unused =
        vfs.setAttributes(
            caller(), paths.node(bytes(path)), AttributeRequest.none().withSize(length));
    return 0;
  }

  private int truncate(OpenFile open, long length) throws IOException, Errno {
    AttributeRequest change = AttributeRequest.none().withSize(length).by(open.handle());
    NodeAttributes unused = vfs.setAttributes(caller(), node(open), change);
    return 0;
  }

  private int flush(OpenFile open) throws IOException, Errno {
    vfs.flush(open.handle(), open.lockOwner());
    return 0;
  }

  private int release(OpenFile open) throws IOException, Errno {
    Long unused = nodes.remove(open.handle());
    vfs.release(open.handle());
    return 0;
  }

  private int sync(OpenFile open) throws IOException, Errno {
    vfs.sync(open.handle());
    return 0;
  }

  private int allocate(int mode, long offset, long length, OpenFile open)
      throws IOException, Errno {
    vfs.allocate(caller(), open.handle(), offset, length, mode);
    return 0;
  }

  private int openDirectory(Pointer path, OpenFile open) throws IOException, Errno {
    open.opened(vfs.openDirectory(caller(), paths.node(bytes(path))));
    return 0;
  }

  private int readDirectory(Pointer buffer, Pointer filler, long offset, OpenFile open)
      throws IOException, Errno {
    FuseFillDir fill = fillers.computeIfAbsent(filler.address(), address -> filler(filler));
    FileStat stat = new FileStat(Runtime.getSystemRuntime());
    Pointer memory = Memory.allocateDirect(Runtime.getSystemRuntime(), Struct.size(stat), true);
    stat.useMemory(memory);
    vfs.readDirectory(
        open.handle(),
        offset,
        entry -> {
          stat.st_ino.set(entry.inode());
          stat.st_mode.set(entry.type());
          return fill.apply(buffer, named(entry), memory, entry.cookie()) == 0;
        });
    return 0;
  }

  private static ByteBuffer named(DirectoryEntry entry) {
    return ByteBuffer.wrap(Arrays.copyOf(entry.name(), entry.name().length + 1));
  }

  /** libfuse's own function, to be called from here; there is one of them. */
  private static FuseFillDir filler(Pointer address) {
    ClosureHelper helper = ClosureHelper.getInstance();
    return helper
        .getNativeConveter(FuseFillDir.class)
        .fromNative(address, helper.getFromNativeContext());
  }

  private int releaseDirectory(OpenFile open) {
    vfs.releaseDirectory(open.handle());
    return 0;
  }

  private int lockRange(OpenFile open, int command, Pointer lock) throws IOException, Errno {
    long start = lock.getLongLong(LOCK_START);
    long length = lock.getLongLong(LOCK_LENGTH);
    LockRequest.Kind kind =
        switch (lock.getShort(LOCK_TYPE)) {
          case F_RDLCK -> LockRequest.Kind.SHARED;
          case F_WRLCK -> LockRequest.Kind.EXCLUSIVE;
          case F_UNLCK -> LockRequest.Kind.UNLOCK;
          default -> throw new Errno(Errno.EINVAL, "a lock of an unknown type");
        };
    long last = length == 0 ? Long.MAX_VALUE : start + length - 1;
    if (start < 0 || last < start) {
      throw new Errno(Errno.EINVAL, "a lock from " + start + " to " + last);
    }
    LockRequest request =
        new LockRequest(
            node(open),
            open.handle(),
            open.lockOwner(),
            start,
            last,
            kind,
            false,
            lock.getInt(LOCK_PID));
    if (command == F_GETLK) {
      tell(vfs.conflicting(request), lock);
    } else {
      lock(request, command == F_SETLKW);
    }
    return 0;
  }

  private static void tell(LockRequest found, Pointer lock) {
    int type =
        switch (found.kind()) {
          case SHARED -> F_RDLCK;
          case EXCLUSIVE -> F_WRLCK;
          case UNLOCK -> F_UNLCK;
        };
    long length = found.last() == Long.MAX_VALUE ? 0 : found.last() - found.start() + 1;
    lock.putShort(LOCK_TYPE, (short) type);
    lock.putLongLong(LOCK_START, found.start());
    lock.putLongLong(LOCK_LENGTH, length);
    lock.putInt(LOCK_PID, found.pid());
  }

  private void lock(LockRequest request, boolean wait) throws IOException, Errno {
    if (request.kind() == LockRequest.Kind.UNLOCK) {
      vfs.lock(request, false);
    } else {
      locks.take(request, wait);
    }
  }

  private int lockWhole(OpenFile open, int operation) throws IOException, Errno {
    LockRequest.Kind kind =
        switch (operation & ~LOCK_NB) {
          case LOCK_SH -> LockRequest.Kind.SHARED;
          case LOCK_EX -> LockRequest.Kind.EXCLUSIVE;
          case LOCK_UN -> LockRequest.Kind.UNLOCK;
          default -> throw new Errno(Errno.EINVAL, "flock " + operation);
        };
    LockRequest request =
        new LockRequest(
            node(open), open.handle(), open.lockOwner(), 0, Long.MAX_VALUE, kind, true, 0);
    lock(request, (operation & LOCK_NB) == 0);
    return 0;
  }
}
