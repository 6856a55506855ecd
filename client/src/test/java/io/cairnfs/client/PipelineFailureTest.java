package io.cairnfs.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.cairnfs.client.testing.FakeChunk;
import io.cairnfs.client.testing.FakeCluster;
import io.cairnfs.client.testing.FakeFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.types.Extent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class PipelineFailureTest {
  private static final CairnPath FILE = CairnPath.of("/f");
  private static final int PACKET = 64 << 10;
  private static final int LENGTH = 2_000_000;

  private FakeCluster cluster;
  private final List<String> failovers = new CopyOnWriteArrayList<>();

  @BeforeEach
  void start() throws CairnException {
    cluster = new FakeCluster(1, 4);
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  private CairnFileSystem connect() {
    return connect(Duration.ofSeconds(20));
  }

  private CairnFileSystem connect(Duration timeout) {
    ClientListener listener =
        new ClientListener() {
          @Override
          public void pipelineFailedOver(String chunk, String failedServer, String reason) {
            failovers.add(failedServer);
          }
        };
    return cluster.connect(
        b ->
            b.packetBytes(PACKET)
                .sharedFileBytes(PACKET)
                .writeWindowBytes(4 * PACKET)
                .listener(listener)
                .timeout(timeout)
                .writeStallTimeout(Duration.ofMillis(500)));
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  /** Member 1 heads every pipeline, 2 and 3 follow; 4 is spare. */
  @ParameterizedTest
  @CsvSource({"1,0", "2,0", "3,65536", "1,655360", "2,700000", "3,1966080", "2,1999999"})
  void exactlyTheUnacknowledgedBytesAreSentAgain(int member, long length) throws Exception {
    cluster.dataServer(member).failAtLength.set(length);
    byte[] content = random(LENGTH);
    try (CairnFileSystem fs = connect()) {
      try (CairnOutputStream out = fs.create(FILE, CreateOptions.defaults())) {
        out.write(content);
      }
      FakeFile file = cluster.namespace.file("/f");
      assertThat(cluster.namespace.content("/f")).isEqualTo(content);
      // Whole packets up to the failure stay where they are, the rest is in a second chunk.
      long kept = Math.min(LENGTH, length / PACKET * PACKET);
      List<Extent> extents = file.extents;
      if (kept > 0) {
        assertThat(extents).hasSize(2);
        assertThat(extents.get(0).getLength()).isEqualTo(kept);
      }
      Extent last = extents.get(extents.size() - 1);
      assertThat(last.getFileOffset()).isEqualTo(kept);
      assertThat(cluster.namespace.chunk(last.getChunk()).servers).doesNotContain(member);
      assertThat(failovers).containsExactly("d" + member);
      assertThat(fs.statistics().pipelineFailovers()).isEqualTo(1);
      assertThat(fs.statistics().bytesWritten()).isEqualTo(LENGTH);
      assertThat(fs.readFully(FILE, LENGTH)).isEqualTo(content);
      FakeCluster.await(
          "all chunks to be closed",
          () -> cluster.namespace.chunks().stream().allMatch(chunk -> chunk.isClosed()));
    }
  }

  private boolean allChunksAreClosed() {
    return cluster.namespace.chunks().stream().allMatch(FakeChunk::isClosed);
  }

  @Test
  void chunksAreGivenBackEvenIfTheFirstCallIsLost() throws Exception {
    cluster.dataServer(1).failAtLength.set(0);
    try (CairnFileSystem fs = connect(Duration.ofSeconds(1))) {
      CairnOutputStream out = fs.create(FILE, CreateOptions.defaults().deferred());
      out.write(random(LENGTH));
      FakeCluster.await("a failover", () -> !failovers.isEmpty());
      cluster.leader().holdingMutations = true;
      out.abort();
      // A call that is made later has been given up, so the first one has been, too.
      assertThatThrownBy(() -> fs.mkdirs(CairnPath.of("/d"), 0755)).isInstanceOf(IOException.class);
      assertThat(allChunksAreClosed()).isFalse();
      cluster.leader().held.clear();
      cluster.leader().holdingMutations = false;
      FakeCluster.await("all chunks to be closed", this::allChunksAreClosed);
    }
  }

  @Test
  void theChunksOfAFileThatCannotAppearAreGivenBack() throws Exception {
    try (CairnFileSystem fs = connect()) {
      CairnOutputStream out = fs.create(FILE, CreateOptions.defaults().deferred());
      out.write(random(LENGTH));
      fs.create(FILE, CreateOptions.defaults()).close();
      assertThatThrownBy(out::close)
          .asInstanceOf(type(CairnException.class))
          .extracting(CairnException::code)
          .isEqualTo(ErrorCode.EXISTS);
      FakeCluster.await("all chunks to be closed", this::allChunksAreClosed);
    }
  }

  @Test
  void aBrokenConnectionToTheHeadIsAFailureOfTheHead() throws Exception {
    cluster.dataServer(1).failSilently = true;
    cluster.dataServer(1).failAtLength.set(500_000);
    byte[] content = random(LENGTH);
    try (CairnFileSystem fs = connect()) {
      try (CairnOutputStream out = fs.create(FILE, CreateOptions.defaults().deferred())) {
        out.write(content);
      }
      assertThat(cluster.namespace.content("/f")).isEqualTo(content);
      assertThat(failovers).containsExactly("d1");
    }
  }

  @Test
  void aFrozenHeadIsLeftWithinASecond() throws Exception {
    byte[] content = random(LENGTH);
    try (CairnFileSystem fs = connect()) {
      try (CairnOutputStream out = fs.create(FILE, CreateOptions.defaults())) {
        out.write(content, 0, 500_000);
        out.flush();
        cluster.dataServer(1).frozen = true;
        long start = System.nanoTime();
        out.write(content, 500_000, 100_000);
        out.flush();
        long stallMillis = (System.nanoTime() - start) / 1_000_000;
        assertThat(stallMillis).isBetween(450L, 2500L);
        out.write(content, 600_000, LENGTH - 600_000);
      }
      assertThat(cluster.namespace.content("/f")).isEqualTo(content);
      assertThat(failovers).containsExactly("d1");
    }
  }

  @Test
  void aSlowDiskThatShowsSignsOfLifeIsWaitedFor() throws Exception {
    try (CairnFileSystem fs = connect();
        CairnOutputStream out = fs.create(FILE, CreateOptions.defaults())) {
      cluster.dataServer(1).holdingAcks = true;
      out.write(random(100_000));
      CompletableFuture<Void> flushed =
          CompletableFuture.runAsync(
              () -> {
                try {
                  out.flush();
                } catch (java.io.IOException e) {
                  throw new AssertionError(e);
                }
              },
              task -> new Thread(task).start());
      FakeCluster.await("packets", () -> !cluster.dataServer(1).heldAcks.isEmpty());
      long start = System.nanoTime();
      FakeCluster.await(
          "more than the stall time-out", () -> System.nanoTime() - start > 1_500_000_000L);
      assertThat(failovers).isEmpty();
      cluster.dataServer(1).releaseAcks();
      flushed.get(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void bytesAcknowledgedBeforeAFailureAreForcedByASyncAfterIt() throws Exception {
    byte[] content = random(600_000);
    try (CairnFileSystem fs = connect();
        CairnOutputStream out = fs.create(FILE, CreateOptions.defaults())) {
      out.write(content, 0, 300_000);
      out.flush();
      cluster.dataServer(2).failAtLength.set(0);
      out.write(content, 300_000, 300_000);
      cluster.events.clear();
      out.sync();
      List<Extent> extents = cluster.namespace.file("/f").extents;
      long first = extents.get(0).getChunk();
      long last = extents.get(extents.size() - 1).getChunk();
      int commit = cluster.events.indexOf("COMMIT");
      // The members that are left; the failed one will be repaired.
      assertThat(cluster.events.subList(0, commit))
          .contains("FORCE " + first + " 1", "FORCE " + first + " 3", "SYNC " + last)
          .doesNotContain("FORCE " + first + " 2");
      assertThat(cluster.namespace.content("/f")).isEqualTo(content);
    }
  }

  /** The first of two chunks lacks a member's end. */
  private void flushWhileOneFails(CairnOutputStream out, byte[] content) throws IOException {
    int half = content.length / 2;
    out.write(content, 0, half);
    out.flush();
    cluster.dataServer(2).failAtLength.set(0);
    out.write(content, half, content.length - half);
    out.flush();
  }

  /** One member of three is left; the others get copies, once the chunk's end is committed. */
  @Test
  void aSyncThatTooFewMembersCanKeepIsKeptByTheCopiesOfTheOthers() throws Exception {
    byte[] content = random(600_000);
    try (CairnFileSystem fs = connect();
        CairnOutputStream out = fs.create(FILE, CreateOptions.defaults())) {
      flushWhileOneFails(out, content);
      cluster.dataServer(3).forcesRefused.set(Integer.MAX_VALUE);
      cluster.dataServer(2).forcesRefused.set(2);
      cluster.events.clear();
      out.sync();
      cluster.dataServer(3).forcesRefused.set(0);
      long first = cluster.namespace.file("/f").extents.get(0).getChunk();
      assertThat(cluster.events).contains("FORCE " + first + " 1", "FORCE " + first + " 2");
      assertThat(cluster.events).doesNotContain("FORCE " + first + " 3");
      assertThat(cluster.namespace.content("/f")).isEqualTo(content);
      // It is known to be on disk: not asked again.
      cluster.events.clear();
      out.sync();
      assertThat(cluster.events).doesNotContain("FORCE " + first + " 1");
    }
  }

  /** A member that stays away is replaced by a server that was none when the chunk was made. */
  @Test
  void aSyncIsKeptByACopyOnAServerThatWasNoMember() throws Exception {
    byte[] content = random(600_000);
    try (CairnFileSystem fs = connect();
        CairnOutputStream out = fs.create(FILE, CreateOptions.defaults())) {
      flushWhileOneFails(out, content);
      long first = cluster.namespace.file("/f").extents.get(0).getChunk();
      cluster.namespace.chunk(first).servers = List.of(1, 4);
      cluster.dataServer(2).forcesRefused.set(Integer.MAX_VALUE);
      cluster.dataServer(3).forcesRefused.set(Integer.MAX_VALUE);
      cluster.events.clear();
      out.sync();
      assertThat(cluster.events).contains("FORCE " + first + " 1", "FORCE " + first + " 4");
      assertThat(cluster.namespace.content("/f")).isEqualTo(content);
    } finally {
      cluster.dataServer(2).forcesRefused.set(0);
      cluster.dataServer(3).forcesRefused.set(0);
    }
  }

  @Test
  void aSyncThatTooFewMembersCanKeepFails() throws Exception {
    try (CairnFileSystem fs = connect(Duration.ofSeconds(2))) {
      CairnOutputStream out = fs.create(FILE, CreateOptions.defaults());
      out.write(random(300_000));
      out.flush();
      cluster.dataServer(2).failAtLength.set(0);
      out.write(random(300_000));
      out.flush();
      cluster.dataServer(3).frozen = true;
      cluster.dataServer(1).kill();
      assertThatThrownBy(out::sync)
          .asInstanceOf(type(CairnException.class))
          .extracting(CairnException::code)
          .isIn(ErrorCode.IO_ERROR, ErrorCode.TIMED_OUT, ErrorCode.TOO_FEW_SERVERS);
      out.abort();
    }
  }

  @Test
  void smallFilesInFlightMoveToAnotherSharedChunk() throws Exception {
    cluster.dataServer(3).failAtLength.set(200_000);
    try (CairnFileSystem fs = connect()) {
      List<CompletableFuture<FileStatus>> puts = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        puts.add(
            fs.createWithContentAsync(
                CairnPath.of("/s" + i),
                ByteBuffer.wrap(random(20_000 + i)),
                CreateOptions.defaults()));
      }
      for (int i = 0; i < 40; i++) {
        puts.get(i).get(10, TimeUnit.SECONDS);
        assertThat(cluster.namespace.content("/s" + i)).isEqualTo(random(20_000 + i));
        assertThat(cluster.namespace.file("/s" + i).extents.get(0).getChunkOffset() % 4096)
            .isZero();
      }
      assertThat(failovers).isNotEmpty();
    }
  }

  @Test
  void unalignedFlushesKeepChecksumsRightAcrossAFailure() throws Exception {
    cluster.dataServer(2).failAtLength.set(150_000);
    byte[] content = random(400_000);
    try (CairnFileSystem fs = connect()) {
      try (CairnOutputStream out = fs.create(FILE, CreateOptions.defaults())) {
        int at = 0;
        int piece = 20_001;
        while (at < content.length) {
          int count = Math.min(piece, content.length - at);
          out.write(content, at, count);
          out.flush();
          at += count;
        }
      }
      assertThat(fs.readFully(FILE, content.length)).isEqualTo(content);
    }
  }

  @Test
  void anOpenTailMovesToTheNextChunkWhenItsPipelineFails() throws Exception {
    byte[] content = random(300_000);
    try (CairnFileSystem fs = connect();
        CairnOutputStream out = fs.create(FILE, CreateOptions.defaults())) {
      for (int at = 0; at < content.length; at += 10_000) {
        if (at == 150_000) {
          cluster.dataServer(3).failAtLength.set(0);
        }
        out.write(content, at, 10_000);
        out.flush();
        assertThat(fs.readFully(FILE, content.length))
            .isEqualTo(Arrays.copyOf(content, at + 10_000));
      }
      assertThat(failovers).containsExactly("d3");
    }
    assertThat(cluster.namespace.content("/f")).isEqualTo(content);
  }

  @Test
  void whenNoServerIsLeftTheWriterIsToldWithinItsTimeout() throws Exception {
    for (int id = 1; id <= 4; id++) {
      cluster.dataServer(id).failAtLength.set(100_000);
    }
    try (CairnFileSystem fs =
        cluster.connect(b -> b.packetBytes(PACKET).timeout(Duration.ofSeconds(3)))) {
      CairnOutputStream out = fs.create(FILE, CreateOptions.defaults());
      byte[] content = random(LENGTH);
      assertThatThrownBy(
              () -> {
                out.write(content);
                out.close();
              })
          .isInstanceOf(CairnException.class);
      assertThat(Arrays.copyOf(content, 1)).hasSize(1);
      out.close();
    }
  }
}
