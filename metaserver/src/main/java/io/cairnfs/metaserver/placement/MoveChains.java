package io.cairnfs.metaserver.placement;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Moves memberships of a draft along chains of servers until no chain makes it better: it then has
 * the fewest memberships that the previous map lacks, among all maps that keep the limits of every
 * server and the racks.
 *
 * <p>One link of a chain is an exchange: in one slot a server gives its place to another, which
 * brings in a membership of the previous map (cost -1), a new one for an old one (1), or neither
 * (0). A chain ends where it began, or at a server that may have one more, having begun at one that
 * may have one less. That makes the draft a flow from slots over their racks to servers, a chain a
 * cycle of its residual network, and a draft without a cycle of negative cost a cheapest one
 * (Ahuja, Magnanti, Orlin, "Network Flows", theorem 9.1).
 *
 * <p>The draft has to be lawful for the racks at the start, and is after every chain. Sets of slots
 * are bit sets, so that the best exchange between two servers is found 64 slots at a time.
 */
final class MoveChains {
  /** Outweighs all exchanges of a chain: the limits come before the moves. */
  private static final int BEYOND_LIMIT = 1_000_000;

  private static final int NONE = Integer.MAX_VALUE / 2;

  /**
   * What a server may have, ascending.
   *
   * @param least it must not have fewer
   * @param wanted up to here a membership more is worth one move
   * @param most it must not have more
   */
  record Limits(int least, int wanted, int most) {
    /** What the last of so many memberships of the server costs, besides its move. */
    private int costOfLast(int memberships) {
      if (memberships <= least) {
        return -BEYOND_LIMIT;
      }
      if (memberships <= wanted) {
        return -1;
      }
      return memberships <= most ? 0 : BEYOND_LIMIT;
    }
  }

  /** In the slot {@code to} takes the place of {@code from}. */
  private record Exchange(int slot, int from, int to) {}

  private final int[][] members;
  private final int[] rackOf;
  private final Limits[] limits;
  private final int servers;
  private final int words;

  /** As many racks as members or more: a rack has one member of a slot at most, else at least. */
  private final boolean oneEach;

  private final int[] load;

  /** [server]: the slots in which the server is. */
  private final long[][] now;

  /** [server]: the slots in which the previous map has the server. */
  private final long[][] before;

  /** [rack]: the slots in which the rack has a member. */
  private final long[][] rackOnce;

  /** [rack]: the slots in which the rack has two members or more. */
  private final long[][] rackTwice;

  /** [from][to]: the cost of the cheapest exchange, and its slot. */
  private final int[][] cost;

  private final int[][] slotOf;

  /**
   * @param members [slot][position] of the draft: server indexes, all slots of one width; changed
   *     in place
   * @param previous of the map before; servers of it that are gone do not matter
   * @param rackOf for each server a number of its rack, from 0
   */
  MoveChains(int[][] members, int[][] previous, int[] rackOf, Limits[] limits) {
    this.members = members;
    this.rackOf = rackOf;
    this.limits = limits;
    servers = rackOf.length;
    words = (members.length + Long.SIZE - 1) / Long.SIZE;
    int racks = Arrays.stream(rackOf).max().orElseThrow() + 1;
    oneEach = members.length > 0 && racks >= members[0].length;
    load = new int[servers];
    now = new long[servers][words];
    before = new long[servers][words];
    rackOnce = new long[racks][words];
    rackTwice = new long[racks][words];
    for (int slot = 0; slot < members.length; slot++) {
      for (int server : members[slot]) {
        add(slot, server);
      }
      for (int server : previous[slot]) {
        if (server >= 0) {
          set(before[server], slot);
        }
      }
    }
    cost = new int[servers][servers];
    slotOf = new int[servers][servers];
    for (int server = 0; server < servers; server++) {
      findExchanges(server);
    }
  }

