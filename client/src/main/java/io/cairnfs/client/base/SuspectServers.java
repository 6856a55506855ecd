package io.cairnfs.client.base;

import io.cairnfs.common.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Data servers that this client has just found failing, which the metaserver may not know yet: new
 * chunks avoid them and reads ask them last. Safe for any thread.
 */
public final class SuspectServers {
  private static final Duration MEMORY = Duration.ofSeconds(10);

  private final Clock clock;
  private final Map<Integer, Long> sinceNanos = new ConcurrentHashMap<>();

  public SuspectServers(Clock clock) {
    this.clock = clock;
  }

  public void add(int server) {
    if (server != 0) {
      sinceNanos.put(server, clock.monotonicNanos());
    }
  }

  /** It answered. */
  public void clear(int server) {
    if (!sinceNanos.isEmpty()) {
      sinceNanos.remove(server);
    }
  }

  public boolean contains(int server) {
    if (sinceNanos.isEmpty()) {
      return false;
    }
    Long since = sinceNanos.get(server);
    if (since == null) {
      return false;
    }
    if (clock.monotonicNanos() - since > MEMORY.toNanos()) {
      sinceNanos.remove(server, since);
      return false;
    }
    return true;
  }

  /** The one found failing last comes first. */
  public List<Integer> all() {
    if (sinceNanos.isEmpty()) {
      return List.of();
    }
    long now = clock.monotonicNanos();
    return sinceNanos.entrySet().stream()
        .filter(suspect -> contains(suspect.getKey()))
        .sorted(Comparator.comparingLong(suspect -> now - suspect.getValue()))
        .map(Map.Entry::getKey)
        .toList();
  }
}
