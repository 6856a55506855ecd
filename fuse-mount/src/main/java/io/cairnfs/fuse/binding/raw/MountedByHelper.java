package io.cairnfs.fuse.binding.raw;

import io.cairnfs.fuse.binding.Fusermount;
import io.cairnfs.fuse.binding.Host;
import io.cairnfs.fuse.binding.KernelMount;
import io.cairnfs.fuse.binding.MountFlags;
import io.cairnfs.fuse.binding.MountTable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;

/**
 * Mounts as an ordinary user: {@code fusermount3}, which is root's, opens the device, mounts, and
 * passes the descriptor over a socket whose number it finds in {@code _FUSE_COMMFD}. It tells
 * people on standard error why it does not. Java's own processes inherit no descriptors: it is
 * started by posix_spawn(3).
 */
final class MountedByHelper {
  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final int F_SETFD = 2;
  private static final int FD_CLOEXEC = 1;
  private static final int EINTR = 4;
  private static final int POINTER_BYTES = 8;

  // struct msghdr: name 8 | length 4, 0 4 | parts 8 | their number 8 | control 8 | length 8 | flags
  // 4
  private static final int MESSAGE_BYTES = 56;
  private static final int MESSAGE_PARTS = 16;
  private static final int MESSAGE_PART_COUNT = 24;
  private static final int MESSAGE_CONTROL = 32;
  private static final int MESSAGE_CONTROL_LENGTH = 40;

  // struct cmsghdr: length 8 | level 4 | type 4, then a descriptor of 4, padded to 8
  private static final int CONTROL_BYTES = 24;
  private static final int CONTROL_TYPE = 12;
  private static final int CONTROL_DESCRIPTOR = 16;
  private static final int SCM_RIGHTS = 1;
  private static final int CONTROL_LENGTH = 20;

  private MountedByHelper() {}

  /**
   * Mounts.
   *
   * @return the device, open
   */
  static int mount(Path point, KernelMount.Options options) throws IOException {
    int[] sockets = new int[2];
    if (Host.LIBRARY.socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) {
      throw new IOException("no pair of sockets: errno " + Host.errno());
    }
    int ours = sockets[0];
    int theirs = sockets[1];
    try {
      int unused = Host.LIBRARY.fcntl(ours, F_SETFD, FD_CLOEXEC);
      int process = start(point, options, theirs);
      unused = Host.LIBRARY.close(theirs);
      theirs = -1;
      int device = receive(ours);
      int status = await(process);
      if (device < 0) {
        throw new IOException(
            "fusermount3 does not mount "
                + point
                + " (status "
                + (status >> 8)
                + "): the reason stands before this line");
      }
      unused = Host.LIBRARY.fcntl(device, F_SETFD, FD_CLOEXEC);
      return device;
    } finally {
      int unused = Host.LIBRARY.close(ours);
      if (theirs >= 0) {
        unused = Host.LIBRARY.close(theirs);
      }
    }
  }

  private static String words(KernelMount.Options options) {
    List<String> words = new ArrayList<>(MountFlags.words(options.flags()));
    // Refused to ordinary users, whose mounts have neither set-id programs nor devices anyway.
    words.removeAll(List.of("suid", "dev"));
    words.add("fsname=" + MountFlags.escaped(options.source()));
    words.add("subtype=" + MountTable.SUBTYPE);
    words.add("default_permissions");
    words.add("max_read=" + Negotiation.MAX_WRITE);
    if (options.allowOther()) {
      words.add("allow_other");
    }
    return String.join(",", words);
  }

  private static int start(Path point, KernelMount.Options options, int socket) throws IOException {
    String program = Fusermount.program().toString();
    Strings words = new Strings(List.of(program, "-o", words(options), "--", point.toString()));
    List<String> variables = new ArrayList<>();
    for (Map.Entry<String, String> variable : System.getenv().entrySet()) {
      variables.add(variable.getKey() + "=" + variable.getValue());
    }
    variables.add("_FUSE_COMMFD=" + socket);
    Strings environment = new Strings(variables);
    int[] process = new int[1];
    int errno =
        Host.LIBRARY.posix_spawn(process, program, null, null, words.array, environment.array);
    if (errno != 0) {
      throw new IOException(program + " cannot be started: errno " + errno);
    }
    return process[0];
  }

  /** Text as C has it: pointers to bytes that end with NUL, and a null behind them. */
  private static final class Strings {
    private final Pointer array;
    private final List<Pointer> kept = new ArrayList<>();

    Strings(List<String> texts) {
      array = Memory.allocateDirect(Host.RUNTIME, (texts.size() + 1) * POINTER_BYTES, true);
      for (int i = 0; i < texts.size(); i++) {
        byte[] bytes = texts.get(i).getBytes(StandardCharsets.UTF_8);
        Pointer text = Memory.allocateDirect(Host.RUNTIME, bytes.length + 1, true);
        text.put(0, bytes, 0, bytes.length);
        kept.add(text);
        array.putPointer((long) i * POINTER_BYTES, text);
      }
    }
  }

  /** The descriptor that comes over the socket; -1 if the other side ends without one. */
  private static int receive(int socket) throws IOException {
    Pointer data = Memory.allocateDirect(Host.RUNTIME, 1, true);
    Pointer part = Memory.allocateDirect(Host.RUNTIME, 2 * POINTER_BYTES, true);
    part.putPointer(0, data);
    part.putLongLong(POINTER_BYTES, 1);
    Pointer control = Memory.allocateDirect(Host.RUNTIME, CONTROL_BYTES, true);
    Pointer message = Memory.allocateDirect(Host.RUNTIME, MESSAGE_BYTES, true);
    message.putPointer(MESSAGE_PARTS, part);
    message.putLongLong(MESSAGE_PART_COUNT, 1);
    message.putPointer(MESSAGE_CONTROL, control);
    message.putLongLong(MESSAGE_CONTROL_LENGTH, CONTROL_BYTES);
    long count;
    do {
      count = Host.LIBRARY.recvmsg(socket, message, 0);
    } while (count < 0 && Host.errno() == EINTR);
    if (count < 0) {
      throw new IOException("fusermount3 is not heard: errno " + Host.errno());
    }
    boolean passed =
        message.getLongLong(MESSAGE_CONTROL_LENGTH) >= CONTROL_LENGTH
            && control.getInt(CONTROL_TYPE) == SCM_RIGHTS;
    return count > 0 && passed ? control.getInt(CONTROL_DESCRIPTOR) : -1;
  }

  private static int await(int process) throws IOException {
    int[] status = new int[1];
    while (Host.LIBRARY.waitpid(process, status, 0) < 0) {
      if (Host.errno() != EINTR) {
        throw new IOException("fusermount3 is lost: errno " + Host.errno());
      }
    }
    return status[0];
  }
}