  /** Moves along chains until none is left that makes the draft better. */
  void improve() {
    for (List<Exchange> chain = findChain(); !chain.isEmpty(); chain = findChain()) {
      apply(executable(chain));
    }
  }

  private static void set(long[] slots, int slot) {
    slots[slot >>> 6] |= 1L << slot;
  }

  private static void clear(long[] slots, int slot) {
    slots[slot >>> 6] &= ~(1L << slot);
  }

  private static boolean has(long[] slots, int slot) {
    return (slots[slot >>> 6] & (1L << slot)) != 0;
  }

  private void add(int slot, int server) {
    load[server]++;
    set(now[server], slot);
    int rack = rackOf[server];
    set(has(rackOnce[rack], slot) ? rackTwice[rack] : rackOnce[rack], slot);
  }

  /** The cheapest exchanges from one server to every other. */
  private void findExchanges(int from) {
    for (int to = 0; to < servers; to++) {
      findExchange(from, to);
    }
  }

  private void findExchange(int from, int to) {
    long[] had = before[from];
    long[] has = before[to];
    int best = NONE;
    int slot = -1;
    for (int word = 0; word < words && best > -1; word++) {
      long lawful = lawfulSlots(from, to, word);
      if (lawful == 0) {
        continue;
      }
      long returning = lawful & ~had[word] & has[word];
      long neutral = lawful & ~(had[word] ^ has[word]);
      if (returning != 0) {
        best = -1;
        slot = slotAt(word, returning);
      } else if (neutral != 0 && best > 0) {
        best = 0;
        slot = slotAt(word, neutral);
      } else if (best > 1) {
        best = 1;
        slot = slotAt(word, lawful);
      }
    }
    cost[from][to] = best;
    slotOf[from][to] = slot;
  }

  private static int slotAt(int word, long slots) {
    return (word << 6) + Long.numberOfTrailingZeros(slots);
  }

  /** Those of 64 slots in which the exchange keeps the rule of the racks. */
  private long lawfulSlots(int from, int to, int word) {
    long slots = now[from][word] & ~now[to][word];
    if (rackOf[from] == rackOf[to]) {
      return slots;
    }
    return oneEach ? slots & ~rackOnce[rackOf[to]][word] : slots & rackTwice[rackOf[from]][word];
  }

  /**
   * A chain of negative cost, empty when there is none: Bellman and Ford's labels, lowered until
   * the servers by which they were lowered form a cycle. One more node than servers stands for the
   * ends of open chains.
   */
  private List<Exchange> findChain() {
    int[] label = new int[servers + 1];
    int[] lowered = new int[servers + 1];
    Arrays.fill(lowered, -1);
    boolean changed = true;
    while (changed) {
      changed = lowerLabels(label, lowered);
      int on = changed ? nodeOnCycle(lowered) : -1;
      if (on >= 0) {
        return chainOf(on, lowered);
      }
    }
    return List.of();
  }

  private boolean lowerLabels(int[] label, int[] lowered) {
    int ends = servers;
    boolean changed = false;
    for (int server = 0; server < servers; server++) {
      int give = label[ends] - limits[server].costOfLast(load[server]);
      if (load[server] > 0 && give < label[server]) {
        label[server] = give;
        lowered[server] = ends;
        changed = true;
      }
      int[] costs = cost[server];
      for (int to = 0; to < servers; to++) {
        if (costs[to] != NONE && label[server] + costs[to] < label[to]) {
          label[to] = label[server] + costs[to];
          lowered[to] = server;
          changed = true;
        }
      }
      int keep = label[server] + limits[server].costOfLast(load[server] + 1);
      if (keep < label[ends]) {
        label[ends] = keep;
        lowered[ends] = server;
        changed = true;
      }
    }
    return changed;
  }

