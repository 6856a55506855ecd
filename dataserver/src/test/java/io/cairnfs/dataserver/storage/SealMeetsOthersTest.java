package io.cairnfs.dataserver.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.time.ManualClock;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Calls that found a replica unsealed and got to it when it was sealed. */
class SealMeetsOthersTest {
  private static final ChunkId CHUNK = ChunkId.of(0, 17, 1);
  private static final int LENGTH = 10_000;

  /** Who gets the replica next is the scheduler's choice: without care a few of these fail. */
  private static final int ROUNDS = 200;

  private CountDownLatch forcing = new CountDownLatch(1);
  private CountDownLatch gate = new CountDownLatch(1);

  /** The thread whose forces wait at the gate. */
  private final AtomicReference<Thread> sealer = new AtomicReference<>();

  private ReplicaStore open() throws Exception {
    forcing = new CountDownLatch(1);
    gate = new CountDownLatch(1);
    SimulatedDisk disk = new SimulatedDisk("v1");
    disk.limitCapacity(1L << 40);
    ReplicaStore store =
        Replicas.open(new ManualClock(0), new VolumeOptions(0, 0), List.of(gated(disk)));
    ReplicaWriter writer = store.create(CHUNK, 1, 1 << 20);
    Replicas.append(writer, new byte[LENGTH], 0, LENGTH, Durability.WRITTEN);
    writer.finish();
    return store;
  }

  private Disk gated(Disk disk) {
    return proxy(
        Disk.class,
        disk,
        result -> result instanceof DiskFile file ? gated(file) : result,
        () -> null);
  }

  private DiskFile gated(DiskFile file) {
    return proxy(DiskFile.class, file, result -> result, this::waitAtTheGate);
  }

  private Object waitAtTheGate() throws InterruptedException {
    if (Thread.currentThread() == sealer.get()) {
      forcing.countDown();
      gate.await();
    }
    return null;
  }

  private interface Change {
    Object of(Object result);
  }

  private static <T> T proxy(Class<T> type, T target, Change change, Callable<?> beforeForce) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> {
              if (method.getName().equals("force")) {
                var unused = beforeForce.call();
              }
              try {
                return change.of(method.invoke(target, arguments));
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  /** Lets a call come to the replica while its sealing holds it. */
  private <T> T whileSealing(ReplicaStore store, Callable<T> call) throws Exception {
    FutureTask<Void> sealing =
        new FutureTask<>(
            () -> {
              store.seal(CHUNK, LENGTH, 3, 1);
              return null;
            });
    Thread sealThread = new Thread(sealing, "seal");
    sealer.set(sealThread);
    sealThread.start();
    forcing.await();
    FutureTask<T> other = new FutureTask<>(call);
    Thread thread = new Thread(other, "other");
    thread.start();
    for (long round = 0; thread.getState() != Thread.State.WAITING && !other.isDone(); round++) {
      assertThat(round).isLessThan(2_000_000_000L);
      Thread.onSpinWait();
    }
    gate.countDown();
    sealing.get(20, TimeUnit.SECONDS);
    return other.get(20, TimeUnit.SECONDS);
  }

  @Test
  void aSyncThatWaitedForTheSealFindsTheSealedReplica() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      try (ReplicaStore store = open()) {
        assertThat(whileSealing(store, () -> store.sync(CHUNK, LENGTH))).isEqualTo(LENGTH);
      }
    }
  }

  @Test
  void theForcingOfClosedReplicasPassesOverOneThatWasSealedMeanwhile() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      try (ReplicaStore store = open()) {
        boolean passed =
            whileSealing(
                store,
                () -> {
                  store.forceClosed();
                  return true;
                });
        assertThat(passed).isTrue();
      }
    }
  }

  @Test
  void aFenceThatWaitedForTheSealFindsTheSealedReplica() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      try (ReplicaStore store = open()) {
        FenceResult fenced = whileSealing(store, () -> store.fence(CHUNK, 2));
        assertThat(fenced.exists()).isTrue();
        assertThat(fenced.validLength()).isEqualTo(LENGTH);
      }
    }
  }
}
