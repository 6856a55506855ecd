package io.cairnfs.localcluster.volume;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A small disk whose power can be cut: an ext4 file system in an image file, on a loop device. What
 * was forced survives a cut, what was not is lost as it is on a real machine; mounting it again
 * replays its journal. Needs root. One thread.
 *
 * <p>The image is locked as long as its maker lives, so that what a killed one left behind is known
 * for what it is ({@link #removeLeftovers}).
 */
public final class LoopVolume implements AutoCloseable {
  /** The names of all images begin so. */
  public static final String PREFIX = "cairn-volume-";

  private static final String SUFFIX = ".img";
  private static final int PROBE_MEGABYTES = 8;
  private static final long MEGABYTE = 1 << 20;
  private static final int UNMOUNT_ATTEMPTS = 100;
  private static final long UNMOUNT_PAUSE_MILLIS = 100;
  private static final List<String> PROGRAMS =
      List.of("mkfs.ext4", "losetup", "mount", "umount", "fallocate");

  private final Path image;
  private final Path directory;
  private final Path filler;
  private FileChannel owned;
  private String device = "";
  private boolean directoryMade;
  private boolean mounted;

  private LoopVolume(Path parent, String name) {
    image = parent.resolve(PREFIX + name + SUFFIX);
    directory = parent.resolve(name);
    filler = directory.resolve(PREFIX + "filler");
  }

  /**
   * Why volumes cannot be made on this machine; empty if they can.
   *
   * @param parent where they would be
   */
  public static Optional<String> unavailable(Path parent) {
    for (String program : PROGRAMS) {
      if (RootCommand.find(program).isEmpty()) {
        return Optional.of(program + " is not installed");
      }
    }
    try (LoopVolume probe = create(parent, "probe", PROBE_MEGABYTES)) {
      probe.cutPower();
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(e.getMessage());
    }
  }

  /**
   * Makes a file system and mounts it at {@code parent/name}, which must not exist or be empty. The
   * image lies beside it. When this fails nothing of it is left.
   */
  public static LoopVolume create(Path parent, String name, int megabytes) throws IOException {
    LoopVolume volume = new LoopVolume(parent.toAbsolutePath(), name);
    try {
      volume.make(megabytes);
      return volume;
    } catch (IOException e) {
      try {
        volume.close();
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  private void make(int megabytes) throws IOException {
    Files.createDirectories(directory);
    directoryMade = true;
    FileChannel made =
        FileChannel.open(image, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    owned = made;
    FileLock lock = made.lock();
    if (!lock.isValid()) {
      throw new IOException("no lock on " + image);
    }
    // Only the last byte is written: the rest takes no space until it is used.
    made.write(ByteBuffer.allocate(1), Math.max(0, megabytes * MEGABYTE - 1));
    // No reserve for root, so that full is full; no work left for a kernel thread after mounting.
    RootCommand.run(
        "mkfs.ext4",
        "-q",
        "-F",
        "-m",
        "0",
        "-i",
        "16384",
        "-E",
        "nodiscard,lazy_itable_init=0,lazy_journal_init=0",
        image.toString());
    device = RootCommand.run("losetup", "--find", "--show", image.toString());
    mount();
    Files.delete(directory.resolve("lost+found"));
  }

  private void mount() throws IOException {
    RootCommand.run("mount", "-t", "ext4", "-o", "noatime", device, directory.toString());
    mounted = true;
  }

  /** Where the file system is mounted. */
  public Path directory() {
    return directory;
  }

  /** Whether it can be used now. */
  public boolean isMounted() {
    return mounted;
  }

  /**
   * Cuts the power: what was not forced is gone, and the directory is empty until {@link
   * #mountAgain}. Who had files open must be dead, or the kernel keeps the file system.
   */
  public void cutPower() throws IOException {
    Ext4Shutdown.cut(directory);
    unmount();
  }

  /** The power is back: the journal is replayed. */
  public void mountAgain() throws IOException {
    if (mounted) {
      // The processes of before the cut held it; now they are gone, or this fails.
      unmount();
    }
    mount();
  }

  /**
   * Takes all free blocks but a few.
   *
   * @param leave bytes
   */
  public void fill(long leave) throws IOException {
    long free = Files.getFileStore(directory).getUsableSpace() - leave;
    IOException last = null;
    // The space that the file system states is not always to be had as a whole.
    for (long take = free; take > 4096; take -= Math.max(4096, free / 64)) {
      try {
        RootCommand.run("fallocate", "-l", Long.toString(take), filler.toString());
        last = null;
        break;
      } catch (IOException e) {
        last = e;
      }
    }
    if (last != null) {
      throw last;
    }
  }

  /** Takes back {@link #fill}. */
  public void free() throws IOException {
    Files.deleteIfExists(filler);
  }

  private void unmount() throws IOException {
    IOException last = null;
    // What a killed process had open is closed a moment after its end.
    for (int i = 0; i < UNMOUNT_ATTEMPTS; i++) {
      try {
        RootCommand.run("umount", directory.toString());
        mounted = false;
        return;
      } catch (IOException e) {
        last = e;
      }
      pause();
    }
    throw new IOException("a process still has files open in " + directory, last);
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(UNMOUNT_PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** Unmounts, gives the loop device back, and deletes the image and the mount point. */
  @Override
  public void close() throws IOException {
    List<IOException> failures = new ArrayList<>();
    if (mounted) {
      attempt(failures, this::unmount);
      if (mounted) {
        // It goes when the last process that uses it ends.
        attempt(failures, () -> RootCommand.run("umount", "--lazy", directory.toString()));
        mounted = false;
      }
    }
    if (!device.isEmpty()) {
      attempt(failures, () -> RootCommand.run("losetup", "--detach", device));
      device = "";
    }
    if (owned != null) {
      FileChannel channel = owned;
      owned = null;
      attempt(failures, () -> Files.deleteIfExists(image));
      attempt(failures, channel::close);
    }
    if (directoryMade) {
      attempt(failures, () -> Files.deleteIfExists(directory));
    }
    if (!failures.isEmpty()) {
      IOException first = failures.get(0);
      failures.stream().skip(1).forEach(first::addSuppressed);
      throw first;
    }
  }

  private interface Step {
    void run() throws IOException;
  }

  private static void attempt(List<IOException> failures, Step step) {
    try {
      step.run();
    } catch (IOException e) {
      failures.add(e);
    }
  }

  /**
   * Unmounts and deletes the volumes whose makers were killed. No process may use them any more.
   *
   * @return the images that were removed
   */
  public static List<Path> removeLeftovers() throws IOException {
    List<Path> removed = new ArrayList<>();
    String all =
        RootCommand.run("losetup", "--list", "--noheadings", "--raw", "-O", "NAME,BACK-FILE");
    for (String line : all.lines().toList()) {
      int space = line.indexOf(' ');
      if (space < 0) {
        continue;
      }
      String device = line.substring(0, space);
      // Unusual characters, a blank among them, are written as \xHH.
      Path image =
          Path.of(line.substring(space + 1).replace("\\x20", " ").replace(" (deleted)", ""));
      if (image.getFileName().toString().startsWith(PREFIX) && !hasOwner(image)) {
        for (String point : mountPoints(device)) {
          RootCommand.run("umount", "--lazy", point);
        }
        RootCommand.run("losetup", "--detach", device);
        Files.deleteIfExists(image);
        removed.add(image);
      }
    }
    return removed;
  }

  /** Looks without opening the image: to close it again would give up this process's own lock. */
  private static boolean hasOwner(Path image) throws IOException {
    if (!Files.exists(image)) {
      return false;
    }
    String inode = ":" + Files.getAttribute(image, "unix:ino") + " ";
    return Files.readAllLines(Path.of("/proc/locks"), StandardCharsets.UTF_8).stream()
        .anyMatch(lock -> lock.contains(inode));
  }

  private static List<String> mountPoints(String device) throws IOException {
    List<String> points = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of("/proc/self/mounts"), StandardCharsets.UTF_8)) {
      List<String> words = Splitter.on(' ').splitToList(line);
      if (words.get(0).equals(device)) {
        points.add(words.get(1).replace("\\040", " "));
      }
    }
    return points;
  }
}
