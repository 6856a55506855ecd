package io.cairnfs.contract.linux;

import io.cairnfs.contract.Face;
import io.cairnfs.contract.PosixException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.ToLongFunction;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * A directory of the machine as one user sees it. The identity is a thread's, not the process': the
 * kernel keeps one for each thread, and the calls that change it are made past the C library, which
 * would change all of them. The process must be root's, unless the user is its own. The umask is 0.
 */
public final class LinuxFace implements Face {
  private static final CLibrary LIBRARY = LibraryLoader.create(CLibrary.class).load("c");
  private static final Runtime RUNTIME = Runtime.getRuntime(LIBRARY);

  private static final boolean IS_ARM = System.getProperty("os.arch", "").equals("aarch64");
  private static final long SYS_UMASK = IS_ARM ? 166 : 95;
  private static final long SYS_SETGROUPS = IS_ARM ? 159 : 116;
  private static final long SYS_SETRESUID = IS_ARM ? 147 : 117;
  private static final long SYS_SETRESGID = IS_ARM ? 149 : 119;
  private static final long SYS_UNSHARE = IS_ARM ? 97 : 272;
  private static final long CLONE_FS = 0x200;

  private static final int AT_FDCWD = -100;
  private static final int AT_SYMLINK_NOFOLLOW = 0x100;
  private static final int AT_EACCESS = 0x200;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int STATX_BASIC = 0x7ff;
  private static final int STATX_BYTES = 256;
  private static final int O_WRONLY = 1;
  private static final int O_RDWR = 2;
  private static final int O_CREAT = 0100;
  private static final int O_EXCL = 0200;
  private static final int O_TRUNC = 01000;
  private static final int O_APPEND = 02000;
  private static final int O_NOFOLLOW = IS_ARM ? 0100000 : 0400000;
  private static final int KEEP_SIZE = 1;
  private static final int SEEK_END = 2;
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;
  private static final int LOCK_SH = 1;
  private static final int LOCK_EX = 2;
  private static final int LOCK_NB = 4;
  private static final int LOCK_UN = 8;
  private static final int F_OFD_SETLK = 37;
  private static final int F_OFD_SETLKW = 38;
  private static final short F_RDLCK = 0;
  private static final short F_WRLCK = 1;
  private static final short F_UNLCK = 2;
  private static final int FLOCK_BYTES = 32; // struct flock of 64-bit machines
  private static final int EACCES = 13;
  private static final int EISDIR = 21;
  private static final int EINVAL = 22;
  private static final int PUNCH_HOLE = 2;
  private static final int S_IFREG = 0100000;
  private static final byte[] DOT = {'.'};
  private static final byte[] DOTS = {'.', '.'};
  private static final int NAME_OFFSET = 19; // of d_name in struct dirent
  private static final int MAX_VALUE_BYTES = 1 << 16;
  private static final int PIECE_BYTES = 1 << 14;
  private static final int ENODATA = 61;
  private static final int EOPNOTSUPP = 95;
  private static final String ACCESS_ACL = "system.posix_acl_access";
  private static final String DEFAULT_ACL = "system.posix_acl_default";

  private final Path root;
  private final LinuxUsers users;
  private final ExecutorService thread;
  private final Set<Feature> lacking;

  private interface Work<T> {
    T run() throws PosixException;
  }

  /**
   * @param root where the face's paths begin
   * @throws PosixException if the identity cannot be taken on
   */
  public LinuxFace(Path root, LinuxUsers users, String user) throws PosixException {
    this(root, users, user, Set.of());
  }

