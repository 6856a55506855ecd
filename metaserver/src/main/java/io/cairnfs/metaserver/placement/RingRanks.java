package io.cairnfs.metaserver.placement;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** In which order the ring offers a slot to the servers. */
public final class RingRanks {
  private final List<RingServer> servers;
  private final HashRing ring;

  /**
   * @param servers all that are in the ring
   */
  public RingRanks(List<RingServer> servers) {
    this.servers = servers.stream().sorted().toList();
    this.ring = new HashRing(this.servers);
  }

  /** All servers, the one that the slot is offered first at the front. */
  public List<RingServer> of(int pool, int slot) {
    if (servers.isEmpty()) {
      return List.of();
    }
    int start = ring.start(pool, slot);
    List<Integer> order = new ArrayList<>();
    for (int index = 0; index < servers.size(); index++) {
      order.add(index);
    }
    order.sort(Comparator.comparingInt(index -> ring.rank(start, index)));
    return order.stream().map(servers::get).toList();
  }
}
