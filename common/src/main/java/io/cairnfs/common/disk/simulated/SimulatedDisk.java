package io.cairnfs.common.disk.simulated;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * A disk in memory that keeps, beside what its users see, what would be left after a power cut.
 *
 * <p>{@link #losePower}: of bytes written and not forced any subset of sectors survives, in no
 * order, and the file's length is any between the forced one and the last; of a directory's changes
 * that were not forced a random number survives, the oldest first. {@link #killProcess}: nothing is
 * lost, but open files are gone. Faults: forces that fail (what they should have made durable is
 * then clean and lost for later forces, as in Linux), a full disk, flipped bits. All methods may be
 * called by any thread.
 */
public final class SimulatedDisk implements Disk {
  private static final String FULL = "No space left on device";

  private final String label;
  private final SimulatedDirectory root = new SimulatedDirectory();
  private long capacityBytes = Long.MAX_VALUE;
  private long usedBytes;
  private int forcesToPass;
  private int forcesToFail;
  private long generation;
  private long forces;

  /**
   * @param label names the disk in messages
   */
  public SimulatedDisk(String label) {
    this.label = label;
  }

  /** The machine loses power: see the class. Files open now fail from here on. */
  public synchronized PowerLoss losePower(RandomGenerator random) {
    generation++;
    forcesToFail = 0;
    PowerLoss loss = root.losePower(random);
    usedBytes = root.bytes();
    return loss;
  }

  /** The process dies, the machine lives: all writes stay. Files open now fail from here on. */
  public synchronized void killProcess() {
    generation++;
  }

  /**
   * The next forces of files or directories fail, this many; each leaves a random part of the bytes
   * lost.
   */
  public synchronized void failForces(int count) {
    failForcesAfter(0, count);
  }

  /** As {@link #failForces}, after so many that succeed. */
  public synchronized void failForcesAfter(int passing, int count) {
    forcesToPass = passing;
    forcesToFail = count;
  }

  /** Writes that would use more fail with "No space left on device". */
  public synchronized void limitCapacity(long bytes) {
    capacityBytes = bytes;
  }

  /**
   * Flips one bit of the file at rest, in what is seen and in what survives.
   *
   * @throws NoSuchFileException if there is no such file
   */
  public synchronized void flipBit(String name, long bit) throws IOException {
    file(name).flipBit(bit);
  }

  /** Bytes that all files take. */
  public synchronized long usedBytes() {
    return usedBytes;
  }

  /** Forces of files and directories that succeeded. */
  public synchronized long forces() {
    return forces;
  }

  @Override
  public synchronized DiskFile open(String name, OpenMode mode) throws IOException {
    SimulatedDirectory parent = parent(name);
    String last = last(name);
    Object node = parent.current().get(last);
    if (mode == OpenMode.CREATE) {
      if (node != null) {
        throw new FileAlreadyExistsException(describe(name));
      }
      node = new SimulatedContent();
      parent.put(last, node);
    } else if (node == null) {
      throw new NoSuchFileException(describe(name));
    }
    if (!(node instanceof SimulatedContent)) {
      throw new IOException(describe(name) + " is a directory");
    }
    return new SimulatedFile(
        this, describe(name), (SimulatedContent) node, mode != OpenMode.READ, generation);
  }

  @Override
  public synchronized boolean exists(String name) {
    return find(name) != null;
  }

  @Override
  public synchronized List<String> list(String directory) {
    return find(directory) instanceof SimulatedDirectory found
        ? List.copyOf(found.current().keySet())
        : List.of();
  }

  @Override
  public synchronized boolean isDirectory(String name) {
    return find(name) instanceof SimulatedDirectory;
  }

  @Override
  public synchronized void createDirectories(String directory) throws IOException {
    SimulatedDirectory at = root;
    for (String component : components(directory)) {
      Object next = at.current().get(component);
      if (next == null) {
        next = new SimulatedDirectory();
        at.put(component, next);
      }
      if (!(next instanceof SimulatedDirectory)) {
        throw new FileAlreadyExistsException(describe(directory));
      }
      at = (SimulatedDirectory) next;
    }
  }

  @Override
  public synchronized void rename(String source, String target) throws IOException {
    SimulatedDirectory from = parent(source);
    Object node = require(source);
    SimulatedDirectory to = parent(target);
    if (to.current().get(last(target)) instanceof SimulatedContent replaced) {
      usedBytes -= replaced.size();
    }
    if (from == to) {
      from.rename(last(source), last(target));
    } else {
      to.put(last(target), node);
      from.remove(last(source));
    }
  }

  @Override
  public synchronized void delete(String name) throws IOException {
    Object node = require(name);
    if (node instanceof SimulatedDirectory directory && !directory.current().isEmpty()) {
      throw new DirectoryNotEmptyException(describe(name));
    }
    if (node instanceof SimulatedContent content) {
      usedBytes -= content.size();
    }
    parent(name).remove(last(name));
  }

  @Override
  public synchronized void forceDirectory(String directory) throws IOException {
    if (!(find(directory) instanceof SimulatedDirectory found)) {
      throw new NoSuchFileException(describe(directory));
    }
    countForce(describe(directory));
    found.force();
  }

  @Override
  public synchronized long usableBytes() {
    return Math.max(0, capacityBytes - usedBytes);
  }

  @Override
  public String describe(String name) {
    return label + ":" + name;
  }

  // What open files call, holding this object's lock.

  void requireOpen(long openedIn, String name) throws IOException {
    if (openedIn != generation) {
      throw new IOException(name + ": the process that opened it has died");
    }
  }

  void grow(String name, long bytes) throws IOException {
    if (bytes > 0 && bytes > capacityBytes - usedBytes) {
      throw new IOException(name + ": " + FULL);
    }
    usedBytes += bytes;
  }

  void force(String name, SimulatedContent content) throws IOException {
    try {
      countForce(name);
    } catch (IOException e) {
      content.forgetDirty();
      throw e;
    }
    content.force();
  }

  private void countForce(String name) throws IOException {
    if (forcesToPass > 0) {
      forcesToPass--;
    } else if (forcesToFail > 0) {
      forcesToFail--;
      throw new IOException(name + ": Input/output error");
    }
    forces++;
  }

  // Names.

  private SimulatedContent file(String name) throws IOException {
    if (find(name) instanceof SimulatedContent content) {
      return content;
    }
    throw new NoSuchFileException(describe(name));
  }

  private Object require(String name) throws IOException {
    Object node = find(name);
    if (node == null) {
      throw new NoSuchFileException(describe(name));
    }
    return node;
  }

  private Object find(String name) {
    Object at = root;
    for (String component : components(name)) {
      if (!(at instanceof SimulatedDirectory directory)) {
        return null;
      }
      at = directory.current().get(component);
      if (at == null) {
        return null;
      }
    }
    return at;
  }

  private SimulatedDirectory parent(String name) throws IOException {
    int slash = name.lastIndexOf('/');
    Object node = slash < 0 ? root : find(name.substring(0, slash));
    if (node instanceof SimulatedDirectory directory) {
      return directory;
    }
    throw new NoSuchFileException(describe(name));
  }

  private static String last(String name) {
    return name.substring(name.lastIndexOf('/') + 1);
  }

  private static List<String> components(String name) {
    List<String> components = new ArrayList<>();
    int start = 0;
    while (start < name.length()) {
      int slash = name.indexOf('/', start);
      int end = slash < 0 ? name.length() : slash;
      if (end > start && !name.substring(start, end).equals(".")) {
        components.add(name.substring(start, end));
      }
      start = end + 1;
    }
    return components;
  }

  /** Names of all files, for choosing a victim; sorted. */
  public synchronized List<String> files() {
    List<String> names = new ArrayList<>();
    collect("", root, names);
    return names;
  }

  private static void collect(String prefix, SimulatedDirectory directory, List<String> names) {
    for (Map.Entry<String, Object> entry : directory.current().entrySet()) {
      if (entry.getValue() instanceof SimulatedDirectory below) {
        collect(prefix + entry.getKey() + "/", below, names);
      } else {
        names.add(prefix + entry.getKey());
      }
    }
  }

  /**
   * What a power cut took.
   *
   * @param sectorsLost written sectors that reverted to what was forced
   * @param sectorsKept written sectors that survived though nothing forced them
   * @param directoryChangesLost creations, renames and deletions that reverted
   */
  public record PowerLoss(long sectorsLost, long sectorsKept, long directoryChangesLost) {
    PowerLoss plus(PowerLoss other) {
      return new PowerLoss(
          sectorsLost + other.sectorsLost,
          sectorsKept + other.sectorsKept,
          directoryChangesLost + other.directoryChangesLost);
    }
  }
}
