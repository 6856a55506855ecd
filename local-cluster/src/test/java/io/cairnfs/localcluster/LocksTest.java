package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.CairnFile;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnLock;
import io.cairnfs.client.CairnLock.Mode;
import io.cairnfs.client.CairnLocks;
import io.cairnfs.client.CairnNodes;
import io.cairnfs.client.CairnOutputStream;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.client.FencingToken;
import io.cairnfs.client.LockHolder;
import io.cairnfs.client.OpenOptions;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.tools.ToolProvider;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Locks, fencing and recovered leases, of clients of a cluster. */
@Timeout(180)
final class LocksTest {
  private static final CairnPath FILE = CairnPath.of("/tmp/lock");
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path root;
  private SmallCluster cluster;
  private CairnFileSystem ann;
  private CairnFileSystem bob;

  /** Something that is waited for on a thread of its own. */
  private interface Step<T> {
    T take() throws IOException;
  }

  @BeforeEach
  void start() throws Exception {
    cluster = SmallCluster.start(root, "session.timeout = 6s\n");
    ann = cluster.fileSystem("root");
    bob = cluster.fileSystem("root");
    create(FILE);
  }

  @AfterEach
  void stop() throws IOException {
    cluster.close();
  }

  private void create(CairnPath path) throws IOException {
    var unused =
        ann.createWithContent(
            path, ByteBuffer.wrap(new byte[] {'x'}), CreateOptions.defaults().overwrite());
  }

