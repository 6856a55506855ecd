package io.cairnfs.fuse.binding.raw;

import io.cairnfs.client.FileSystemStatus;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.time.Clock;
import io.cairnfs.fuse.binding.CacheTimes;
import io.cairnfs.fuse.vfs.AttributeRequest;
import io.cairnfs.fuse.vfs.Errno;
import io.cairnfs.fuse.vfs.LockRequest;
import io.cairnfs.fuse.vfs.NodeAttributes;
import io.cairnfs.fuse.vfs.Vfs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decodes a request, has it done, encodes the reply. Whatever goes wrong becomes an errno of that
 * one request. Any thread.
 */
final class Dispatcher {
  /** Replies are never longer than a whole read and some fields. */
  static final int REPLY_BYTES = Negotiation.MAX_WRITE + 4096;

  private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);

  private static final int OPEN_DIRECT = 1;
  private static final int OPEN_KEEP_CACHE = 1 << 1;
  private static final int WRITE_FROM_CACHE = 1;
  private static final int WRITE_KILL_SET_ID = 1 << 2;
  private static final int LOCK_FLOCK = 1;
  private static final int F_RDLCK = 0;
  private static final int F_WRLCK = 1;
  private static final int F_UNLCK = 2;
  private static final int MAX_XATTR_BYTES = 1 << 16;
  private static final int STATFS_BLOCK = 4096;
  private static final int NAME_MAX = 255;

  private static final int SET_MODE = 1;
  private static final int SET_UID = 1 << 1;
  private static final int SET_GID = 1 << 2;
  private static final int SET_SIZE = 1 << 3;
  private static final int SET_ATIME = 1 << 4;
  private static final int SET_MTIME = 1 << 5;
  private static final int SET_HANDLE = 1 << 6;
  private static final int SET_ATIME_NOW = 1 << 7;
  private static final int SET_MTIME_NOW = 1 << 8;
  private static final int SET_KILL_SET_ID = 1 << 11;

  private static final long NANOS = 1_000_000_000L;

  /** What is asked of a node that was found before. */
  private static final Set<Opcode> OF_NODES =
      EnumSet.of(
          Opcode.GETATTR,
          Opcode.SETATTR,
          Opcode.READLINK,
          Opcode.OPEN,
          Opcode.OPENDIR,
          Opcode.ACCESS,
          Opcode.GETXATTR,
          Opcode.SETXATTR,
          Opcode.LISTXATTR,
          Opcode.REMOVEXATTR);

  /** After anything else what was found before it may be different. */
  private static final Set<Opcode> CHANGE_NOTHING =
      EnumSet.of(
          Opcode.INIT,
          Opcode.LOOKUP,
          Opcode.FORGET,
          Opcode.BATCH_FORGET,
          Opcode.GETATTR,
          Opcode.READLINK,
          Opcode.OPEN,
          Opcode.READ,
          Opcode.STATFS,
          Opcode.FLUSH,
          Opcode.RELEASE,
          Opcode.FSYNC,
          Opcode.FSYNCDIR,
          Opcode.GETXATTR,
          Opcode.LISTXATTR,
          Opcode.OPENDIR,
          Opcode.READDIR,
          Opcode.READDIRPLUS,
          Opcode.RELEASEDIR,
          Opcode.GETLK,
          Opcode.SETLK,
          Opcode.SETLKW,
          Opcode.ACCESS,
          Opcode.INTERRUPT,
          Opcode.DESTROY,
          Opcode.LSEEK);

  private final Vfs vfs;
  private final CacheTimes times;
  private final LockWaits waits;
  private final Clock clock;

  /** Takes a finished reply to the kernel. */
  interface Sender {
    void send(ByteBuffer reply);
  }

  Dispatcher(Vfs vfs, CacheTimes times, LockWaits waits, Clock clock) {
    this.vfs = vfs;
    this.times = times;
    this.waits = waits;
    this.clock = clock;
  }

  /**
   * Does what one message asks for.
   *
   * @param scratch for the reply, {@link #REPLY_BYTES} long
   * @param sender may be used later, too, by another thread
   */
  void handle(ByteBuffer message, ByteBuffer scratch, Sender sender) {
    Request request;
    try {
      request = Request.of(message);
    } catch (CairnException e) {
      LOG.error("a request is not understood: {}", e.getMessage());
      long unique = Request.uniqueOf(message);
      if (unique != 0) {
        sender.send(new Reply(scratch, unique).refused(Errno.EIO));
      }
      return;
    }
    Reply reply = new Reply(scratch, request.unique());
    Optional<Opcode> opcode = Opcode.of(request.opcode());
    try {
      if (opcode.isEmpty()) {
        sender.send(reply.refused(Errno.ENOSYS));
      } else if (answerAndForget(opcode.get(), request, reply, sender)) {
        sender.send(reply.done());
      }
    } catch (CairnException e) {
      LOG.debug("{} node={} is refused: {}", opcode, request.node(), e.getMessage());
      int errno = errno(opcode, e.code());
      if (errno == Errno.ESTALE) {
        // The names that led to it are looked up again, and not in what was found before.
        vfs.changing();
      }
      sender.send(reply.refused(errno));
    } catch (Errno e) {
      LOG.debug("{} node={} is refused: {}", opcode, request.node(), e.getMessage());
      sender.send(reply.refused(e.number()));
    } catch (IOException | RuntimeException | StackOverflowError e) {
      LOG.error("{} node={} has failed", opcode, request.node(), e);
      sender.send(reply.refused(Errno.EIO));
    }
  }

  /**
   * Where the kernel asks for a node by its number, that it is gone means that the kernel's names
   * are outdated: told so, it looks the name up again.
   */
  private static int errno(Optional<Opcode> opcode, ErrorCode code) {
    boolean byNumber = opcode.isPresent() && OF_NODES.contains(opcode.get());
    return byNumber && code == ErrorCode.NOT_FOUND ? Errno.ESTALE : code.errno();
  }

  private boolean answerAndForget(Opcode opcode, Request request, Reply reply, Sender sender)
      throws IOException, Errno {
    if (CHANGE_NOTHING.contains(opcode)) {
      return answer(opcode, request, reply, sender);
    }
    Runnable changing = changing(opcode, request);
    changing.run();
    try {
      return answer(opcode, request, reply, sender);
    } finally {
      changing.run();
    }
  }

  /** Tells what a request changes. */
  private Runnable changing(Opcode opcode, Request request) throws CairnException {
    long node = request.node();
    return switch (opcode) {
      case WRITE, FALLOCATE -> () -> vfs.changing(node);
      case SETATTR, SETXATTR, REMOVEXATTR -> () -> vfs.changingAttributes(node);
      case SYMLINK -> changing(node, request.nameBehind(0));
      case MKDIR -> {
        byte[] name = request.nameBehind(8);
        // A directory counts those in it.
        yield () -> {
          vfs.changing(node, name);
          vfs.changingAttributes(node);
        };
      }
      case CREATE, MKNOD -> changing(node, request.nameBehind(16));
      case LINK -> {
        long existing = request.next64();
        byte[] name = request.nameBehind(8);
        yield () -> {
          vfs.changing(existing);
          vfs.changing(node, name);
        };
      }
      case UNLINK -> {
        byte[] name = request.nameBehind(0);
        yield () -> vfs.removing(node, name);
      }
      default -> vfs::changing;
    };
  }

  private Runnable changing(long directory, byte[] name) {
    return () -> vfs.changing(directory, name);
  }

  /** False where there is no reply, or it comes later. */
  private boolean answer(Opcode opcode, Request request, Reply reply, Sender sender)
      throws IOException, Errno {
    switch (opcode) {
      case INIT -> Negotiation.answer(request, reply);
      case LOOKUP -> lookup(request, reply);
      case FORGET, BATCH_FORGET -> {
        // Inode numbers are never used again: nothing was remembered.
        return false;
      }
      case GETATTR -> {
        Vfs.Found found = vfs.attributes(request.node(), times.attributes());
        reply.attributesOnly(found.attributes(), times.attributes().minus(found.age()));
      }
      case SETATTR -> setAttributes(request, reply);
      case READLINK -> reply.raw(vfs.readLink(request.caller(), request.node()));
      case SYMLINK -> {
        byte[] name = request.name();
        entry(vfs.symlink(request.caller(), request.node(), name, request.name()), reply);
      }
      case MKNOD -> makeNode(request, reply);
      case MKDIR -> {
        int mode = request.int32();
        int umask = request.int32();
        entry(
            vfs.makeDirectory(request.caller(), request.node(), request.name(), mode, umask),
            reply);
      }
      case UNLINK -> vfs.unlink(request.caller(), request.node(), request.name());
      case RMDIR -> vfs.removeDirectory(request.caller(), request.node(), request.name());
      case RENAME -> rename(request, request.int64(), 0);
      case RENAME2 -> {
        long newParent = request.int64();
        int flags = request.int32();
        request.skip(4);
        rename(request, newParent, flags);
      }
      case LINK -> {
        long existing = request.int64();
        entry(vfs.link(request.caller(), existing, request.node(), request.name()), reply);
      }
      case OPEN -> {
        int flags = request.int32();
        opened(vfs.open(request.caller(), request.node(), flags), reply);
      }
      case CREATE -> create(request, reply);
      case READ -> read(request, reply);
      case WRITE -> write(request, reply);
      case STATFS -> statfs(reply);
      case FLUSH -> {
        long handle = request.int64();
        request.skip(8);
        vfs.flush(handle, request.int64());
      }
      case RELEASE -> vfs.release(request.int64());
      case FSYNC -> vfs.sync(request.int64());
      case FSYNCDIR -> vfs.syncDirectory(request.node());
      case SETXATTR -> setXattr(request);
      case GETXATTR -> {
        int room = request.int32();
        request.skip(4);
        sized(vfs.xattr(request.caller(), request.node(), request.name()), room, reply);
      }
      case LISTXATTR -> {
        int room = request.int32();
        sized(joined(vfs.xattrNames(request.caller(), request.node())), room, reply);
      }
      case REMOVEXATTR -> vfs.removeXattr(request.caller(), request.node(), request.name());
      case OPENDIR -> {
        long handle = vfs.openDirectory(request.caller(), request.node());
        reply.int64(handle).int32(0).int32(0);
      }
      case READDIR -> readDirectory(request, reply, false);
      case READDIRPLUS -> readDirectory(request, reply, true);
      case RELEASEDIR -> vfs.releaseDirectory(request.int64());
      case GETLK -> testLock(request, reply);
      case SETLK -> {
        return setLock(request, false, sender);
      }
      case SETLKW -> {
        return setLock(request, true, sender);
      }
      case ACCESS -> vfs.access(request.caller(), request.node(), request.int32());
      case INTERRUPT -> {
        waits.interrupt(request.int64());
        return false;
      }
      case DESTROY -> {
        // The device says so, too, by its end.
      }
      case FALLOCATE -> {
        long handle = request.int64();
        long offset = request.unsigned64("offset");
        long length = request.unsigned64("length");
        vfs.allocate(request.caller(), handle, offset, length, request.int32());
      }
      case LSEEK -> {
        long handle = request.int64();
        long offset = request.int64();
        reply.int64(vfs.seek(handle, offset, request.int32()));
      }
      case COPY_FILE_RANGE -> copy(request, reply);
    }
    return true;
  }

  private void entry(NodeAttributes of, Reply reply) {
    reply.entry(of, times.entry(), times.attributes());
  }

  private void lookup(Request request, Reply reply) throws CairnException {
    byte[] name = request.name();
    try {
      Duration oldest =
          times.entry().compareTo(times.attributes()) < 0 ? times.entry() : times.attributes();
      Vfs.Found found = vfs.lookup(request.caller(), request.node(), name, oldest);
      reply.entry(
          found.attributes(),
          times.entry().minus(found.age()),
          times.attributes().minus(found.age()));
    } catch (CairnException e) {
      if (e.code() != ErrorCode.NOT_FOUND || times.negative().isZero()) {
        throw e;
      }
      reply.noEntry(times.negative());
    }
  }

  private void setAttributes(Request request, Reply reply) throws IOException, Errno {
    int valid = request.int32();
    request.skip(4);
    long handle = request.int64();
    long size = request.int64();
    request.skip(8);
    long atime = request.int64();
    long mtime = request.int64();
    request.skip(8);
    int atimeNanos = request.int32();
    int mtimeNanos = request.int32();
    request.skip(4);
    int mode = request.int32();
    request.skip(4);
    int uid = request.int32();
    int gid = request.int32();
    if ((valid & SET_SIZE) != 0 && size < 0) {
      throw new Errno(Errno.EINVAL, "size above 2^63 - 1");
    }
    AttributeRequest change =
        new AttributeRequest(
            present(valid, SET_HANDLE, handle),
            present(valid, SET_MODE, mode),
            present(valid, SET_UID, uid),
            present(valid, SET_GID, gid),
            present(valid, SET_SIZE, size),
            time(valid, SET_ATIME, SET_ATIME_NOW, atime, atimeNanos),
            time(valid, SET_MTIME, SET_MTIME_NOW, mtime, mtimeNanos),
            (valid & SET_KILL_SET_ID) != 0);
    Vfs.Changed changed =
        vfs.setAttributes(request.caller(), request.node(), change, times.attributes());
    reply.attributesOnly(
        changed.attributes(), changed.isDone() ? times.attributes() : Duration.ZERO);
  }

  private static OptionalInt present(int valid, int bit, int value) {
    return (valid & bit) == 0 ? OptionalInt.empty() : OptionalInt.of(value);
  }

  private static OptionalLong present(int valid, int bit, long value) {
    return (valid & bit) == 0 ? OptionalLong.empty() : OptionalLong.of(value);
  }

  private OptionalLong time(int valid, int bit, int nowBit, long seconds, int nanos) throws Errno {
    if ((valid & nowBit) != 0) {
      return OptionalLong.of(clock.wallNanos());
    }
    if ((valid & bit) == 0) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(Math.addExact(Math.multiplyExact(seconds, NANOS), nanos));
    } catch (ArithmeticException e) {
      throw new Errno(Errno.EINVAL, "a time of " + seconds + " s is beyond what is kept");
    }
  }

  private void makeNode(Request request, Reply reply) throws IOException, Errno {
    int mode = request.int32();
    int device = request.int32();
    int umask = request.int32();
    request.skip(4);
    Vfs.NewNode made = new Vfs.NewNode(mode, umask, device);
    entry(vfs.makeNode(request.caller(), request.node(), request.name(), made), reply);
  }

  private void rename(Request request, long newParent, int flags) throws CairnException, Errno {
    byte[] name = request.name();
    byte[] newName = request.name();
    vfs.rename(request.caller(), request.node(), name, newParent, newName, flags);
  }

  private static void opened(Vfs.Opened opened, Reply reply) {
    int flags = opened.direct() ? OPEN_DIRECT : 0;
    flags |= opened.keepPages() ? OPEN_KEEP_CACHE : 0;
    reply.int64(opened.handle()).int32(flags).int32(0);
  }

  private void create(Request request, Reply reply) throws IOException, Errno {
    int flags = request.int32();
    int mode = request.int32();
    int umask = request.int32();
    request.skip(4);
    Vfs.Created created =
        vfs.create(request.caller(), request.node(), request.name(), mode, umask, flags);
    entry(created.attributes(), reply);
    opened(created.opened(), reply);
  }

  private void read(Request request, Reply reply) throws IOException, Errno {
    long handle = request.int64();
    long offset = request.unsigned64("offset");
    int size = requireRoom(request.int32());
    reply.wrote(vfs.read(handle, offset, reply.space(size)));
  }

  private static int requireRoom(int size) throws Errno {
    if (size < 0 || size > Negotiation.MAX_WRITE) {
      throw new Errno(Errno.EINVAL, "a result of " + size + " bytes");
    }
    return size;
  }

  private void write(Request request, Reply reply) throws IOException, Errno {
    long handle = request.int64();
    long offset = request.unsigned64("offset");
    int size = request.int32();
    int flags = request.int32();
    request.skip(16);
    boolean fromCache = (flags & WRITE_FROM_CACHE) != 0;
    boolean kill = (flags & WRITE_KILL_SET_ID) != 0;
    vfs.write(request.caller(), handle, offset, request.data(size), fromCache, kill);
    reply.int32(size).int32(0);
  }

  private void statfs(Reply reply) throws CairnException {
    FileSystemStatus status = vfs.statistics();
    long files = status.files() + status.directories();
    reply.int64(status.capacityBytes() / STATFS_BLOCK);
    reply.int64((status.capacityBytes() - status.usedBytes()) / STATFS_BLOCK);
    reply.int64(status.availableBytes() / STATFS_BLOCK);
    // Inodes are not limited in number: as many again as could be of one block each.
    long free = status.availableBytes() / STATFS_BLOCK;
    reply.int64(files + free).int64(free);
    reply.int32(STATFS_BLOCK).int32(NAME_MAX).int32(STATFS_BLOCK).zeros(28);
  }

  private void setXattr(Request request) throws CairnException, Errno {
    int size = request.int32();
    int flags = request.int32();
    byte[] name = request.name();
    vfs.setXattr(request.caller(), request.node(), name, request.copy(size), flags);
  }

  /** A value, or its length if there is no room for any. */
  private static void sized(byte[] value, int room, Reply reply) throws Errno {
    if (room == 0) {
      reply.int32(value.length).int32(0);
    } else if (value.length > room || value.length > MAX_XATTR_BYTES) {
      throw new Errno(Errno.ERANGE, value.length + " bytes, and room for " + room);
    } else {
      reply.raw(value);
    }
  }

  private static byte[] joined(List<byte[]> names) {
    ByteBuffer all = ByteBuffer.allocate(names.stream().mapToInt(name -> name.length + 1).sum());
    names.forEach(name -> all.put(name).put((byte) 0));
    return all.array();
  }

  private void readDirectory(Request request, Reply reply, boolean plus)
      throws CairnException, Errno {
    long handle = request.int64();
    long cookie = request.int64();
    int size = requireRoom(request.int32());
    vfs.readDirectory(handle, cookie, new DirectoryWriter(reply, size, plus, times));
  }

  private static LockRequest lock(Request request) throws CairnException, Errno {
    long handle = request.int64();
    long owner = request.int64();
    long start = request.unsigned64("start of a lock");
    long last = request.unsigned64("end of a lock");
    LockRequest.Kind kind =
        switch (request.int32()) {
          case F_RDLCK -> LockRequest.Kind.SHARED;
          case F_WRLCK -> LockRequest.Kind.EXCLUSIVE;
          case F_UNLCK -> LockRequest.Kind.UNLOCK;
          default -> throw new Errno(Errno.EINVAL, "a lock of an unknown type");
        };
    int pid = request.int32();
    boolean whole = (request.int32() & LOCK_FLOCK) != 0;
    if (last < start) {
      throw new Errno(Errno.EINVAL, "a lock from " + start + " to " + last);
    }
    return new LockRequest(request.node(), handle, owner, start, last, kind, whole, pid);
  }

  private void testLock(Request request, Reply reply) throws CairnException, Errno {
    LockRequest found = vfs.conflicting(lock(request));
    int type =
        switch (found.kind()) {
          case SHARED -> F_RDLCK;
          case EXCLUSIVE -> F_WRLCK;
          case UNLOCK -> F_UNLCK;
        };
    reply.int64(found.start()).int64(found.last()).int32(type).int32(found.pid());
  }

  /** Gives a lock up at once; what is to be taken another thread takes, and answers: false then. */
  private boolean setLock(Request request, boolean wait, Sender sender) throws IOException, Errno {
    LockRequest lock = lock(request);
    if (lock.kind() == LockRequest.Kind.UNLOCK) {
      vfs.lock(lock, false);
      return true;
    }
    long unique = request.unique();
    waits.begin(
        unique,
        () -> {
          Reply later = new Reply(ByteBuffer.allocateDirect(Reply.HEADER_BYTES), unique);
          try {
            vfs.lock(lock, wait);
            sender.send(later.done());
          } catch (CairnException e) {
            sender.send(later.refused(e.code().errno()));
          } catch (Errno e) {
            sender.send(later.refused(e.number()));
          } catch (IOException | RuntimeException e) {
            LOG.error("a lock of node={} has failed", lock.node(), e);
            sender.send(later.refused(Errno.EIO));
          }
        });
    return false;
  }

  private void copy(Request request, Reply reply) throws IOException, Errno {
    long from = request.int64();
    long fromOffset = request.unsigned64("offset");
    request.skip(8);
    long to = request.int64();
    long toOffset = request.unsigned64("offset");
    long length = request.unsigned64("length");
    int flags = (int) request.int64();
    if (flags != 0) {
      throw new Errno(Errno.EINVAL, "copy_file_range flags " + flags);
    }
    long copied = vfs.copy(from, fromOffset, to, toOffset, Math.min(length, 1L << 30));
    reply.int32((int) copied).int32(0);
  }
}