  private static int nodeOnCycle(int[] lowered) {
    int[] seenFrom = new int[lowered.length];
    for (int start = 0; start < lowered.length; start++) {
      int node = start;
      while (node >= 0 && seenFrom[node] == 0) {
        seenFrom[node] = start + 1;
        node = lowered[node];
      }
      if (node >= 0 && seenFrom[node] == start + 1) {
        return node;
      }
    }
    return -1;
  }

  private List<Exchange> chainOf(int on, int[] lowered) {
    int last = on;
    for (int node = lowered[on]; node != on; node = lowered[node]) {
      if (node == servers) {
        last = node;
      }
    }
    ArrayDeque<Exchange> chain = new ArrayDeque<>();
    int to = last;
    do {
      int from = lowered[to];
      if (from != servers && to != servers) {
        chain.addFirst(new Exchange(slotOf[from][to], from, to));
      }
      to = from;
    } while (to != last);
    return new ArrayList<>(chain);
  }

  /**
   * A chain that changes a slot twice where it could do so once is two chains in one, of which one
   * has a negative cost; the shorter one can be moved along.
   */
  private List<Exchange> executable(List<Exchange> chain) {
    List<Exchange> result = chain;
    for (int i = 0; i < result.size(); i++) {
      for (int j = i + 1; j < result.size(); j++) {
        Exchange first = result.get(i);
        Exchange second = result.get(j);
        Exchange outer = new Exchange(first.slot(), first.from(), second.to());
        Exchange inner = new Exchange(first.slot(), second.from(), first.to());
        if (first.slot() == second.slot() && isLawful(outer) && isLawful(inner)) {
          List<Exchange> cycle = new ArrayList<>(result.subList(i + 1, j));
          cycle.add(inner);
          List<Exchange> rest = new ArrayList<>(result.subList(0, i));
          rest.add(outer);
          rest.addAll(result.subList(j + 1, result.size()));
          return executable(costOf(cycle) < 0 ? cycle : rest);
        }
      }
    }
    return result;
  }

  private boolean isLawful(Exchange exchange) {
    return exchange.from() == exchange.to()
        || (lawfulSlots(exchange.from(), exchange.to(), exchange.slot() >>> 6)
                & (1L << exchange.slot()))
            != 0;
  }

  private int costOf(List<Exchange> cycle) {
    int sum = 0;
    for (Exchange exchange : cycle) {
      sum += has(before[exchange.from()], exchange.slot()) ? 1 : 0;
      sum -= has(before[exchange.to()], exchange.slot()) ? 1 : 0;
    }
    return sum;
  }

  private void apply(List<Exchange> chain) {
    long[] stale = new long[(servers + Long.SIZE - 1) / Long.SIZE];
    for (Exchange exchange : chain) {
      if (exchange.from() != exchange.to()) {
        int[] list = members[exchange.slot()];
        for (int position = 0; position < list.length; position++) {
          set(stale, list[position]);
          if (list[position] == exchange.from()) {
            list[position] = exchange.to();
          }
        }
        set(stale, exchange.to());
      }
    }
    for (Exchange exchange : chain) {
      recount(exchange);
    }
    for (int server = 0; server < servers; server++) {
      if (has(stale, server)) {
        findExchanges(server);
      }
    }
  }

  private void recount(Exchange exchange) {
    int slot = exchange.slot();
    load[exchange.from()]--;
    load[exchange.to()]++;
    clear(now[exchange.from()], slot);
    for (int server : List.of(exchange.from(), exchange.to())) {
      clear(rackOnce[rackOf[server]], slot);
      clear(rackTwice[rackOf[server]], slot);
    }
    for (int server : members[slot]) {
      set(now[server], slot);
    }
    int from = rackOf[exchange.from()];
    int to = rackOf[exchange.to()];
    for (int server : members[slot]) {
      int rack = rackOf[server];
      if (rack == from || rack == to) {
        set(has(rackOnce[rack], slot) ? rackTwice[rack] : rackOnce[rack], slot);
      }
    }
  }
}
