package io.cairnfs.metaserver.placement;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The optimum that a target map is compared with: the fewest memberships that are new in any map
 * that gives every server between 0.95 and 1.05 of its share (rounded down and up to whole slots),
 * no slot a server twice, and doubles no rack while another is free.
 *
 * <p>A flow of least cost from groups of equal slots over their racks to the servers: all cheapest
 * paths of one length at once, then those of the next. Shares no code with the planner.
 */
final class LeastMoves {
  /** Outweighs any number of moves: lower bounds are filled first. */
  private static final int REWARD = 10_000;

  private static final int SOURCE = 0;
  private static final int SINK = 1;

  private int nodes;
  private int edges;

  /** An edge and, at the next odd number, its reverse. */
  private int[] target = new int[1024];

  private int[] capacity = new int[1024];
  private int[] cost = new int[1024];

  private int[][] outgoing;
  private int[] distance;
  private int[] level;
  private int[] tried;

  private LeastMoves() {}

  /** The fewest new memberships of a map with all these servers that follows the previous one. */
  static int of(SlotMap previous, List<RingServer> servers, int width) {
    List<RingServer> sorted = servers.stream().sorted().toList();
    FairShares shares = new FairShares(sorted, previous.slots(), width);
    Map<String, List<RingServer>> racks =
        sorted.stream()
            .collect(Collectors.groupingBy(RingServer::rack, TreeMap::new, Collectors.toList()));
    Map<List<Integer>, Integer> groups = new HashMap<>();
    for (int slot = 0; slot < previous.slots(); slot++) {
      groups.merge(IntStream.of(previous.members(slot)).sorted().boxed().toList(), 1, Integer::sum);
    }
    LeastMoves flow = new LeastMoves();
    flow.nodes = 2;
    Map<RingServer, Integer> nodeOf = new HashMap<>();
    int rewards = 0;
    for (int index = 0; index < sorted.size(); index++) {
      int node = flow.nodes++;
      nodeOf.put(sorted.get(index), node);
      int least = shares.leastBeforeFilling(index);
      flow.edge(node, SINK, least, -REWARD);
      flow.edge(node, SINK, shares.bound(index) - least, 0);
      rewards += least;
    }
    boolean oneEach = racks.size() >= width;
    for (Map.Entry<List<Integer>, Integer> group : groups.entrySet()) {
      int slots = group.getValue();
      int node = flow.nodes++;
      flow.edge(SOURCE, node, slots * width, 0);
      for (List<RingServer> members : racks.values()) {
        int rack = flow.nodes++;
        flow.edge(node, rack, slots, oneEach ? 0 : -REWARD);
        if (!oneEach) {
          flow.edge(node, rack, slots * width, 0);
          rewards += slots;
        }
        for (RingServer server : members) {
          flow.edge(rack, nodeOf.get(server), slots, group.getKey().contains(server.id()) ? 0 : 1);
        }
      }
    }
    return flow.costOfCheapest(previous.slots() * width) + rewards * REWARD;
  }

  private void edge(int from, int to, int most, int each) {
    if (edges + 2 > target.length) {
      target = Arrays.copyOf(target, 2 * edges);
      capacity = Arrays.copyOf(capacity, 2 * edges);
      cost = Arrays.copyOf(cost, 2 * edges);
    }
    target[edges] = to;
    capacity[edges] = most;
    cost[edges] = each;
    target[edges + 1] = from;
    cost[edges + 1] = -each;
    edges += 2;
  }

  private int costOfCheapest(int wanted) {
    int[] degree = new int[nodes];
    for (int edge = 0; edge < edges; edge++) {
      degree[target[edge ^ 1]]++;
    }
    outgoing = new int[nodes][];
    Arrays.setAll(outgoing, node -> new int[degree[node]]);
    for (int edge = 0; edge < edges; edge++) {
      int from = target[edge ^ 1];
      outgoing[from][--degree[from]] = edge;
    }
    int sent = 0;
    int sum = 0;
    while (measureDistances()) {
      while (sent < wanted && measureLevels()) {
        tried = new int[nodes];
        int more = send(SOURCE, wanted - sent);
        sent += more;
        sum += more * distance[SINK];
      }
    }
    if (sent < wanted) {
      throw new AssertionError("only " + sent + " of " + wanted + " memberships are possible");
    }
    return sum;
  }

  /** Cheapest costs from the source (Bellman and Ford's, with a queue: they may be negative). */
  private boolean measureDistances() {
    distance = new int[nodes];
    Arrays.fill(distance, Integer.MAX_VALUE);
    distance[SOURCE] = 0;
    boolean[] queued = new boolean[nodes];
    ArrayDeque<Integer> queue = new ArrayDeque<>(List.of(SOURCE));
    while (!queue.isEmpty()) {
      int at = queue.remove();
      queued[at] = false;
      for (int edge : outgoing[at]) {
        int to = target[edge];
        if (capacity[edge] > 0 && distance[at] + cost[edge] < distance[to]) {
          distance[to] = distance[at] + cost[edge];
          if (!queued[to]) {
            queued[to] = true;
            queue.add(to);
          }
        }
      }
    }
    return distance[SINK] < Integer.MAX_VALUE;
  }

  private boolean isOnCheapest(int from, int edge) {
    return capacity[edge] > 0 && distance[from] + cost[edge] == distance[target[edge]];
  }

  /** Numbers of edges from the source along cheapest paths. */
  private boolean measureLevels() {
    level = new int[nodes];
    level[SOURCE] = 1;
    ArrayDeque<Integer> queue = new ArrayDeque<>(List.of(SOURCE));
    while (!queue.isEmpty()) {
      int at = queue.remove();
      for (int edge : outgoing[at]) {
        if (level[target[edge]] == 0 && isOnCheapest(at, edge)) {
          level[target[edge]] = level[at] + 1;
          queue.add(target[edge]);
        }
      }
    }
    return level[SINK] > 0;
  }

  private int send(int from, int most) {
    if (from == SINK) {
      return most;
    }
    int sent = 0;
    for (; tried[from] < outgoing[from].length; tried[from]++) {
      int edge = outgoing[from][tried[from]];
      int to = target[edge];
      if (level[to] == level[from] + 1 && isOnCheapest(from, edge)) {
        int more = send(to, Math.min(most - sent, capacity[edge]));
        capacity[edge] -= more;
        capacity[edge ^ 1] += more;
        sent += more;
        if (sent == most) {
          return sent;
        }
      }
    }
    return sent;
  }
}
