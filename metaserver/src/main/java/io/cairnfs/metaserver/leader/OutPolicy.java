package io.cairnfs.metaserver.leader;

import io.cairnfs.metaserver.chunk.ServerRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which silent servers are struck from the ring by themselves. Never so many that a rack's or a
 * fifth of the servers would be gone beyond the first: so much silence is the network's, or the
 * leader's own, and a person's to judge.
 */
final class OutPolicy {
  private OutPolicy() {}

  /**
   * Servers to strike out now.
   *
   * @param outAfter zero or less = never
   */
  static List<ServerRecord> due(List<ServerRecord> servers, ServerBoard board, Duration outAfter) {
    if (outAfter.isZero() || outAfter.isNegative()) {
      return List.of();
    }
    List<ServerRecord> silent = new ArrayList<>();
    Set<String> racks = new HashSet<>();
    int gone = 0;
    int all = 0;
    for (ServerRecord server : servers) {
      if (server.isOut()) {
        continue;
      }
      all++;
      boolean quiet =
          board.silence(server.id()).filter(s -> s.compareTo(outAfter) >= 0).isPresent();
      if (quiet) {
        silent.add(server);
        racks.add(server.rack());
        gone++;
      }
    }
    boolean allowed =
        gone == 1 || gone * 5 <= all || (racks.size() == 1 && rackIsNotAll(servers, racks));
    if (!allowed) {
      return List.of();
    }
    silent.sort(Comparator.comparingInt(ServerRecord::id));
    return silent;
  }

  private static boolean rackIsNotAll(List<ServerRecord> servers, Set<String> racks) {
    return servers.stream().anyMatch(server -> !server.isOut() && !racks.contains(server.rack()));
  }
}
