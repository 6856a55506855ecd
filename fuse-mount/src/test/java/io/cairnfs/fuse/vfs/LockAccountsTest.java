package io.cairnfs.fuse.vfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.CairnLock;
import io.cairnfs.client.CairnNodes;
import io.cairnfs.client.LockHolder;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.fuse.vfs.LockRequest.Kind;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Whose locks end when: the kernel tells of the end of an open file late. */
class LockAccountsTest {
  private static final long INODE = 40;
  private static final long ADDRESS = 0x7001;
  private static final long OTHER = 0x7002;

  private int pid = 100;
  private final Cluster cluster = new Cluster();
  private final LockAccounts accounts =
      new LockAccounts(cluster.nodes(), new Handles(), new NoCaches());

  private LockRequest request(long handle, long owner, Kind kind, boolean whole) {
    return new LockRequest(INODE, handle, owner, 0, Long.MAX_VALUE, kind, whole, pid);
  }

  private void flock(long handle, long owner, Kind kind) throws Exception {
    accounts.set(INODE, request(handle, owner, kind, true), false);
  }

  private void range(long handle, long owner, Kind kind) throws Exception {
    accounts.set(INODE, request(handle, owner, kind, false), false);
  }

  @Test
  void anOpenFileAtTheAddressOfOneBeforeKeepsItsLock() throws Exception {
    flock(1, ADDRESS, Kind.EXCLUSIVE);
    flock(1, ADDRESS, Kind.UNLOCK);
    flock(2, ADDRESS, Kind.EXCLUSIVE);
    // The first open file's end is told after the second one's lock.
    accounts.released(1);
    assertThat(cluster.held).hasSize(1);
    accounts.released(2);
    assertThat(cluster.held).isEmpty();
  }

  @Test
  void anOpenFileAtTheAddressOfOneBeforeWaitsForItsEnd() throws Exception {
    flock(1, ADDRESS, Kind.EXCLUSIVE);
    assertThatThrownBy(() -> flock(2, ADDRESS, Kind.EXCLUSIVE))
        .isInstanceOfSatisfying(
            Errno.class, refused -> assertThat(refused.number()).isEqualTo(Errno.EAGAIN));
    accounts.released(1);
    flock(2, ADDRESS, Kind.EXCLUSIVE);
    assertThat(cluster.held).hasSize(1);
  }

  @Test
  void whatAClosedFileHadIsFreeWhileItsEndIsToldStill() throws Exception {
    CountDownLatch beingTold = new CountDownLatch(1);
    CountDownLatch refused = new CountDownLatch(1);
    flock(1, ADDRESS, Kind.EXCLUSIVE);
    cluster.beforeRelease =
        () -> {
          beingTold.countDown();
          assertThat(refused.await(30, TimeUnit.SECONDS)).isTrue();
          return null;
        };
    cluster.afterRefusal = refused::countDown;
    ExecutorService kernel = Executors.newSingleThreadExecutor();
    try {
      Future<?> end =
          kernel.submit(
              () -> {
                accounts.released(1);
                return null;
              });
      assertThat(beingTold.await(30, TimeUnit.SECONDS)).isTrue();
      flock(2, OTHER, Kind.EXCLUSIVE);
      assertThat(end.get()).isNull();
    } finally {
      kernel.shutdownNow();
    }
    assertThat(cluster.held).hasSize(1);
    accounts.released(2);
    assertThat(cluster.held).isEmpty();
  }

  @Test
  void theEndOfAnOpenFileTakesNothingFromTheNextAtItsAddress() throws Exception {
    CountDownLatch beingTold = new CountDownLatch(1);
    CountDownLatch asked = new CountDownLatch(1);
    range(1, ADDRESS, Kind.EXCLUSIVE);
    cluster.beforeRelease =
        () -> {
          beingTold.countDown();
          assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
          return null;
        };
    cluster.afterAsking = asked::countDown;
    ExecutorService kernel = Executors.newSingleThreadExecutor();
    try {
      Future<?> end =
          kernel.submit(
              () -> {
                accounts.released(1);
                return null;
              });
      assertThat(beingTold.await(30, TimeUnit.SECONDS)).isTrue();
      range(2, ADDRESS, Kind.EXCLUSIVE);
      assertThat(end.get()).isNull();
    } finally {
      kernel.shutdownNow();
    }
    assertThat(cluster.held).hasSize(1);
  }

  @Test
  void whoIsInTheWayIsTold() throws Exception {
    pid = 7;
    range(1, ADDRESS, Kind.EXCLUSIVE);
    pid = 8;
    assertThat(accounts.conflicting(INODE, request(2, OTHER, Kind.SHARED, false)))
        .extracting(LockRequest::kind, LockRequest::pid)
        .containsExactly(Kind.EXCLUSIVE, 7);
    assertThat(accounts.conflicting(INODE, request(1, ADDRESS, Kind.SHARED, false)).kind())
        .isEqualTo(Kind.UNLOCK);
    cluster.session++;
    assertThat(accounts.conflicting(INODE, request(2, OTHER, Kind.SHARED, false)))
        .extracting(LockRequest::kind, LockRequest::pid)
        .containsExactly(Kind.EXCLUSIVE, 0);
  }

