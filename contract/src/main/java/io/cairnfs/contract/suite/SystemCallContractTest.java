package io.cairnfs.contract.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cairnfs.contract.linux.CLibrary;
import io.cairnfs.contract.linux.LinuxCaller;
import io.cairnfs.contract.linux.LinuxUsers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * The errors of the system calls about files, each as its page of POSIX (issue 7), or of Linux
 * where POSIX is silent, says. Every case has a directory of its own:
 *
 * <pre>
 * f 0644 of ten bytes   own 0600   d/x   empty/   secret/x below 0700
 * sticky/x and, of another user, sticky/hers below 01777
 * l to f   loop to itself   dangling to none   p, a fifo   s, a socket
 * </pre>
 *
 * <p>All else is root's, and so are the calls, unless they are ann's.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class SystemCallContractTest {
  private static final int EPERM = 1;
  private static final int ENOENT = 2;
  private static final int ENXIO = 6;
  private static final int E2BIG = 7;
  private static final int EBADF = 9;
  private static final int EAGAIN = 11;
  private static final int EACCES = 13;
  private static final int EBUSY = 16;
  private static final int EEXIST = 17;
  private static final int EXDEV = 18;
  private static final int ENOTDIR = 20;
  private static final int EISDIR = 21;
  private static final int EINVAL = 22;
  private static final int ERANGE = 34;
  private static final int ENAMETOOLONG = 36;
  private static final int ENOTEMPTY = 39;
  private static final int ELOOP = 40;
  private static final int ENODATA = 61;
  private static final int EOPNOTSUPP = 95;

  private static final boolean IS_ARM = System.getProperty("os.arch", "").equals("aarch64");
  private static final int CWD = -100;
  private static final int O_WRONLY = 1;
  private static final int O_RDWR = 2;
  private static final int O_CREAT = 0100;
  private static final int O_EXCL = 0200;
  private static final int O_TRUNC = 01000;
  private static final int O_APPEND = 02000;
  private static final int O_NONBLOCK = 04000;
  private static final int O_DIRECTORY = IS_ARM ? 040000 : 0200000;
  private static final int O_NOFOLLOW = IS_ARM ? 0100000 : 0400000;
  private static final int O_NOATIME = 01000000;
  private static final int NO_REPLACE = 1;
  private static final int EXCHANGE = 2;
  private static final int S_IFCHR = 0020000;
  private static final int S_IFIFO = 0010000;
  private static final int S_IFSOCK = 0140000;
  private static final int STATX_MODE = 2;
  private static final int PUNCH = 3;
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;
  private static final int LOCK_EX = 2;
  private static final int LOCK_NB = 4;
  private static final int XATTR_CREATE = 1;
  private static final int XATTR_REPLACE = 2;
  private static final long BAD_NANOS = 2_000_000_000L;
  private static final String LONG_NAME = "n".repeat(256);

  private final LinuxUsers users = new LinuxUsers(List.of("ann"));
  private final List<DynamicTest> tests = new ArrayList<>();
  private LinuxCaller root;
  private LinuxCaller ann;
  private int cases;

  /** A directory that every user may search, on the file system that is tried. */
  protected abstract Path directory() throws Exception;

  @BeforeAll
  final void takeIdentities() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "only root becomes other users");
    root = new LinuxCaller(users, "root");
    ann = new LinuxCaller(users, "ann");
  }

  @AfterAll
  final void close() {
    if (root != null) {
      root.close();
      ann.close();
    }
  }

  /** What is tried in the directory of a case. */
  private interface Try {
    long result(Place at) throws Exception;
  }

  /** The directory of a case, and who calls. */
  private final class Place {
    private final String path;
    private final List<Long> open = new ArrayList<>();

    Place(String path) {
      this.path = path;
    }

    String of(String name) {
      return path + "/" + name;
    }

    long root(ToLongFunction<CLibrary> call) {
      return root.call(call);
    }

    long ann(ToLongFunction<CLibrary> call) {
      return ann.call(call);
    }

    /** A descriptor, which is closed at the end. */
    int fd(String name, int flags) {
      return kept(root.call(c -> c.open(of(name), flags, 0644)));
    }

    int kept(long descriptor) {
      assertThat(descriptor).as("open in " + path).isNotNegative();
      open.add(descriptor);
      return (int) descriptor;
    }

    void make() {
      byte[] ten = "0123456789".getBytes(StandardCharsets.UTF_8);
      good(c -> c.mkdir(path, 0755));
      for (String name : List.of("d", "empty", "secret", "sticky")) {
        good(c -> c.mkdir(of(name), 0755));
      }
      for (String name : List.of("f", "own", "d/x", "secret/x", "sticky/x")) {
        int made = fd(name, O_WRONLY | O_CREAT | O_EXCL);
        good(c -> c.write(made, ten, ten.length));
      }
      good(c -> c.chmod(of("own"), 0600));
      good(c -> c.chmod(of("secret"), 0700));
      good(c -> c.chmod(of("sticky"), 01777));
      good(c -> c.symlink("f", of("l")));
      good(c -> c.symlink("loop", of("loop")));
      good(c -> c.symlink("none", of("dangling")));
      good(c -> c.mknod(bytes(of("p")), S_IFIFO | 0644, 0));
      good(c -> c.mknod(bytes(of("s")), S_IFSOCK | 0644, 0));
      int hers = kept(ann.call(c -> c.open(of("sticky/hers"), O_WRONLY | O_CREAT, 0644)));
      assertThat(hers).isNotNegative();
      end();
    }

    private void good(ToLongFunction<CLibrary> call) {
      assertThat(root.call(call)).as("fixture in " + path).isNotNegative();
    }

    void end() {
      open.forEach(descriptor -> good(c -> c.close((int) (long) descriptor)));
      open.clear();
    }
  }

  private static byte[] bytes(String path) {
    return (path + "\0").getBytes(StandardCharsets.UTF_8);
  }

  private void refused(String what, int errno, Try tried) {
    tests.add(
        DynamicTest.dynamicTest(
            what,
            () -> {
              Place at = new Place(directory() + "/case" + cases++);
              at.make();
              try {
                assertThat(tried.result(at)).as(what).isEqualTo(-errno);
              } finally {
                at.end();
              }
            }));
  }

  /** What the mode of {@code f}, which everybody may write, is after ann's call. */
  private void becomes(String what, int before, boolean ofHerGroup, int after, Try tried) {
    tests.add(
        DynamicTest.dynamicTest(
            what
                + " of mode "
                + Integer.toOctalString(before)
                + (ofHerGroup ? ", her group's" : ""),
            () -> {
              Place at = new Place(directory() + "/case" + cases++);
              at.make();
              int group = ofHerGroup ? users.group("ann") : 0;
              at.good(c -> c.chown(at.of("f"), 0, group));
              at.good(c -> c.chmod(at.of("f"), before));
              try {
                assertThat(tried.result(at)).as(what).isNotNegative();
                byte[] told = new byte[256];
                at.good(c -> c.statx(CWD, at.of("f"), 0, STATX_MODE, told));
                int mode =
                    ByteBuffer.wrap(told).order(ByteOrder.nativeOrder()).getShort(28) & 07777;
                assertThat(Integer.toOctalString(mode)).isEqualTo(Integer.toOctalString(after));
              } finally {
                at.end();
              }
            }));
  }

  /** Linux' rule (setattr_should_drop_sgid), which POSIX leaves open. */
  private void modesOfWhatIsWritten() {
    int[][] modes = {
      // before, after, after of her group's
      {04666, 00666, 00666},
      {02666, 00666, 02666},
      {06666, 00666, 02666},
      {02676, 00676, 00676},
      {06677, 00677, 00677},
      {01666, 01666, 01666}
    };
    byte[] text = "text".getBytes(StandardCharsets.UTF_8);
    for (int[] mode : modes) {
      for (boolean hers : new boolean[] {false, true}) {
        int after = hers ? mode[2] : mode[1];
        becomes("write", mode[0], hers, after, at -> annWrites(at, 0, text));
        becomes("appending write", mode[0], hers, after, at -> annWrites(at, O_APPEND, text));
        becomes("emptying open", mode[0], hers, after, at -> annWrites(at, O_TRUNC, new byte[0]));
        becomes("truncate", mode[0], hers, after, at -> at.ann(c -> c.truncate(at.of("f"), 3)));
        becomes("fallocate", mode[0], hers, after, at -> annAllocates(at, 0));
        becomes("punch", mode[0], hers, after, at -> annAllocates(at, PUNCH));
      }
    }
  }

  private static long annWrites(Place at, int flags, byte[] text) {
    int f = at.kept(annOpens(at, "f", O_WRONLY | flags));
    return at.ann(c -> c.write(f, text, text.length));
  }

  private static long annAllocates(Place at, int mode) {
    int f = at.kept(annOpens(at, "f", O_WRONLY));
    return at.ann(c -> c.fallocate(f, mode, 1, 5));
  }

  /** The same refusals of every call that takes a path: what the way there may be like. */
  private interface OfPath {
    ToLongFunction<CLibrary> call(String path);
  }

  private void waysTo(String call, OfPath tried) {
    refused(call + " below nothing", ENOENT, at -> at.root(tried.call(at.of("none/x"))));
    refused(call + " below a file", ENOTDIR, at -> at.root(tried.call(at.of("f/x"))));
    refused(call + " below a fifo", ENOTDIR, at -> at.root(tried.call(at.of("p/x"))));
    refused(call + " below a loop", ELOOP, at -> at.root(tried.call(at.of("loop/x"))));
    refused(call + " of a long name", ENAMETOOLONG, at -> at.root(tried.call(at.of(LONG_NAME))));
    refused(
        call + " of a long path",
        ENAMETOOLONG,
        at -> at.root(tried.call(at.of("d/../".repeat(900) + "f"))));
    refused(call + " of an empty path", ENOENT, at -> at.root(tried.call("")));
    refused(call + " in a secret place", EACCES, at -> at.ann(tried.call(at.of("secret/x"))));
  }

  /** Of calls about what is there already. */
  private void existing(String call, OfPath tried) {
    waysTo(call, tried);
    refused(call + " of nothing", ENOENT, at -> at.root(tried.call(at.of("none"))));
    refused(call + " of a file/", ENOTDIR, at -> at.root(tried.call(at.of("f/"))));
  }

  /** Of those that go where a symlink leads. */
  private void following(String call, OfPath tried) {
    existing(call, tried);
    refused(call + " of a loop", ELOOP, at -> at.root(tried.call(at.of("loop"))));
    refused(call + " of what dangles", ENOENT, at -> at.root(tried.call(at.of("dangling"))));
  }

  /** Of those that make a name. */
  private void making(String call, OfPath tried) {
    waysTo(call, tried);
    for (String there : List.of("f", "d", "l", "dangling", "loop", "p")) {
      refused(call + " over " + there, EEXIST, at -> at.root(tried.call(at.of(there))));
    }
    refused(call + " in another's directory", EACCES, at -> at.ann(tried.call(at.of("new"))));
  }

  @TestFactory
  final Stream<DynamicTest> everyErrorIsTheDocumentedOne() {
    tests.clear();
    opening();
    namesMade();
    namesMovedAndRemoved();
    attributes();
    descriptors();
    extendedAttributes();
    modesOfWhatIsWritten();
    return tests.stream();
  }

  private void opening() {
    following("open", path -> c -> c.open(path, 0, 0));
    refused("open: a directory to write", EISDIR, at -> open(at, "d", O_WRONLY));
    refused("open: a directory to read and write", EISDIR, at -> open(at, "d", O_RDWR));
    refused("open: to create a directory", EISDIR, at -> open(at, "d", O_CREAT));
    refused("open: a directory to empty it", EISDIR, at -> open(at, "d", O_WRONLY | O_TRUNC));
    refused("open: to create a name/", EISDIR, at -> open(at, "new/", O_CREAT | O_WRONLY));
    refused("open: a file as a directory", ENOTDIR, at -> open(at, "f", O_DIRECTORY));
    refused("open: a symlink not followed", ELOOP, at -> open(at, "l", O_NOFOLLOW));
    for (String there : List.of("f", "d", "l", "dangling")) {
      refused("open: new over " + there, EEXIST, at -> open(at, there, O_CREAT | O_EXCL));
    }
    refused("open: to create below nothing", ENOENT, at -> open(at, "none/x", O_CREAT));
    refused("open: a fifo that nobody reads", ENXIO, at -> open(at, "p", O_WRONLY | O_NONBLOCK));
    refused("open: a socket", ENXIO, at -> open(at, "s", 0));
    refused("open: another's, to read", EACCES, at -> annOpens(at, "own", 0));
    refused("open: another's, to write", EACCES, at -> annOpens(at, "f", O_WRONLY));
    refused("open: another's, to empty it", EACCES, at -> annOpens(at, "f", O_TRUNC | O_WRONLY));
    refused("open: new in another's directory", EACCES, at -> annOpens(at, "new", O_CREAT));
    refused("open: another's without its times", EPERM, at -> annOpens(at, "f", O_NOATIME));
    existing("opendir", path -> c -> c.open(path, O_DIRECTORY, 0));
    refused("stat of nothing", ENOENT, at -> at.root(c -> statx(c, at.of("none"))));
    following("stat", path -> c -> statx(c, path));
    following("statfs", path -> c -> c.statfs(path, new byte[120]));
    following("access", path -> c -> c.faccessat(CWD, path, 4, 0));
    refused("access: to read", EACCES, at -> at.ann(c -> c.faccessat(CWD, at.of("own"), 4, 0)));
    refused("access: to execute", EACCES, at -> at.root(c -> c.faccessat(CWD, at.of("f"), 1, 0)));
    refused("access: no right", EINVAL, at -> at.root(c -> c.faccessat(CWD, at.of("f"), 8, 0)));
    existing("readlink", path -> c -> c.readlink(path, new byte[9], 9));
    refused(
        "readlink of a file", EINVAL, at -> at.root(c -> c.readlink(at.of("f"), new byte[9], 9)));
    refused(
        "readlink of a directory",
        EINVAL,
        at -> at.root(c -> c.readlink(at.of("d"), new byte[9], 9)));
    refused(
        "readlink without room",
        EINVAL,
        at -> at.root(c -> c.readlink(at.of("l"), new byte[9], 0)));
  }

  private static long open(Place at, String name, int flags) {
    return at.root(c -> c.open(at.of(name), flags, 0644));
  }

  private static long annOpens(Place at, String name, int flags) {
    return at.ann(c -> c.open(at.of(name), flags, 0644));
  }

  private static long statx(CLibrary c, String path) {
    return c.statx(CWD, path, 0, 0x7ff, new byte[256]);
  }

  private void namesMade() {
    making("mkdir", path -> c -> c.mkdir(path, 0755));
    refused("mkdir of d/.", EEXIST, at -> at.root(c -> c.mkdir(at.of("d/."), 0755)));
    refused("mkdir of new/.", ENOENT, at -> at.root(c -> c.mkdir(at.of("new/."), 0755)));
    making("mkfifo", path -> c -> c.mknod(bytes(path), S_IFIFO | 0644, 0));
    making("mknod of a file", path -> c -> c.mknod(bytes(path), 0644, 0));
    refused(
        "mknod of a name/",
        ENOENT,
        at -> at.root(c -> c.mknod(bytes(at.of("new/")), S_IFIFO | 0644, 0)));
    refused(
        "mknod: a device by anybody",
        EPERM,
        at -> at.ann(c -> c.mknod(bytes(at.of("sticky/c")), S_IFCHR | 0644, 0x103)));
    refused(
        "mknod: a directory", EPERM, at -> at.root(c -> c.mknod(bytes(at.of("new")), 0040755, 0)));
    refused(
        "mknod: of no type", EINVAL, at -> at.root(c -> c.mknod(bytes(at.of("new")), 0170644, 0)));
    making("symlink", path -> c -> c.symlink("f", path));
    refused("symlink to nothing", ENOENT, at -> at.root(c -> c.symlink("", at.of("new"))));
    refused("symlink of a name/", ENOENT, at -> at.root(c -> c.symlink("f", at.of("new/"))));
    refused(
        "symlink to too much",
        ENAMETOOLONG,
        at -> at.root(c -> c.symlink("x/".repeat(2048), at.of("new"))));
    refused("link over a file", EEXIST, at -> at.root(c -> c.link(at.of("own"), at.of("f"))));
    refused(
        "link over a symlink", EEXIST, at -> at.root(c -> c.link(at.of("own"), at.of("dangling"))));
    refused("link of nothing", ENOENT, at -> at.root(c -> c.link(at.of("none"), at.of("new"))));
    refused("link of a directory", EPERM, at -> at.root(c -> c.link(at.of("d"), at.of("new"))));
    refused("link below nothing", ENOENT, at -> at.root(c -> c.link(at.of("f"), at.of("none/x"))));
    refused("link below a file", ENOTDIR, at -> at.root(c -> c.link(at.of("f"), at.of("own/x"))));
    refused(
        "link from below a file", ENOTDIR, at -> at.root(c -> c.link(at.of("f/x"), at.of("new"))));
    refused("link below a loop", ELOOP, at -> at.root(c -> c.link(at.of("f"), at.of("loop/x"))));
    refused(
        "link to a long name",
        ENAMETOOLONG,
        at -> at.root(c -> c.link(at.of("f"), at.of(LONG_NAME))));
    refused("link to a name/", ENOENT, at -> at.root(c -> c.link(at.of("f"), at.of("new/"))));
    refused(
        "link from elsewhere", EXDEV, at -> at.root(c -> c.link("/proc/version", at.of("new"))));
    refused(
        "link out of a secret place",
        EACCES,
        at -> at.ann(c -> c.link(at.of("secret/x"), at.of("sticky/new"))));
    refused(
        "link followed in a loop",
        ELOOP,
        at -> at.root(c -> c.linkat(CWD, at.of("loop"), CWD, at.of("new"), 0x400)));
    refused(
        "link with no such flag",
        EINVAL,
        at -> at.root(c -> c.linkat(CWD, at.of("f"), CWD, at.of("new"), 1)));
    refused(
        "link of what was removed",
        ENOENT,
        at -> {
          int open = at.fd("f", 0);
          assertThat(at.root(c -> c.unlink(at.of("f")))).isZero();
          return at.root(c -> c.linkat(CWD, "/proc/self/fd/" + open, CWD, at.of("new"), 0x400));
        });
  }

  private void namesMovedAndRemoved() {
    existing("rename", path -> c -> c.renameat(CWD, path, CWD, path + "2"));
    refused("rename of a file onto a directory", EISDIR, at -> rename(at, "f", "empty"));
    refused("rename of a fifo onto a directory", EISDIR, at -> rename(at, "p", "empty"));
    refused("rename of a directory onto a file", ENOTDIR, at -> rename(at, "empty", "f"));
    refused("rename of a file to a name/", ENOTDIR, at -> rename(at, "f", "new/"));
    refused("rename onto a full directory", ENOTEMPTY, at -> rename(at, "empty", "d"));
    refused("rename into itself", EINVAL, at -> rename(at, "d", "d/sub"));
    refused("rename onto what holds it", ENOTEMPTY, at -> rename(at, "d/x", "d"));
    refused("rename of d/.", EBUSY, at -> rename(at, "d/.", "new"));
    refused("rename to d/..", EBUSY, at -> rename(at, "empty", "d/.."));
    refused("rename below nothing", ENOENT, at -> rename(at, "f", "none/x"));
    refused("rename below a file", ENOTDIR, at -> rename(at, "f", "own/x"));
    refused("rename below a loop", ELOOP, at -> rename(at, "f", "loop/x"));
    refused("rename to a long name", ENAMETOOLONG, at -> rename(at, "f", LONG_NAME));
    refused(
        "rename to elsewhere",
        EXDEV,
        at -> at.root(c -> c.renameat(CWD, at.of("f"), CWD, "/proc/cairn")));
    refused(
        "rename in another's directory",
        EACCES,
        at -> at.ann(c -> c.renameat(CWD, at.of("f"), CWD, at.of("g"))));
    refused(
        "rename out of a sticky one",
        EPERM,
        at -> at.ann(c -> c.renameat(CWD, at.of("sticky/x"), CWD, at.of("sticky/y"))));
    refused(
        "rename over nothing new",
        EEXIST,
        at -> at.root(c -> c.renameat2(CWD, at.of("f"), CWD, at.of("own"), NO_REPLACE)));
    refused(
        "exchange with nothing",
        ENOENT,
        at -> at.root(c -> c.renameat2(CWD, at.of("f"), CWD, at.of("none"), EXCHANGE)));
    refused(
        "rename in two ways",
        EINVAL,
        at -> at.root(c -> c.renameat2(CWD, at.of("f"), CWD, at.of("g"), NO_REPLACE | EXCHANGE)));
    refused(
        "rename in no way",
        EINVAL,
        at -> at.root(c -> c.renameat2(CWD, at.of("f"), CWD, at.of("g"), 64)));
    existing("unlink", path -> c -> c.unlink(path));
    refused("unlink of a directory", EISDIR, at -> at.root(c -> c.unlink(at.of("empty"))));
    refused("unlink of l/", ENOTDIR, at -> at.root(c -> c.unlink(at.of("l/"))));
    refused("unlink in another's directory", EACCES, at -> at.ann(c -> c.unlink(at.of("f"))));
    refused("unlink in a sticky one", EPERM, at -> at.ann(c -> c.unlink(at.of("sticky/x"))));
    existing("rmdir", path -> c -> c.rmdir(path));
    for (String file : List.of("f", "l", "dangling", "p")) {
      refused("rmdir of " + file, ENOTDIR, at -> at.root(c -> c.rmdir(at.of(file))));
    }
    refused("rmdir of what is full", ENOTEMPTY, at -> at.root(c -> c.rmdir(at.of("d"))));
    refused("rmdir of d/.", EINVAL, at -> at.root(c -> c.rmdir(at.of("empty/."))));
    refused("rmdir of d/..", ENOTEMPTY, at -> at.root(c -> c.rmdir(at.of("empty/.."))));
    refused("rmdir in another's directory", EACCES, at -> at.ann(c -> c.rmdir(at.of("empty"))));
    refused(
        "rmdir in a sticky one",
        EPERM,
        at -> {
          assertThat(at.root(c -> c.mkdir(at.of("sticky/d"), 0777))).isZero();
          return at.ann(c -> c.rmdir(at.of("sticky/d")));
        });
  }

  private static long rename(Place at, String from, String to) {
    return at.root(c -> c.renameat(CWD, at.of(from), CWD, at.of(to)));
  }

  private void attributes() {
    following("chmod", path -> c -> c.chmod(path, 0644));
    refused("chmod of another's", EPERM, at -> at.ann(c -> c.chmod(at.of("f"), 0666)));
    following("chown", path -> c -> c.chown(path, 0, 0));
    refused("chown of another's", EPERM, at -> at.ann(c -> c.chown(at.of("f"), 41_001, -1)));
    refused("chown of one's own", EPERM, at -> at.ann(c -> c.chown(at.of("sticky/hers"), 0, -1)));
    refused(
        "chown to a group of others",
        EPERM,
        at -> at.ann(c -> c.chown(at.of("sticky/hers"), -1, 0)));
    existing("lchown", path -> c -> c.lchown(path, 0, 0));
    following("truncate", path -> c -> c.truncate(path, 0));
    refused("truncate of a directory", EISDIR, at -> at.root(c -> c.truncate(at.of("d"), 0)));
    refused("truncate of a fifo", EINVAL, at -> at.root(c -> c.truncate(at.of("p"), 0)));
    refused(
        "truncate to less than nothing", EINVAL, at -> at.root(c -> c.truncate(at.of("f"), -1)));
    refused("truncate of another's", EACCES, at -> at.ann(c -> c.truncate(at.of("f"), 0)));
    following("utimensat", path -> c -> c.utimensat(CWD, path, new long[] {1, 1, 2, 2}, 0));
    refused(
        "utimensat: another's times",
        EPERM,
        at -> at.ann(c -> c.utimensat(CWD, at.of("f"), new long[] {1, 1, 2, 2}, 0)));
    refused(
        "utimensat: another's, now",
        EACCES,
        at -> at.ann(c -> c.utimensat(CWD, at.of("f"), null, 0)));
    refused(
        "utimensat: no such nanosecond",
        EINVAL,
        at -> at.root(c -> c.utimensat(CWD, at.of("f"), new long[] {1, BAD_NANOS, 2, 2}, 0)));
    refused(
        "utimensat: no such flag",
        EINVAL,
        at -> at.root(c -> c.utimensat(CWD, at.of("f"), null, 1)));
  }

  private void descriptors() {
    refused(
        "read of what is to be written",
        EBADF,
        at -> {
          int open = at.fd("f", O_WRONLY);
          return at.root(c -> c.pread(open, new byte[4], 4, 0));
        });
    refused(
        "read of a directory",
        EISDIR,
        at -> {
          int open = at.fd("d", 0);
          return at.root(c -> c.read(open, new byte[4], 4));
        });
    refused(
        "read before the beginning",
        EINVAL,
        at -> {
          int open = at.fd("f", 0);
          return at.root(c -> c.pread(open, new byte[4], 4, -1));
        });
    refused(
        "write of what is to be read",
        EBADF,
        at -> {
          int open = at.fd("f", 0);
          return at.root(c -> c.pwrite(open, new byte[4], 4, 0));
        });
    refused(
        "write before the beginning",
        EINVAL,
        at -> {
          int open = at.fd("f", O_RDWR);
          return at.root(c -> c.pwrite(open, new byte[4], 4, -1));
        });
    refused("read of nothing open", EBADF, at -> at.root(c -> c.pread(9999, new byte[4], 4, 0)));
    refused(
        "ftruncate of what is to be read",
        EINVAL,
        at -> {
          int open = at.fd("f", 0);
          return at.root(c -> c.ftruncate(open, 0));
        });
    refused(
        "ftruncate to less than nothing",
        EINVAL,
        at -> {
          int open = at.fd("f", O_RDWR);
          return at.root(c -> c.ftruncate(open, -1));
        });
    refused("ftruncate of nothing open", EBADF, at -> at.root(c -> c.ftruncate(9999, 0)));
    refused("lseek before the beginning", EINVAL, at -> seek(at, -1, 0));
    refused("lseek from nowhere", EINVAL, at -> seek(at, 0, 99));
    refused("lseek to data behind the end", ENXIO, at -> seek(at, 10, SEEK_DATA));
    refused("lseek to a hole behind the end", ENXIO, at -> seek(at, 10, SEEK_HOLE));
    refused("lseek to data before the beginning", ENXIO, at -> seek(at, -1, SEEK_DATA));
    refused(
        "fallocate of what is to be read",
        EBADF,
        at -> {
          int open = at.fd("f", 0);
          return at.root(c -> c.fallocate(open, 0, 0, 10));
        });
    refused(
        "fallocate of nothing",
        EINVAL,
        at -> {
          int open = at.fd("f", O_RDWR);
          return at.root(c -> c.fallocate(open, 0, 0, 0));
        });
    refused(
        "fallocate before the beginning",
        EINVAL,
        at -> {
          int open = at.fd("f", O_RDWR);
          return at.root(c -> c.fallocate(open, 0, -1, 10));
        });
    refused(
        "punch that makes longer",
        EOPNOTSUPP,
        at -> {
          int open = at.fd("f", O_RDWR);
          return at.root(c -> c.fallocate(open, 2, 0, 10));
        });
    refused("fsync of nothing open", EBADF, at -> at.root(c -> c.fsync(9999)));
    refused(
        "fsync of a fifo",
        EINVAL,
        at -> {
          int open = at.kept(at.root(c -> c.open(at.of("p"), O_RDWR | O_NONBLOCK, 0)));
          return at.root(c -> c.fsync(open));
        });
    refused(
        "flock of what is locked",
        EAGAIN,
        at -> {
          int one = at.fd("f", 0);
          int other = at.fd("f", 0);
          assertThat(at.root(c -> c.flock(one, LOCK_EX))).isZero();
          return at.root(c -> c.flock(other, LOCK_EX | LOCK_NB));
        });
    refused(
        "flock in no way",
        EINVAL,
        at -> {
          int open = at.fd("f", 0);
          return at.root(c -> c.flock(open, 64));
        });
    refused(
        "copy into what is to be read",
        EBADF,
        at -> {
          int from = at.fd("f", 0);
          int to = at.fd("own", 0);
          return at.root(c -> c.copy_file_range(from, null, to, null, 5, 0));
        });
    refused(
        "copy of a directory",
        EISDIR,
        at -> {
          int from = at.fd("d", 0);
          int to = at.fd("own", O_WRONLY);
          return at.root(c -> c.copy_file_range(from, null, to, null, 5, 0));
        });
    refused(
        "copy over itself",
        EINVAL,
        at -> {
          int from = at.fd("f", 0);
          int to = at.fd("f", O_WRONLY);
          return at.root(c -> c.copy_file_range(from, new long[] {0}, to, new long[] {2}, 5, 0));
        });
    refused(
        "open: to create in a removed directory",
        ENOENT,
        at -> {
          int open = at.fd("empty", 0);
          assertThat(at.root(c -> c.rmdir(at.of("empty")))).isZero();
          return at.root(c -> c.open("/proc/self/fd/" + open + "/x", O_CREAT, 0644));
        });
  }

  private static long seek(Place at, long offset, int whence) {
    int open = at.fd("f", 0);
    return at.root(c -> c.lseek(open, offset, whence));
  }

  private void extendedAttributes() {
    byte[] value = {1, 2, 3};
    following("setxattr", path -> c -> c.setxattr(path, "user.a", value, 3, 0));
    refused("setxattr: none to replace", ENODATA, at -> set(at, "f", "user.a", XATTR_REPLACE));
    refused(
        "setxattr: one there already",
        EEXIST,
        at -> {
          assertThat(set(at, "f", "user.a", 0)).isZero();
          return set(at, "f", "user.a", XATTR_CREATE);
        });
    refused("setxattr: no such flag", EINVAL, at -> set(at, "f", "user.a", 4));
    refused("setxattr: no such namespace", EOPNOTSUPP, at -> set(at, "f", "none.a", 0));
    refused("setxattr: no namespace", EOPNOTSUPP, at -> set(at, "f", "a", 0));
    refused("setxattr: a long name", ERANGE, at -> set(at, "f", "user." + "n".repeat(251), 0));
    refused("setxattr: no name", ERANGE, at -> set(at, "f", "", 0));
    refused(
        "setxattr: a long value",
        E2BIG,
        at -> at.root(c -> c.setxattr(at.of("f"), "user.a", new byte[65_537], 65_537, 0)));
    refused("setxattr: of a fifo", EPERM, at -> set(at, "p", "user.a", 0));
    refused(
        "lsetxattr: of a symlink",
        EPERM,
        at -> at.root(c -> c.lsetxattr(at.of("l"), "user.a", value, 3, 0)));
    refused(
        "setxattr: another's",
        EACCES,
        at -> at.ann(c -> c.setxattr(at.of("f"), "user.a", value, 3, 0)));
    refused(
        "setxattr: trusted, by anybody",
        EPERM,
        at -> at.ann(c -> c.setxattr(at.of("f"), "trusted.a", value, 3, 0)));
    refused(
        "setxattr: another's sticky directory",
        EPERM,
        at -> at.ann(c -> c.setxattr(at.of("sticky"), "user.a", value, 3, 0)));
    following("getxattr", path -> c -> c.getxattr(path, "user.a", new byte[9], 9));
    refused("getxattr: none", ENODATA, at -> get(at, "f", "user.a", 9));
    refused("getxattr: no such namespace", EOPNOTSUPP, at -> get(at, "f", "none.a", 9));
    refused(
        "getxattr: no room",
        ERANGE,
        at -> {
          assertThat(set(at, "f", "user.a", 0)).isZero();
          return get(at, "f", "user.a", 2);
        });
    refused("getxattr: of a fifo", ENODATA, at -> get(at, "p", "user.a", 9));
    refused(
        "lgetxattr: of a symlink",
        ENODATA,
        at -> at.root(c -> c.lgetxattr(at.of("l"), "user.a", new byte[9], 9)));
    refused(
        "getxattr: another's",
        EACCES,
        at -> {
          assertThat(set(at, "own", "user.a", 0)).isZero();
          return at.ann(c -> c.getxattr(at.of("own"), "user.a", new byte[9], 9));
        });
    refused(
        "getxattr: trusted, by anybody",
        ENODATA,
        at -> {
          assertThat(set(at, "f", "trusted.a", 0)).isZero();
          return at.ann(c -> c.getxattr(at.of("f"), "trusted.a", new byte[9], 9));
        });
    following("listxattr", path -> c -> c.listxattr(path, new byte[9], 9));
    refused(
        "listxattr: no room",
        ERANGE,
        at -> {
          assertThat(set(at, "f", "user.a", 0)).isZero();
          return at.root(c -> c.listxattr(at.of("f"), new byte[9], 3));
        });
    following("removexattr", path -> c -> c.removexattr(path, "user.a"));
    refused("removexattr: none", ENODATA, at -> at.root(c -> c.removexattr(at.of("f"), "user.a")));
    refused(
        "removexattr: another's", EACCES, at -> at.ann(c -> c.removexattr(at.of("f"), "user.a")));
  }

  private static long set(Place at, String name, String attribute, int flags) {
    return at.root(c -> c.setxattr(at.of(name), attribute, new byte[] {1, 2, 3}, 3, flags));
  }

  private static long get(Place at, String name, String attribute, int room) {
    return at.root(c -> c.getxattr(at.of(name), attribute, new byte[9], room));
  }
}