  private static <T> CompletableFuture<T> elsewhere(Step<T> step) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                result.complete(step.take());
              } catch (IOException | RuntimeException e) {
                result.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
    return result;
  }

  private static void assertRefused(ThrowingCallable call, ErrorCode code) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(CairnException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  private void awaitWaiting(int count) throws IOException {
    while (ann.lockHolders(FILE).stream().filter(LockHolder::isWaiting).count() != count) {
      Thread.onSpinWait();
    }
  }

  @Test
  void oneHasALockAndAnotherGetsItWhenItIsGivenUp() throws Exception {
    CairnLock first = ann.locks().of(FILE, Mode.EXCLUSIVE);
    CairnLock second = bob.locks().of(FILE, Mode.EXCLUSIVE);
    assertThat(first.tryLock()).isTrue();
    assertThat(first.isHeld()).isTrue();
    FencingToken token = first.token();
    assertThat(second.tryLock()).isFalse();
    assertThat(second.tryLock(Duration.ofMillis(50))).isFalse();
    CompletableFuture<Boolean> waits = elsewhere(() -> second.tryLock(LONG));
    awaitWaiting(1);
    first.unlock();
    assertThat(waits.get(60, TimeUnit.SECONDS)).isTrue();
    assertThat(first.isHeld()).isFalse();
    assertThat(second.token().number()).isGreaterThan(token.number());
    assertThat(second.token().inode()).isEqualTo(token.inode());
    List<LockHolder> holders = ann.lockHolders(FILE);
    assertThat(holders)
        .singleElement()
        .extracting(LockHolder::token)
        .isEqualTo(second.token().number());
    assertThatThrownBy(first::token).isInstanceOf(IllegalStateException.class);
    second.close();
    assertThat(ann.lockHolders(FILE)).isEmpty();
  }

  @Test
  void whoeverIsInterruptedBeforeTheAnswerLeavesNothingBehind() throws Exception {
    CairnLock held = ann.locks().of(FILE, Mode.EXCLUSIVE);
    CairnLock waits = bob.locks().of(FILE, Mode.EXCLUSIVE);
    CairnLock later = ann.locks().of(FILE, Mode.EXCLUSIVE);
    for (int i = 0; i < 20; i++) {
      held.lock();
      assertThat(isInterruptedAtOnce(waits)).isTrue();
      held.unlock();
      assertThat(later.tryLock(LONG)).isTrue();
      later.unlock();
      // Where it is free, it is given at once.
      if (!isInterruptedAtOnce(waits)) {
        waits.unlock();
      }
    }
    assertThat(held.tryLock(LONG)).isTrue();
    held.unlock();
    while (!ann.lockHolders(FILE).isEmpty()) {
      Thread.onSpinWait();
    }
  }

  /** As fcntl(2) has it: EINTR has changed nothing, and whoever was given the lock has it. */
  @Test
  void whoeverIsInterruptedWhileHeChangesHisLockKeepsWhatHeHad() throws Exception {
    long inode = ann.stat(FILE).inode();
    CairnNodes anns = ann.nodes();
    CairnNodes bobs = bob.nodes();
    CairnNodes.Lock shared =
        new CairnNodes.Lock(inode, 7, CairnLock.Scope.WHOLE_FILE, Mode.SHARED, 0, 0);
    CairnNodes.Lock exclusive =
        new CairnNodes.Lock(inode, 7, CairnLock.Scope.WHOLE_FILE, Mode.EXCLUSIVE, 0, 0);
    int interrupted = 0;
    int given = 0;
    for (int i = 0; i < 200 || interrupted == 0 || given == 0; i++) {
      assertThat(anns.lock(shared, false)).isTrue();
      assertThat(bobs.lock(shared, false)).isTrue();
      CompletableFuture<Thread> asking = new CompletableFuture<>();
      CompletableFuture<Boolean> asked =
          elsewhere(
              () -> {
                asking.complete(Thread.currentThread());
                try {
                  return anns.lock(exclusive, true);
                } catch (CairnException e) {
                  assertThat(e.code()).isEqualTo(ErrorCode.CANCELLED);
                  return false;
                }
              });
      awaitWaiting(1);
      CompletableFuture<Void> unlocked =
          elsewhere(
              () -> {
                bobs.unlock(shared);
                return null;
              });
      for (int spins = i % 20 * 20_000; spins > 0; spins--) {
        Thread.onSpinWait();
      }
      asking.get().interrupt();
      boolean isGiven = asked.get(60, TimeUnit.SECONDS);
      unlocked.get(60, TimeUnit.SECONDS);
      assertThat(ann.lockHolders(FILE))
          .singleElement()
          .extracting(LockHolder::mode)
          .isEqualTo(isGiven ? Mode.EXCLUSIVE : Mode.SHARED);
      given += isGiven ? 1 : 0;
      interrupted += isGiven ? 0 : 1;
      anns.unlock(shared);
    }
  }

  private static boolean isInterruptedAtOnce(CairnLock lock) throws IOException {
    Thread.currentThread().interrupt();
    try {
      lock.lock();
      return false;
    } catch (CairnException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.CANCELLED);
      return true;
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void whoeverGivesUpWaitingIsNotInTheQueueAnyMore() throws Exception {
    CairnLock held = ann.locks().of(FILE, Mode.EXCLUSIVE);
    held.lock();
    assertThat(bob.locks().of(FILE, Mode.SHARED).tryLock(Duration.ofMillis(20))).isFalse();
    assertThat(ann.lockHolders(FILE)).hasSize(1);
  }

  @Test
  void manyIncrementACounterOneAtATime() throws Exception {
    AtomicInteger inside = new AtomicInteger();
    List<Long> tokens = Collections.synchronizedList(new ArrayList<>());
    List<CompletableFuture<Boolean>> all = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      CairnFileSystem fs = i % 2 == 0 ? ann : bob;
      all.add(
          elsewhere(
              () -> {
                try (CairnLocks locks = fs.locks()) {
                  CairnLock lock = locks.of(FILE, Mode.EXCLUSIVE);
                  for (int round = 0; round < 10; round++) {
                    lock.lock();
                    assertThat(inside.incrementAndGet()).isEqualTo(1);
                    tokens.add(lock.token().number());
                    inside.decrementAndGet();
                    lock.unlock();
                  }
                }
                return true;
              }));
    }
    for (CompletableFuture<Boolean> one : all) {
      assertThat(one.get(120, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(tokens).hasSize(60).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void aPartyIsInItsOwnWayOnlyWithAnotherLockObject() throws Exception {
    CairnLocks party = ann.locks();
    CairnLock lock = party.of(FILE, Mode.EXCLUSIVE);
    lock.lock();
    assertThatThrownBy(lock::tryLock).isInstanceOf(IllegalStateException.class);
    CairnLock same = party.of(FILE, Mode.EXCLUSIVE);
    assertThat(same.tryLock()).isFalse();
    assertRefused(same::lock, ErrorCode.DEADLOCK);
    party.close();
    assertThat(bob.locks().of(FILE, Mode.EXCLUSIVE).tryLock()).isTrue();
  }

  @Test
  void whatAClosedPartyHadIsGivenUpAndNotLost() throws Exception {
    AtomicInteger lost = new AtomicInteger();
    CairnLocks party = ann.locks();
    CairnLock lock = party.of(FILE, Mode.EXCLUSIVE);
    lock.onLost(lost::incrementAndGet);
    lock.lock();
    party.close();
    assertThat(lock.isHeld()).isFalse();
    assertThat(ann.lockHolders(FILE)).isEmpty();
    ann.close();
    assertThat(lost).hasValue(0);
  }

  @Test
  void twoWhoWaitForEachOtherAreADeadlock() throws Exception {
    CairnPath other = CairnPath.of("/tmp/other");
    create(other);
    CairnLocks first = ann.locks();
    CairnLocks second = bob.locks();
    CairnLock firstOfOther = first.of(other, Mode.EXCLUSIVE);
    CairnLock secondOfFile = second.of(FILE, Mode.EXCLUSIVE);
    firstOfOther.lock();
    secondOfFile.lock();
    CompletableFuture<Boolean> waits =
        elsewhere(() -> first.of(FILE, Mode.EXCLUSIVE).tryLock(LONG));
    awaitWaiting(1);
    assertRefused(() -> second.of(other, Mode.EXCLUSIVE).lock(), ErrorCode.DEADLOCK);
    secondOfFile.unlock();
    assertThat(waits.get(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void rangesOfAFileAreLockedByThemselves() throws Exception {
    CairnLock low = ann.locks().ofRange(FILE, Mode.EXCLUSIVE, 0, 10);
    CairnLock high = bob.locks().ofRange(FILE, Mode.EXCLUSIVE, 10, 0);
    CairnLock middle = bob.locks().ofRange(FILE, Mode.SHARED, 5, 10);
    assertThat(low.tryLock()).isTrue();
    assertThat(high.tryLock()).isTrue();
    assertThat(middle.tryLock()).isFalse();
    assertThatThrownBy(() -> ann.locks().ofRange(FILE, Mode.SHARED, -1, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void locksOfAClientThatGoesAreFreeAtOnce() throws Exception {
    assertThat(bob.locks().of(FILE, Mode.EXCLUSIVE).tryLock()).isTrue();
    CairnLock mine = ann.locks().of(FILE, Mode.EXCLUSIVE);
    CompletableFuture<Boolean> waits = elsewhere(() -> mine.tryLock(LONG));
    awaitWaiting(1);
    bob.close();
    assertThat(waits.get(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void whatIsDoneUnderASupersededTokenIsRefused() throws Exception {
    CairnLock lock = ann.locks().of(FILE, Mode.EXCLUSIVE);
    lock.lock();
    CairnFileSystem fenced = ann.fenced(lock.token());
    CairnPath written = CairnPath.of("/tmp/written");
    var unused = fenced.mkdir(CairnPath.of("/tmp/allowed"), 0755);
    CairnOutputStream out = fenced.create(written, CreateOptions.defaults());
    out.write("before".getBytes(StandardCharsets.UTF_8));
    out.flush();
    lock.unlock();
    assertThat(bob.locks().of(FILE, Mode.EXCLUSIVE).tryLock()).isTrue();
    assertRefused(() -> fenced.mkdir(CairnPath.of("/tmp/late"), 0755), ErrorCode.FENCED_OUT);
    assertThat(ann.exists(CairnPath.of("/tmp/late"))).isFalse();
    out.write(" and after".getBytes(StandardCharsets.UTF_8));
    assertRefused(out::close, ErrorCode.FENCED_OUT);
    fenced.close();
    assertThat(bob.stat(FILE).length()).isEqualTo(1);
    assertThat(ann.stat(written).length()).isLessThanOrEqualTo(16);
  }

  @Test
  void filesAndStreamsOfASupersededTokenAreRefused() throws Exception {
    CairnPath path = CairnPath.of("/tmp/fenced");
    create(path);
    CairnLock lock = ann.locks().of(FILE, Mode.EXCLUSIVE);
    lock.lock();
    CairnFileSystem fenced = ann.fenced(lock.token());
    CairnFile file = fenced.openFile(path, OpenOptions.forReadingAndWriting());
    byte[] bytes = "x".repeat(200_000).getBytes(StandardCharsets.UTF_8);
    file.write(0, ByteBuffer.wrap(bytes));
    file.sync();
    assertThat(file.append(ByteBuffer.wrap(bytes))).isEqualTo(200_000);
    CairnOutputStream out = fenced.create(CairnPath.of("/tmp/stream"), CreateOptions.defaults());
    for (int i = 0; i < 3; i++) {
      out.write(bytes);
      out.flush();
    }
    lock.unlock();
    CairnLock next = bob.locks().of(FILE, Mode.EXCLUSIVE);
    assertThat(next.tryLock()).isTrue();
    // Its first holder has stood still and does not know.
    file.write(100, ByteBuffer.wrap("late".getBytes(StandardCharsets.UTF_8)));
    assertRefused(file::flush, ErrorCode.FENCED_OUT);
    assertRefused(() -> file.append(ByteBuffer.wrap(bytes)), ErrorCode.FENCED_OUT);
    assertRefused(() -> file.truncate(5), ErrorCode.FENCED_OUT);
    assertRefused(() -> file.punchHole(0, 5), ErrorCode.FENCED_OUT);
    assertRefused(() -> file.allocate(0, 1 << 20, CairnFile.Allocate.GROW), ErrorCode.FENCED_OUT);
    assertRefused(() -> fenced.truncate(path, 1), ErrorCode.FENCED_OUT);
    assertRefused(
        () -> fenced.clone(path, CairnPath.of("/tmp/clone"), CreateOptions.defaults()),
        ErrorCode.FENCED_OUT);
    out.write(bytes);
    assertRefused(out::flush, ErrorCode.FENCED_OUT);
    out.close();
    file.close();
    assertThat(bob.readFully(path, 1 << 20)).hasSize(400_000).doesNotContain('l');
    assertThat(bob.readFully(CairnPath.of("/tmp/stream"), 1 << 20)).hasSize(600_000);
    assertThat(ann.exists(CairnPath.of("/tmp/clone"))).isFalse();
    fenced.close();
    // Under the token that holds everything goes on.
    try (CairnFileSystem held = bob.fenced(next.token())) {
      assertThat(held.truncate(path, 7).length()).isEqualTo(7);
    }
  }

  @Test
  void aStreamOfATokenThatHoldsIsReadWhileItIsWritten() throws Exception {
    CairnLock lock = ann.locks().of(FILE, Mode.EXCLUSIVE);
    lock.lock();
    CairnPath path = CairnPath.of("/tmp/followed");
    try (CairnFileSystem fenced = ann.fenced(lock.token());
        CairnOutputStream out = fenced.create(path, CreateOptions.defaults())) {
      for (int i = 1; i <= 4; i++) {
        out.write(new byte[50_000]);
        out.flush();
        assertThat(bob.readFully(path, 1 << 20)).hasSize(i * 50_000);
      }
    }
  }

  @Test
  void whoWritesAloneSharesTheFileWhenOthersWriteIt() throws Exception {
    CairnPath path = CairnPath.of("/tmp/shared");
    int block = 20_000;
    int blocks = 60;
    byte[] expected = new byte[block * blocks];
    try (CairnOutputStream out = ann.create(path, CreateOptions.defaults())) {
      for (int i = 0; i < blocks / 3; i++) {
        writeBlock(out, i, block, expected);
      }
      try (CairnFile file = bob.openFile(path, OpenOptions.forReadingAndWriting())) {
        for (int i = 0; i < blocks; i++) {
          if (i >= blocks / 3) {
            writeBlock(out, i, block, expected);
          }
          if (i % 4 == 0) {
            byte[] over = new byte[block / 2];
            Arrays.fill(over, (byte) -i);
            System.arraycopy(over, 0, expected, i * block, over.length);
            file.write((long) i * block, ByteBuffer.wrap(over));
            file.flush();
          }
        }
      }
      assertThat(ann.stat(path).beingWritten()).isFalse();
      out.sync();
      assertThat(bob.readFully(path, 2 << 20)).isEqualTo(expected);
      bob.truncate(path, 10);
      out.write(1);
    }
    assertThat(bob.stat(path).length()).isEqualTo(expected.length + 1);
  }

  private static void writeBlock(CairnOutputStream out, int number, int length, byte[] expected)
      throws IOException {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) (number + 1));
    System.arraycopy(bytes, 0, expected, number * length, length);
    out.write(bytes);
    out.flush();
  }

  @Test
  void aLockIsLostWhenTheClusterIsNotHeardOfForTwoThirdsOfTheTerm() throws Exception {
    CairnLock lock = ann.locks().of(FILE, Mode.EXCLUSIVE);
    CountDownLatch lost = new CountDownLatch(1);
    lock.onLost(lost::countDown);
    lock.lock();
    // Longer than the term: heartbeats keep it.
    assertThat(lost.await(7, TimeUnit.SECONDS)).isFalse();
    assertThat(lock.isHeld()).isTrue();
    cluster.stopServers();
    assertThat(lost.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(lock.isHeld()).isFalse();
    assertThatThrownBy(lock::token).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aLeaseIsRecoveredAndWhatWasFlushedStays() throws Exception {
    CairnPath path = CairnPath.of("/tmp/log");
    CairnOutputStream out = ann.create(path, CreateOptions.defaults());
    byte[] bytes = "x".repeat(300_000).getBytes(StandardCharsets.UTF_8);
    out.write(bytes);
    out.flush();
    out.write(bytes);
    out.flush();
    assertRefused(() -> bob.append(path), ErrorCode.BEING_WRITTEN);
    long start = System.nanoTime();
    assertThat(bob.recoverLease(path)).isTrue();
    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(20));
    assertThat(bob.stat(path).beingWritten()).isFalse();
    assertThat(bob.readFully(path, 1 << 20)).hasSize(600_000);
    assertThatThrownBy(
            () -> {
              out.write(bytes);
              out.flush();
            })
        .isInstanceOf(CairnException.class);
    try (CairnOutputStream more = bob.append(path)) {
      more.write(bytes);
    }
    assertThat(bob.stat(path).length()).isEqualTo(900_000);
    assertThat(bob.recoverLease(path)).isTrue();
    assertRefused(() -> bob.recoverLease(CairnPath.of("/tmp")), ErrorCode.IS_A_DIRECTORY);
  }

  @Test
  void theExampleOfTheDocumentationElectsOneAfterTheOther(@TempDir Path classes) throws Exception {
    Path source = Path.of("..", "docs", "examples", "LeaderElection.java").toAbsolutePath();
    int compiled =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-Xlint:all",
                "-Werror",
                "-proc:none",
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                classes.toString(),
                source.toString());
    assertThat(compiled).isZero();
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream standardOut = System.out;
    try (URLClassLoader loader =
        new URLClassLoader(new URL[] {classes.toUri().toURL()}, LocksTest.class.getClassLoader())) {
      System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
      List<CompletableFuture<Boolean>> candidates = new ArrayList<>();
      for (String name : List.of("one", "two", "three")) {
        candidates.add(
            elsewhere(
                () -> {
                  try {
                    loader
                        .loadClass("LeaderElection")
                        .getMethod("main", String[].class)
                        .invoke(null, (Object) new String[] {name, cluster.address()});
                    return true;
                  } catch (ReflectiveOperationException e) {
                    throw new IOException(e);
                  }
                }));
      }
      for (CompletableFuture<Boolean> candidate : candidates) {
        assertThat(candidate.get(120, TimeUnit.SECONDS)).isTrue();
      }
    } finally {
      System.setOut(standardOut);
    }
    assertThat(printed.toString(StandardCharsets.UTF_8).lines())
        .extracting(line -> line.substring(line.indexOf(' ')))
        .containsExactly(" leads in term 1", " leads in term 2", " leads in term 3");
  }
}
