package io.cairnfs.client;

import io.cairnfs.client.lock.HeldLock;
import io.cairnfs.client.lock.LockAsk;
import io.cairnfs.client.lock.LockService;
import io.cairnfs.client.lock.LockService.Before;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.LockMode;
import io.cairnfs.proto.metadata.LockScope;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The locks of one owner. */
final class PartyLocks implements CairnLocks {
  private static final Logger LOG = LoggerFactory.getLogger(PartyLocks.class);
  private static final Duration ALWAYS = Duration.ofDays(3650);

  private final LockService service;
  private final long owner;

  /** What was taken and not given up one by one; of those lost later, some. */
  private final Set<HeldLock> taken = ConcurrentHashMap.newKeySet();

  PartyLocks(LockService service, long owner) {
    this.service = service;
    this.owner = owner;
  }

  @Override
  public CairnLock of(CairnPath path, CairnLock.Mode mode) {
    return new PartyLock(path.toString(), () -> named(path), LockScope.WHOLE_FILE, mode, 0, 0);
  }

  @Override
  public CairnLock of(CairnFile file, CairnLock.Mode mode) throws CairnException {
    FileRef open = OpenFiles.ours(file).reference();
    return new PartyLock(file.toString(), () -> open, LockScope.WHOLE_FILE, mode, 0, 0);
  }

  @Override
  public CairnLock ofRange(CairnPath path, CairnLock.Mode mode, long start, long length) {
    requireRange(start, length);
    return new PartyLock(
        path.toString(), () -> named(path), LockScope.BYTE_RANGE, mode, start, length);
  }

  @Override
  public CairnLock ofRange(CairnFile file, CairnLock.Mode mode, long start, long length)
      throws CairnException {
    requireRange(start, length);
    FileRef open = OpenFiles.ours(file).reference();
    return new PartyLock(file.toString(), () -> open, LockScope.BYTE_RANGE, mode, start, length);
  }

  /** What is locked, as the cluster knows it. */
  private interface Locked {
    FileRef reference() throws CairnException;
  }

  private static FileRef named(CairnPath path) throws CairnException {
    return FileRef.newBuilder().setTarget(Conversions.nodeRef(path)).build();
  }

  private static void requireRange(long start, long length) {
    if (start < 0 || length < 0) {
      throw new IllegalArgumentException(length + " bytes from " + start);
    }
  }

  @Override
  public void close() throws CairnException {
    List<HeldLock> given = List.copyOf(taken);
    service.releaseAll(owner);
    given.forEach(HeldLock::released);
    given.forEach(taken::remove);
  }

  private final class PartyLock implements CairnLock {
    private final String name;
    private final Locked file;
    private final LockScope scope;
    private final LockMode mode;
    private final long start;
    private final long length;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private Optional<HeldLock> held = Optional.empty();

    /** A call whose fate is not known may have left the lock with this owner. */
    private Before before = Before.NOTHING;

    PartyLock(String name, Locked file, LockScope scope, Mode mode, long start, long length) {
      this.name = name;
      this.file = file;
      this.scope = scope;
      this.mode =
          switch (mode) {
            case SHARED -> LockMode.SHARED_LOCK;
            case EXCLUSIVE -> LockMode.EXCLUSIVE_LOCK;
          };
      this.start = start;
      this.length = length;
    }

    @Override
    public boolean tryLock() throws CairnException {
      return take(Duration.ZERO);
    }

    @Override
    public boolean tryLock(Duration patience) throws CairnException {
      return take(patience.isNegative() ? Duration.ZERO : patience);
    }

    @Override
    public void lock() throws CairnException {
      if (!take(ALWAYS)) {
        throw new CairnException(ErrorCode.TIMED_OUT, name + " was not to be had in " + ALWAYS);
      }
    }

    private boolean take(Duration patience) throws CairnException {
      Before allowed;
      synchronized (this) {
        if (isHeld()) {
          throw new IllegalStateException(name + " is locked by this lock already");
        }
        // Ranges of one owner join, as in POSIX; a whole file is taken by one lock of a party.
        allowed = scope == LockScope.BYTE_RANGE ? Before.ANYTHING : before;
        before = Before.ANYTHING;
      }
      LockAsk ask = new LockAsk(file.reference(), owner, scope, mode, start, length);
      try {
        Optional<HeldLock> given = service.take(ask, patience, allowed, this::tellLost);
        synchronized (this) {
          held.ifPresent(taken::remove);
          held = given;
          held.ifPresent(taken::add);
          before = Before.NOTHING;
        }
        return given.isPresent();
      } catch (CairnException e) {
        if (isAnswer(e.code())) {
          synchronized (this) {
            before = Before.NOTHING;
          }
        }
        throw e;
      }
    }

    private static boolean isAnswer(ErrorCode code) {
      return switch (code) {
        case TIMED_OUT, UNAVAILABLE, CONNECTION_LOST, CANCELLED, BUSY, NOT_LEADER -> false;
        default -> true;
      };
    }

    private void tellLost() {
      LOG.warn(
          "{} is not locked any more: the session has ended, or its cluster was not heard of",
          name);
      for (Runnable listener : listeners) {
        try {
          listener.run();
        } catch (RuntimeException e) {
          LOG.error("the application's listener failed", e);
        }
      }
    }

    @Override
    public void unlock() throws CairnException {
      Optional<HeldLock> given;
      synchronized (this) {
        given = held;
        held = Optional.empty();
      }
      if (given.isPresent()) {
        taken.remove(given.get());
        service.release(given.get());
      }
    }

    @Override
    public synchronized boolean isHeld() {
      return held.isPresent() && held.get().isHeld();
    }

    @Override
    public synchronized FencingToken token() {
      if (!isHeld()) {
        throw new IllegalStateException(name + " is not locked");
      }
      return new FencingToken(held.get().inode(), held.get().token());
    }

    @Override
    public void onLost(Runnable action) {
      listeners.add(action);
    }

    @Override
    public void close() throws CairnException {
      unlock();
    }

    @Override
    public String toString() {
      return "lock of " + name;
    }
  }
}
