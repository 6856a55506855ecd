package io.cairnfs.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.cairnfs.client.testing.FakeCluster;
import io.cairnfs.client.testing.FakeDataServer;
import io.cairnfs.common.error.CairnException;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Files in stripes of RS-3-2, cell {@code i} of each on data server {@code i + 1}. */
@Timeout(60)
class CodedReadingTest {
  private static final CairnPath FILE = CairnPath.of("/f");
  private static final int CELL = 300_000;

  /** Two whole stripes, and one of a whole cell and a short one. */
  private static final int LENGTH = 7 * CELL + 12_345;

  private static final byte[] CONTENT = content();
  private static final int SERVERS = 5;

  private FakeCluster cluster;

  private static byte[] content() {
    byte[] bytes = new byte[LENGTH];
    new Random(1).nextBytes(bytes);
    return bytes;
  }

  @BeforeEach
  void start() throws CairnException {
    cluster = new FakeCluster(1, SERVERS);
    cluster.namespace.putCodedFile("/f", CONTENT, CELL);
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  private void lose(int... servers) {
    cluster.dataServers.forEach(server -> server.lacksChunks = false);
    for (int server : servers) {
      cluster.dataServer(server).lacksChunks = true;
    }
  }

  @Test
  void whatIsThereIsReadFromItsOwnCells() throws Exception {
    try (CairnFileSystem fs = cluster.connect()) {
      assertThat(fs.readFully(FILE, LENGTH)).isEqualTo(CONTENT);
      assertThat(fs.statistics().degradedReads()).isZero();
      assertThat(cluster.dataServer(4).reads.get() + cluster.dataServer(5).reads.get()).isZero();
    }
  }

  @Test
  void anyTwoLostCellsAreComputed() throws Exception {
    for (int first = 1; first <= SERVERS; first++) {
      for (int second = first; second <= SERVERS; second++) {
        lose(first, second);
        try (CairnFileSystem fs = cluster.connect(b -> b.readRequestBytes(128 << 10))) {
          assertThat(fs.readFully(FILE, LENGTH)).isEqualTo(CONTENT);
          try (CairnInputStream in = fs.open(FILE)) {
            assertThat(in.readAllBytes()).isEqualTo(CONTENT);
          }
          assertThat(fs.statistics().degradedReads() > 0).isEqualTo(first <= 3);
        }
      }
    }
  }

  /** Through the block cache, and across the borders of cells and stripes. */
  @Test
  void smallRangesAreComputedToo() throws Exception {
    lose(1, 3);
    int[] borders = {0, 4096, CELL - 1, CELL, 2 * CELL, 3 * CELL, 6 * CELL, 7 * CELL, LENGTH};
    try (CairnFileSystem fs = cluster.connect();
        CairnInputStream in = fs.open(FILE)) {
      for (int border : borders) {
        int from = Math.max(0, border - 50);
        byte[] got = new byte[Math.min(LENGTH, border + 50) - from];
        in.readFully(from, got, 0, got.length);
        assertThat(got).isEqualTo(Arrays.copyOfRange(CONTENT, from, from + got.length));
      }
      long degraded = fs.statistics().degradedReads();
      assertThat(degraded).isPositive();
      byte[] again = new byte[100];
      in.readFully(4096 - 50, again, 0, 100);
      assertThat(again).isEqualTo(Arrays.copyOfRange(CONTENT, 4046, 4146));
      assertThat(fs.statistics().degradedReads()).isEqualTo(degraded);
    }
  }

  /** Only as many cells are read as the code needs, and of them only the range. */
  @Test
  void nothingIsReadInVain() throws Exception {
    lose(1);
    try (CairnFileSystem fs = cluster.connect(b -> b.blockCacheBytes(0));
        CairnInputStream in = fs.open(FILE)) {
      byte[] got = new byte[1000];
      in.readFully(8192, got, 0, 1000);
      assertThat(got).isEqualTo(Arrays.copyOfRange(CONTENT, 8192, 9192));
      assertThat(fs.statistics().bytesRead()).isEqualTo(3 * 1000);
      assertThat(fs.statistics().degradedReads()).isEqualTo(1);
    }
  }

  /** The last stripe's third data cell was never made, the second one is short. */
  @Test
  void cellsThatEndBeforeTheRangeAreNotRead() throws Exception {
    lose(1, 4);
    try (CairnFileSystem fs = cluster.connect(b -> b.blockCacheBytes(0));
        CairnInputStream in = fs.open(FILE)) {
      byte[] got = new byte[1000];
      int at = 7 * CELL - 2000;
      in.readFully(at, got, 0, 1000);
      assertThat(got).isEqualTo(Arrays.copyOfRange(CONTENT, at, at + 1000));
      // Of three cells that the sum is of, two are zeros there.
      assertThat(fs.statistics().bytesRead()).isEqualTo(1000);
    }
  }

  @Test
  void aServerThatHasFailedIsNotAskedAgainAtOnce() throws Exception {
    cluster.dataServer(1).kill();
    try (CairnFileSystem fs = cluster.connect(b -> b.readRequestBytes(32 << 10))) {
      assertThat(fs.readFully(FILE, LENGTH)).isEqualTo(CONTENT);
      assertThat(fs.statistics().degradedReads()).isGreaterThanOrEqualTo(20);
      // Only what was on its way when the first one failed.
      assertThat(fs.statistics().readFailovers()).isLessThanOrEqualTo(10);
    }
  }

  @Test
  void badBytesOfACellAreReportedAndComputed() throws Exception {
    cluster.dataServer(2).corrupt = true;
    try (CairnFileSystem fs = cluster.connect()) {
      assertThat(fs.readFully(FILE, LENGTH)).isEqualTo(CONTENT);
      FakeCluster.await("report", () -> cluster.events.contains("BAD 2"));
      assertThat(fs.statistics().badReplicas()).isPositive();
    }
  }

  @Test
  void badBytesAmongThoseThatAreAddedUpAreReportedAndReplaced() throws Exception {
    lose(2);
    cluster.dataServer(4).corrupt = true;
    try (CairnFileSystem fs = cluster.connect()) {
      assertThat(fs.readFully(FILE, LENGTH)).isEqualTo(CONTENT);
      FakeCluster.await("report", () -> cluster.events.contains("BAD 4"));
      assertThat(cluster.dataServer(5).reads.get()).isPositive();
    }
  }

  @Test
  void aSlowCellAmongThoseThatAreAddedUpIsOvertaken() throws Exception {
    lose(1);
    cluster.dataServer(4).holdingReads = true;
    try (CairnFileSystem fs = cluster.connect(b -> b.hedgeDelay(Duration.ofMillis(20)));
        CairnInputStream in = fs.open(FILE)) {
      byte[] got = new byte[1000];
      in.readFully(100, got, 0, 1000);
      assertThat(got).isEqualTo(Arrays.copyOfRange(CONTENT, 100, 1100));
      assertThat(fs.statistics().hedgedReads()).isEqualTo(1);
    }
    cluster.dataServer(4).releaseReads();
  }

  @Test
  void aCellThatIsVeryLateIsComputed() throws Exception {
    FakeDataServer late = cluster.dataServer(1);
    late.holdingReads = true;
    try (CairnFileSystem fs = cluster.connect(b -> b.hedgeDelay(Duration.ofMillis(20)));
        CairnInputStream in = fs.open(FILE)) {
      byte[] got = new byte[1000];
      in.readFully(100, got, 0, 1000);
      assertThat(got).isEqualTo(Arrays.copyOfRange(CONTENT, 100, 1100));
      assertThat(fs.statistics().degradedReads()).isEqualTo(1);
      assertThat(late.heldReads).hasSize(1);
    }
    late.releaseReads();
  }

  @Test
  void withTooFewCellsTheErrorNamesWhatWasTried() throws Exception {
    lose(1, 4);
    cluster.dataServer(5).corrupt = true;
    try (CairnFileSystem fs = cluster.connect(b -> b.timeout(Duration.ofSeconds(1)));
        CairnInputStream in = fs.open(FILE)) {
      byte[] got = new byte[10];
      assertThatThrownBy(() -> in.readFully(0, got, 0, 10))
          .asInstanceOf(type(CairnException.class))
          .satisfies(
              e ->
                  assertThat(e.getMessage())
                      .contains("cannot be computed", "cell 3 of server=4", "cell 4 of server=5"));
      assertThat(got).containsOnly(0);
    }
  }

  @Test
  void aStripeThatComesBackIsReadAgain() throws Exception {
    lose(1, 2, 3);
    try (CairnFileSystem fs = cluster.connect();
        CairnInputStream in = fs.open(FILE)) {
      int before = cluster.leader().readsSeen.get();
      byte[] got = new byte[10];
      CompletableFuture<Void> done =
          CompletableFuture.runAsync(
              () -> {
                try {
                  in.readFully(0, got, 0, 10);
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              },
              task -> new Thread(task).start());
      FakeCluster.await("a refresh", () -> cluster.leader().readsSeen.get() > before);
      lose(1);
      done.get(10, TimeUnit.SECONDS);
      assertThat(got).isEqualTo(Arrays.copyOf(CONTENT, 10));
    }
  }
}
