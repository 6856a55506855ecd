package io.cairnfs.metaserver.namespace;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The locks of one file: those that are held, and those that are waited for, in the order in which
 * they were asked for. A value; what changes it gives another.
 *
 * @param held in the order of their tokens; those of one owner, scope and mode neither overlap nor
 *     touch
 */
public record FileLocks(List<LockClaim> held, List<LockClaim> waiting) {
  /** No locks. */
  public static final FileLocks NONE = new FileLocks(List.of(), List.of());

  private static final int FORMAT = 1;
  private static final Comparator<LockClaim> BY_TOKEN =
      Comparator.comparingLong(LockClaim::number).thenComparingLong(LockClaim::start);

  public FileLocks {
    held = List.copyOf(held);
    waiting = List.copyOf(waiting);
  }

  public boolean isEmpty() {
    return held.isEmpty() && waiting.isEmpty();
  }

  /** The token of a lock that includes the claim, if its owner has one. */
  public Optional<Long> tokenOf(LockClaim claim) {
    return held.stream().filter(lock -> lock.contains(claim)).map(LockClaim::number).findFirst();
  }

  /** Some lock that is held now was given this token. */
  public boolean isInForce(long token) {
    return held.stream().anyMatch(lock -> lock.number() == token);
  }

  public boolean isWaiting(long ticket) {
    return waiting.stream().anyMatch(claim -> claim.number() == ticket);
  }

  /** The owner has, or waits for, some lock of the scope. */
  public boolean concerns(LockOwner owner, LockClaim.Scope scope) {
    return holds(owner, scope) || waiting.stream().anyMatch(claim -> claim.isOf(owner, scope));
  }

  private boolean holds(LockOwner owner, LockClaim.Scope scope) {
    return held.stream().anyMatch(lock -> lock.isOf(owner, scope));
  }

  /** The first lock of the file that keeps a claim from being granted even if nobody waited. */
  public Optional<LockClaim> conflict(LockClaim claim) {
    return held.stream()
        .filter(claim::conflictsWith)
        .min(Comparator.comparingLong(LockClaim::start).thenComparingLong(LockClaim::number));
  }

  /**
   * What a claim has to wait for: locks of others, and claims of others that came before. Whoever
   * has a lock of the file already does not queue: those before him may be waiting for him.
   */
  public List<LockClaim> blockers(LockClaim claim) {
    List<LockClaim> blockers = new ArrayList<>();
    held.stream().filter(claim::conflictsWith).forEach(blockers::add);
    if (!holds(claim.owner(), claim.scope())) {
      for (LockClaim earlier : waiting) {
        if (earlier.number() == claim.number()) {
          break;
        }
        if (claim.conflictsWith(earlier)) {
          blockers.add(earlier);
        }
      }
    }
    return blockers;
  }

  /** The first claim of the queue that nothing blocks any more. */
  public Optional<LockClaim> grantable() {
    return waiting.stream().filter(claim -> blockers(claim).isEmpty()).findFirst();
  }

  /**
   * With a lock granted, in place of what its owner had of that range. It joins what he has of the
   * same mode right beside it, under the new token.
   */
  public FileLocks granted(LockClaim lock) {
    List<LockClaim> next = carved(lock.owner(), lock.scope(), lock.start(), lock.end());
    long start = lock.start();
    long end = lock.end();
    List<LockClaim> kept = new ArrayList<>();
    for (LockClaim other : next) {
      boolean joins =
          other.isOf(lock.owner(), lock.scope())
              && other.mode() == lock.mode()
              && (other.end() == lock.start() || other.start() == lock.end());
      if (joins) {
        start = Math.min(start, other.start());
        end = Math.max(end, other.end());
      } else {
        kept.add(other);
      }
    }
    kept.add(lock.over(start, end));
    kept.sort(BY_TOKEN);
    return new FileLocks(kept, waiting);
  }

  /** Without what an owner has of a range; what is left of a lock on both sides keeps its token. */
  public FileLocks released(LockOwner owner, LockClaim.Scope scope, long start, long end) {
    List<LockClaim> kept = carved(owner, scope, start, end);
    kept.sort(BY_TOKEN);
    return new FileLocks(kept, waiting);
  }

  private List<LockClaim> carved(LockOwner owner, LockClaim.Scope scope, long start, long end) {
    List<LockClaim> kept = new ArrayList<>();
    for (LockClaim lock : held) {
      if (!lock.isOf(owner, scope) || lock.end() <= start || end <= lock.start()) {
        kept.add(lock);
        continue;
      }
      if (lock.start() < start) {
        kept.add(lock.over(lock.start(), start));
      }
      if (end < lock.end()) {
        kept.add(lock.over(end, lock.end()));
      }
    }
    return kept;
  }

  /** With a claim at the end of the queue. */
  public FileLocks queued(LockClaim claim) {
    List<LockClaim> longer = new ArrayList<>(waiting);
    longer.add(claim);
    return new FileLocks(held, longer);
  }

  /** Without a claim that waits. */
  public FileLocks unqueued(long ticket) {
    return new FileLocks(held, waiting.stream().filter(claim -> claim.number() != ticket).toList());
  }

  /** Without everything of some owners. */
  public FileLocks without(Predicate<LockOwner> owners) {
    Predicate<LockClaim> others = claim -> !owners.test(claim.owner());
    return new FileLocks(
        held.stream().filter(others).toList(), waiting.stream().filter(others).toList());
  }

  byte[] encode() {
    RecordOutput out = new RecordOutput(FORMAT).writeVarint(held.size());
    held.forEach(lock -> lock.encode(out));
    out.writeVarint(waiting.size());
    waiting.forEach(claim -> claim.encode(out));
    return out.toByteArray();
  }

  static FileLocks decode(byte[] value) {
    RecordInput in = new RecordInput("lock", value, FORMAT);
    FileLocks locks = new FileLocks(decodeList(in), decodeList(in));
    in.requireEnd();
    return locks;
  }

  private static List<LockClaim> decodeList(RecordInput in) {
    int count = in.readInt();
    List<LockClaim> claims = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      claims.add(LockClaim.decode(in));
    }
    return claims;
  }
}
