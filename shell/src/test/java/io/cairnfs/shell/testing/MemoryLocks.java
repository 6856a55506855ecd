package io.cairnfs.shell.testing;

import io.cairnfs.client.CairnFile;
import io.cairnfs.client.CairnLock;
import io.cairnfs.client.CairnLocks;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.FencingToken;
import io.cairnfs.client.LockHolder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Locks of whole files in memory; nobody waits, since nobody would give them up. */
final class MemoryLocks implements CairnLocks {
  /** All locks of one file system. */
  static final class Held {
    private record One(CairnPath path, CairnLock.Mode mode, long token) {}

    private final List<One> all = new ArrayList<>();
    private long last;

    synchronized long take(CairnPath path, CairnLock.Mode mode) {
      boolean free =
          all.stream()
              .filter(one -> one.path.equals(path))
              .allMatch(one -> one.mode == CairnLock.Mode.SHARED && mode == CairnLock.Mode.SHARED);
      if (!free) {
        return 0;
      }
      all.add(new One(path, mode, ++last));
      return last;
    }

    synchronized void giveUp(long token) {
      all.removeIf(one -> one.token == token);
    }

    synchronized List<LockHolder> holders(CairnPath path) {
      return all.stream()
          .filter(one -> one.path.equals(path))
          .map(
              one ->
                  new LockHolder(
                      7,
                      1,
                      "alice",
                      "here",
                      "test",
                      CairnLock.Scope.WHOLE_FILE,
                      one.mode,
                      0,
                      0,
                      one.token))
          .toList();
    }
  }

  private final Held held;
  private final List<MemoryLock> taken = new ArrayList<>();

  MemoryLocks(Held held) {
    this.held = held;
  }

  @Override
  public CairnLock of(CairnFile file, CairnLock.Mode mode) {
    throw new UnsupportedOperationException("locks of open files");
  }

  @Override
  public CairnLock ofRange(CairnFile file, CairnLock.Mode mode, long start, long length) {
    throw new UnsupportedOperationException("locks of open files");
  }

  @Override
  public CairnLock of(CairnPath path, CairnLock.Mode mode) {
    MemoryLock lock = new MemoryLock(path, mode);
    taken.add(lock);
    return lock;
  }

  @Override
  public CairnLock ofRange(CairnPath path, CairnLock.Mode mode, long start, long length) {
    throw new UnsupportedOperationException("only whole files are locked here");
  }

  @Override
  public void close() {
    taken.forEach(MemoryLock::unlock);
  }

  private final class MemoryLock implements CairnLock {
    private final CairnPath path;
    private final Mode mode;
    private long token;

    MemoryLock(CairnPath path, Mode mode) {
      this.path = path;
      this.mode = mode;
    }

    @Override
    public boolean tryLock() {
      token = held.take(path, mode);
      return token != 0;
    }

    @Override
    public boolean tryLock(Duration patience) {
      return tryLock();
    }

    @Override
    public void lock() {
      if (!tryLock()) {
        throw new IllegalStateException("nobody would give up " + path);
      }
    }

    @Override
    public void unlock() {
      held.giveUp(token);
    }

    @Override
    public boolean isHeld() {
      return token != 0;
    }

    @Override
    public FencingToken token() {
      return new FencingToken(1, token);
    }

    @Override
    public void onLost(Runnable action) {
      // They never are.
    }

    @Override
    public void close() {
      unlock();
    }
  }
}
