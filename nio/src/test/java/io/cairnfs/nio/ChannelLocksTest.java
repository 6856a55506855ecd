package io.cairnfs.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.contract.EmbeddedCluster;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Locks of channels: within this process, and against another client of the cluster. */
@Timeout(120)
final class ChannelLocksTest {
  private static final Set<StandardOpenOption> BOTH =
      Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);

  private static EmbeddedCluster cluster;
  private static FileSystem ours;

  /** What another process has. */
  private static FileSystem theirs;

  private static int files;

  private Path file;
  private Path same;

  private interface Step<T> {
    T take() throws IOException;
  }

  @BeforeAll
  static void start(@TempDir Path root) throws Exception {
    cluster = EmbeddedCluster.start(root);
    String authority = cluster.authority();
    ours = FileSystems.newFileSystem(URI.create("cairn://" + authority), Map.of("user", "ann"));
    theirs =
        FileSystems.newFileSystem(
            URI.create("cairn://" + authority + "," + authority), Map.of("user", "ann"));
  }

  @AfterAll
  static void stop() throws Exception {
    ours.close();
    theirs.close();
    cluster.close();
  }

  @BeforeEach
  void makeFile() throws IOException {
    String name = "/tmp/f" + files++;
    file = Files.writeString(ours.getPath(name), "0123456789");
    same = theirs.getPath(name);
  }

  private static FileChannel open(Path path) throws IOException {
    return FileChannel.open(path, BOTH);
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

  @Test
  void aRangeIsLockedAgainstOtherProcesses() throws IOException {
    try (FileChannel mine = open(file);
        FileChannel other = open(same)) {
      FileLock lock = mine.lock(2, 3, false);
      assertThat(lock.isValid()).isTrue();
      assertThat(lock.isShared()).isFalse();
      assertThat(lock.acquiredBy()).isSameAs(mine);
      assertThat(other.tryLock(4, 1, false)).isNull();
      assertThat(other.tryLock(0, Long.MAX_VALUE, true)).isNull();
      FileLock before = other.tryLock(0, 2, false);
      assertThat(before).isNotNull();
      lock.release();
      lock.release();
      assertThat(lock.isValid()).isFalse();
      assertThat(other.tryLock(4, 1, false)).isNotNull();
    }
  }

  @Test
  void sharedLocksShare() throws IOException {
    try (FileChannel mine = open(file);
        FileChannel other = open(same)) {
      assertThat(mine.lock(0, 5, true).isShared()).isTrue();
      FileLock theirLock = other.tryLock(0, 5, true);
      assertThat(theirLock).isNotNull();
      assertThat(other.tryLock(5, 5, false)).isNotNull();
    }
  }

  @Test
  void channelsOfOneProcessDoNotOverlap() throws IOException {
    try (FileChannel first = open(file);
        FileChannel second = open(file)) {
      FileLock lock = first.lock(0, 5, true);
      assertThatThrownBy(() -> second.tryLock(4, 1, true))
          .isInstanceOf(OverlappingFileLockException.class);
      assertThatThrownBy(() -> first.lock(0, 1, false))
          .isInstanceOf(OverlappingFileLockException.class);
      assertThat(second.tryLock(5, 0, false)).isNotNull();
      assertThatThrownBy(() -> first.tryLock(Long.MAX_VALUE - 1, 1, false))
          .isInstanceOf(OverlappingFileLockException.class);
      lock.close();
      FileLock again = second.lock(0, 5, false);
      assertThat(again.isValid()).isTrue();
      first.close();
      assertThat(again.isValid()).isTrue();
    }
  }

  @Test
  void aClosedChannelHasNoLocks() throws IOException {
    FileChannel mine = open(file);
    FileLock lock = mine.lock();
    assertThat(mine.write(bytes("abc"), 0)).isEqualTo(3);
    mine.close();
    assertThat(lock.isValid()).isFalse();
    assertThatThrownBy(lock::release).isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(mine::lock).isInstanceOf(ClosedChannelException.class);
    try (FileChannel other = open(same)) {
      assertThat(other.tryLock()).isNotNull();
    }
  }

  @Test
  void whatWasWrittenUnderALockIsSeenUnderTheNext() throws IOException {
    try (FileChannel mine = open(file);
        FileChannel other = open(same)) {
      for (int i = 0; i < 20; i++) {
        FileChannel writer = i % 2 == 0 ? mine : other;
        try (FileLock lock = writer.lock(100, 1, false)) {
          assertThat(lock.isValid()).isTrue();
          ByteBuffer counter = ByteBuffer.allocate(1);
          assertThat(writer.read(counter, 9)).isEqualTo(1);
          counter.put(0, (byte) (counter.get(0) + 1));
          assertThat(writer.write(counter.flip(), 9)).isEqualTo(1);
        }
      }
      assertThat(Files.readString(file)).isEqualTo("012345678" + (char) ('9' + 20));
    }
  }

  @Test
  void whoWaitsGetsTheLockWhenItIsFree() throws Exception {
    try (FileChannel mine = open(file);
        FileChannel other = open(same)) {
      FileLock lock = mine.lock();
      CompletableFuture<FileLock> waits = elsewhere(other::lock);
      awaitWaiting();
      // Waited for is as good as locked, within the process that waits.
      assertThatThrownBy(() -> other.tryLock(7, 1, true))
          .isInstanceOf(OverlappingFileLockException.class);
      lock.release();
      assertThat(waits.get(60, TimeUnit.SECONDS).isValid()).isTrue();
    }
  }

  private void awaitWaiting() throws IOException {
    NioFileSystem fileSystem = (NioFileSystem) ours;
    NioPath path = NioPath.require(file);
    while (fileSystem.client().lockHolders(path.toCairn()).stream()
        .noneMatch(holder -> holder.isWaiting())) {
      Thread.onSpinWait();
    }
  }

  @Test
  void whoWaitsIsToldWhenHisChannelIsClosed() throws Exception {
    try (FileChannel mine = open(file)) {
      FileLock lock = mine.lock();
      FileChannel other = open(same);
      CompletableFuture<FileLock> waits = elsewhere(other::lock);
      awaitWaiting();
      other.close();
      assertThatThrownBy(() -> waits.get(60, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(AsynchronousCloseException.class);
      assertThat(lock.isValid()).isTrue();
    }
  }

  @Test
  void anInterruptedThreadStopsWaitingAndItsChannelStaysOpen() throws Exception {
    try (FileChannel mine = open(file);
        FileChannel other = open(same)) {
      FileLock lock = mine.lock();
      CompletableFuture<Thread> waiter = new CompletableFuture<>();
      CompletableFuture<FileLock> waits =
          elsewhere(
              () -> {
                waiter.complete(Thread.currentThread());
                return other.lock();
              });
      awaitWaiting();
      waiter.get().interrupt();
      assertThatThrownBy(() -> waits.get(60, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(FileLockInterruptionException.class);
      assertThat(other.isOpen()).isTrue();
      lock.release();
      assertThat(other.lock().isValid()).isTrue();
    }
  }

  @Test
  void aChannelLocksAsItWasOpened() throws IOException {
    try (FileChannel reading = FileChannel.open(file);
        FileChannel writing = FileChannel.open(file, StandardOpenOption.WRITE)) {
      assertThatThrownBy(() -> reading.lock()).isInstanceOf(NonWritableChannelException.class);
      assertThatThrownBy(() -> writing.lock(0, 1, true))
          .isInstanceOf(NonReadableChannelException.class);
      assertThatThrownBy(() -> writing.lock(-1, 1, false))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> writing.tryLock(2, Long.MAX_VALUE, false))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(reading.lock(0, 1, true).isValid()).isTrue();
    }
  }

  @Test
  void aFileWithoutANameIsLocked() throws IOException {
    try (FileChannel mine = open(file);
        FileChannel other = open(same)) {
      Files.delete(file);
      FileLock lock = mine.lock();
      assertThat(other.tryLock()).isNull();
      lock.release();
      assertThat(other.tryLock()).isNotNull();
    }
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void anAsynchronousChannelReadsWritesAndLocks() throws Exception {
    try (AsynchronousFileChannel channel =
            AsynchronousFileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileChannel other = open(same)) {
      assertThat(channel.write(bytes("abc"), 10).get()).isEqualTo(3);
      assertThat(channel.size()).isEqualTo(13);
      ByteBuffer target = ByteBuffer.allocate(5);
      CompletableFuture<Integer> read = new CompletableFuture<>();
      channel.read(target, 8, read, completing());
      assertThat(read.get(60, TimeUnit.SECONDS)).isEqualTo(5);
      assertThat(target.flip()).isEqualTo(bytes("89abc"));
      assertThat(channel.read(ByteBuffer.allocate(1), 13).get()).isEqualTo(-1);
      channel.force(true);
      channel.force(false);
      assertThat(channel.truncate(4).size()).isEqualTo(4);
      Future<FileLock> lock = channel.lock();
      assertThat(lock.get().isValid()).isTrue();
      assertThat(other.tryLock()).isNull();
      assertThatThrownBy(() -> channel.tryLock()).isInstanceOf(OverlappingFileLockException.class);
      lock.get().release();
      assertThat(other.tryLock()).isNotNull();
      assertThat(channel.tryLock()).isNull();
    }
  }

  private static CompletionHandler<Integer, CompletableFuture<Integer>> completing() {
    return new CompletionHandler<>() {
      @Override
      public void completed(Integer result, CompletableFuture<Integer> future) {
        future.complete(result);
      }

      @Override
      public void failed(Throwable failure, CompletableFuture<Integer> future) {
        future.completeExceptionally(failure);
      }
    };
  }

  @Test
  void anAsynchronousChannelRefusesAsItWasOpened() throws Exception {
    AsynchronousFileChannel reading = AsynchronousFileChannel.open(file);
    assertThatThrownBy(() -> reading.write(bytes("x"), 0).get())
        .isInstanceOf(NonWritableChannelException.class);
    assertThatThrownBy(() -> reading.read(bytes("x").asReadOnlyBuffer(), 0).get())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> reading.read(bytes("x"), -1).get())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> AsynchronousFileChannel.open(file, StandardOpenOption.APPEND))
        .isInstanceOf(IllegalArgumentException.class);
    CompletableFuture<Integer> failed = new CompletableFuture<>();
    reading.close();
    assertThat(reading.isOpen()).isFalse();
    reading.read(ByteBuffer.allocate(1), 0, failed, completing());
    assertThatThrownBy(() -> failed.get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(reading::size).isInstanceOf(ClosedChannelException.class);
  }
}
