package io.cairnfs.metaserver.session;

import java.util.List;
import java.util.Map;

/**
 * Open chunks that a data server waits for which joins their slots, by the sessions that write
 * them: these are told with their next heartbeat. Safe for any thread.
 */
public final class WantedChunks {
  private volatile Map<Long, List<Long>> bySession = Map.of();

  /** From now on these are wanted, and no others. */
  public void set(Map<Long, List<Long>> chunksBySession) {
    bySession = Map.copyOf(chunksBySession);
  }

  /** Those of a session. */
  public List<Long> of(long session) {
    return bySession.getOrDefault(session, List.of());
  }
}
