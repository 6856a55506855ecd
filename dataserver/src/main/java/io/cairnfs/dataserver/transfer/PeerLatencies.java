package io.cairnfs.dataserver.transfer;

import io.cairnfs.common.metrics.RecentLatency;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How long other servers took to acknowledge what was sent on to them as the last of a pipeline:
 * one in the middle also waits for those behind it, and would be blamed for them. Any thread;
 * {@link #endWindow} is for one.
 */
public final class PeerLatencies {
  private final Map<Integer, RecentLatency> peers = new ConcurrentHashMap<>();

  void acknowledged(int server, long nanos) {
    peers.computeIfAbsent(server, key -> new RecentLatency()).record(nanos);
  }

  /** Forgets those to whom nothing was sent in the window. */
  public void endWindow() {
    peers.values().removeIf(peer -> peer.endWindow() == 0);
  }

  /** The 99th percentiles of the last window that was ended, of those to whom enough was sent. */
  public Map<Integer, Long> p99Micros() {
    Map<Integer, Long> result = new TreeMap<>();
    peers.forEach(
        (server, peer) -> peer.p99Micros().ifPresent(micros -> result.put(server, micros)));
    return result;
  }
}
