package io.cairnfs.metaserver.placement;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/**
 * The leader's choice of a slot for a new chunk: one whose members are all up, with the writer's
 * own host among them if there is one, otherwise the less loaded of two taken at random. Where no
 * slot has all its members up, one with the most. Slow members count for more than any load, and a
 * writer whose own host is slow is treated like one elsewhere.
 *
 * <p>A choice costs a few look-ups; what depends on who is up is computed anew by {@link #update},
 * on every change of health or of the slots. Any thread may call.
 */
public final class SlotChooser {
  /** How often a random pick is repeated to get past servers the writer wants to avoid. */
  private static final int PICKS = 8;

  private final RandomGenerator random;
  private final int minReplicas;

  private int[][] candidates = new int[0][];
  private Map<Integer, ServerCondition> servers = Map.of();
  private Map<Integer, Integer> load = new HashMap<>();

  /** Hosts all of whose servers are slow. */
  private Set<String> slowHosts = Set.of();

  /** By replication: what {@link #update} made stale is dropped, what is asked for is computed. */
  private final Map<Integer, Eligible> eligible = new HashMap<>();

  /**
   * @param minReplicas fewest members that must be up ({@code placement.min-replicas}), unless the
   *     file asks for fewer or there are fewer servers
   */
  public SlotChooser(int minReplicas, RandomGenerator random) {
    this.minReplicas = minReplicas;
    this.random = random;
  }

  /** Slots with the most members up, and the same by host. */
  @SuppressWarnings("ArrayRecordComponent") // never changed once made
  private record Eligible(int up, int[] slots, Map<String, int[]> byHost) {}

  /**
   * Replaces what is known.
   *
   * @param candidates for each slot, in position order, who takes part in the pipelines of new
   *     chunks: the acting member, or its successor while that one is joining. Not copied: must not
   *     change afterwards
   */
  public synchronized void update(int[][] candidates, Collection<ServerCondition> conditions) {
    this.candidates = candidates;
    Map<Integer, ServerCondition> byId = new TreeMap<>();
    Map<Integer, Integer> loads = new HashMap<>();
    for (ServerCondition condition : conditions) {
      byId.put(condition.server(), condition);
      loads.put(condition.server(), condition.streams());
    }
    Set<String> hosts = new TreeSet<>();
    conditions.stream().filter(ServerCondition::slow).forEach(each -> hosts.add(each.host()));
    conditions.stream().filter(each -> !each.slow()).forEach(each -> hosts.remove(each.host()));
    slowHosts = hosts;
    servers = byId;
    load = loads;
    eligible.clear();
  }

  /** A heartbeat told how many write streams the server has. */
  public synchronized void updateLoad(int server, int streams) {
    load.replace(server, streams);
  }

  /**
   * @param replication members asked for, at least 1
   * @param writerHost empty when unknown
   * @param avoid servers the writer found failing, the latest first: left out while enough others
   *     remain, and if not, those found earlier are taken again first
   * @throws CairnException {@code TOO_FEW_SERVERS}, naming the servers that are missing
   */
  public synchronized SlotChoice choose(int replication, String writerHost, List<Integer> avoid)
      throws CairnException {
    int needed = Math.max(1, Math.min(Math.min(minReplicas, replication), servers.size()));
    Eligible best = eligible.computeIfAbsent(replication, this::eligibleFor);
    if (best.up() < needed) {
      throw tooFew(replication, needed, best.up());
    }
    int[] local = slowHosts.contains(writerHost) ? null : best.byHost().get(writerHost);
    int slot = pick(local == null ? best.slots() : local, replication);
    List<Integer> pipeline = pipeline(slot, replication, writerHost, Set.of());
    if (!avoid.isEmpty()) {
      Set<Integer> all = Set.copyOf(avoid);
      for (int i = 0; i < PICKS && pipeline.stream().anyMatch(all::contains); i++) {
        slot = pick(best.slots(), replication);
        pipeline = pipeline(slot, replication, writerHost, Set.of());
      }
      for (int latest = avoid.size();
          latest > 0 && pipeline.stream().anyMatch(all::contains);
          latest--) {
        Set<Integer> without = Set.copyOf(avoid.subList(0, latest));
        int with = slotWithMost(replication, without);
        if (countUp(with, replication, without) >= needed) {
          slot = with;
          pipeline = pipeline(slot, replication, writerHost, without);
          break;
        }
      }
    }
    for (int server : pipeline) {
      load.merge(server, 1, Integer::sum);
    }
    return new SlotChoice(slot, pipeline);
  }

