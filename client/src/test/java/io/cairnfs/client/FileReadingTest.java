package io.cairnfs.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.cairnfs.client.testing.FakeCluster;
import io.cairnfs.client.testing.FakeDataServer;
import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FileReadingTest {
  private static final CairnPath FILE = CairnPath.of("/f");
  private static final int LENGTH = 3_000_001;
  private static final byte[] CONTENT = content();

  private FakeCluster cluster;

  private static byte[] content() {
    byte[] bytes = new byte[LENGTH];
    new Random(1).nextBytes(bytes);
    return bytes;
  }

  @BeforeEach
  void start() throws CairnException {
    cluster = new FakeCluster(1, 3);
    cluster.namespace.putFile("/f", CONTENT, 1 << 20);
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  private int totalReads() {
    return cluster.dataServers.stream().mapToInt(server -> server.reads.get()).sum();
  }

  @Test
  void sequentialReadsOfAnySizeGiveTheFile() throws Exception {
    try (CairnFileSystem fs = cluster.connect(b -> b.readRequestBytes(128 << 10))) {
      for (int size : new int[] {1000, 8192, 100_000, 1 << 20, LENGTH + 1}) {
        byte[] read = new byte[LENGTH];
        try (CairnInputStream in = fs.open(FILE)) {
          int at = 0;
          byte[] buffer = new byte[size];
          int count = in.read(buffer);
          while (count >= 0) {
            System.arraycopy(buffer, 0, read, at, count);
            at += count;
            assertThat(in.position()).isEqualTo(at);
            count = in.read(buffer);
          }
          assertThat(at).isEqualTo(LENGTH);
        }
        assertThat(read).isEqualTo(CONTENT);
      }
    }
  }

  @Test
  void directBuffersAndSinglesBytesWorkToo() throws Exception {
    try (CairnFileSystem fs = cluster.connect();
        CairnInputStream in = fs.open(FILE)) {
      assertThat(in.read()).isEqualTo(CONTENT[0] & 0xff);
      ByteBuffer direct = ByteBuffer.allocateDirect(5000);
      in.readFully(1_048_000, direct);
      byte[] got = new byte[5000];
      direct.flip().get(got);
      assertThat(got).isEqualTo(Arrays.copyOfRange(CONTENT, 1_048_000, 1_053_000));
      assertThat(in.position()).isEqualTo(1);
      assertThat(in.length()).isEqualTo(LENGTH);
    }
  }

  @Test
  void seeksAreCheapAndBounded() throws Exception {
    try (CairnFileSystem fs = cluster.connect();
        CairnInputStream in = fs.open(FILE)) {
      int before = totalReads();
      in.seek(2_999_999);
      in.seek(5);
      in.seek(LENGTH);
      assertThat(totalReads()).isEqualTo(before);
      assertThat(in.read()).isEqualTo(-1);
      assertThat(in.read(new byte[10])).isEqualTo(-1);
      in.seek(2_000_000);
      assertThat(in.read()).isEqualTo(CONTENT[2_000_000] & 0xff);
      in.seek(2_000_100);
      assertThat(in.read()).isEqualTo(CONTENT[2_000_100] & 0xff);
      in.seek(10);
      assertThat(in.skip(1_500_000)).isEqualTo(1_500_000);
      assertThat(in.read()).isEqualTo(CONTENT[1_500_010] & 0xff);
      assertThatThrownBy(() -> in.seek(LENGTH + 1)).isInstanceOf(EOFException.class);
      assertThatThrownBy(() -> in.seek(-1)).isInstanceOf(EOFException.class);
      assertThatThrownBy(() -> in.readFully(LENGTH - 5, new byte[10], 0, 10))
          .isInstanceOf(EOFException.class);
      assertThat(in.read(LENGTH, new byte[1], 0, 1)).isEqualTo(-1);
    }
  }

  @Test
  void positionalReadsOfManyThreadsDoNotDisturbEachOther() throws Exception {
    try (CairnFileSystem fs = cluster.connect();
        CairnInputStream in = fs.open(FILE)) {
      List<CompletableFuture<Void>> readers = new ArrayList<>();
      for (int reader = 0; reader < 4; reader++) {
        Random random = new Random(reader);
        readers.add(
            CompletableFuture.runAsync(
                () -> {
                  for (int i = 0; i < 60; i++) {
                    int at = random.nextInt(LENGTH);
                    int count = Math.min(LENGTH - at, random.nextInt(200_000));
                    byte[] got = new byte[count];
                    try {
                      in.readFully(at, got, 0, count);
                    } catch (IOException e) {
                      throw new AssertionError(e);
                    }
                    if (!Arrays.equals(got, Arrays.copyOfRange(CONTENT, at, at + count))) {
                      throw new AssertionError("differs at " + at);
                    }
                  }
                },
                task -> new Thread(task).start()));
      }
      for (CompletableFuture<Void> reader : readers) {
        reader.get(30, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void smallPositionalReadsAskForExactlyTheirRange() throws Exception {
    try (CairnFileSystem fs = cluster.connect(b -> b.blockCacheBytes(0));
        CairnInputStream in = fs.open(FILE)) {
      byte[] got = new byte[100];
      in.readFully(70_000, got, 0, 100);
      assertThat(totalReads()).isEqualTo(1);
      assertThat(fs.statistics().bytesRead()).isEqualTo(100);
    }
  }

  @Test
  void aCorruptReplicaIsLeftAndReported() throws Exception {
    cluster.dataServer(1).corrupt = true;
    try (CairnFileSystem fs = cluster.connect()) {
      assertThat(fs.readFully(FILE, LENGTH)).isEqualTo(CONTENT);
      FakeCluster.await("report", () -> cluster.events.contains("BAD 1"));
      assertThat(fs.statistics().badReplicas()).isPositive();
      assertThat(fs.statistics().readFailovers()).isPositive();
    }
  }

  @Test
  void whenAllReplicasAreCorruptNoByteIsHandedOut() throws Exception {
    cluster.dataServers.forEach(server -> server.corrupt = true);
    try (CairnFileSystem fs = cluster.connect();
        CairnInputStream in = fs.open(FILE)) {
      byte[] got = new byte[10];
      assertThatThrownBy(() -> in.readFully(0, got, 0, 10))
          .asInstanceOf(type(CairnException.class))
          .extracting(CairnException::code)
          .isEqualTo(ErrorCode.CHUNK_CORRUPT);
      assertThat(got).containsOnly(0);
    }
  }

  @Test
  void aDeadServerIsLeft() throws Exception {
    cluster.dataServer(1).kill();
    cluster.dataServer(2).lacksChunks = true;
    try (CairnFileSystem fs = cluster.connect()) {
      assertThat(fs.readFully(FILE, LENGTH)).isEqualTo(CONTENT);
    }
  }

  @Test
  void aSlowRequestIsHedged() throws Exception {
    cluster.dataServer(1).readDelayMillis = 5_000;
    try (CairnFileSystem fs = cluster.connect(b -> b.hedgeDelay(Duration.ofMillis(30)));
        CairnInputStream in = fs.open(FILE)) {
      long start = System.nanoTime();
      byte[] got = new byte[1000];
      in.readFully(500, got, 0, 1000);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
      assertThat(got).isEqualTo(Arrays.copyOfRange(CONTENT, 500, 1500));
      assertThat(fs.statistics().hedgedReads()).isEqualTo(1);
    }
  }

  @Test
  void aFrozenServerCostsOneHedgeAReadAndNoError() throws Exception {
    cluster.dataServer(1).frozen = true;
    try (CairnFileSystem fs = cluster.connect(b -> b.hedgeDelay(Duration.ofMillis(20)))) {
      assertThat(fs.readFully(FILE, LENGTH)).isEqualTo(CONTENT);
    }
  }

  @Test
  void chunksThatAreNoLongerThereAreAskedForAnew() throws Exception {
    try (CairnFileSystem fs = cluster.connect();
        CairnInputStream in = fs.open(FILE)) {
      cluster.dataServers.forEach(server -> server.lacksChunks = true);
      int reads = cluster.leader().readsSeen.get();
      byte[] got = new byte[1000];
      CompletableFuture<Void> done =
          CompletableFuture.runAsync(
              () -> {
                try {
                  in.readFully(1_048_000, got, 0, 1000);
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              },
              task -> new Thread(task).start());
      FakeCluster.await("a refresh", () -> cluster.leader().readsSeen.get() > reads);
      cluster.namespace.moveToNewChunks("/f");
      cluster.dataServers.forEach(server -> server.lacksChunks = false);
      done.get(10, TimeUnit.SECONDS);
      assertThat(got).isEqualTo(Arrays.copyOfRange(CONTENT, 1_048_000, 1_049_000));
    }
  }

  @Test
  void holesReadAsZeros() throws Exception {
    cluster.namespace.file("/f").extents.remove(1);
    byte[] expected = CONTENT.clone();
    Arrays.fill(expected, 1 << 20, 2 << 20, (byte) 0);
    try (CairnFileSystem fs = cluster.connect()) {
      assertThat(fs.readFully(FILE, LENGTH)).isEqualTo(expected);
      try (CairnInputStream in = fs.open(FILE)) {
        assertThat(in.readAllBytes()).isEqualTo(expected);
      }
      assertThat(fs.extents(FILE, 0, LENGTH)).hasSize(2);
    }
  }

  @Test
  void theChecksumIsThatOfTheWholeContent() throws Exception {
    try (CairnFileSystem fs = cluster.connect()) {
      FileChecksum checksum = fs.checksum(FILE);
      assertThat(checksum.crc32c()).isEqualTo(Crc32c.of(CONTENT, 0, LENGTH));
      assertThat(checksum.length()).isEqualTo(LENGTH);
      assertThat(checksum.hex()).hasSize(8);
    }
  }

  @Test
  void directoriesCannotBeOpened() throws Exception {
    try (CairnFileSystem fs = cluster.connect()) {
      assertThatThrownBy(() -> fs.open(CairnPath.ROOT))
          .asInstanceOf(type(CairnException.class))
          .extracting(CairnException::code)
          .isEqualTo(ErrorCode.IS_A_DIRECTORY);
      assertThatThrownBy(() -> fs.readFully(FILE, 10))
          .asInstanceOf(type(CairnException.class))
          .extracting(CairnException::code)
          .isEqualTo(ErrorCode.TOO_LARGE);
      assertThat(fs.readFullyAsync(FILE, LENGTH).get(10, TimeUnit.SECONDS)).isEqualTo(CONTENT);
    }
  }

  @Test
  void readAheadStaysWithinItsWindow() throws Exception {
    try (CairnFileSystem fs =
            cluster.connect(b -> b.readRequestBytes(64 << 10).readAheadBytes(256 << 10));
        CairnInputStream in = fs.open(FILE)) {
      in.readNBytes(1_000_000);
      FakeDataServer head = cluster.dataServer(1);
      int reads = head.reads.get();
      // 16 requests were needed; at most 4 more are on their way.
      assertThat(reads).isLessThanOrEqualTo(16 + 5);
      in.close();
      assertThatThrownBy(in::read).isInstanceOf(CairnException.class);
    }
  }

  @Test
  void anInterruptedReaderIsFreed() throws Exception {
    cluster.dataServers.forEach(server -> server.frozen = true);
    try (CairnFileSystem fs = cluster.connect();
        CairnInputStream in = fs.open(FILE)) {
      CompletableFuture<ErrorCode> outcome = new CompletableFuture<>();
      Thread reader =
          new Thread(
              () -> {
                try {
                  in.readFully(0, new byte[10], 0, 10);
                } catch (IOException e) {
                  outcome.complete(((CairnException) e).code());
                }
              });
      reader.start();
      FakeCluster.await("a request", () -> totalReads() > 0);
      reader.interrupt();
      assertThat(outcome.get(5, TimeUnit.SECONDS)).isEqualTo(ErrorCode.CANCELLED);
    }
  }
}
