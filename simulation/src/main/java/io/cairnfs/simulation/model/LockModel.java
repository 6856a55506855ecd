package io.cairnfs.simulation.model;

import io.cairnfs.common.error.ErrorCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Locks as their rules say it: for each owner a line of bytes, each of which he has shared, alone
 * or not, and for each file a queue.
 */
final class LockModel {
  private static final long END = Long.MAX_VALUE;

  record Owner(long session, long number) {}

  /** What an owner has of a byte. */
  private record Cell(boolean exclusive, long token) {}

  /** What is asked for; a whole file is a range of another kind. */
  record Claim(Owner owner, boolean range, boolean exclusive, long start, long end, long ticket) {}

  /** One scope of one file. */
  private record Line(boolean range) {}

  private static final class Locks {
    /**
     * By kind and owner: the cell that begins at an offset and reaches to the next; null = none.
     */
    private final Map<Line, Map<Owner, NavigableMap<Long, Cell>>> lines = new HashMap<>();

    private final List<Claim> queue = new ArrayList<>();

    private Map<Owner, NavigableMap<Long, Cell>> line(boolean range) {
      return lines.computeIfAbsent(new Line(range), kind -> new HashMap<>());
    }
  }

  private final Map<Long, Locks> files = new HashMap<>();
  private long lastNumber;

  private Locks of(long inode) {
    return files.computeIfAbsent(inode, id -> new Locks());
  }

  private static boolean has(
      NavigableMap<Long, Cell> cells, long start, long end, Predicate<Cell> what) {
    Map.Entry<Long, Cell> first = cells.floorEntry(start);
    if (first != null && first.getValue() != null && what.test(first.getValue())) {
      return true;
    }
    return cells.subMap(start, end).values().stream().anyMatch(c -> c != null && what.test(c));
  }

  private static boolean holdsAny(Locks locks, Claim claim) {
    NavigableMap<Long, Cell> own = locks.line(claim.range).get(claim.owner);
    return own != null && has(own, 0, END, cell -> true);
  }

  private static Set<Owner> holdersInTheWay(Locks locks, Claim claim) {
    Set<Owner> found = new HashSet<>();
    locks
        .line(claim.range)
        .forEach(
            (owner, cells) -> {
              if (!owner.equals(claim.owner)
                  && has(cells, claim.start, claim.end, c -> c.exclusive || claim.exclusive)) {
                found.add(owner);
              }
            });
    return found;
  }

  private static boolean collide(Claim one, Claim other) {
    return !one.owner.equals(other.owner)
        && one.range == other.range
        && (one.exclusive || other.exclusive)
        && Math.max(one.start, other.start) < Math.min(one.end, other.end);
  }

  private static Set<Owner> inTheWay(Locks locks, Claim claim) {
    Set<Owner> found = holdersInTheWay(locks, claim);
    if (holdsAny(locks, claim)) {
      return found;
    }
    for (Claim earlier : locks.queue) {
      if (earlier.ticket == claim.ticket) {
        break;
      }
      if (collide(claim, earlier)) {
        found.add(earlier.owner);
      }
    }
    return found;
  }

  /**
   * @return the token, or the ticket as a negative number
   */
  long lock(long inode, Claim claim, boolean wait, boolean fresh) throws ModelRefusal {
    Locks locks = of(inode);
    boolean queued =
        locks.queue.stream().anyMatch(c -> c.owner.equals(claim.owner) && c.range == claim.range);
    if (fresh && (holdsAny(locks, claim) || queued)) {
      throw new ModelRefusal(wait ? ErrorCode.DEADLOCK : ErrorCode.LOCKED);
    }
    long token = tokenOf(inode, claim);
    if (token != 0) {
      return token;
    }
    Set<Owner> blockers = inTheWay(locks, claim);
    if (blockers.isEmpty()) {
      grant(locks, claim);
      long granted = lastNumber;
      serveQueue(locks);
      return granted;
    }
    if (!wait) {
      throw new ModelRefusal(ErrorCode.LOCKED);
    }
    if (waitsFor(blockers, claim.owner, new HashSet<>())) {
      throw new ModelRefusal(ErrorCode.DEADLOCK);
    }
    long ticket = ++lastNumber;
    locks.queue.add(
        new Claim(claim.owner, claim.range, claim.exclusive, claim.start, claim.end, ticket));
    return -ticket;
  }

