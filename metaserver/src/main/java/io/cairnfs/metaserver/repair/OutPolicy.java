package io.cairnfs.metaserver.repair;

import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.proto.types.ServerMembership;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which silent servers a leader may strike out by itself. After a while, not more than one rack, or
 * a fifth of the servers (at least one): where more are silent it is rather the leader that is cut
 * off. Those in maintenance may be silent: they do not count. And only where enough others remain
 * to take over.
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
    Silence silence = Silence.of(servers, silent);
    boolean oneRack = silence.racks > 1 && silence.silentRacks == 1;
    boolean few = silence.candidates.size() <= Math.max(1, silence.registered / SHARE);
    boolean enoughRemain = silence.registered - silent.size() >= width;
    return (oneRack || few) && enoughRemain ? silence.candidates : List.of();
  }

  /**
   * Where one replica is left of some chunks nobody waits: as long as most servers answer it is not
   * the leader that is cut off, and one that comes back brings its replicas along.
   *
   * @param servers all registered ones
   * @param down those that are down just now
   * @param missing those of them without which one member is left of some slot
   * @return servers to set OUT
   */
  public List<Integer> toStrikeAtOnce(
      Collection<ServerRecord> servers, Set<Integer> down, Set<Integer> missing) {
    Silence silence = Silence.of(servers, down);
    int remain = silence.registered - down.size();
    return remain >= width && 2 * remain > silence.registered
        ? silence.candidates.stream().filter(missing::contains).toList()
        : List.of();
  }

  /**
   * Of the servers that are not OUT.
   *
   * @param candidates silent ones that nobody is at work on
   * @param silentRacks theirs
   */
  private record Silence(List<Integer> candidates, int registered, int racks, int silentRacks) {
    static Silence of(Collection<ServerRecord> servers, Set<Integer> silent) {
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
        boolean unexpected = server.membership() != ServerMembership.MAINTENANCE;
        if (unexpected && silent.contains(server.id())) {
          silentRacks.add(server.rack());
          candidates.add(server.id());
        }
      }
      return new Silence(candidates, registered, racks.size(), silentRacks.size());
    }
  }
}
