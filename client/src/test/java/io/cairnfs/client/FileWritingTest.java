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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class FileWritingTest {
  private static final CairnPath FILE = CairnPath.of("/f");
  private static final int PACKET = 64 << 10;

  private FakeCluster cluster;

  @BeforeEach
  void start() throws CairnException {
    cluster = new FakeCluster(1, 4);
    cluster.namespace.defaultChunkBytes = 1 << 20;
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  /** Small packets and windows, so that a few megabytes are many of them. */
  private CairnFileSystem connect() {
    return cluster.connect(
        b ->
            b.packetBytes(PACKET)
                .sharedFileBytes(PACKET)
                .writeWindowBytes(4 * PACKET)
                .writeStallTimeout(Duration.ofMillis(500)));
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private static void writeInPieces(CairnOutputStream out, byte[] content) throws IOException {
    int at = 0;
    int piece = 1;
    while (at < content.length) {
      int count = Math.min(piece, content.length - at);
      out.write(content, at, count);
      at += count;
      piece = piece * 3 % 100_003 + 1;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16384, 16385, 65536, 65537, 1048576, 1048577, 3333333})
  void everySizeComesBackAsItWasWritten(int length) throws Exception {
    byte[] content = random(length);
    try (CairnFileSystem fs = connect()) {
      for (CreateOptions options :
          List.of(CreateOptions.defaults(), CreateOptions.defaults().deferred())) {
        CairnPath path = CairnPath.of("/" + options.visibility());
        try (CairnOutputStream out = fs.create(path, options)) {
          writeInPieces(out, content);
          assertThat(out.position()).isEqualTo(length);
        }
        assertThat(cluster.namespace.content(path.toString())).isEqualTo(content);
        assertThat(fs.readFully(path, length)).isEqualTo(content);
        assertThat(cluster.namespace.file(path.toString()).lease).isZero();
      }
      FakeCluster.await(
          "chunks of one file to be closed",
          () ->
              cluster.namespace.chunks().stream()
                  .filter(chunk -> chunk.inode != 0)
                  .allMatch(FakeChunk::isClosed));
    }
  }

  @Test
  void tinyDeferredFilesAreOneCommand() throws Exception {
    try (CairnFileSystem fs = connect()) {
      fs.mkdir(CairnPath.of("/d"), 0755);
      int before = cluster.leader().mutationsSeen.get();
      try (CairnOutputStream out =
          fs.create(CairnPath.of("/d/f"), CreateOptions.defaults().deferred())) {
        out.write(random(4096));
        assertThat(fs.exists(CairnPath.of("/d/f"))).isFalse();
      }
      assertThat(cluster.leader().mutationsSeen.get()).isEqualTo(before + 1);
      int reads = cluster.leader().readsSeen.get();
      assertThat(fs.readFully(CairnPath.of("/d/f"), 4096)).isEqualTo(random(4096));
      assertThat(cluster.leader().readsSeen.get()).isEqualTo(reads + 1);
    }
  }

  @Test
  void aCreatedFileIsVisibleAtOnceAndGrowsWithEachFlush() throws Exception {
    try (CairnFileSystem fs = connect();
        CairnOutputStream out = fs.create(FILE, CreateOptions.defaults())) {
      assertThat(fs.stat(FILE).length()).isZero();
      assertThat(fs.stat(FILE).beingWritten()).isTrue();
      byte[] content = random(200_000);
      int at = 0;
      for (int step : new int[] {100, 5000, 20_000, 70_000, 1, 100_000}) {
        out.write(content, at, step);
        at += step;
        out.flush();
        try (CairnInputStream in = fs.open(FILE)) {
          assertThat(in.length()).isEqualTo(at);
        }
        assertThat(fs.readFully(FILE, at)).isEqualTo(Arrays.copyOf(content, at));
      }
      int seen = cluster.leader().mutationsSeen.get();
      out.flush();
      assertThat(cluster.leader().mutationsSeen.get()).isEqualTo(seen);
    }
  }

  @Test
  void flushesIntoAnOpenTailNeedNoCommandAndAreCommittedSoon() throws Exception {
    byte[] content = random(200_000);
    try (CairnFileSystem fs = connect()) {
      CairnOutputStream out = fs.create(FILE, CreateOptions.defaults());
      out.write(content, 0, 50_000);
      out.flush();
      out.write(content, 50_000, 1000);
      out.flush();
      assertThat(cluster.events).contains("TAIL");
      int seen = cluster.leader().mutationsSeen.get();
      for (int at = 51_000; at < 151_000; at += 1000) {
        out.write(content, at, 1000);
        if (at % 2000 == 0) {
          out.flush();
        } else {
          out.sync();
        }
      }
      assertThat(cluster.leader().mutationsSeen.get()).isBetween(seen, seen + 2);
      assertThat(fs.readFully(FILE, 200_000)).isEqualTo(Arrays.copyOf(content, 151_000));
      assertThat(cluster.dataServer(1).lengthsAsked.get()).isPositive();
      FakeCluster.await(
          "a commit in the background", () -> cluster.namespace.file("/f").length == 151_000);
      // Without the head the least that the others know counts.
      cluster.dataServer(1).interrupted = true;
      out.write(content, 151_000, 1000);
      out.flush();
      assertThat(fs.readFully(FILE, 200_000)).isEqualTo(Arrays.copyOf(content, 152_000));
      out.write(content, 152_000, 48_000);
      out.close();
      assertThat(fs.stat(FILE).length()).isEqualTo(200_000);
      assertThat(cluster.namespace.content("/f")).isEqualTo(content);
      assertThat(fs.readFully(FILE, 200_000)).isEqualTo(content);
    }
  }

  @Test
  void aTailCommitThatFailsIsToldToTheWriter() throws Exception {
    try (CairnFileSystem fs = connect()) {
      CairnOutputStream out = fs.create(FILE, CreateOptions.defaults());
      for (int i = 0; i < 3; i++) {
        out.write(random(30_000));
        out.flush();
      }
      fs.unlink(FILE);
      FakeCluster.await(
          "the refusal of the commit",
          () -> {
            try {
              out.write(1);
              return false;
            } catch (IOException e) {
              return ((CairnException) e).code() == ErrorCode.NOT_FOUND;
            }
          });
      out.close();
    }
  }

  @Test
  void smallFilesShareAChunkAndBeginOnCellBorders() throws Exception {
    try (CairnFileSystem fs = connect()) {
      List<CompletableFuture<FileStatus>> puts = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        puts.add(
            fs.createWithContentAsync(
                CairnPath.of("/s" + i),
                ByteBuffer.wrap(random(17_000 + i * 1111)),
                CreateOptions.defaults()));
      }
      for (CompletableFuture<FileStatus> put : puts) {
        put.get(10, TimeUnit.SECONDS);
      }
      assertThat(cluster.namespace.chunks()).hasSizeLessThanOrEqualTo(2);
      for (int i = 0; i < 12; i++) {
        FakeFile file = cluster.namespace.file("/s" + i);
        assertThat(file.extents).hasSize(1);
        assertThat(file.extents.get(0).getChunkOffset() % 4096).isZero();
        assertThat(cluster.namespace.content("/s" + i)).isEqualTo(random(17_000 + i * 1111));
        assertThat(fs.readFully(CairnPath.of("/s" + i), 100_000))
            .isEqualTo(random(17_000 + i * 1111));
      }
    }
  }

  @Test
  void aSmallFilesCommitWaitsForItsOwnBytesOnly() throws Exception {
    try (CairnFileSystem fs = cluster.connect(b -> b.sharedStreams(1))) {
      fs.createWithContent(
          CairnPath.of("/a"), ByteBuffer.wrap(random(20_000)), CreateOptions.defaults());
      cluster.dataServer(1).holdingAcks = true;
      CompletableFuture<FileStatus> first = put(fs, "/b");
      FakeCluster.await("b stored", () -> cluster.dataServer(1).heldAcks.size() == 1);
      CompletableFuture<FileStatus> second = put(fs, "/c");
      FakeCluster.await("c stored", () -> cluster.dataServer(1).heldAcks.size() == 2);
      cluster.dataServer(1).heldAcks.poll().run();
      first.get(5, TimeUnit.SECONDS);
      assertThat(second).isNotDone();
      cluster.dataServer(1).releaseAcks();
      second.get(5, TimeUnit.SECONDS);
    }
  }

  private static CompletableFuture<FileStatus> put(CairnFileSystem fs, String path) {
    return fs.createWithContentAsync(
        CairnPath.of(path), ByteBuffer.wrap(random(20_000)), CreateOptions.defaults());
  }

  @Test
  void fullSharedChunksAreGivenBackAfterTheirCommits() throws Exception {
    try (CairnFileSystem fs = cluster.connect(b -> b.sharedStreams(1))) {
      for (int i = 0; i < 40; i++) {
        fs.createWithContent(
            CairnPath.of("/s" + i), ByteBuffer.wrap(random(60_000)), CreateOptions.defaults());
      }
      List<FakeChunk> used =
          cluster.namespace.chunks().stream().filter(c -> c.content().length > 0).toList();
      assertThat(used).hasSizeGreaterThan(2);
      FakeCluster.await(
          "full chunks to be closed",
          () -> used.stream().filter(FakeChunk::isClosed).count() >= used.size() - 1);
    }
  }

  @Test
  void appendGoesOnAtTheEnd() throws Exception {
    for (int length : new int[] {0, 100, 16_000, 20_000, 200_000}) {
      CairnPath path = CairnPath.of("/f" + length);
      try (CairnFileSystem fs = connect()) {
        byte[] content = random(length + 30_000);
        fs.createWithContent(path, ByteBuffer.wrap(content, 0, length), CreateOptions.defaults());
        try (CairnOutputStream out = fs.append(path)) {
          assertThat(out.position()).isEqualTo(length);
          out.write(content, length, 10);
        }
        try (CairnOutputStream out = fs.append(path)) {
          out.write(content, length + 10, 29_990);
        }
        fs.append(path).close();
        assertThat(fs.readFully(path, content.length)).isEqualTo(content);
      }
    }
  }

  @Test
  void syncForcesEveryChunkBeforeItCommits() throws Exception {
    try (CairnFileSystem fs = connect();
        CairnOutputStream out = fs.create(FILE, CreateOptions.defaults())) {
      // More than one chunk, so that the first is closed when the sync comes.
      byte[] content = random(2_500_000);
      out.write(content);
      cluster.events.clear();
      out.sync();
      List<String> events = List.copyOf(cluster.events);
      FakeFile file = cluster.namespace.file("/f");
      assertThat(file.length).isEqualTo(content.length);
      List<Long> chunks = file.extents.stream().map(Extent::getChunk).distinct().toList();
      assertThat(chunks).hasSize(3);
      int commit = events.indexOf("COMMIT");
      for (int i = 0; i < chunks.size(); i++) {
        long chunk = chunks.get(i);
        if (i == chunks.size() - 1) {
          assertThat(events.subList(0, commit)).contains("SYNC " + chunk);
        } else {
          assertThat(events.subList(0, commit))
              .contains("FORCE " + chunk + " 1", "FORCE " + chunk + " 2", "FORCE " + chunk + " 3");
        }
      }
      // Nothing has to be forced twice.
      cluster.events.clear();
      out.sync();
      assertThat(cluster.events).noneMatch(event -> event.startsWith("FORCE"));
    }
  }

  @Test
  void syncAtCloseForcesWhileItGoes() throws Exception {
    try (CairnFileSystem fs = connect()) {
      CreateOptions durable =
          CreateOptions.defaults().withDurability(CreateOptions.Durability.SYNC).deferred();
      try (CairnOutputStream out = fs.create(FILE, durable)) {
        out.write(random(2_500_000));
      }
      int create = cluster.events.indexOf("CREATE");
      for (Extent extent : cluster.namespace.file("/f").extents) {
        assertThat(cluster.events.subList(0, create)).contains("SYNC " + extent.getChunk());
      }
      fs.createWithContent(CairnPath.of("/s"), ByteBuffer.wrap(random(20_000)), durable);
      long shared = cluster.namespace.file("/s").extents.get(0).getChunk();
      assertThat(cluster.events).contains("SYNC " + shared);
    }
  }

  @Test
  void abortedDeferredFilesNeverAppearAndTheirChunksAreGivenBack() throws Exception {
    try (CairnFileSystem fs = connect()) {
      CairnOutputStream out = fs.create(FILE, CreateOptions.defaults().deferred());
      out.write(random(1_500_000));
      out.abort();
      out.abort();
      assertThat(fs.exists(FILE)).isFalse();
      assertThatThrownBy(() -> out.write(1)).isInstanceOf(IOException.class);
      out.close();
      FakeCluster.await(
          "chunks to be closed",
          () -> cluster.namespace.chunks().stream().allMatch(FakeChunk::isClosed));
    }
  }

  @Test
  void abortedVisibleFilesKeepWhatWasFlushedAndFreeTheLease() throws Exception {
    try (CairnFileSystem fs = connect()) {
      CairnOutputStream out = fs.create(FILE, CreateOptions.defaults());
      out.write(random(100_000));
      out.flush();
      out.write(random(100_000));
      out.abort();
      assertThat(fs.stat(FILE).length()).isEqualTo(100_000);
      FakeCluster.await("release", () -> cluster.events.contains("RELEASE"));
    }
  }

  @Test
  void closeIsIdempotentAndWritesAfterItAreRefused() throws Exception {
    try (CairnFileSystem fs = connect()) {
      CairnOutputStream out = fs.create(FILE, CreateOptions.defaults());
      out.write(1);
      out.close();
      int seen = cluster.leader().mutationsSeen.get();
      out.close();
      out.flush();
      assertThat(cluster.leader().mutationsSeen.get()).isEqualTo(seen);
      assertThatThrownBy(() -> out.write(1))
          .asInstanceOf(type(CairnException.class))
          .extracting(CairnException::code)
          .isEqualTo(ErrorCode.STALE_HANDLE);
    }
  }

  @Test
  void existingFilesAreRefusedOrReplaced() throws Exception {
    try (CairnFileSystem fs = connect()) {
      fs.createWithContent(FILE, ByteBuffer.wrap(random(10)), CreateOptions.defaults());
      assertThatThrownBy(() -> fs.create(FILE, CreateOptions.defaults()))
          .asInstanceOf(type(CairnException.class))
          .extracting(CairnException::code)
          .isEqualTo(ErrorCode.EXISTS);
      assertThatThrownBy(
              () ->
                  fs.createWithContentAsync(
                          FILE, ByteBuffer.wrap(random(10)), CreateOptions.defaults())
                      .get())
          .isInstanceOf(ExecutionException.class)
          .hasRootCauseInstanceOf(CairnException.class);
      fs.createWithContent(
          FILE, ByteBuffer.wrap(random(2_000_000)), CreateOptions.defaults().overwrite());
      assertThat(fs.readFully(FILE, 2_000_000)).isEqualTo(random(2_000_000));
    }
  }

  @Test
  void anErrorAtTheMetaserverIsToldByClose() throws Exception {
    try (CairnFileSystem fs = connect()) {
      CairnOutputStream out = fs.create(FILE, CreateOptions.defaults());
      out.write(random(300_000));
      fs.unlink(FILE);
      assertThatThrownBy(out::close)
          .asInstanceOf(type(CairnException.class))
          .extracting(CairnException::code)
          .isEqualTo(ErrorCode.NOT_FOUND);
      out.close();
    }
  }

  @Test
  void noMoreThanTheWindowIsOutstanding() throws Exception {
    try (CairnFileSystem fs = connect()) {
      cluster.dataServer(1).holdingAcks = true;
      CompletableFuture<Throwable> outcome = new CompletableFuture<>();
      Thread writer =
          new Thread(
              () -> {
                try (CairnOutputStream out = fs.create(FILE, CreateOptions.defaults())) {
                  out.write(random(3_000_000));
                } catch (IOException e) {
                  outcome.complete(e);
                }
                outcome.complete(null);
              });
      writer.start();
      FakeCluster.await("a full window", () -> cluster.dataServer(1).heldAcks.size() == 4);
      FakeCluster.await("a waiting writer", () -> writer.getState() == Thread.State.TIMED_WAITING);
      assertThat(cluster.dataServer(1).heldAcks).hasSize(4);
      cluster.dataServer(1).releaseAcks();
      assertThat(outcome.get(20, TimeUnit.SECONDS)).isNull();
      assertThat(cluster.dataServer(1).mostUnacknowledged.get()).isEqualTo(4 * PACKET);
      assertThat(cluster.namespace.content("/f")).isEqualTo(random(3_000_000));
    }
  }

  @Test
  void anInterruptedWriterIsFreedAndItsStreamIsOver() throws Exception {
    try (CairnFileSystem fs = connect()) {
      cluster.dataServer(1).holdingAcks = true;
      CairnOutputStream out = fs.create(FILE, CreateOptions.defaults());
      CompletableFuture<ErrorCode> outcome = new CompletableFuture<>();
      Thread writer =
          new Thread(
              () -> {
                try {
                  out.write(random(3_000_000));
                } catch (IOException e) {
                  outcome.complete(((CairnException) e).code());
                }
              });
      writer.start();
      FakeCluster.await("a full window", () -> cluster.dataServer(1).heldAcks.size() == 4);
      writer.interrupt();
      assertThat(outcome.get(5, TimeUnit.SECONDS)).isEqualTo(ErrorCode.CANCELLED);
      assertThatThrownBy(() -> out.write(1)).isInstanceOf(CairnException.class);
      out.close();
    }
  }

  @Test
  void aFileOfManyChunksCommitsBeforeACommandIsFull() throws Exception {
    byte[] content = random(1100 * 4096);
    try (CairnFileSystem fs = connect()) {
      try (CairnOutputStream out = fs.create(FILE, CreateOptions.defaults().withChunkBytes(4096))) {
        out.write(content);
      }
      assertThat(cluster.namespace.content("/f")).isEqualTo(content);
      assertThat(cluster.events.stream().filter("COMMIT"::equals)).hasSize(2);
    }
  }

  @Test
  void manyThreadsWriteManyFiles() throws Exception {
    try (CairnFileSystem fs = connect()) {
      List<CompletableFuture<Void>> workers = new ArrayList<>();
      for (int worker = 0; worker < 6; worker++) {
        int number = worker;
        workers.add(
            CompletableFuture.runAsync(
                () -> {
                  try {
                    for (int i = 0; i < 12; i++) {
                      CairnPath path = CairnPath.of("/w" + number + "-" + i);
                      byte[] content = random(1 << (i + 8));
                      try (CairnOutputStream out = fs.create(path, CreateOptions.defaults())) {
                        writeInPieces(out, content);
                      }
                      if (!Arrays.equals(fs.readFully(path, 1 << 20), content)) {
                        throw new AssertionError(path + " differs");
                      }
                    }
                  } catch (IOException e) {
                    throw new AssertionError(e);
                  }
                },
                task -> new Thread(task).start()));
      }
      for (CompletableFuture<Void> worker : workers) {
        worker.get(40, TimeUnit.SECONDS);
      }
    }
  }
}
