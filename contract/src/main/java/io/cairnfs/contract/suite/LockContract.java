package io.cairnfs.contract.suite;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.contract.Face;
import io.cairnfs.contract.Face.Feature;
import io.cairnfs.contract.Face.LockMode;
import io.cairnfs.contract.Face.LockOwner;
import io.cairnfs.contract.Face.LockScope;
import io.cairnfs.contract.Face.Patience;
import io.cairnfs.contract.PosixException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What a face must do with advisory locks. */
abstract class LockContract extends OpenFileContract {
  private static void shared(LockOwner owner, long start, long length) throws PosixException {
    owner.lock(LockMode.SHARED, Patience.TRY, start, length);
  }

  private static void exclusive(LockOwner owner, long start, long length) throws PosixException {
    owner.lock(LockMode.EXCLUSIVE, Patience.TRY, start, length);
  }

  @Test
  final void aFileIsLockedByManyReadersOrOneWriter() throws Exception {
    if (!has(Feature.LOCKS)) {
      return;
    }
    make("f", "");
    try (LockOwner one = face().lockOwner("f", LockScope.WHOLE_FILE);
        LockOwner other = secondFace().lockOwner("f", LockScope.WHOLE_FILE)) {
      shared(one, 0, 0);
      shared(other, 0, 0);
      one.unlock(0, 0);
      assertThat(errno(() -> exclusive(one, 0, 0))).isEqualTo(EAGAIN);
      other.unlock(0, 0);
      exclusive(one, 0, 0);
      assertThat(errno(() -> shared(other, 0, 0))).isEqualTo(EAGAIN);
      assertThat(errno(() -> exclusive(other, 0, 0))).isEqualTo(EAGAIN);
    }
  }

  @Test
  final void rangesAreLockedByThemselves() throws Exception {
    if (!has(Feature.LOCKS)) {
      return;
    }
    make("f", "");
    try (LockOwner one = face().lockOwner("f", LockScope.RANGES);
        LockOwner other = secondFace().lockOwner("f", LockScope.RANGES)) {
      exclusive(one, 0, 10);
      exclusive(other, 10, 10);
      shared(one, 30, 0);
      shared(other, 1_000_000, 5);
      assertThat(errno(() -> exclusive(other, 9, 1))).isEqualTo(EAGAIN);
      assertThat(errno(() -> exclusive(other, 5_000_000, 1))).isEqualTo(EAGAIN);
      assertThat(errno(() -> shared(one, 19, 2))).isEqualTo(EAGAIN);
      one.unlock(0, 10);
      exclusive(other, 9, 1);
    }
  }

  @Test
  final void whatAnOwnerAsksForReplacesWhatHeHas() throws Exception {
    if (!has(Feature.LOCKS)) {
      return;
    }
    make("f", "");
    try (LockOwner one = face().lockOwner("f", LockScope.RANGES);
        LockOwner other = secondFace().lockOwner("f", LockScope.RANGES)) {
      exclusive(one, 0, 100);
      shared(one, 0, 50);
      shared(other, 0, 50);
      assertThat(errno(() -> shared(other, 50, 1))).isEqualTo(EAGAIN);
    }
  }

  @Test
  final void closingGivesUp() throws Exception {
    if (!has(Feature.LOCKS)) {
      return;
    }
    make("f", "");
    try (LockOwner other = secondFace().lockOwner("f", LockScope.WHOLE_FILE)) {
      LockOwner one = face().lockOwner("f", LockScope.WHOLE_FILE);
      exclusive(one, 0, 0);
      assertThat(errno(() -> shared(other, 0, 0))).isEqualTo(EAGAIN);
      one.close();
      Patience patience = has(Feature.LOCKS_END_AT_CLOSE) ? Patience.TRY : Patience.WAIT;
      other.lock(LockMode.EXCLUSIVE, patience, 0, 0);
    }
  }