  private boolean waitsFor(Set<Owner> owners, Owner asking, Set<Owner> seen) {
    for (Owner owner : owners) {
      if (owner.equals(asking)) {
        return true;
      }
      if (!seen.add(owner)) {
        continue;
      }
      for (Locks locks : files.values()) {
        for (Claim claim : locks.queue) {
          if (claim.owner.equals(owner) && waitsFor(inTheWay(locks, claim), asking, seen)) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private void grant(Locks locks, Claim claim) {
    NavigableMap<Long, Cell> cells =
        locks.line(claim.range).computeIfAbsent(claim.owner, owner -> new TreeMap<>());
    Cell cell = new Cell(claim.exclusive, ++lastNumber);
    set(cells, claim.start, claim.end, cell);
    // What touches and is of the same mode is one lock with it.
    long start = claim.start;
    while (start > 0 && sameMode(at(cells, start - 1), cell)) {
      start = cells.floorKey(start - 1);
    }
    long end = claim.end;
    while (end != END && sameMode(at(cells, end), cell)) {
      Long next = cells.higherKey(end);
      end = next == null ? END : next;
    }
    set(cells, start, end, cell);
  }

  private static Cell at(NavigableMap<Long, Cell> cells, long offset) {
    Map.Entry<Long, Cell> entry = cells.floorEntry(offset);
    return entry == null ? null : entry.getValue();
  }

  private static boolean sameMode(Cell other, Cell cell) {
    return other != null && other.exclusive == cell.exclusive;
  }

  private static void set(NavigableMap<Long, Cell> cells, long start, long end, Cell cell) {
    Cell behind = at(cells, end);
    cells.subMap(start, end).clear();
    cells.put(start, cell);
    if (end != END) {
      cells.put(end, behind);
    }
  }

  private void serveQueue(Locks locks) {
    boolean served = true;
    while (served) {
      served = false;
      for (Claim claim : locks.queue) {
        if (inTheWay(locks, claim).isEmpty()) {
          locks.queue.remove(claim);
          grant(locks, claim);
          served = true;
          break;
        }
      }
    }
  }

  /** The token of what an owner has of all of a range in that mode, if it is one lock. */
  long tokenOf(long inode, Claim claim) {
    NavigableMap<Long, Cell> cells = of(inode).line(claim.range).get(claim.owner);
    Cell first = cells == null ? null : at(cells, claim.start);
    if (first == null || first.exclusive != claim.exclusive) {
      return 0;
    }
    boolean whole = cells.subMap(claim.start, claim.end).values().stream().allMatch(first::equals);
    return whole ? first.token : 0;
  }

  void unlock(long inode, Claim range) {
    Locks locks = of(inode);
    NavigableMap<Long, Cell> cells = locks.line(range.range).get(range.owner);
    if (cells != null && has(cells, range.start, range.end, cell -> true)) {
      set(cells, range.start, range.end, null);
      serveQueue(locks);
    }
  }

  /** The token if the claim does not wait any more and its owner has what it asked for. */
  long stopWaiting(long inode, Claim claim) {
    Locks locks = of(inode);
    boolean waited =
        locks.queue.removeIf(c -> c.ticket == claim.ticket && c.owner.equals(claim.owner));
    if (waited) {
      serveQueue(locks);
      return 0;
    }
    return tokenOf(inode, claim);
  }

  /**
   * @param inode 0 = all
   */
  void release(Owner owner, long inode) {
    release(owner::equals, inode);
  }

  void endSession(long session) {
    release(owner -> owner.session == session, 0);
  }

  private void release(Predicate<Owner> owners, long inode) {
    // In the order in which the cluster goes through them: tokens are given in it.
    new TreeMap<>(files)
        .forEach(
            (id, locks) -> {
              if (inode != 0 && inode != id) {
                return;
              }
              boolean waited = locks.queue.removeIf(claim -> owners.test(claim.owner()));
              boolean held = false;
              for (Map<Owner, NavigableMap<Long, Cell>> line : locks.lines.values()) {
                held |= line.keySet().removeIf(owners);
              }
              if (waited || held) {
                serveQueue(locks);
              }
            });
  }

  /** A lock with this token is held. */
  boolean isInForce(long inode, long token) {
    return of(inode).lines.values().stream()
        .flatMap(line -> line.values().stream())
        .flatMap(cells -> cells.values().stream())
        .anyMatch(cell -> cell != null && cell.token == token);
  }

  /** Somebody has a lock of the file, or waits for one. */
  boolean isLocked(long inode) {
    Locks found = of(inode);
    return !found.queue.isEmpty()
        || found.lines.values().stream()
            .flatMap(line -> line.values().stream())
            .anyMatch(cells -> has(cells, 0, END, cell -> true));
  }

  /** The file is no more. */
  void drop(long inode) {
    files.remove(inode);
  }
}
