package io.cairnfs.metaserver.repair;

import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.proto.types.ServerMembership;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which silent servers a leader may strike out by itself. Not more than one rack, or a fifth of the
 * servers (at least one): where more are silent it is rather the leader that is cut off. And only
 * where enough others remain to take over.
 */
public final class OutPolicy {
  private static final int SHARE = 5;

  private final int width;

  /**
   * @param width members of a slot
   */
  public OutPolicy(int width) {
    this.width = width;
  }

  /**
   * @param servers all registered ones
   * @param silent those that were down for longer than the time-out, by this leader's own timers
   * @return servers to set OUT
   */
  public List<Integer> toStrike(Collection<ServerRecord> servers, Set<Integer> silent) {
    List<Integer> candidates = new ArrayList<>();
    Set<String> silentRacks = new HashSet<>();
    Set<String> racks = new HashSet<>();
    int registered = 0;
    for (ServerRecord server : servers) {
      if (server.isOut()) {
        continue;
      }
      registered++;
      racks.add(server.rack());
      if (silent.contains(server.id())) {
        silentRacks.add(server.rack());
        if (server.membership() != ServerMembership.MAINTENANCE) {
          candidates.add(server.id());
        }
      }
    }
    boolean oneRack = racks.size() > 1 && silentRacks.size() == 1;
    boolean few = silent.size() <= Math.max(1, registered / SHARE);
    boolean enoughRemain = registered - silent.size() >= width;
    return (oneRack || few) && enoughRemain ? candidates : List.of();
  }
}
