package io.cairnfs.fuse.binding;

import io.cairnfs.common.time.Clock;
import io.cairnfs.fuse.vfs.Caller;
import io.cairnfs.fuse.vfs.Identities;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import jnr.ffi.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Users and groups as the machine's C library knows them, remembered for a minute. Its functions
 * share memory: one call at a time.
 */
final class HostIdentities implements Identities {
  private static final Logger LOG = LoggerFactory.getLogger(HostIdentities.class);
  private static final int NOBODY = 65534;
  private static final long KEEP_NANOS = 60_000_000_000L;
  private static final int MAX_KNOWN = 10_000;

  // struct passwd and struct group begin alike: name 8 | password 8 | id 4.
  private static final int NAME = 0;
  private static final int ID = 16;

  private final CLibrary library;
  private final Clock clock;
  private final Map<Integer, Known<String>> userNames = new ConcurrentHashMap<>();
  private final Map<Integer, Known<String>> groupNames = new ConcurrentHashMap<>();
  private final Map<String, Known<Integer>> uids = new ConcurrentHashMap<>();
  private final Map<String, Known<Integer>> gids = new ConcurrentHashMap<>();

  private record Known<T>(T value, long sinceNanos) {}

  HostIdentities(CLibrary library, Clock clock) {
    this.library = library;
    this.clock = clock;
  }

  private <K, V> V remembered(Map<K, Known<V>> map, K key, Function<K, V> ask) {
    long now = clock.monotonicNanos();
    Known<V> known = map.get(key);
    if (known != null && now - known.sinceNanos() < KEEP_NANOS) {
      return known.value();
    }
    if (map.size() >= MAX_KNOWN) {
      map.clear();
    }
    V value;
    synchronized (this) {
      value = ask.apply(key);
    }
    map.put(key, new Known<>(value, now));
    return value;
  }

  @Override
  public String userName(int uid) {
    return remembered(userNames, uid, id -> nameOf(library.getpwuid(id), id));
  }

  @Override
  public String groupName(int gid) {
    return remembered(groupNames, gid, id -> nameOf(library.getgrgid(id), id));
  }

  private static String nameOf(Pointer record, int id) {
    return record == null ? Integer.toUnsignedString(id) : record.getPointer(NAME).getString(0);
  }

  @Override
  public int uid(String user) {
    return remembered(uids, user, name -> idOf(library.getpwnam(name), name));
  }

  @Override
  public int gid(String group) {
    return remembered(gids, group, name -> idOf(library.getgrnam(name), name));
  }

  private static int idOf(Pointer record, String name) {
    if (record != null) {
      return record.getInt(ID);
    }
    boolean digits = !name.isEmpty() && name.chars().allMatch(c -> c >= '0' && c <= '9');
    try {
      return digits ? Integer.parseUnsignedInt(name) : NOBODY;
    } catch (NumberFormatException e) {
      LOG.debug("user or group {} is shown as nobody's", name, e);
      return NOBODY;
    }
  }

  @Override
  public List<String> groupNames(Caller caller) {
    List<String> names = new ArrayList<>();
    names.add(groupName(caller.gid()));
    for (int gid : supplementary(caller.pid())) {
      String name = groupName(gid);
      if (!names.contains(name)) {
        names.add(name);
      }
    }
    return names;
  }

  /** None of a process that has ended: what it asked for is done with its first group. */
  private static List<Integer> supplementary(int pid) {
    List<Integer> groups = new ArrayList<>();
    if (pid <= 0) {
      return groups;
    }
    try {
      String status =
          Files.readString(
              Path.of("/proc", Integer.toString(pid), "status"), StandardCharsets.ISO_8859_1);
      for (String line : status.split("\n", -1)) {
        if (line.startsWith("Groups:")) {
          for (String each : line.substring("Groups:".length()).trim().split(" ", -1)) {
            if (!each.isEmpty()) {
              groups.add(Integer.parseUnsignedInt(each));
            }
          }
        }
      }
    } catch (IOException e) {
      LOG.debug("pid={} has ended: {}", pid, e.getMessage());
    }
    return groups;
  }
}
