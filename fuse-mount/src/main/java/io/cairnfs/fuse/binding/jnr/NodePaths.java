package io.cairnfs.fuse.binding.jnr;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.time.Clock;
import io.cairnfs.fuse.vfs.NodeAttributes;
import io.cairnfs.fuse.vfs.Vfs;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * From paths to nodes. The kernel has let the caller through the directories on the way: whose
 * rights count is asked with the call itself. Directories on the way are remembered for as long as
 * the kernel may remember names; what a path leads to at its end is asked each time. Any thread.
 */
final class NodePaths {
  static final long ROOT = 1;
  private static final int MAX_KNOWN = 10_000;

  private final Vfs vfs;
  private final Clock clock;
  private final long keepNanos;
  private final Map<Step, Known> known = new HashMap<>();
  private long changes;

  /** A name in a directory, a character for each byte. */
  private record Step(long directory, String name) {}

  private record Known(long node, long atNanos) {}

  /** Where a path ends: a directory, and a name in it. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Place(long directory, byte[] name) {}

  NodePaths(Vfs vfs, Duration keep, Clock clock) {
    this.vfs = vfs;
    this.clock = clock;
    this.keepNanos = keep.toNanos();
  }

  /** The directory and the name of what is not the root. */
  Place place(byte[] path) throws CairnException {
    int end = path.length;
    int slash = end - 1;
    while (path[slash] != '/') {
      slash--;
    }
    byte[] name = Arrays.copyOfRange(path, slash + 1, end);
    long directory = ROOT;
    int start = 1;
    for (int at = 1; at <= slash; at++) {
      if (path[at] == '/') {
        directory = directory(directory, Arrays.copyOfRange(path, start, at));
        start = at + 1;
      }
    }
    return new Place(directory, name);
  }

  /** What stands there now. */
  NodeAttributes attributes(byte[] path) throws CairnException {
    if (path.length == 1) {
      return vfs.nodeAttributes(ROOT);
    }
    Place place = place(path);
    return vfs.find(place.directory(), place.name());
  }

  long node(byte[] path) throws CairnException {
    return path.length == 1 ? ROOT : attributes(path).node();
  }

  private long directory(long above, byte[] name) throws CairnException {
    Step step = new Step(above, new String(name, StandardCharsets.ISO_8859_1));
    long now = clock.monotonicNanos();
    long before;
    synchronized (this) {
      Known found = known.get(step);
      if (found != null && now - found.atNanos() < keepNanos) {
        return found.node();
      }
      before = changes;
    }
    long node = vfs.find(above, name).node();
    synchronized (this) {
      if (changes == before) {
        if (known.size() >= MAX_KNOWN) {
          known.clear();
        }
        Known unused = known.put(step, new Known(node, now));
      }
    }
    return node;
  }

  /** A name is about to lead elsewhere, or has just come to. */
  synchronized void changed() {
    changes++;
    known.clear();
  }
}
