package io.cairnfs.fuse.binding.raw;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.time.Clock;
import io.cairnfs.fuse.binding.CLibrary;
import io.cairnfs.fuse.binding.Fusermount;
import io.cairnfs.fuse.binding.Host;
import io.cairnfs.fuse.binding.KernelMount;
import io.cairnfs.fuse.binding.MountTable;
import io.cairnfs.fuse.binding.Unmounting;
import io.cairnfs.fuse.vfs.Errno;
import io.cairnfs.fuse.vfs.KernelCaches;
import io.cairnfs.fuse.vfs.Vfs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A mount, from mount(2) to the end of the device. States: MOUNTED (negotiated and served by its
 * threads), ENDED (the kernel has closed the connection: it was unmounted). Any thread.
 */
public final class FuseMount implements KernelMount {
  private static final Logger LOG = LoggerFactory.getLogger(FuseMount.class);
  private static final CLibrary LIBRARY = Host.LIBRARY;
  private static final Runtime RUNTIME = Host.RUNTIME;

  private static final String DEVICE = "/dev/fuse";
  private static final int O_RDWR_CLOEXEC = 02 | 02000000;
  private static final long IOC_CLONE = 0x8004e500L;
  private static final int REQUEST_BYTES = Negotiation.MAX_WRITE + 4096;

  private static final int EPERM = 1;
  private static final int ENOENT = 2;
  private static final int EINTR = 4;
  private static final int EAGAIN = 11;
  private static final int ENODEV = 19;

  private static final int NOTIFY_INVAL_INODE = 2;

  private static final int READ_AHEAD_KIB = 1024;

  private final Path point;
  private final int device;
  private final Dispatcher dispatcher;
  private final LockWaits waits = new LockWaits(LockWaits.threads());
  private final CountDownLatch ended = new CountDownLatch(1);

  @GuardedBy("this")
  private final List<Integer> descriptors = new ArrayList<>();

  @GuardedBy("this")
  private int running;

  /** Shared by whoever writes to the device, exclusive for closing it. */
  private final ReentrantReadWriteLock descriptorsInUse = new ReentrantReadWriteLock();

  private volatile boolean over;

  /** Whether the device can be opened, by root, or fusermount3 is there to pass it. */
  public static boolean isPossible() {
    if (Host.uid() != 0) {
      return Fusermount.find().isPresent();
    }
    int device = LIBRARY.open(DEVICE, O_RDWR_CLOEXEC, 0);
    if (device < 0) {
      return false;
    }
    int unused = LIBRARY.close(device);
    return true;
  }

  /**
   * Mounts, and serves until it is unmounted.
   *
   * @param vfs makes the file system, given the kernel's caches
   * @throws IOException with a reason for people
   */
  public static FuseMount mount(
      Path point, Options options, Clock clock, Function<KernelCaches, Vfs> vfs)
      throws IOException {
    int device =
        Host.uid() == 0 ? mountAsRoot(point, options) : MountedByHelper.mount(point, options);
    List<Integer> queues = new ArrayList<>(List.of(device));
    try {
      FuseMount mount = new FuseMount(point, device, options, clock, vfs);
      mount.negotiate();
      mount.raiseReadAhead();
      while (queues.size() < options.threads()) {
        queues.add(clone(device));
      }
      // From here on the threads close what they serve.
      mount.serve(queues);
      return mount;
    } catch (IOException | RuntimeException e) {
      Unmounting.atOnceOrLater(point);
      queues.forEach(LIBRARY::close);
      throw e;
    }
  }

  private static int mountAsRoot(Path point, Options options) throws IOException {
    int device = LIBRARY.open(DEVICE, O_RDWR_CLOEXEC, 0);
    if (device < 0) {
      throw new IOException(whyNoDevice(RUNTIME.getLastError()));
    }
    String data =
        "fd=%d,rootmode=40000,user_id=%d,group_id=%d,default_permissions%s,max_read=%d"
            .formatted(
                device,
                Host.uid(),
                Host.gid(),
                options.allowOther() ? ",allow_other" : "",
                Negotiation.MAX_WRITE);
    int result =
        LIBRARY.mount(options.source(), point.toString(), MountTable.TYPE, options.flags(), data);
    if (result != 0) {
      int errno = RUNTIME.getLastError();
      int unused = LIBRARY.close(device);
      throw new IOException(whyNotMounted(point, errno));
    }
    return device;
  }

  private static String whyNoDevice(int errno) {
    return switch (errno) {
      case ENOENT ->
          DEVICE
              + " does not exist: load the kernel's module 'fuse', or give the container the"
              + " device";
      case ENODEV -> DEVICE + ": the kernel has no FUSE";
      case EPERM, 13 -> DEVICE + " may be opened by root only: mount as root";
      default -> DEVICE + " cannot be opened: errno " + errno;
    };
  }

  private static String whyNotMounted(Path point, int errno) {
    return switch (errno) {
      case EPERM -> "mounting " + point + " needs the rights of root (CAP_SYS_ADMIN)";
      case ENODEV -> "the kernel has no FUSE: load its module 'fuse'";
      case ENOENT -> point + " does not exist";
      default -> "mounting " + point + ": errno " + errno;
    };
  }

  private FuseMount(
      Path point, int device, Options options, Clock clock, Function<KernelCaches, Vfs> vfs) {
    this.point = point;
    this.device = device;
    this.dispatcher = new Dispatcher(vfs.apply(new Notifications()), options.times(), waits, clock);
  }

