package io.cairnfs.metaserver.placement;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * A target map in the making. Servers are indexes into the sorted list; {@link #GAP} is a position
 * without a member. Each step leaves what it does not have to touch.
 */
final class TargetDraft {
  private static final int GAP = -1;

  /**
   * For so many memberships that a server lacks it is filled with one more than it needs: a joiner
   * (which gets the rest of a whole slot) to its share, and none far beyond the fewest moves.
   */
  private static final int LACKING_TO_EXTRA = 20;

  private final SlotMap previous;
  private final int width;
  private final List<RingServer> servers;
  private final HashRing ring;
  private final FairShares shares;
  private final int racks;
  private final int[] rackOf;

  /** [slot][position]: server index or {@link #GAP}. */
  private final int[][] members;

  /** What is left of the previous map, as {@link #members}. */
  private final int[][] adopted;

  /** For each server how many memberships it is filled up to. */
  private final int[] wanted;

  private final int[] starts;
  private final int[] load;

  TargetDraft(int pool, SlotMap previous, List<RingServer> servers, int width) {
    this.previous = previous;
    this.width = width;
    this.servers = servers;
    this.ring = new HashRing(servers);
    this.shares = new FairShares(servers, previous.slots(), width);
    Map<String, Integer> names = new TreeMap<>();
    rackOf = new int[servers.size()];
    for (int index = 0; index < rackOf.length; index++) {
      rackOf[index] = names.computeIfAbsent(servers.get(index).rack(), name -> names.size());
    }
    racks = names.size();
    load = new int[servers.size()];
    members = new int[previous.slots()][];
    adopted = new int[previous.slots()][];
    starts = new int[previous.slots()];
    for (int slot = 0; slot < members.length; slot++) {
      starts[slot] = ring.start(pool, slot);
      adopted[slot] = adopt(previous.members(slot));
      members[slot] = adopted[slot].clone();
      for (int server : members[slot]) {
        if (server != GAP) {
          load[server]++;
        }
      }
    }
    wanted = new int[servers.size()];
    for (int server = 0; server < wanted.length; server++) {
      int least = shares.leastBeforeFilling(server);
      int extra =
          load[server] == 0
              ? Math.min(shares.roundedDown(server) - least, least / LACKING_TO_EXTRA + 1)
              : Math.max(0, least - load[server]) / LACKING_TO_EXTRA;
      wanted[server] = least + extra;
    }
  }

  /** The previous members that are still there, at their positions, in a list of the new width. */
  private int[] adopt(int[] previous) {
    int[] list = new int[Math.max(width, previous.length)];
    Arrays.fill(list, GAP);
    for (int position = 0; position < previous.length; position++) {
      list[position] = indexOf(previous[position]);
    }
    // Shorter than before: who would stand beyond the end moves into the first gap, if there is
    // one.
    int gap = 0;
    for (int position = width; position < list.length; position++) {
      while (gap < width && list[gap] != GAP) {
        gap++;
      }
      if (list[position] != GAP && gap < width) {
        list[gap] = list[position];
      }
    }
    return list.length == width ? list : Arrays.copyOf(list, width);
  }

  private int indexOf(int id) {
    int low = 0;
    int high = servers.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = Integer.compare(servers.get(middle).id(), id);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return GAP;
  }

  SlotMap toMap() {
    int[][] ids = new int[members.length][];
    for (int slot = 0; slot < ids.length; slot++) {
      ids[slot] = Arrays.stream(members[slot]).map(index -> servers.get(index).id()).toArray();
    }
    return SlotMap.of(ids);
  }

  /** Gives every position without a member one. */
  void fillGaps() {
    for (int slot = 0; slot < members.length; slot++) {
      for (int position = 0; position < width; position++) {
        if (members[slot][position] == GAP) {
          put(slot, position, newMember(slot, position));
        }
      }
    }
  }

  /** Where a slot has two members in one rack while another rack has none, one gives way. */
  void separateRacks() {
    for (int slot = 0; slot < members.length; slot++) {
      int wanted = Math.min(width, racks);
      for (int have = racksIn(slot, GAP); have < wanted; have++) {
        int position = mostLoadedOfDoubledRack(slot);
        int server = members[slot][position];
        members[slot][position] = GAP;
        load[server]--;
        put(slot, position, newMember(slot, position));
      }
    }
  }

  private int mostLoadedOfDoubledRack(int slot) {
    int best = GAP;
    for (int position = 0; position < width; position++) {
      int server = members[slot][position];
      if (isRackIn(slot, rackOf[server], position)
          && (best == GAP || surplus(server) > surplus(members[slot][best]))) {
        best = position;
      }
    }
    return best;
  }

  /**
   * A server for the position: in ring order one below its share, else below its bound, else any.
   */
  private int newMember(int slot, int position) {
    boolean freeRack = racksIn(slot, position) < racks;
    int found = walk(slot, position, freeRack, Limit.LEAST);
    if (found == GAP) {
      found = walk(slot, position, freeRack, Limit.SHARE_ROUNDED_UP);
    }
    if (found == GAP) {
      found = walk(slot, position, freeRack, Limit.BOUND);
    }
    return found != GAP ? found : leastLoaded(slot, position, freeRack);
  }

  /** A number of memberships of a server. */
  private enum Limit {
    BOUND,
    SHARE_ROUNDED_UP,
    SHARE_ROUNDED_DOWN,
    LEAST
  }

  private int limitOf(int server, Limit limit) {
    return switch (limit) {
      case BOUND -> shares.bound(server);
      case SHARE_ROUNDED_UP -> shares.roundedUp(server);
      case SHARE_ROUNDED_DOWN -> shares.roundedDown(server);
      case LEAST -> shares.leastBeforeFilling(server);
    };
  }

  private int walk(int slot, int position, boolean freeRack, Limit limit) {
    boolean any = false;
    for (int server = 0; server < load.length && !any; server++) {
      any = load[server] < limitOf(server, limit) && mayEnter(slot, position, server, freeRack);
    }
    for (int steps = 0; any && steps < ring.size(); steps++) {
      int server = ring.owner(starts[slot], steps);
      if (load[server] < limitOf(server, limit) && mayEnter(slot, position, server, freeRack)) {
        return server;
      }
    }
    return GAP;
  }

  private boolean mayEnter(int slot, int position, int server, boolean freeRack) {
    return !isIn(slot, server) && !(freeRack && isRackIn(slot, rackOf[server], position));
  }

  /** The bound gives way, then the rack; the number of members never. */
  private int leastLoaded(int slot, int position, boolean freeRack) {
    int best = GAP;
    for (int server = 0; server < load.length; server++) {
      if (mayEnter(slot, position, server, freeRack)
          && (best == GAP || surplus(server) < surplus(best))) {
        best = server;
      }
    }
    return best == GAP ? leastLoaded(slot, position, false) : best;
  }

  /**
   * Servers far below their share take slots, those first for which the ring ranks them highest.
   */
  void fillJoiners() {
    for (int server = 0; server < load.length; server++) {
      if (load[server] < shares.leastBeforeFilling(server)) {
        int[] slots = rankedSlots(server);
        take(server, slots, Limit.BOUND, false);
        take(server, slots, Limit.LEAST, true);
        take(server, slots, Limit.SHARE_ROUNDED_UP, false);
        take(server, slots, Limit.SHARE_ROUNDED_DOWN, false);
      }
    }
  }

  /** Slots that lack the server, best rank first. */
  private int[] rankedSlots(int server) {
    return IntStream.range(0, members.length)
        .filter(slot -> !isIn(slot, server))
        .mapToLong(slot -> ((long) ring.rank(starts[slot], server) << 32) | slot)
        .sorted()
        .mapToInt(ranked -> (int) ranked)
        .toArray();
  }

  /**
   * @param floor what a donor keeps at least
   * @param onlyNew take no membership of the previous map
   */
  private void take(int server, int[] slots, Limit floor, boolean onlyNew) {
    for (int slot : slots) {
      if (load[server] >= wanted[server]) {
        return;
      }
      if (isIn(slot, server)) {
        continue;
      }
      int best = GAP;
      for (int position = 0; position < width; position++) {
        int donor = members[slot][position];
        if (load[donor] > limitOf(donor, floor)
            && (!onlyNew || isNew(slot, position))
            && mayReplace(slot, position, server)
            && (best == GAP || surplus(donor) > surplus(members[slot][best]))) {
          best = position;
        }
      }
      if (best != GAP) {
        replace(slot, best, server);
      }
    }
  }

  /**
   * Servers above their bound give memberships away and servers below their least get some, along
   * chains of servers where it cannot be done directly, and what the steps before moved without
   * need goes back: see {@link MoveChains}.
   */
  void settleLoads() {
    int[][] before = new int[members.length][];
    for (int slot = 0; slot < before.length; slot++) {
      before[slot] = Arrays.stream(previous.members(slot)).map(this::indexOf).toArray();
    }
    MoveChains.Limits[] limits = new MoveChains.Limits[load.length];
    for (int server = 0; server < limits.length; server++) {
      limits[server] =
          new MoveChains.Limits(
              shares.leastBeforeFilling(server), wanted[server], shares.bound(server));
    }
    new MoveChains(members, before, rackOf, limits).improve();
    for (int slot = 0; slot < members.length; slot++) {
      restorePositions(slot);
    }
  }

  /** Previous members that a chain brought back stand where they stood. */
  private void restorePositions(int slot) {
    int[] list = members[slot];
    for (int position = 0; position < width; position++) {
      int at = positionOf(slot, adopted[slot][position]);
      if (adopted[slot][position] != GAP && at != GAP) {
        list[at] = list[position];
        list[position] = adopted[slot][position];
      }
    }
  }

  /** The replacement keeps the number of racks in the slot, or has as many as there can be. */
  private boolean mayReplace(int slot, int position, int server) {
    int without = racksIn(slot, position);
    int with = isRackIn(slot, rackOf[server], position) ? without : without + 1;
    return with >= Math.min(width, racks) || with >= racksIn(slot, GAP);
  }

  private void replace(int slot, int position, int server) {
    load[members[slot][position]]--;
    put(slot, position, server);
  }

  private void put(int slot, int position, int server) {
    members[slot][position] = server;
    load[server]++;
  }

  /** How far the server is above its share (negative: below), relative to it. */
  private double surplus(int server) {
    return load[server] / Math.max(1e-9, shares.share(server));
  }

  /** The previous map has no such membership, so that moving it on costs nothing. */
  private boolean isNew(int slot, int position) {
    return previous.positionOf(slot, servers.get(members[slot][position]).id()) < 0;
  }

  private boolean isIn(int slot, int server) {
    return positionOf(slot, server) >= 0;
  }

  private int positionOf(int slot, int server) {
    int[] list = members[slot];
    for (int position = 0; position < width; position++) {
      if (list[position] == server) {
        return position;
      }
    }
    return GAP;
  }

  private boolean isRackIn(int slot, int rack, int exceptPosition) {
    for (int position = 0; position < width; position++) {
      int server = members[slot][position];
      if (position != exceptPosition && server != GAP && rackOf[server] == rack) {
        return true;
      }
    }
    return false;
  }

  /** Different racks among the members, leaving out one position ({@link #GAP} = none). */
  private int racksIn(int slot, int exceptPosition) {
    int count = 0;
    for (int position = 0; position < width; position++) {
      int server = members[slot][position];
      if (position == exceptPosition || server == GAP) {
        continue;
      }
      boolean seen = false;
      for (int before = 0; before < position && !seen; before++) {
        int other = members[slot][before];
        seen = before != exceptPosition && other != GAP && rackOf[other] == rackOf[server];
      }
      if (!seen) {
        count++;
      }
    }
    return count;
  }
}
