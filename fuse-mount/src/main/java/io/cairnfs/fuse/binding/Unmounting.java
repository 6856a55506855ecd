package io.cairnfs.fuse.binding;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes mounts away: root by himself, everybody else with {@code fusermount3}. Any thread. */
public final class Unmounting {
  private static final Logger LOG = LoggerFactory.getLogger(Unmounting.class);
  private static final int MNT_DETACH = 2;
  private static final int EPERM = 1;
  private static final int EBUSY = 16;
  private static final int EINVAL = 22;

  private Unmounting() {}

  /** Unmounts what is mounted at a place, or says why not. */
  public static void unmount(Path point, boolean lazy) throws IOException {
    if (Host.LIBRARY.umount2(point.toString(), lazy ? MNT_DETACH : 0) == 0) {
      return;
    }
    int errno = Host.errno();
    if (errno == EPERM && Host.uid() != 0) {
      byFusermount(point, lazy);
      return;
    }
    throw new IOException(
        switch (errno) {
          case EPERM -> "unmounting " + point + " needs the rights of root";
          case EBUSY -> point + " is in use: end the programs there, or give --lazy";
          case EINVAL -> point + " is not mounted";
          default -> "unmounting " + point + ": errno " + errno;
        });
  }

  private static void byFusermount(Path point, boolean lazy) throws IOException {
    Path program = Fusermount.program();
    List<String> words = new ArrayList<>(List.of(program.toString(), "-u"));
    if (lazy) {
      words.add("-z");
    }
    words.addAll(List.of("--", point.toString()));
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    try {
      process.getOutputStream().close();
      String said =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (process.waitFor() != 0) {
        throw new IOException(
            said.contains("busy")
                ? point + " is in use: end the programs there, or give --lazy"
                : "unmounting " + point + ": " + said);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while unmounting " + point, e);
    }
  }

  /** Unmounts at once if nobody uses it, else as soon as nobody does. */
  public static void atOnceOrLater(Path point) {
    try {
      unmount(point, false);
    } catch (IOException e) {
      LOG.debug("{} is not unmounted at once", point, e);
      try {
        unmount(point, true);
      } catch (IOException later) {
        LOG.error("{} is not unmounted: {}", point, later.getMessage());
      }
    }
  }
}