  /** Tells the kernel what to forget. A node that it does not know is nothing to forget. */
  private final class Notifications implements KernelCaches {
    @Override
    public void forget(long node) {
      send(node, 0);
    }

    @Override
    public void forgetAttributes(long node) {
      send(node, -1);
    }

    private void send(long node, long offset) {
      ByteBuffer message =
          ByteBuffer.allocateDirect(Reply.HEADER_BYTES + 24).order(ByteOrder.nativeOrder());
      message.putInt(message.capacity()).putInt(NOTIFY_INVAL_INODE).putLong(0);
      message.putLong(node).putLong(offset).putLong(0).flip();
      writeUnlessOver(device, message);
    }
  }

  /** Shared: the kernel may wait for pages that another thread's reply brings. */
  private void writeUnlessOver(int descriptor, ByteBuffer message) {
    descriptorsInUse.readLock().lock();
    try {
      if (!over) {
        write(descriptor, message);
      }
    } finally {
      descriptorsInUse.readLock().unlock();
    }
  }

  private static Pointer pointer(ByteBuffer buffer) {
    return Pointer.wrap(RUNTIME, buffer);
  }

  private static void write(int descriptor, ByteBuffer message) {
    long written = LIBRARY.write(descriptor, pointer(message), message.remaining());
    if (written != message.remaining()) {
      int errno = RUNTIME.getLastError();
      // ENOENT: the request was given up meanwhile, or the node is not known. ENODEV: unmounted.
      if (errno != ENOENT && errno != ENODEV) {
        LOG.error("the kernel does not take a message: errno {}", errno);
      }
    }
  }

  /** Reads the next message; empty at the end of the mount. */
  private static Optional<ByteBuffer> next(int descriptor, ByteBuffer buffer, Pointer pointer)
      throws IOException {
    while (true) {
      long count = LIBRARY.read(descriptor, pointer, buffer.capacity());
      if (count >= 0) {
        return Optional.of(buffer.clear().limit((int) count));
      }
      int errno = RUNTIME.getLastError();
      switch (errno) {
        case ENOENT, EINTR, EAGAIN -> {}
        case ENODEV -> {
          return Optional.empty();
        }
        default -> throw new IOException(DEVICE + " cannot be read: errno " + errno);
      }
    }
  }

  /** The first request is INIT; nothing else comes before it is answered. */
  private void negotiate() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(REQUEST_BYTES);
    ByteBuffer message =
        next(device, buffer, pointer(buffer))
            .orElseThrow(() -> new IOException("unmounted before it was served"));
    Request request = Request.of(message);
    Reply reply = new Reply(ByteBuffer.allocateDirect(4096), request.unique());
    if (request.opcode() != Opcode.INIT.number()) {
      throw new IOException("the kernel begins with request " + request.opcode());
    }
    try {
      Negotiation.answer(request, reply);
    } catch (CairnException e) {
      write(device, reply.refused(Errno.EIO));
      throw e;
    }
    write(device, reply.done());
  }

  private void serve(List<Integer> queues) {
    synchronized (this) {
      descriptors.addAll(queues);
      running = queues.size();
    }
    for (int queue : queues) {
      Thread thread = new Thread(() -> run(queue), "fuse-" + queue);
      thread.setDaemon(true);
      thread.start();
    }
  }

  /** The last thread takes everything away. */
  private void ended() {
    synchronized (this) {
      running--;
      if (running > 0) {
        return;
      }
    }
    waits.interruptAll();
    descriptorsInUse.writeLock().lock();
    try {
      over = true;
      synchronized (this) {
        descriptors.forEach(LIBRARY::close);
      }
    } finally {
      descriptorsInUse.writeLock().unlock();
    }
    ended.countDown();
  }

  /** A queue of its own of the same connection; the same queue once more where that is refused. */
  private static int clone(int device) throws IOException {
    int clone = LIBRARY.open(DEVICE, O_RDWR_CLOEXEC, 0);
    if (clone >= 0 && LIBRARY.ioctl(clone, IOC_CLONE, new int[] {device}) == 0) {
      return clone;
    }
    int errno = RUNTIME.getLastError();
    if (clone >= 0) {
      int unused = LIBRARY.close(clone);
    }
    int same = LIBRARY.dup(device);
    if (same < 0) {
      throw new IOException(DEVICE + " cannot be cloned: errno " + errno);
    }
    return same;
  }

  private void run(int own) {
    ByteBuffer request = ByteBuffer.allocateDirect(REQUEST_BYTES);
    ByteBuffer scratch = ByteBuffer.allocateDirect(Dispatcher.REPLY_BYTES);
    Pointer target = pointer(request);
    Dispatcher.Sender sender = reply -> writeUnlessOver(own, reply);
    try {
      Optional<ByteBuffer> message = next(own, request, target);
      while (message.isPresent()) {
        dispatcher.handle(message.get(), scratch, sender);
        message = next(own, request, target);
      }
    } catch (IOException e) {
      LOG.error("mount {} loses a thread: {}", point, e.getMessage());
    } finally {
      ended();
    }
  }

  /** The kernel reads 128 KiB ahead unless told otherwise; only root may. */
  private void raiseReadAhead() throws IOException {
    Optional<MountTable.Entry> entry = MountTable.at(point);
    if (entry.isEmpty()) {
      return;
    }
    Path setting = Path.of("/sys/class/bdi", entry.get().device(), "read_ahead_kb");
    try {
      Path unused = Files.writeString(setting, Integer.toString(READ_AHEAD_KIB));
    } catch (IOException e) {
      LOG.info("{} stays as it is: {}", setting, e.getMessage());
    }
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