  @Test
  final void wholeFilesAndRangesDoNotKnowOfEachOther() throws Exception {
    if (!has(Feature.LOCKS)) {
      return;
    }
    make("f", "");
    try (LockOwner one = face().lockOwner("f", LockScope.WHOLE_FILE);
        LockOwner other = secondFace().lockOwner("f", LockScope.RANGES)) {
      exclusive(one, 0, 0);
      exclusive(other, 0, 0);
    }
  }

  @Test
  final void locksAreOfTheFileAndNotOfItsName() throws Exception {
    if (!has(Feature.LOCKS)) {
      return;
    }
    make("f", "");
    face().link("f", "g");
    try (LockOwner one = face().lockOwner("f", LockScope.WHOLE_FILE);
        LockOwner other = secondFace().lockOwner("g", LockScope.WHOLE_FILE)) {
      exclusive(one, 0, 0);
      assertThat(errno(() -> exclusive(other, 0, 0))).isEqualTo(EAGAIN);
      face().unlink("f");
      make("f", "");
      try (LockOwner another = secondFace().lockOwner("f", LockScope.WHOLE_FILE)) {
        exclusive(another, 0, 0);
      }
    }
  }

  @Test
  final void locksNeedTheRightsOfOpen() throws Exception {
    if (!has(Feature.LOCKS)) {
      return;
    }
    Face other = otherUsersFace();
    face().create("secret", 0600, bytes(""));
    face().create("shown", 0644, bytes(""));
    assertThat(errno(() -> other.lockOwner("secret", LockScope.WHOLE_FILE))).isEqualTo(EACCES);
    assertThat(errno(() -> other.lockOwner("shown", LockScope.RANGES))).isEqualTo(EACCES);
    assertThat(errno(() -> other.lockOwner("none", LockScope.WHOLE_FILE))).isEqualTo(ENOENT);
    try (LockOwner owner = other.lockOwner("shown", LockScope.WHOLE_FILE)) {
      exclusive(owner, 0, 0);
    }
  }

  @Test
  final void whoWaitsGetsTheLockWhenItIsGivenUp() throws Exception {
    if (!has(Feature.LOCKS)) {
      return;
    }
    make("f", "");
    Face second = secondFace();
    ExecutorService thread = Executors.newSingleThreadExecutor();
    for (LockScope scope : LockScope.values()) {
      CountDownLatch begun = new CountDownLatch(1);
      LockOwner one = face().lockOwner("f", scope);
      exclusive(one, 0, 10);
      Future<Boolean> waiting =
          thread.submit(
              () -> {
                try (LockOwner other = second.lockOwner("f", scope)) {
                  begun.countDown();
                  other.lock(LockMode.EXCLUSIVE, Patience.WAIT, 5, 10);
                  return true;
                }
              });
      begun.await();
      assertThat(waiting).isNotDone();
      one.close();
      assertThat(waiting.get()).isTrue();
    }
    thread.shutdown();
  }

  @Test
  final void aCircleOfThoseWhoWaitIsRefused() throws Exception {
    if (!has(Feature.DEADLOCKS)) {
      return;
    }
    make("f", "");
    Face second = secondFace();
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (LockOwner one = face().lockOwner("f", LockScope.RANGES);
        LockOwner other = second.lockOwner("f", LockScope.RANGES)) {
      exclusive(one, 0, 10);
      exclusive(other, 10, 10);
      Future<Boolean> refused = thread.submit(() -> isRefusedAndGivesWay(other, 0, 10));
      assertThat(List.of(isRefusedAndGivesWay(one, 10, 0), refused.get()))
          .containsExactlyInAnyOrder(true, false);
    } finally {
      thread.shutdownNow();
    }
  }

  /** Asks for what the other has; whoever is told of the circle gives up what he has himself. */
  private static boolean isRefusedAndGivesWay(LockOwner owner, long asked, long own)
      throws PosixException {
    try {
      owner.lock(LockMode.EXCLUSIVE, Patience.WAIT, asked, 10);
      return false;
    } catch (PosixException e) {
      assertThat(e.errno()).isEqualTo(EDEADLK);
      owner.unlock(own, 10);
      return true;
    }
  }
}
