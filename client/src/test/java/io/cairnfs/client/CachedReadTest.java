package io.cairnfs.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.testing.FakeCluster;
import io.cairnfs.client.testing.FakeDataServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Small positional reads through the client's block cache. */
class CachedReadTest {
  private static final CairnPath FILE = CairnPath.of("/f");
  private static final int LENGTH = 600_000;
  private static final OpenOptions BOTH = OpenOptions.forReadingAndWriting().orCreate();

  private final byte[] content = new byte[LENGTH];
  private FakeCluster cluster;
  private CairnFileSystem fs;

  @BeforeEach
  void start() throws IOException {
    cluster = new FakeCluster(1, 4);
    new Random(7).nextBytes(content);
    fs = connect(1 << 20);
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      int unused = file.write(0, ByteBuffer.wrap(content));
    }
  }

  @AfterEach
  void stop() throws IOException {
    fs.close();
    cluster.close();
  }

  private CairnFileSystem connect(long cacheBytes) {
    return cluster.connect(
        b ->
            b.sharedFileBytes(64 << 10)
                .blockCacheBytes(cacheBytes)
                .hedgeDelay(Duration.ofHours(1)));
  }

  private List<FakeDataServer> servers() {
    return IntStream.rangeClosed(1, 4).mapToObj(cluster::dataServer).toList();
  }

  private int requests() {
    return servers().stream().mapToInt(server -> server.reads.get()).sum();
  }

  private static byte[] read(CairnFile file, long position, int length) throws IOException {
    ByteBuffer target = ByteBuffer.allocate(length + 2).position(1).limit(length + 1);
    int count = file.read(position, target);
    assertThat(target.position()).isEqualTo(1 + Math.max(0, count));
    return Arrays.copyOfRange(target.array(), 1, 1 + Math.max(0, count));
  }

  private byte[] expected(int from, int until) {
    return Arrays.copyOfRange(content, from, until);
  }

  @Test
  void whatWasReadIsReadAgainWithoutADataServer() throws IOException {
    try (CairnFile file = fs.openFile(FILE, OpenOptions.forReading());
        CairnFile handle = fs.openFile(FILE, OpenOptions.forReading());
        CairnInputStream in = fs.open(FILE)) {
      assertThat(read(file, 10_000, 5000)).isEqualTo(expected(10_000, 15_000));
      int before = requests();
      assertThat(before).isPositive();
      assertThat(read(handle, 10_001, 4000)).isEqualTo(expected(10_001, 14_001));
      ByteBuffer target = ByteBuffer.allocate(100);
      in.readFully(12_000, target);
      assertThat(target.array()).isEqualTo(expected(12_000, 12_100));
      assertThat(requests()).isEqualTo(before);
      ClientStatistics statistics = fs.statistics();
      assertThat(statistics.blockCacheHits()).isPositive();
      assertThat(statistics.blockCacheMisses()).isPositive();
      assertThat(statistics.blockCacheBytes()).isBetween(8192L, 20_000L);
    }
  }

  @Test
  void anyPositionsAndLengthsReadWhatTheFileHas() throws IOException {
    Random random = new Random(3);
    try (CairnFileSystem small = connect(100_000);
        CairnFile file = small.openFile(FILE, OpenOptions.forReading())) {
      for (int i = 0; i < 500; i++) {
        int from = random.nextInt(LENGTH);
        int length = 1 + random.nextInt(80_000);
        assertThat(read(file, from, length))
            .isEqualTo(expected(from, Math.min(LENGTH, from + length)));
        assertThat(small.statistics().blockCacheBytes()).isLessThanOrEqualTo(100_000);
      }
    }
  }

  @Test
  void withoutACacheEveryReadAsks() throws IOException {
    try (CairnFileSystem without = connect(0);
        CairnFile file = without.openFile(FILE, OpenOptions.forReading())) {
      for (int i = 0; i < 3; i++) {
        assertThat(read(file, 5, 100)).isEqualTo(expected(5, 105));
      }
      assertThat(requests()).isEqualTo(3);
      assertThat(without.statistics().blockCacheBytes()).isZero();
      assertThat(without.statistics().blockCacheMisses()).isZero();
    }
  }

  @Test
  void whatChangesIsReadAsItIs() throws IOException {
    try (CairnFileSystem other = connect(1 << 20);
        CairnFile file = fs.openFile(FILE, BOTH);
        CairnFile theirs = other.openFile(FILE, BOTH)) {
      assertThat(read(file, 0, 50_000)).isEqualTo(expected(0, 50_000));
      ByteBuffer later = ByteBuffer.allocate(3000);
      new Random(9).nextBytes(later.array());
      System.arraycopy(later.array(), 0, content, 20_000, 3000);
      int unused = theirs.write(20_000, later);
      theirs.flush();
      assertThat(file.length()).isEqualTo(LENGTH);
      assertThat(read(file, 0, 50_000)).isEqualTo(expected(0, 50_000));
      // Cut, and made longer again: a hole is there.
      theirs.truncate(30_000);
      theirs.truncate(LENGTH);
      Arrays.fill(content, 30_000, LENGTH, (byte) 0);
      assertThat(file.length()).isEqualTo(LENGTH);
      assertThat(read(file, 0, 50_000)).isEqualTo(expected(0, 50_000));
      unused = file.write(40_000, later.rewind());
      System.arraycopy(later.array(), 0, content, 40_000, 3000);
      assertThat(read(file, 20_000, 30_000)).isEqualTo(expected(20_000, 50_000));
    }
  }

  @Test
  void readersOfTheSameBytesAtTheSameTimeShareOneRequest() throws Exception {
    ExecutorService pool = Executors.newCachedThreadPool();
    try (CairnFile file = fs.openFile(FILE, OpenOptions.forReading())) {
      servers().forEach(server -> server.holdingReads = true);
      List<Future<byte[]>> readers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        int from = 8192 + 100 * i;
        readers.add(pool.submit(() -> read(file, from, 200)));
      }
      // One fetches; the seven others have looked, too.
      FakeCluster.await(
          "all of them", () -> requests() > 0 && fs.statistics().blockCacheHits() == 7);
      servers().forEach(FakeDataServer::releaseReads);
      for (int i = 0; i < 8; i++) {
        int from = 8192 + 100 * i;
        assertThat(readers.get(i).get()).isEqualTo(expected(from, from + 200));
      }
      assertThat(requests()).isEqualTo(1);
    } finally {
      servers().forEach(FakeDataServer::releaseReads);
      pool.shutdownNow();
    }
  }

  @Test
  void whatCouldNotBeReadIsAskedForAgain() throws IOException {
    try (CairnFile file = fs.openFile(FILE, OpenOptions.forReading())) {
      servers().forEach(server -> server.corrupt = true);
      assertThatThrownBy(() -> read(file, 100, 200)).isInstanceOf(IOException.class);
      assertThat(fs.statistics().blockCacheBytes()).isZero();
      servers().forEach(server -> server.corrupt = false);
      assertThat(read(file, 100, 200)).isEqualTo(expected(100, 300));
      assertThat(fs.statistics().blockCacheBytes()).isPositive();
    }
  }

  @Test
  void whoWaitedForALoadThatFailedLoadsItHimself() throws Exception {
    ExecutorService pool = Executors.newCachedThreadPool();
    try (CairnFile file = fs.openFile(FILE, OpenOptions.forReading())) {
      servers().forEach(server -> server.holdingReads = true);
      Thread[] first = new Thread[1];
      Future<byte[]> loading =
          pool.submit(
              () -> {
                first[0] = Thread.currentThread();
                return read(file, 100, 200);
              });
      FakeCluster.await("the load", () -> requests() > 0);
      Future<byte[]> waiting = pool.submit(() -> read(file, 150, 200));
      FakeCluster.await("the second one", () -> fs.statistics().blockCacheHits() == 1);
      first[0].interrupt();
      assertThatThrownBy(loading::get).cause().hasMessageContaining("interrupted");
      FakeCluster.await("a load of its own", () -> requests() > 1);
      servers().forEach(FakeDataServer::releaseReads);
      assertThat(waiting.get()).isEqualTo(expected(150, 350));
    } finally {
      servers().forEach(FakeDataServer::releaseReads);
      pool.shutdownNow();
    }
  }

  @Test
  void itsSizeIsChecked() {
    assertThatThrownBy(() -> connect(65L << 20))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("blockCacheBytes");
    assertThatThrownBy(() -> connect(-1)).isInstanceOf(IllegalArgumentException.class);
  }
}