  /**
   * @param lacking what the file system there does not have of Linux' features
   */
  public LinuxFace(Path root, LinuxUsers users, String user, Set<Feature> lacking)
      throws PosixException {
    this.root = root;
    this.lacking = Set.copyOf(lacking);
    this.users = users;
    this.thread =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread made = new Thread(task, "linux-" + user);
              made.setDaemon(true);
              return made;
            });
    int id = users.user(user);
    boolean unused =
        call(
            () -> {
              become(id, users.othersToo());
              return true;
            });
  }

  static int processUser() {
    return LIBRARY.getuid();
  }

  static int processGroup() {
    return LIBRARY.getgid();
  }

  private static void become(int id, boolean another) throws PosixException {
    long unused = check(LIBRARY.syscall(SYS_UNSHARE, CLONE_FS, 0, 0), "unshare");
    unused = check(LIBRARY.syscall(SYS_UMASK, 0, 0, 0), "umask");
    if (id != 0 && another) {
      unused = check(LIBRARY.syscall(SYS_SETGROUPS, 0, 0, 0), "setgroups");
      unused = check(LIBRARY.syscall(SYS_SETRESGID, id, id, id), "setresgid");
      unused = check(LIBRARY.syscall(SYS_SETRESUID, id, id, id), "setresuid");
    }
  }

  /** 0, or the negative errno. */
  static long tryToBecome(int id, boolean another) {
    try {
      become(id, another);
      return 0;
    } catch (PosixException e) {
      return -e.errno();
    }
  }

  /** The result of a call, or the negative errno. */
  static long resultOf(ToLongFunction<CLibrary> call) {
    long result = call.applyAsLong(LIBRARY);
    return result < 0 ? -RUNTIME.getLastError() : result;
  }

  private <T> T call(Work<T> work) throws PosixException {
    Future<T> result = thread.submit(work::run);
    try {
      return result.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof PosixException refusal) {
        throw refusal;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private void act(String what, Work<Integer> work) throws PosixException {
    long unused = call(() -> check(work.run(), what));
  }

  private static long check(long result, String what) throws PosixException {
    if (result < 0) {
      throw new PosixException(RUNTIME.getLastError(), what);
    }
    return result;
  }

  private String path(String text) {
    return root + "/" + text;
  }

  @Override
  public Set<Feature> features() {
    Set<Feature> features = EnumSet.complementOf(EnumSet.of(Feature.DEADLOCKS));
    features.removeAll(lacking);
    return features;
  }

  @Override
  public Handle open(String path, Set<OpenFlag> flags, int mode) throws PosixException {
    int bits = bits(flags);
    long descriptor = call(() -> check(LIBRARY.open(path(path), bits, mode), "open"));
    return new Descriptor((int) descriptor);
  }

  /**
   * One call may copy less than there is.
   *
   * @param there what there is before anything is copied: a file may grow by its own copy
   */
  private static long copy(
      int from, long offset, int to, long targetOffset, long length, long there)
      throws PosixException {
    long[] source = {offset};
    long[] target = {targetOffset};
    long done = 0;
    long count;
    do {
      long left = done == 0 ? length : there - done;
      count = check(LIBRARY.copy_file_range(from, source, to, target, left, 0), "copy_file_range");
      done += count;
    } while (count > 0 && done < there);
    return done;
  }

  /** By the calls that a program without concat makes: first what may be refused. */
  @Override
  public void concat(String target, String source) throws PosixException {
    try (Handle to = open(target, EnumSet.of(OpenFlag.WRITE), 0)) {
      Stat before = to.stat();
      Stat added = lstat(source);
      if (added.type() == 'd') {
        throw new PosixException(EISDIR, "a directory has no bytes");
      }
      try (Handle from = open(source, EnumSet.of(OpenFlag.READ, OpenFlag.NO_FOLLOW), 0)) {
        if (added.inode() == before.inode()) {
          throw new PosixException(EINVAL, "a file cannot follow itself");
        }
        unlink(source);
        // It is a change also where there are no bytes.
        to.truncate(before.size());
        long unused = from.copyRange(0, to, before.size(), added.size());
      }
    }
  }

  private static int bits(Set<OpenFlag> flags) {
    int bits = 0;
    if (flags.contains(OpenFlag.WRITE)) {
      bits = flags.contains(OpenFlag.READ) ? O_RDWR : O_WRONLY;
    }
    bits |= flags.contains(OpenFlag.APPEND) ? O_APPEND : 0;
    bits |= flags.contains(OpenFlag.CREATE) ? O_CREAT : 0;
    bits |= flags.contains(OpenFlag.EXCLUSIVE) ? O_EXCL : 0;
    bits |= flags.contains(OpenFlag.TRUNCATE) ? O_TRUNC : 0;
    bits |= flags.contains(OpenFlag.NO_FOLLOW) ? O_NOFOLLOW : 0;
    return bits;
  }

  private final class Descriptor implements Handle {
    private final int number;

    Descriptor(int number) {
      this.number = number;
    }

    @Override
    public byte[] read(long position, int length) throws PosixException {
      return call(
          () -> {
            byte[] bytes = new byte[length];
            long count = check(LIBRARY.pread(number, bytes, length, position), "pread");
            return Arrays.copyOf(bytes, (int) count);
          });
    }

    @Override
    public void write(long position, byte[] bytes) throws PosixException {
      long unused =
          call(() -> check(LIBRARY.pwrite(number, bytes, bytes.length, position), "pwrite"));
    }

    @Override
    public void append(byte[] bytes) throws PosixException {
      long unused =
          call(
              () -> {
                long end = check(LIBRARY.lseek(number, 0, SEEK_END), "lseek");
                return end + check(LIBRARY.write(number, bytes, bytes.length), "write");
              });
    }

    @Override
    public void truncate(long length) throws PosixException {
      act("ftruncate", () -> LIBRARY.ftruncate(number, length));
    }

    @Override
    public void sync() throws PosixException {
      act("fsync", () -> LIBRARY.fsync(number));
    }

    @Override
    public Stat stat() throws PosixException {
      return LinuxFace.this.stat(number, "", AT_EMPTY_PATH);
    }

    @Override
    public void chmod(int mode) throws PosixException {
      act("fchmod", () -> LIBRARY.fchmod(number, mode));
    }

    @Override
    public void changeGroup(String group) throws PosixException {
      act("fchown", () -> LIBRARY.fchown(number, -1, users.group(group)));
    }

    @Override
    public void setTimes(long accessed, long modified) throws PosixException {
      act("futimens", () -> LIBRARY.futimens(number, times(accessed, modified)));
    }

    @Override
    public Handle reopen(Set<OpenFlag> flags) throws PosixException {
      int bits = bits(flags);
      String self = "/proc/self/fd/" + number;
      return new Descriptor((int) (long) call(() -> check(LIBRARY.open(self, bits, 0), "open")));
    }

    @Override
    public long copyRange(long offset, Handle target, long targetOffset, long length)
        throws PosixException {
      int to = ((Descriptor) target).number;
      long there = Math.min(length, stat().size() - offset);
      return call(() -> copy(number, offset, to, targetOffset, length, there));
    }

    @Override
    public void punch(long offset, long length) throws PosixException {
      act("fallocate", () -> LIBRARY.fallocate(number, PUNCH_HOLE | KEEP_SIZE, offset, length));
    }

    @Override
    public void allocate(long offset, long length, Growth growth) throws PosixException {
      int mode = growth == Growth.GROW ? 0 : KEEP_SIZE;
      act("fallocate", () -> LIBRARY.fallocate(number, mode, offset, length));
    }

    @Override
    public long seekData(long offset) throws PosixException {
      return call(() -> check(LIBRARY.lseek(number, offset, SEEK_DATA), "lseek"));
    }

    @Override
    public long seekHole(long offset) throws PosixException {
      return call(() -> check(LIBRARY.lseek(number, offset, SEEK_HOLE), "lseek"));
    }

    /** On one machine what is written is seen; elsewhere what is synced or closed. */
    @Override
    public void flush() throws PosixException {
      sync();
    }

    @Override
    public void close() throws PosixException {
      act("close", () -> LIBRARY.close(number));
    }
  }

  @Override
  public LockOwner lockOwner(String path, LockScope scope) throws PosixException {
    return new Locker(
        (int)
            call(() -> {
                  int flags = scope == LockScope.RANGES ? O_RDWR : 0;
                  int descriptor = LIBRARY.open(path(path), flags, 0);
                  if (descriptor < 0
                      && scope == LockScope.WHOLE_FILE
                      && RUNTIME.getLastError() == EACCES) {
                    descriptor = LIBRARY.open(path(path), O_WRONLY, 0);
                    if (descriptor < 0 && RUNTIME.getLastError() == EISDIR) {
                      // A directory has to be readable.
                      throw new PosixException(EACCES, "open");
                    }
                  }
                  return check(descriptor, "open");
                })
                .longValue(),
        scope);
  }

  /** Ranges are locked for the descriptor, so that closing another one does not end them. */
  private final class Locker implements LockOwner {
    private final int descriptor;
    private final LockScope scope;

    Locker(int descriptor, LockScope scope) {
      this.descriptor = descriptor;
      this.scope = scope;
    }

    @Override
    public void lock(LockMode mode, Patience patience, long start, long length)
        throws PosixException {
      boolean wait = patience == Patience.WAIT;
      if (scope == LockScope.WHOLE_FILE) {
        int operation = mode == LockMode.SHARED ? LOCK_SH : LOCK_EX;
        act("flock", () -> LIBRARY.flock(descriptor, wait ? operation : operation | LOCK_NB));
      } else {
        short type = mode == LockMode.SHARED ? F_RDLCK : F_WRLCK;
        set(type, wait ? F_OFD_SETLKW : F_OFD_SETLK, start, length);
      }
    }

    @Override
    public void unlock(long start, long length) throws PosixException {
      if (scope == LockScope.WHOLE_FILE) {
        act("flock", () -> LIBRARY.flock(descriptor, LOCK_UN));
      } else {
        set(F_UNLCK, F_OFD_SETLK, start, length);
      }
    }

    private void set(short type, int command, long start, long length) throws PosixException {
      byte[] argument =
          ByteBuffer.allocate(FLOCK_BYTES)
              .order(ByteOrder.nativeOrder())
              .putShort(0, type)
              .putLong(8, start)
              .putLong(16, length)
              .array();
      act("fcntl", () -> LIBRARY.fcntl(descriptor, command, argument));
    }

    @Override
    public void close() throws PosixException {
      act("close", () -> LIBRARY.close(descriptor));
    }
  }

  @Override
  public void create(String path, int mode, byte[] content) throws PosixException {
    long unused =
        call(
            () -> {
              int flags = O_WRONLY | O_CREAT | O_EXCL;
              int descriptor = (int) check(LIBRARY.open(path(path), flags, mode), "open");
              long written = check(LIBRARY.write(descriptor, content, content.length), "write");
              return written + check(LIBRARY.close(descriptor), "close");
            });
  }

  @Override
  public byte[] content(String path) throws PosixException {
    return call(
        () -> {
          int descriptor = (int) check(LIBRARY.open(path(path), 0, 0), "open");
          ByteArrayOutputStream content = new ByteArrayOutputStream();
          byte[] bytes = new byte[PIECE_BYTES];
          long count = LIBRARY.pread(descriptor, bytes, bytes.length, 0);
          while (count > 0) {
            content.write(bytes, 0, (int) count);
            count = LIBRARY.pread(descriptor, bytes, bytes.length, content.size());
          }
          int errno = count < 0 ? RUNTIME.getLastError() : 0;
          long unused = check(LIBRARY.close(descriptor), "close");
          if (errno != 0) {
            throw new PosixException(errno, "pread");
          }
          return content.toByteArray();
        });
  }

  @Override
  public Stat stat(String path) throws PosixException {
    return stat(AT_FDCWD, path(path), 0);
  }

  @Override
  public Stat lstat(String path) throws PosixException {
    return stat(AT_FDCWD, path(path), AT_SYMLINK_NOFOLLOW);
  }

  private Stat stat(int directory, String path, int flags) throws PosixException {
    return call(
        () -> {
          byte[] bytes = new byte[STATX_BYTES];
          long unused = check(LIBRARY.statx(directory, path, flags, STATX_BASIC, bytes), "statx");
          ByteBuffer found = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
          int mode = found.getShort(28) & 0xffff;
          char type =
              switch (mode & 0170000) {
                case 0040000 -> 'd';
                case 0120000 -> 'l';
                case 0010000 -> 'p';
                case 0140000 -> 's';
                case 0020000 -> 'c';
                case 0060000 -> 'b';
                default -> 'f';
              };
          return new Stat(
              type,
              mode & 07777,
              users.userName(found.getInt(20)),
              users.groupName(found.getInt(24)),
              found.getLong(40),
              found.getInt(16),
              found.getLong(32),
              nanos(found, 112),
              nanos(found, 64),
              nanos(found, 96));
        });
  }

  private static long nanos(ByteBuffer found, int at) {
    return found.getLong(at) * 1_000_000_000L + found.getInt(at + 8);
  }

  @Override
  public void access(String path, int rights) throws PosixException {
    act("faccessat", () -> LIBRARY.faccessat(AT_FDCWD, path(path), rights, AT_EACCESS));
  }

  @Override
  public void mkdir(String path, int mode) throws PosixException {
    act("mkdir", () -> LIBRARY.mkdir(path(path), mode));
  }

  @Override
  public void makeNode(String path, char type, int mode, int device) throws PosixException {
    int bits =
        switch (type) {
          case 'p' -> 0010000;
          case 's' -> 0140000;
          case 'c' -> 0020000;
          case 'b' -> 0060000;
          default -> throw new IllegalArgumentException("type " + type);
        };
    byte[] name = (path(path) + "\0").getBytes(StandardCharsets.UTF_8);
    act("mknod", () -> LIBRARY.mknod(name, bits | mode, Integer.toUnsignedLong(device)));
  }

  @Override
  public int device(String path) throws PosixException {
    return call(
        () -> {
          byte[] bytes = new byte[STATX_BYTES];
          long unused =
              check(
                  LIBRARY.statx(AT_FDCWD, path(path), AT_SYMLINK_NOFOLLOW, STATX_BASIC, bytes),
                  "statx");
          ByteBuffer found = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
          int major = found.getInt(128);
          int minor = found.getInt(132);
          return (minor & 0xff) | major << 8 | (minor & ~0xff) << 12;
        });
  }

  @Override
  public void rmdir(String path) throws PosixException {
    act("rmdir", () -> LIBRARY.rmdir(path(path)));
  }

  @Override
  public void unlink(String path) throws PosixException {
    act("unlink", () -> LIBRARY.unlink(path(path)));
  }

  @Override
  public void rename(String from, String to, RenameMode mode) throws PosixException {
    int flags =
        switch (mode) {
          case REPLACE -> 0;
          case NO_REPLACE -> 1;
          case EXCHANGE -> 2;
        };
    act("renameat2", () -> LIBRARY.renameat2(AT_FDCWD, path(from), AT_FDCWD, path(to), flags));
  }

  @Override
  public void link(String existing, String link) throws PosixException {
    act("link", () -> LIBRARY.link(path(existing), path(link)));
  }

  @Override
  public void symlink(String target, String link) throws PosixException {
    act("symlink", () -> LIBRARY.symlink(target, path(link)));
  }

  @Override
  public String readlink(String link) throws PosixException {
    return call(
        () -> {
          byte[] bytes = new byte[4096];
          long count = check(LIBRARY.readlink(path(link), bytes, bytes.length), "readlink");
          return new String(bytes, 0, (int) count, StandardCharsets.UTF_8);
        });
  }

  @Override
  public void chmod(String path, int mode) throws PosixException {
    act("chmod", () -> LIBRARY.chmod(path(path), mode));
  }

  @Override
  public void chown(String path, String owner, String group, boolean follow) throws PosixException {
    int user = owner == null ? -1 : users.user(owner);
    int newGroup = group == null ? -1 : users.group(group);
    act(
        "chown",
        () ->
            follow
                ? LIBRARY.chown(path(path), user, newGroup)
                : LIBRARY.lchown(path(path), user, newGroup));
  }

  @Override
  public void setTimes(String path, long accessed, long modified) throws PosixException {
    act("utimensat", () -> LIBRARY.utimensat(AT_FDCWD, path(path), times(accessed, modified), 0));
  }

  /** Two struct timespec. */
  private static long[] times(long accessed, long modified) {
    long second = 1_000_000_000L;
    return new long[] {
      Math.floorDiv(accessed, second),
      Math.floorMod(accessed, second),
      Math.floorDiv(modified, second),
      Math.floorMod(modified, second)
    };
  }

  @Override
  public void truncate(String path, long length) throws PosixException {
    act("truncate", () -> LIBRARY.truncate(path(path), length));
  }

  @Override
  public List<String> list(String directory) throws PosixException {
    List<String> names = new ArrayList<>();
    for (byte[] name : listNames(directory)) {
      names.add(new String(name, StandardCharsets.UTF_8));
    }
    Collections.sort(names);
    return names;
  }

  @Override
  public List<byte[]> listNames(String directory) throws PosixException {
    return call(
        () -> {
          Pointer stream = LIBRARY.opendir(path(directory));
          if (stream == null) {
            throw new PosixException(RUNTIME.getLastError(), "opendir");
          }
          List<byte[]> names = new ArrayList<>();
          Pointer entry = next(stream);
          while (entry != null) {
            byte[] name = new byte[entry.indexOf(NAME_OFFSET, (byte) 0)];
            entry.get(NAME_OFFSET, name, 0, name.length);
            if (!Arrays.equals(name, DOT) && !Arrays.equals(name, DOTS)) {
              names.add(name);
            }
            entry = next(stream);
          }
          int errno = RUNTIME.getLastError();
          long unused = check(LIBRARY.closedir(stream), "closedir");
          if (errno != 0) {
            throw new PosixException(errno, "readdir");
          }
          return names;
        });
  }

  /** Null at the end, and with an error. */
  private static Pointer next(Pointer stream) {
    RUNTIME.setLastError(0);
    return LIBRARY.readdir(stream);
  }

  @Override
  public void createNamed(String directory, byte[] name) throws PosixException {
    byte[] before = (path(directory) + "/").getBytes(StandardCharsets.UTF_8);
    byte[] all = Arrays.copyOf(before, before.length + name.length + 1);
    System.arraycopy(name, 0, all, before.length, name.length);
    act("mknod", () -> LIBRARY.mknod(all, S_IFREG | 0644, 0));
  }

  @Override
  public void setXattr(String path, String name, byte[] value, XattrMode mode)
      throws PosixException {
    int flags =
        switch (mode) {
          case SET -> 0;
          case CREATE -> 1;
          case REPLACE -> 2;
        };
    act("setxattr", () -> LIBRARY.setxattr(path(path), name, value, value.length, flags));
  }

  @Override
  public void removeXattr(String path, String name) throws PosixException {
    act("removexattr", () -> LIBRARY.removexattr(path(path), name));
  }

  @Override
  public byte[] xattr(String path, String name) throws PosixException {
    return call(() -> value(path, name));
  }

  private byte[] value(String path, String name) throws PosixException {
    byte[] bytes = new byte[MAX_VALUE_BYTES];
    long count = check(LIBRARY.getxattr(path(path), name, bytes, bytes.length), "getxattr");
    return Arrays.copyOf(bytes, (int) count);
  }

  @Override
  public SortedMap<String, byte[]> xattrs(String path) throws PosixException {
    return call(
        () -> {
          byte[] bytes = new byte[MAX_VALUE_BYTES];
          long count = check(LIBRARY.listxattr(path(path), bytes, bytes.length), "listxattr");
          SortedMap<String, byte[]> found = new TreeMap<>();
          for (String name :
              new String(bytes, 0, (int) count, StandardCharsets.UTF_8).split("\0", 0)) {
            if (name.startsWith("user.")) {
              found.put(name, value(path, name));
            }
          }
          return found;
        });
  }

  @Override
  public void setAcl(String path, boolean ofDirectory, List<String> entries) throws PosixException {
    String name = ofDirectory ? DEFAULT_ACL : ACCESS_ACL;
    byte[] value = AclFormat.encode(entries, users);
    act("setxattr", () -> LIBRARY.setxattr(path(path), name, value, value.length, 0));
  }

  @Override
  public List<String> acl(String path) throws PosixException {
    int mode = stat(path).mode();
    return call(
        () -> {
          List<String> entries = new ArrayList<>();
          List<String> access = aclValue(path, ACCESS_ACL);
          entries.addAll(access.isEmpty() ? AclFormat.ofMode(mode) : access);
          for (String entry : aclValue(path, DEFAULT_ACL)) {
            entries.add("default:" + entry);
          }
          return entries;
        });
  }

  private List<String> aclValue(String path, String name) throws PosixException {
    try {
      return AclFormat.decode(value(path, name), users);
    } catch (PosixException e) {
      if (e.errno() == ENODATA || e.errno() == EOPNOTSUPP) {
        return List.of();
      }
      throw e;
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
