package io.cairnfs.metaserver.placement;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
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

  private final SlotMap previous;
  private final int width;
  private final List<RingServer> servers;
  private final HashRing ring;
  private final FairShares shares;
  private final int racks;
  private final int[] rackOf;

  /** [slot][position]: server index or {@link #GAP}. */
  private final int[][] members;

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
    starts = new int[previous.slots()];
    for (int slot = 0; slot < members.length; slot++) {
      starts[slot] = ring.start(pool, slot);
      members[slot] = adopt(previous.members(slot));
      for (int server : members[slot]) {
        if (server != GAP) {
          load[server]++;
        }
      }
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
    int wanted = shares.roundedDown(server);
    for (int slot : slots) {
      if (load[server] >= wanted) {
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
   * Servers above their bound give memberships away, along the cheapest chain of servers to one
   * with room: moving on a membership that this draft made costs nothing, one of the previous map
   * costs one.
   */
  void relieveOverloaded() {
    for (int server = 0; server < load.length; server++) {
      int tries = members.length;
      while (load[server] > shares.bound(server) && tries-- > 0) {
        if (!moveAlongChain(server)) {
          break;
        }
      }
    }
  }

  private record Move(int slot, int position, int from, int to, boolean isFree, int rank) {
    boolean isBetterThan(Move other) {
      return other == null || (isFree == other.isFree ? rank < other.rank : isFree);
    }
  }

  private boolean moveAlongChain(int from) {
    Move[] cameBy = new Move[load.length];
    boolean[] done = new boolean[load.length];
    ArrayDeque<Integer> queue = new ArrayDeque<>();
    queue.add(from);
    while (!queue.isEmpty()) {
      int at = queue.remove();
      if (done[at]) {
        continue;
      }
      done[at] = true;
      if (at != from && load[at] < shares.bound(at)) {
        return moveChain(from, at, cameBy);
      }
      List<Move> moves = new ArrayList<>();
      for (Move move : bestMoves(at)) {
        if (move != null && !done[move.to()] && move.isBetterThan(cameBy[move.to()])) {
          moves.add(move);
        }
      }
      // The server with most room is taken off the queue first.
      moves.sort(Comparator.comparingDouble(move -> surplus(move.to())));
      for (Move move : moves) {
        cameBy[move.to()] = move;
        if (!move.isFree()) {
          queue.addLast(move.to());
        }
      }
      for (int i = moves.size() - 1; i >= 0; i--) {
        if (moves.get(i).isFree()) {
          queue.addFirst(moves.get(i).to());
        }
      }
    }
    return false;
  }

  /** For each server the best membership of {@code from} that it may take over; null if none. */
  private Move[] bestMoves(int from) {
    Move[] best = new Move[load.length];
    for (int slot = 0; slot < members.length; slot++) {
      int position = positionOf(slot, from);
      if (position == GAP) {
        continue;
      }
      boolean free = isNew(slot, position);
      for (int to = 0; to < load.length; to++) {
        if (!isIn(slot, to) && mayReplace(slot, position, to)) {
          Move move = new Move(slot, position, from, to, free, ring.rank(starts[slot], to));
          if (move.isBetterThan(best[to])) {
            best[to] = move;
          }
        }
      }
    }
    return best;
  }

  private boolean moveChain(int from, int last, Move[] cameBy) {
    for (int to = last; to != from; to = cameBy[to].from()) {
      Move move = cameBy[to];
      // An earlier move of this chain may have changed the slot: the chain then ends here, which
      // leaves every count as lawful as before and the next round to find another way.
      if (members[move.slot()][move.position()] != move.from()
          || isIn(move.slot(), to)
          || !mayReplace(move.slot(), move.position(), to)) {
        return to != last;
      }
      replace(move.slot(), move.position(), to);
    }
    return true;
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