  @Test
  void partiesOfOneProcessAreInNoDeadlock() throws Exception {
    range(1, ADDRESS, Kind.EXCLUSIVE);
    cluster.deadlocked = true;
    pid = 101;
    assertThatThrownBy(() -> accounts.set(INODE, request(2, OTHER, Kind.EXCLUSIVE, false), true))
        .isInstanceOfSatisfying(
            CairnException.class,
            refused -> assertThat(refused.code()).isEqualTo(ErrorCode.DEADLOCK));
    pid = 100;
    accounts.set(INODE, request(3, 0x7003, Kind.EXCLUSIVE, false), true);
    assertThat(cluster.unsearched).isEqualTo(1);
  }

  @Test
  void whatWasGivenUpIsNotGivenUpAgain() throws Exception {
    flock(1, ADDRESS, Kind.EXCLUSIVE);
    flock(1, ADDRESS, Kind.UNLOCK);
    int calls = cluster.calls;
    accounts.released(1);
    assertThat(cluster.calls).isEqualTo(calls);
  }

  @Test
  void locksOfAnOpenFileEndWithItAndNotWithAnotherAtItsAddress() throws Exception {
    range(1, ADDRESS, Kind.EXCLUSIVE);
    range(2, ADDRESS, Kind.EXCLUSIVE);
    accounts.released(1);
    assertThat(cluster.held).hasSize(1);
    accounts.released(2);
    assertThat(cluster.held).isEmpty();
  }

  @Test
  void aProcessLosesItsLocksWithAnyDescriptorAndKeepsThoseOfLater() throws Exception {
    range(1, ADDRESS, Kind.EXCLUSIVE);
    accounts.closed(INODE, OTHER);
    assertThat(cluster.held).hasSize(1);
    accounts.closed(INODE, ADDRESS);
    assertThat(cluster.held).isEmpty();
    range(2, ADDRESS, Kind.EXCLUSIVE);
    accounts.released(1);
    assertThat(cluster.held).hasSize(1);
    accounts.closed(INODE, ADDRESS);
    assertThat(cluster.held).isEmpty();
  }

  private static final class NoCaches implements KernelCaches {
    @Override
    public void forget(long node) {}

    @Override
    public void forgetAttributes(long node) {}
  }

  /** One exclusive lock of the whole file in each scope: all that is asked for here. */
  private static final class Cluster {
    final List<CairnNodes.Lock> held = new ArrayList<>();
    int calls;
    Callable<Void> beforeRelease = () -> null;
    Runnable afterRefusal = () -> {};
    Runnable afterAsking = () -> {};
    boolean deadlocked;
    int unsearched;
    long session = 1;

    CairnNodes nodes() {
      return (CairnNodes)
          Proxy.newProxyInstance(
              CairnNodes.class.getClassLoader(),
              new Class<?>[] {CairnNodes.class},
              (proxy, method, arguments) -> call(method.getName(), arguments));
    }

    private Object call(String name, Object[] arguments) throws Exception {
      calls++;
      switch (name) {
        case "lock":
          if (deadlocked) {
            throw new CairnException(ErrorCode.DEADLOCK, "each waits for the other");
          }
          boolean taken = lock((CairnNodes.Lock) arguments[0]);
          afterAsking.run();
          return taken;
        case "lockUnsearched":
          unsearched++;
          return null;
        case "conflicting":
          CairnNodes.Lock wanted = (CairnNodes.Lock) arguments[0];
          return held.stream()
              .filter(lock -> lock.scope() == wanted.scope() && lock.owner() != wanted.owner())
              .map(Cluster::holder)
              .findFirst();
        case "isOurs":
          return ((LockHolder) arguments[0]).session() == session;
        case "unlock":
          CairnNodes.Lock given = (CairnNodes.Lock) arguments[0];
          held.removeIf(lock -> lock.owner() == given.owner() && lock.scope() == given.scope());
          return null;
        case "releaseLocks":
          Void unused = beforeRelease.call();
          long owner = (Long) arguments[1];
          held.removeIf(lock -> lock.owner() == owner);
          return null;
        default:
          throw new UnsupportedOperationException(name);
      }
    }

    private static LockHolder holder(CairnNodes.Lock lock) {
      return new LockHolder(
          1, lock.owner(), "", "", "", lock.scope(), lock.mode(), lock.start(), lock.length(), 1);
    }

    private boolean lock(CairnNodes.Lock wanted) {
      CairnLock.Scope scope = wanted.scope();
      if (held.stream().anyMatch(lock -> lock.scope() == scope && lock.owner() != wanted.owner())) {
        afterRefusal.run();
        return false;
      }
      if (held.stream().noneMatch(lock -> lock.scope() == scope)) {
        held.add(wanted);
      }
      return true;
    }
  }
}
