package io.cairnfs.dataserver.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PairedForceTest {
  private final ExecutorService helpers = Executors.newSingleThreadExecutor();
  private final List<String> forced = Collections.synchronizedList(new ArrayList<>());

  @AfterEach
  void stop() {
    helpers.shutdownNow();
  }

  private interface Force {
    void run() throws IOException;
  }

  /** A file that can only be forced. */
  private record ForcedFile(Force action) implements DiskFile {
    @Override
    public void force() throws IOException {
      action.run();
    }

    @Override
    public int read(ByteBuffer target, long position) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void write(ByteBuffer source, long position) {
      throw new UnsupportedOperationException();
    }

    @Override
    public long size() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void truncate(long size) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Optional<FileChannel> channel() {
      return Optional.empty();
    }

    @Override
    public void close() {}
  }

  private DiskFile file(String name) {
    return new ForcedFile(() -> forced.add(name));
  }

  private DiskFile failing(String name) {
    return new ForcedFile(
        () -> {
          forced.add(name);
          throw new IOException(name + " failed");
        });
  }

  private static DiskFile meeting(CyclicBarrier barrier) {
    return new ForcedFile(
        () -> {
          try {
            int unused = barrier.await(30, TimeUnit.SECONDS);
          } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
            throw new IOException("the other file is not being forced", e);
          }
        });
  }

  @Test
  void bothFilesAreForcedAtTheSameMoment() throws IOException {
    CyclicBarrier barrier = new CyclicBarrier(2);
    new PairedForce(helpers).force(meeting(barrier), meeting(barrier));
    assertThat(barrier.getNumberWaiting()).isZero();
    assertThat(barrier.isBroken()).isFalse();
  }

  @Test
  void withoutHelpersOneComesAfterTheOther() throws IOException {
    new PairedForce(task -> {}).force(file("data"), file("sums"));
    new PairedForce(
            task -> {
              throw new RejectedExecutionException("full");
            })
        .force(file("data"), file("sums"));
    assertThat(forced).containsExactly("data", "sums", "data", "sums");
  }

  @Test
  void aFailureOfEitherFileIsToldOnceBothHaveEnded() {
    PairedForce force = new PairedForce(helpers);
    assertThatThrownBy(() -> force.force(failing("data"), file("sums")))
        .isInstanceOf(IOException.class)
        .hasMessage("data failed");
    assertThat(forced).containsExactlyInAnyOrder("data", "sums");
    forced.clear();
    assertThatThrownBy(() -> force.force(file("data"), failing("sums")))
        .isInstanceOf(IOException.class)
        .hasMessage("sums failed");
    assertThat(forced).containsExactlyInAnyOrder("data", "sums");
    assertThatThrownBy(() -> force.force(failing("data"), failing("sums")))
        .hasMessage("data failed")
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
  }
}
