package io.cairnfs.fuse.binding.jnr;

import io.cairnfs.common.time.Clock;
import io.cairnfs.fuse.binding.Host;
import io.cairnfs.fuse.binding.KernelMount;
import io.cairnfs.fuse.binding.MountFlags;
import io.cairnfs.fuse.binding.MountTable;
import io.cairnfs.fuse.binding.Unmounting;
import io.cairnfs.fuse.vfs.KernelCaches;
import io.cairnfs.fuse.vfs.Vfs;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Struct;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import ru.serce.jnrfuse.LibFuse;
import ru.serce.jnrfuse.struct.FuseOperations;

/**
 * A mount that libfuse 2 serves. States: STARTING, SERVING (the kernel's first request was
 * answered), ENDED (libfuse has returned: it was unmounted, or could not mount). Any thread.
 */
public final class JnrMount implements KernelMount {
  private static final Logger LOG = LoggerFactory.getLogger(JnrMount.class);
  private static final String LIBRARY = "libfuse.so.2";

  /** libfuse 2 takes no more with one request. */
  private static final int MAX_BYTES = 128 << 10;

  private final Path point;

  /** libfuse's callbacks live as long as this. */
  private final OperationTable table;

  private final CountDownLatch ended = new CountDownLatch(1);
  private final CountDownLatch servingOrEnded = new CountDownLatch(1);
  private volatile boolean serving;
  private volatile int code;

  /** What libfuse has beside jnr-fuse's interface; public for jnr-ffi. */
  public interface Interrupts {
    int fuse_interrupted();
  }

  /** Whether libfuse 2 is there at all. */
  public static boolean isPossible() {
    try {
      LibFuse unused = library(LibFuse.class);
      return true;
    } catch (IOException e) {
      LOG.debug("no fall-back", e);
      return false;
    }
  }

  /**
   * Mounts, and serves until it is unmounted.
   *
   * @param vfs makes the file system, given the kernel's caches
   * @throws IOException with a reason for people
   */
  public static JnrMount mount(
      Path point, Options options, Clock clock, Function<KernelCaches, Vfs> vfs)
      throws IOException {
    LibFuse library = library(LibFuse.class);
    Interrupts interrupts = library(Interrupts.class);
    Vfs served = vfs.apply(new Unreachable());
    NodePaths paths = new NodePaths(served, options.times().entry(), clock);
    LockCalls locks = new LockCalls(served, () -> interrupts.fuse_interrupted() != 0);
    PathOperations operations =
        new PathOperations(served, paths, locks, library::fuse_get_context, clock);
    JnrMount mount = new JnrMount(point, operations);
    mount.begin(library, options);
    return mount;
  }

  /** libfuse's interface of operations has no way to tell the kernel anything. */
  private static final class Unreachable implements KernelCaches {
    @Override
    public void forget(long node) {}

    @Override
    public void forgetAttributes(long node) {}
  }

  private static <T> T library(Class<T> type) throws IOException {
    try {
      return LibraryLoader.create(type).failImmediately().load(LIBRARY);
    } catch (UnsatisfiedLinkError e) {
      throw new IOException(
          LIBRARY
              + " cannot be loaded: install libfuse 2 (Debian 12: apt-get install libfuse2), or"
              + " mount with --binding raw",
          e);
    }
  }

  private JnrMount(Path point, PathOperations operations) {
    this.point = point;
    this.table = operations.table(this::serves);
  }

  private void begin(LibFuse library, Options options) throws IOException {
    FuseOperations calls = table.structure();
    String[] words = {"cairn", "-f", point.toString(), "-o", words(options)};
    Thread thread =
        new Thread(
            () -> {
              try {
                code = library.fuse_main_real(words.length, words, calls, Struct.size(calls), null);
              } finally {
                ended.countDown();
                servingOrEnded.countDown();
              }
            },
            "libfuse");
    thread.setDaemon(true);
    thread.start();
    try {
      servingOrEnded.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      unmount();
      throw new IOException("interrupted", e);
    }
    if (!serving) {
      throw new IOException(
          "libfuse 2 does not mount "
              + point
              + " (code "
              + code
              + "): the reason stands before this line");
    }
  }

  private void serves() {
    serving = true;
    servingOrEnded.countDown();
  }

  private static String words(Options options) {
    List<String> words = new ArrayList<>(MountFlags.words(options.flags()));
    if (Host.uid() != 0) {
      // fusermount refuses these to ordinary users, and nosuid, nodev are implied.
      words.removeAll(List.of("suid", "dev", "nosuid", "nodev"));
    }
    words.add("fsname=" + MountFlags.escaped(options.source()));
    words.add("subtype=" + MountTable.SUBTYPE);
    // What the mount point hides was looked at before.
    words.add("nonempty");
    if (options.allowOther()) {
      words.add("allow_other");
    }
    // Not hard_remove: fstat() of a removed file would fail then, which programs do not expect.
    words.add("default_permissions,use_ino,intr,big_writes");
    words.add("max_write=" + MAX_BYTES);
    words.add("max_read=" + MAX_BYTES);
    words.add("entry_timeout=" + seconds(options.times().entry()));
    words.add("attr_timeout=" + seconds(options.times().attributes()));
    words.add("negative_timeout=" + seconds(options.times().negative()));
    return String.join(",", words);
  }

  private static String seconds(Duration time) {
    return BigDecimal.valueOf(time.toNanos(), 9).toPlainString();
  }

  @Override
  public void awaitEnd() throws InterruptedException {
    ended.await();
  }

  @Override
  public boolean awaitEnd(Duration patience) throws InterruptedException {
    return ended.await(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void unmount() {
    Unmounting.atOnceOrLater(point);
  }
}
