package io.cairnfs.raft.core;

import java.util.EnumMap;
import java.util.Map;

/** How often each {@link CoreEvent} happened since construction. Owned by the core's thread. */
public final class CoreCounters {
  private final Map<CoreEvent, Count> counts = new EnumMap<>(CoreEvent.class);

  CoreCounters() {
    for (CoreEvent event : CoreEvent.values()) {
      counts.put(event, new Count());
    }
  }

  void count(CoreEvent event) {
    counts.get(event).value++;
  }

  public long of(CoreEvent event) {
    return counts.get(event).value;
  }

  private static final class Count {
    private long value;
  }
}