  private Eligible eligibleFor(int replication) {
    int most = 0;
    List<Integer> slots = new ArrayList<>();
    for (int slot = 0; slot < candidates.length; slot++) {
      int up = countUp(slot, replication, Set.of());
      if (up > most) {
        most = up;
        slots.clear();
      }
      if (up == most && up > 0) {
        slots.add(slot);
      }
    }
    Map<String, List<Integer>> byHost = new HashMap<>();
    for (int slot : slots) {
      Set<String> hosts = new TreeSet<>();
      for (int server : upMembers(slot, replication, Set.of())) {
        hosts.add(servers.get(server).host());
      }
      for (String host : hosts) {
        byHost.computeIfAbsent(host, name -> new ArrayList<>()).add(slot);
      }
    }
    Map<String, int[]> arrays = new HashMap<>();
    byHost.forEach((host, list) -> arrays.put(host, toArray(list)));
    return new Eligible(most, toArray(slots), arrays);
  }

  private static int[] toArray(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Of two taken at random the one with fewer slow members, or else the less loaded one. */
  private int pick(int[] slots, int replication) {
    int first = slots[random.nextInt(slots.length)];
    int second = slots[random.nextInt(slots.length)];
    int slower = countSlow(second, replication) - countSlow(first, replication);
    if (slower != 0) {
      return slower < 0 ? second : first;
    }
    return loadOf(second, replication) < loadOf(first, replication) ? second : first;
  }

  private int countSlow(int slot, int replication) {
    int slow = 0;
    int[] members = candidates[slot];
    for (int position = 0; position < members.length && position < replication; position++) {
      ServerCondition condition = servers.get(members[position]);
      if (condition != null && condition.takesChunks() && condition.slow()) {
        slow++;
      }
    }
    return slow;
  }

  private int loadOf(int slot, int replication) {
    int sum = 0;
    int[] members = candidates[slot];
    for (int position = 0; position < members.length && position < replication; position++) {
      sum += load.getOrDefault(members[position], 0);
    }
    return sum;
  }

  /** From a random slot onwards, so that writers with the same list do not meet in one slot. */
  private int slotWithMost(int replication, Set<Integer> avoid) {
    int start = random.nextInt(candidates.length);
    int best = start;
    int most = -1;
    for (int i = 0; i < candidates.length; i++) {
      int slot = (start + i) % candidates.length;
      int up = countUp(slot, replication, avoid);
      if (up > most) {
        most = up;
        best = slot;
      }
    }
    return best;
  }

  private int countUp(int slot, int replication, Set<Integer> avoid) {
    int up = 0;
    int[] members = candidates[slot];
    for (int position = 0; position < members.length && position < replication; position++) {
      if (takesChunks(members[position], avoid)) {
        up++;
      }
    }
    return up;
  }

  private List<Integer> upMembers(int slot, int replication, Set<Integer> avoid) {
    List<Integer> up = new ArrayList<>(replication);
    int[] members = candidates[slot];
    for (int position = 0; position < members.length && position < replication; position++) {
      if (takesChunks(members[position], avoid)) {
        up.add(members[position]);
      }
    }
    return up;
  }

  private boolean takesChunks(int server, Set<Integer> avoid) {
    ServerCondition condition = servers.get(server);
    return condition != null && condition.takesChunks() && !avoid.contains(server);
  }

  private List<Integer> pipeline(int slot, int replication, String writerHost, Set<Integer> avoid) {
    List<Integer> members = upMembers(slot, replication, avoid);
    for (int i = 1; i < members.size(); i++) {
      if (servers.get(members.get(i)).host().equals(writerHost)
          && !servers.get(members.get(0)).host().equals(writerHost)) {
        members.add(0, members.remove(i));
      }
    }
    return members;
  }

  private CairnException tooFew(int replication, int needed, int up) {
    List<String> missing = new ArrayList<>();
    for (ServerCondition condition : servers.values()) {
      if (!condition.takesChunks()) {
        missing.add(condition.name());
      }
    }
    String servedBy =
        servers.isEmpty()
            ? "no data server is registered"
            : "not available: " + (missing.isEmpty() ? "none" : String.join(", ", missing));
    return new CairnException(
        ErrorCode.TOO_FEW_SERVERS,
        "a chunk of replication "
            + replication
            + " needs "
            + needed
            + " data servers up in one slot, "
            + up
            + " are; "
            + servedBy);
  }
}
