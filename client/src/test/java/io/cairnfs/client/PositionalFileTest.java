package io.cairnfs.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.cairnfs.client.CairnFile.Range;
import io.cairnfs.client.testing.FakeChunk;
import io.cairnfs.client.testing.FakeCluster;
import io.cairnfs.client.testing.FakeDataServer;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.MutateRequest;
import io.cairnfs.proto.types.Extent;
import io.cairnfs.rpc.server.ServerCall;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class PositionalFileTest {
  private static final CairnPath FILE = CairnPath.of("/f");
  private static final int PACKET = 64 << 10;
  private static final OpenOptions BOTH = OpenOptions.forReadingAndWriting().orCreate();

  private FakeCluster cluster;
  private CairnFileSystem fs;

  @BeforeEach
  void start() throws CairnException {
    cluster = new FakeCluster(1, 4);
    cluster.namespace.defaultChunkBytes = 1 << 20;
    fs = connect();
  }

  @AfterEach
  void stop() throws IOException {
    fs.close();
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

  private static ByteBuffer random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return ByteBuffer.wrap(bytes);
  }

  private static byte[] read(CairnFile file, long position, int length) throws IOException {
    ByteBuffer target = ByteBuffer.allocate(length);
    int count = file.read(position, target);
    return Arrays.copyOf(target.array(), Math.max(0, count));
  }

  private static void assertCode(ThrowingCallable call, ErrorCode code) {
    assertThatThrownBy(call)
        .asInstanceOf(type(CairnException.class))
        .extracting(CairnException::code)
        .isEqualTo(code);
  }

  /** A file as an array of bytes. */
  private static final class Model {
    private byte[] bytes = new byte[0];

    void write(int position, ByteBuffer source) {
      int count = source.remaining();
      if (position + count > bytes.length) {
        bytes = Arrays.copyOf(bytes, position + count);
      }
      source.duplicate().get(bytes, position, count);
    }

    void zero(int from, int until) {
      Arrays.fill(bytes, Math.min(from, bytes.length), Math.min(until, bytes.length), (byte) 0);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void anySequenceOfOperationsDoesWhatAnArrayWouldDo(long seed) throws Exception {
    Random random = new Random(seed);
    Model model = new Model();
    int most = seed % 2 == 0 ? 20_000 : 600_000;
    try (CairnFile file = fs.openFile(FILE, BOTH);
        CairnFile same = fs.openFile(FILE, OpenOptions.forReadingAndWriting());
        CairnFile appending = fs.openFile(FILE, OpenOptions.forAppending())) {
      for (int i = 0; i < 400; i++) {
        int at = random.nextInt(most);
        int count = 1 + random.nextInt(random.nextInt(20) == 0 ? 200_000 : 6000);
        CairnFile one = random.nextBoolean() ? file : same;
        ByteBuffer bytes = random(count);
        switch (random.nextInt(14)) {
          case 0, 1, 2, 3, 4 -> {
            model.write(at, bytes);
            assertThat(one.write(at, bytes)).isEqualTo(count);
            assertThat(bytes.hasRemaining()).isFalse();
          }
          case 5 -> {
            int end = model.bytes.length;
            model.write(end, bytes);
            assertThat(appending.append(bytes)).isEqualTo(end);
          }
          case 6 -> {
            model.bytes = Arrays.copyOf(model.bytes, at);
            one.truncate(at);
          }
          case 7 -> {
            model.zero(at, at + count);
            one.punchHole(at, count);
          }
          case 8 -> one.flush();
          case 9 -> one.sync();
          case 10 -> assertThat(one.length()).isEqualTo(model.bytes.length);
          case 11 -> {
            int half = count / 2;
            model.write(at, bytes);
            ByteBuffer[] parts = {bytes.slice(0, half), bytes.slice(half, count - half)};
            assertThat(one.write(at, parts)).isEqualTo(count);
          }
          default -> {
            int end = Math.min(model.bytes.length, at + count);
            byte[] expected = at < end ? Arrays.copyOfRange(model.bytes, at, end) : new byte[0];
            assertThat(read(one, at, count)).as("%d bytes at %d", count, at).isEqualTo(expected);
          }
        }
      }
      file.flush();
      assertThat(read(same, 0, 1 << 21)).isEqualTo(model.bytes);
    }
    assertThat(cluster.namespace.content("/f")).isEqualTo(model.bytes);
    assertThat(fs.readFully(FILE, 1 << 21)).isEqualTo(model.bytes);
    awaitOwnChunksClosed();
  }

  /** Those that files share are used on. */
  private void awaitOwnChunksClosed() throws InterruptedException {
    FakeCluster.await(
        "chunks of one file to be closed",
        () -> ownChunks().stream().allMatch(FakeChunk::isClosed));
  }

  private List<FakeChunk> ownChunks() {
    return cluster.namespace.chunks().stream().filter(chunk -> chunk.inode != 0).toList();
  }

  private List<Extent> extents(String path) {
    return cluster.namespace.file(path).extents;
  }

  @Test
  void smallFilesShareAChunkAndNoCell() throws Exception {
    ByteBuffer first = random(20_000);
    ByteBuffer second = random(25_001);
    for (String path : List.of("/one", "/two")) {
      try (CairnFile file = fs.openFile(CairnPath.of(path), BOTH)) {
        file.write(0, first.duplicate());
        file.write(30_000, second.duplicate());
        cluster.events.clear();
      }
      assertThat(cluster.events).containsOnlyOnce("COMMIT");
      Model model = new Model();
      model.write(0, first);
      model.write(30_000, second);
      assertThat(cluster.namespace.content(path)).isEqualTo(model.bytes);
      assertThat(fs.readFully(CairnPath.of(path), 60_000)).isEqualTo(model.bytes);
      assertThat(extents(path)).hasSize(2);
      assertThat(extents(path)).allMatch(extent -> extent.getChunkOffset() % 4096 == 0);
    }
    assertThat(cluster.namespace.chunks()).hasSize(1);
    assertThat(ownChunks()).isEmpty();
    // 20,000 and 25,001 bytes in whole cells, and the other file behind.
    assertThat(extents("/two").get(0).getChunkOffset()).isEqualTo(5 * 4096 + 7 * 4096);
  }

  @Test
  void whoFlushesLittleAgainAndAgainGetsAChunkOfHisOwn() throws Exception {
    Model model = new Model();
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      for (int i = 0; i < 8; i++) {
        model.write(i * 20_000, random(20_000 + i));
        var unused = file.write(i * 20_000L, random(20_000 + i));
        file.flush();
      }
    }
    assertThat(cluster.namespace.content("/f")).isEqualTo(model.bytes);
    assertThat(ownChunks()).hasSize(1);
    assertThat(cluster.namespace.chunks()).hasSize(2);
    awaitOwnChunksClosed();
  }

  @Test
  void syncForcesASharedChunkOnceForTheBytesOfTheFile() throws Exception {
    try (CairnFile file = fs.openFile(FILE, BOTH);
        CairnFile other = fs.openFile(CairnPath.of("/other"), BOTH)) {
      var unused = file.write(0, random(20_000));
      file.flush();
      cluster.events.clear();
      file.sync();
      long chunk = extents("/f").get(0).getChunk();
      assertThat(cluster.events).anyMatch(event -> event.startsWith("FORCE " + chunk + " "));
      unused = other.write(0, random(20_000));
      other.flush();
      assertThat(extents("/other").get(0).getChunk()).isEqualTo(chunk);
      cluster.events.clear();
      file.sync();
      assertThat(cluster.events).isEmpty();
      other.sync();
      assertThat(cluster.events).anyMatch(event -> event.startsWith("FORCE " + chunk + " "));
    }
  }

  @Test
  void aSmallFileThatIsSyncedAtOnceIsForcedByItsStream() throws Exception {
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      var unused = file.write(0, random(20_000));
      file.sync();
      long chunk = extents("/f").get(0).getChunk();
      assertThat(cluster.events).contains("SYNC " + chunk);
      assertThat(cluster.events).noneMatch(event -> event.startsWith("FORCE "));
      cluster.events.clear();
      file.sync();
      assertThat(cluster.events).isEmpty();
    }
  }

  @Test
  void whoSyncsEachAppendFindsItDone() throws Exception {
    try (CairnFile file = fs.openFile(FILE, OpenOptions.forAppending().orCreate())) {
      long unused = file.append(random(50_000));
      unused = file.append(random(4096));
      assertThat(cluster.events).noneMatch(event -> event.startsWith("SYNC"));
      file.sync();
      cluster.events.clear();
      unused = file.append(random(4096));
      FakeCluster.await(
          "sync", () -> cluster.events.stream().anyMatch(event -> event.startsWith("SYNC")));
      file.sync();
      assertThat(cluster.events.stream().filter(event -> !event.equals("COMMIT"))).hasSize(1);
      assertThat(cluster.events).noneMatch(event -> event.startsWith("FORCE"));
      cluster.events.clear();
      for (int i = 0; i < 3; i++) {
        unused = file.append(random(4096));
      }
      assertThat(cluster.events.stream().filter(event -> event.startsWith("SYNC"))).hasSize(1);
    }
  }

  @Test
  void manySmallWritesAreFewCommits() throws Exception {
    Model model = new Model();
    Random random = new Random(7);
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      file.truncate(1 << 20);
      model.bytes = new byte[1 << 20];
      int before = cluster.leader().mutationsSeen.get();
      for (int i = 0; i < 4000; i++) {
        ByteBuffer bytes = random(16);
        int at = random.nextInt((1 << 20) - 16);
        model.write(at, bytes);
        file.write(at, bytes);
      }
      file.flush();
      assertThat(cluster.leader().mutationsSeen.get() - before).isLessThan(20);
      assertThat(cluster.namespace.mostExtentsInACommit).isBetween(1000, 4096);
    }
    assertThat(cluster.namespace.content("/f")).isEqualTo(model.bytes);
  }

  @Test
  void whatNobodyFlushesBecomesPartOfTheFileAfterASecond() throws Exception {
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      file.write(0, random(100_000));
      FakeCluster.await("a commit", () -> cluster.namespace.file("/f").length == 100_000);
      file.write(200_000, random(5));
      FakeCluster.await("another one", () -> cluster.namespace.file("/f").length == 200_005);
    }
  }

  @Test
  void tinyFilesTravelInsideTheCommit() throws Exception {
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      file.write(10, random(100));
      file.flush();
      file.append(random(50));
      assertThat(file.length()).isEqualTo(160);
    }
    assertThat(cluster.namespace.chunks()).isEmpty();
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      file.write(5, random(10));
      file.sync();
      assertThat(cluster.namespace.chunks()).isEmpty();
      assertThat(file.append(random(30_000))).isEqualTo(160);
      assertThat(read(file, 160, 30_000)).isEqualTo(random(30_000).array());
      assertThat(Arrays.copyOf(read(file, 5, 10), 10)).isEqualTo(random(10).array());
      assertThat(cluster.namespace.chunks()).hasSize(1);
    }
  }

  @Test
  void whatAnotherClientMadeTinyInBetweenIsMovedIntoAChunk() throws Exception {
    try (CairnFileSystem other = connect();
        CairnFile file = fs.openFile(FILE, BOTH);
        CairnFile theirs = other.openFile(FILE, OpenOptions.forReadingAndWriting())) {
      theirs.write(0, random(100));
      theirs.flush();
      file.write(50, random(20_000));
      file.flush();
      byte[] expected = Arrays.copyOf(random(100).array(), 20_050);
      System.arraycopy(random(20_000).array(), 0, expected, 50, 20_000);
      assertThat(cluster.namespace.content("/f")).isEqualTo(expected);
      // And back again: what the first one believes is out of date.
      theirs.truncate(0);
      theirs.write(0, random(7));
      theirs.flush();
      file.write(3, random(30_000));
      file.flush();
      expected = Arrays.copyOf(random(7).array(), 30_003);
      System.arraycopy(random(30_000).array(), 0, expected, 3, 30_000);
      assertThat(cluster.namespace.content("/f")).isEqualTo(expected);
      assertThat(theirs.length()).isEqualTo(30_003);
      assertThat(read(theirs, 0, 40_000)).isEqualTo(expected);
    }
  }

  @Test
  void tinyContentIsMovedIntoAChunkWhenAHoleMakesTheFileLong() throws Exception {
    byte[] content = random(100).array();
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      file.write(0, random(100));
      file.truncate(50_000);
      assertThat(cluster.namespace.content("/f")).isEqualTo(Arrays.copyOf(content, 50_000));
      file.truncate(0);
      file.write(0, random(100));
      file.allocate(60_000, 10_000, CairnFile.Allocate.KEEP_LENGTH);
      assertThat(file.length()).isEqualTo(100);
      file.allocate(60_000, 10_000, CairnFile.Allocate.GROW);
      assertThat(cluster.namespace.content("/f")).isEqualTo(Arrays.copyOf(content, 70_000));
    }
    CairnPath other = CairnPath.of("/g");
    var unused = fs.createWithContent(other, random(100), CreateOptions.defaults());
    assertThat(fs.truncate(other, 40_000).length()).isEqualTo(40_000);
    assertThat(cluster.namespace.content("/g")).isEqualTo(Arrays.copyOf(content, 40_000));
    FakeCluster.await(
        "chunks to be closed",
        () -> cluster.namespace.chunks().stream().allMatch(FakeChunk::isClosed));
  }

  @Test
  void aGrowingFileIsFollowed() throws Exception {
    try (CairnFileSystem other = connect();
        CairnFile file = fs.openFile(FILE, BOTH);
        CairnFile theirs = other.openFile(FILE, OpenOptions.forReading())) {
      assertThat(theirs.read(0, ByteBuffer.allocate(10))).isEqualTo(-1);
      for (int i = 0; i < 5; i++) {
        file.write(i * 40_000L, random(40_000));
        file.flush();
        assertThat(read(theirs, i * 40_000L, 50_000)).isEqualTo(random(40_000).array());
      }
    }
  }

  @Test
  void overwritesByOthersAreSeenOnceTheLengthWasAskedFor() throws Exception {
    try (CairnFileSystem other = connect();
        CairnFile file = fs.openFile(FILE, BOTH);
        CairnFile theirs = other.openFile(FILE, OpenOptions.forReading());
        CairnFile fresh =
            other.openFile(
                FILE, OpenOptions.forReading().withFreshness(OpenOptions.Freshness.EACH_READ))) {
      file.write(0, random(100_000));
      file.flush();
      assertThat(theirs.length()).isEqualTo(100_000);
      file.write(500, random(1000));
      file.flush();
      assertThat(read(fresh, 500, 1000)).isEqualTo(random(1000).array());
      file.write(500, random(2000));
      file.flush();
      assertThat(theirs.length()).isEqualTo(100_000);
      assertThat(read(theirs, 500, 2000)).isEqualTo(random(2000).array());
    }
  }

  @Test
  void appendsOfManyClientsAllLandWhole() throws Exception {
    int clients = 4;
    int records = 25;
    fs.openFile(FILE, BOTH).close();
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    List<CairnFileSystem> all = new java.util.ArrayList<>();
    try {
      List<Future<List<Long>>> results = new java.util.ArrayList<>();
      for (int c = 0; c < clients; c++) {
        CairnFileSystem client = connect();
        all.add(client);
        int number = c;
        results.add(
            threads.submit(
                () -> {
                  List<Long> offsets = new java.util.ArrayList<>();
                  try (CairnFile file =
                      client.openFile(FILE, OpenOptions.forAppending().syncingWrites())) {
                    for (int i = 0; i < records; i++) {
                      byte[] record = new byte[1000 + i];
                      Arrays.fill(record, (byte) (number * records + i));
                      offsets.add(file.append(ByteBuffer.wrap(record)));
                    }
                  }
                  return offsets;
                }));
      }
      int total = 0;
      for (int c = 0; c < clients; c++) {
        List<Long> offsets = results.get(c).get(30, TimeUnit.SECONDS);
        byte[] content = cluster.namespace.content("/f");
        for (int i = 0; i < records; i++) {
          byte[] record = new byte[1000 + i];
          Arrays.fill(record, (byte) (c * records + i));
          int at = offsets.get(i).intValue();
          assertThat(Arrays.copyOfRange(content, at, at + record.length)).isEqualTo(record);
          total += record.length;
        }
      }
      assertThat(cluster.namespace.content("/f")).hasSize(total);
    } finally {
      threads.shutdownNow();
      for (CairnFileSystem client : all) {
        client.close();
      }
    }
  }

  @Test
  void threadsOfOneClientWriteOneFileThroughOneHandle() throws Exception {
    int threads = 4;
    int each = 60;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      List<Future<Void>> done = new java.util.ArrayList<>();
      for (int t = 0; t < threads; t++) {
        int number = t;
        done.add(
            pool.submit(
                () -> {
                  Random random = new Random(number);
                  for (int i = 0; i < each; i++) {
                    long at = ((long) i * threads + number) * 1000;
                    file.write(at, random(1000 - i));
                    if (random.nextInt(20) == 0) {
                      file.sync();
                    }
                    assertThat(read(file, at, 1000 - i)).isEqualTo(random(1000 - i).array());
                  }
                  return null;
                }));
      }
      for (Future<Void> one : done) {
        one.get(50, TimeUnit.SECONDS);
      }
    } finally {
      pool.shutdownNow();
    }
    byte[] content = cluster.namespace.content("/f");
    for (int i = 0; i < each * threads; i++) {
      int length = 1000 - i / threads;
      assertThat(Arrays.copyOfRange(content, i * 1000, i * 1000 + length))
          .isEqualTo(random(length).array());
    }
  }

  @Test
  void aFailingPipelineLosesNothing() throws Exception {
    Model model = new Model();
    Random random = new Random(3);
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      cluster.dataServer(2).failAtLength.set(300_000);
      for (int i = 0; i < 500; i++) {
        ByteBuffer bytes = random(3000);
        int at = random.nextInt(1_000_000);
        model.write(at, bytes);
        file.write(at, bytes);
      }
      file.sync();
      assertThat(fs.statistics().pipelineFailovers()).isPositive();
      assertThat(cluster.namespace.content("/f")).isEqualTo(model.bytes);
    }
  }

  @Test
  void anErrorOfADelayedWriteIsToldOnceToEachHandle() throws Exception {
    try (CairnFile file = fs.openFile(FILE, BOTH);
        CairnFile same = fs.openFile(FILE, OpenOptions.forWriting())) {
      file.write(0, random(30_000));
      cluster.namespace.nextCommitRefusal.set(
          new CairnException(ErrorCode.NO_SPACE, "nothing is left"));
      assertCode(file::flush, ErrorCode.NO_SPACE);
      file.flush();
      assertCode(() -> same.write(0, random(10)), ErrorCode.NO_SPACE);
      same.write(0, random(10));
      same.flush();
      assertThat(cluster.namespace.content("/f")).isEqualTo(random(10).array());
      file.write(10, random(40_000));
      file.sync();
      assertThat(cluster.namespace.file("/f").length).isEqualTo(40_010);
    }
    awaitOwnChunksClosed();
  }

  @Test
  void anErrorOfTheLastBytesIsToldByClose() throws Exception {
    CairnFile file = fs.openFile(FILE, BOTH);
    file.write(0, random(30_000));
    cluster.namespace.nextCommitRefusal.set(
        new CairnException(ErrorCode.NO_SPACE, "nothing is left"));
    assertCode(file::close, ErrorCode.NO_SPACE);
    file.close();
    assertCode(file::length, ErrorCode.STALE_HANDLE);
    assertCode(() -> file.read(0, ByteBuffer.allocate(1)), ErrorCode.STALE_HANDLE);
  }

  /** What was written is seen by everybody here who asks later, whoever commits it meanwhile. */
  @ParameterizedTest
  @ValueSource(strings = {"stat", "lookup", "list", "open"})
  void whatIsCommittedWhileSomebodyAsksIsSeen(String way) throws Exception {
    ExecutorService asker = Executors.newSingleThreadExecutor();
    try {
      CairnFile file = fs.openFile(FILE, BOTH);
      long root = fs.stat(CairnPath.of("/")).inode();
      file.write(0, ByteBuffer.allocate(100_000));
      cluster.leader().holdingReplies = true;
      Future<Long> length = asker.submit(() -> lengthBy(way, root));
      FakeCluster.await("the question", () -> cluster.leader().heldReplies.size() == 1);
      cluster.leader().holdingReplies = false;
      file.close();
      cluster.leader().heldReplies.poll().run();
      assertThat(length.get()).isEqualTo(100_000);
    } finally {
      asker.shutdownNow();
    }
  }

  private long lengthBy(String way, long root) throws Exception {
    return switch (way) {
      case "stat" -> fs.stat(FILE).length();
      case "lookup" -> fs.nodes().lookup(root, new byte[] {'f'}).length();
      case "list" -> fs.nodes().list(root, new byte[0], 10).entries().get(0).length();
      case "open" -> {
        try (CairnInputStream in = fs.open(FILE)) {
          yield (long) in.readAllBytes().length;
        }
      }
      default -> throw new IllegalArgumentException(way);
    };
  }

  @Test
  void manyWhoAppendAtOnceShareCommits() throws Exception {
    int threads = 40;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      file.append(random(100_000));
      cluster.leader().holdingMutations = true;
      Future<Long> first = pool.submit(() -> file.append(record(0)));
      FakeCluster.await("the first append", () -> cluster.leader().held.size() == 1);
      List<Future<Long>> others = new ArrayList<>();
      for (int i = 1; i < threads; i++) {
        int number = i;
        others.add(pool.submit(() -> file.append(record(number))));
      }
      FakeCluster.await("all of them", () -> waitingThreads(threads));
      int before = cluster.namespace.applied();
      cluster.leader().letGo();
      List<Long> offsets = new ArrayList<>(List.of(first.get()));
      for (Future<Long> each : others) {
        offsets.add(each.get());
      }
      assertThat(cluster.namespace.applied() - before).isLessThanOrEqualTo(3);
      byte[] content = cluster.namespace.content("/f");
      assertThat(content).hasSize(100_000 + threads * 1_000);
      for (int i = 0; i < threads; i++) {
        int at = Math.toIntExact(offsets.get(i));
        assertThat(Arrays.copyOfRange(content, at, at + 1_000)).isEqualTo(record(i).array());
      }
      assertThat(offsets).doesNotHaveDuplicates();
    } finally {
      pool.shutdownNow();
    }
  }

  private static boolean waitingThreads(int count) {
    return Thread.getAllStackTraces().entrySet().stream()
            .filter(thread -> thread.getKey().getState() == Thread.State.WAITING)
            .filter(
                thread ->
                    Arrays.stream(thread.getValue())
                        .anyMatch(
                            frame ->
                                frame.getClassName().endsWith(".RangeWriter")
                                    && frame.getMethodName().equals("append")))
            .count()
        >= count;
  }

  private static ByteBuffer record(int number) {
    byte[] bytes = new byte[1_000];
    Arrays.fill(bytes, (byte) number);
    return ByteBuffer.wrap(bytes);
  }

  @Test
  void allWhoseAppendsShareACommitThatFailsAreTold() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      file.append(random(100_000));
      cluster.leader().holdingMutations = true;
      Future<Long> first = pool.submit(() -> file.append(record(0)));
      FakeCluster.await("the first append", () -> cluster.leader().held.size() == 1);
      List<Future<Long>> others = new ArrayList<>();
      for (int i = 1; i < 4; i++) {
        int number = i;
        others.add(pool.submit(() -> file.append(record(number))));
      }
      FakeCluster.await("all of them", () -> waitingThreads(4));
      cluster.leader().letOneGo();
      assertThat(first.get()).isEqualTo(100_000);
      FakeCluster.await("their commit", () -> cluster.leader().held.size() == 1);
      cluster.namespace.nextCommitRefusal.set(new CairnException(ErrorCode.NO_SPACE, "full"));
      cluster.leader().letGo();
      for (Future<Long> each : others) {
        assertThatThrownBy(each::get).cause().hasMessageContaining("full");
      }
      assertThat(file.append(record(7))).isEqualTo(101_000);
    } finally {
      pool.shutdownNow();
    }
  }

  /** What a stream has written when somebody else wants to write, and whether it was flushed. */
  @ParameterizedTest
  @CsvSource({"0,0", "10,0", "10,1", "60000,0", "60000,1", "300000,0", "300000,1", "300000,2"})
  void aStreamThatIsAloneLetsOthersWriteAndGoesOn(int length, int flushes) throws Exception {
    byte[] expected = new byte[length + 200_000];
    try (CairnFileSystem other = connect();
        CairnOutputStream out = fs.create(FILE, CreateOptions.defaults());
        CairnFile file = other.openFile(FILE, BOTH)) {
      byte[] before = random(length).array();
      System.arraycopy(before, 0, expected, 0, length);
      out.write(before);
      for (int i = 0; i < flushes; i++) {
        out.flush();
      }
      byte[] beside = random(7).array();
      file.write(3, ByteBuffer.wrap(beside));
      file.flush();
      assertThat(cluster.namespace.file("/f").lease).isZero();
      byte[] after = random(200_000).array();
      System.arraycopy(after, 0, expected, length, after.length);
      assertThat(out.position()).isEqualTo(length);
      out.write(after);
      out.sync();
      assertThat(out.position()).isEqualTo(expected.length);
      if (flushes > 0 || length > 100_000) {
        // The stream's bytes were there first.
        System.arraycopy(beside, 0, expected, 3, beside.length);
      }
    }
    byte[] content = cluster.namespace.content("/f");
    assertThat(content).hasSize(expected.length);
    assertThat(content).isEqualTo(expected);
  }

  @Test
  void aStreamOfTheSameClientLetsItsFileWrite() throws Exception {
    try (CairnOutputStream out = fs.create(FILE, CreateOptions.defaults());
        CairnFile file = fs.openFile(FILE, BOTH)) {
      byte[] first = random(300_000).array();
      out.write(first);
      out.flush();
      out.flush();
      file.write(300_000, random(100));
      file.flush();
      out.write(1);
      out.close();
      file.write(300_001, random(50));
      file.flush();
      byte[] content = cluster.namespace.content("/f");
      assertThat(content).hasSize(300_100).startsWith(first);
      assertThat(content[300_000]).isEqualTo((byte) 1);
    }
  }

  @Test
  void whatAStreamCannotWriteAfterItsLeaseIsOverIsTold() throws Exception {
    CairnOutputStream out = fs.create(FILE, CreateOptions.defaults());
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      out.write(new byte[300_000]);
      out.flush();
      file.write(0, random(100));
      file.flush();
      out.write(1);
      cluster.namespace.nextCommitRefusal.set(new CairnException(ErrorCode.NO_SPACE, "full"));
      assertCode(out::flush, ErrorCode.NO_SPACE);
      assertCode(() -> out.write(1), ErrorCode.NO_SPACE);
    }
    assertCode(out::flush, ErrorCode.NO_SPACE);
    out.close();
  }

  @Test
  void anEndedSessionEndsEverything() throws Exception {
    CairnFile file = fs.openFile(FILE, BOTH);
    file.write(0, random(100_000));
    cluster.namespace.expireSessions();
    assertCode(file::flush, ErrorCode.SESSION_EXPIRED);
    assertCode(() -> file.write(0, random(1)), ErrorCode.SESSION_EXPIRED);
    assertCode(file::length, ErrorCode.SESSION_EXPIRED);
    assertCode(file::close, ErrorCode.SESSION_EXPIRED);
    file.close();
    try (CairnFile again = fs.openFile(FILE, BOTH)) {
      again.write(0, random(5));
    }
    assertThat(cluster.namespace.content("/f")).isEqualTo(random(5).array());
  }

  @Test
  void syncForcesEveryChunkWithBytesSinceTheLastOne() throws Exception {
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      file.write(0, random(2_500_000));
      cluster.events.clear();
      file.sync();
      long[] written =
          cluster.namespace.file("/f").extents.stream()
              .mapToLong(e -> e.getChunk())
              .distinct()
              .toArray();
      assertThat(written).hasSizeGreaterThan(2);
      for (long chunk : written) {
        assertThat(cluster.events)
            .anyMatch(e -> e.equals("SYNC " + chunk) || e.startsWith("FORCE " + chunk + " "));
      }
      cluster.events.clear();
      file.sync();
      assertThat(cluster.events).isEmpty();
    }
  }

  private List<FakeDataServer> dataServers() {
    return IntStream.rangeClosed(1, 4).mapToObj(cluster::dataServer).toList();
  }

  /** Writes in another thread, and does not wait for ever. */
  private static void writeBeside(
      ExecutorService pool, CairnFile file, Model model, int position, ByteBuffer bytes)
      throws Exception {
    model.write(position, bytes);
    assertThat(pool.submit(() -> file.write(position, bytes)).get(20, TimeUnit.SECONDS))
        .isGreaterThan(0);
  }

  @Test
  void writesGoOnWhileTheStreamIsForced() throws Exception {
    ExecutorService pool = Executors.newCachedThreadPool();
    Model model = new Model();
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      model.write(0, random(3 * PACKET));
      var unused = file.write(0, random(3 * PACKET));
      file.sync();
      model.write(1000, random(5000));
      unused = file.write(1000, random(5000));
      dataServers().forEach(server -> server.holdingAcks = true);
      Future<?> sync = pool.submit(() -> done(file::sync));
      FakeCluster.await("the force", () -> dataServers().stream().anyMatch(this::holdsAck));
      byte[] before = cluster.namespace.content("/f");
      writeBeside(pool, file, model, 500, random(PACKET));
      writeBeside(pool, file, model, 3 * PACKET, random(PACKET + 1));
      assertThat(sync).isNotDone();
      assertThat(cluster.namespace.content("/f")).as("committed unforced").isEqualTo(before);
      cluster.events.clear();
      dataServers().forEach(FakeDataServer::releaseAcks);
      sync.get();
      assertThat(cluster.events).anyMatch(event -> event.startsWith("SYNC "));
      byte[] synced = cluster.namespace.content("/f");
      assertThat(Arrays.copyOfRange(synced, 500 + PACKET, 3 * PACKET))
          .isEqualTo(Arrays.copyOfRange(model.bytes, 500 + PACKET, 3 * PACKET));
      assertThat(read(file, 0, model.bytes.length)).isEqualTo(model.bytes);
      // What was written beside it was not forced by it.
      cluster.events.clear();
      file.sync();
      assertThat(cluster.events).anyMatch(event -> event.startsWith("SYNC "));
      assertThat(cluster.namespace.content("/f")).isEqualTo(model.bytes);
      cluster.events.clear();
      file.sync();
      assertThat(cluster.events).isEmpty();
    } finally {
      pool.shutdownNow();
    }
  }

  private boolean holdsAck(FakeDataServer server) {
    return !server.heldAcks.isEmpty();
  }

  private interface Action {
    void run() throws IOException;
  }

  private static boolean done(Action action) throws IOException {
    action.run();
    return true;
  }

  @Test
  void writesGoOnWhileEndedChunksAreForcedAndWhileASyncCommits() throws Exception {
    ExecutorService pool = Executors.newCachedThreadPool();
    Model model = new Model();
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      model.write(0, random(2_500_000));
      var unused = file.write(0, random(2_500_000));
      dataServers().forEach(server -> server.holdingForces = true);
      Future<?> sync = pool.submit(() -> done(file::sync));
      FakeCluster.await(
          "the force", () -> dataServers().stream().anyMatch(s -> !s.heldForces.isEmpty()));
      writeBeside(pool, file, model, 100, random(4000));
      cluster.leader().holdingMutations = true;
      dataServers().forEach(FakeDataServer::releaseForces);
      FakeCluster.await("the commit", () -> cluster.leader().held.size() == 1);
      writeBeside(pool, file, model, 2_400_000, random(4001));
      assertThat(sync).isNotDone();
      cluster.leader().letGo();
      sync.get();
      assertThat(cluster.namespace.content("/f")).hasSize(2_500_000);
      assertThat(read(file, 0, model.bytes.length)).isEqualTo(model.bytes);
    } finally {
      pool.shutdownNow();
    }
    assertThat(cluster.namespace.content("/f")).isEqualTo(model.bytes);
  }

  @Test
  void writesGoOnWhileATinyFileIsSynced() throws Exception {
    ExecutorService pool = Executors.newCachedThreadPool();
    Model model = new Model();
    try (CairnFile file = fs.openFile(FILE, BOTH);
        CairnFile handle = fs.openFile(FILE, BOTH)) {
      model.write(0, random(100));
      var unused = file.write(0, random(100));
      cluster.leader().holdingMutations = true;
      Future<?> sync = pool.submit(() -> done(file::sync));
      FakeCluster.await("the commit", () -> cluster.leader().held.size() == 1);
      writeBeside(pool, file, model, 50, random(120));
      writeBeside(pool, handle, model, 5000, random(7));
      assertThat(sync).isNotDone();
      cluster.leader().letGo();
      sync.get();
      assertThat(cluster.namespace.content("/f")).isEqualTo(random(100).array());
      assertThat(read(handle, 0, 6000)).isEqualTo(model.bytes);
      file.sync();
      assertThat(cluster.namespace.chunks()).isEmpty();
      assertThat(cluster.namespace.content("/f")).isEqualTo(model.bytes);
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void writesGoOnWhileASharedChunkIsForcedAndWhileItIsCommitted() throws Exception {
    ExecutorService pool = Executors.newCachedThreadPool();
    Model model = new Model();
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      model.write(0, random(20_000));
      var unused = file.write(0, random(20_000));
      dataServers().forEach(server -> server.holdingAcks = true);
      Future<?> sync = pool.submit(() -> done(file::sync));
      FakeCluster.await("the force", () -> dataServers().stream().anyMatch(this::holdsAck));
      writeBeside(pool, file, model, 10_000, random(3000));
      cluster.leader().holdingMutations = true;
      dataServers().forEach(FakeDataServer::releaseAcks);
      FakeCluster.await("the commit", () -> cluster.leader().held.size() == 1);
      writeBeside(pool, file, model, 12_000, random(9001));
      assertThat(sync).isNotDone();
      cluster.leader().letGo();
      sync.get();
      assertThat(cluster.namespace.content("/f")).isEqualTo(random(20_000).array());
      assertThat(read(file, 0, 30_000)).isEqualTo(model.bytes);
    } finally {
      pool.shutdownNow();
    }
    assertThat(cluster.namespace.content("/f")).isEqualTo(model.bytes);
  }

  @Test
  void whatIsWrittenWhileASmallSyncFailsOverIntoAChunkStaysTheLater() throws Exception {
    ExecutorService pool = Executors.newCachedThreadPool();
    Model model = new Model();
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      model.write(0, random(1000));
      var unused = file.write(0, random(1000));
      cluster.leader().holdingMutations = true;
      Future<?> sync = pool.submit(() -> done(file::sync));
      FakeCluster.await("inline", () -> cluster.leader().held.size() == 1);
      writeBeside(pool, file, model, 500, random(700));
      contentChangedAtNextCommit();
      // Held again: the commit of the shared chunk, behind the allocations that it needs.
      letGoUntilCommit();
      writeBeside(pool, file, model, 300, random(300));
      contentChangedAtNextCommit();
      cluster.leader().letGo();
      sync.get();
      assertThat(read(file, 0, 2000)).isEqualTo(model.bytes);
      file.sync();
      assertThat(cluster.namespace.content("/f")).isEqualTo(model.bytes);
    } finally {
      pool.shutdownNow();
    }
  }

  private void contentChangedAtNextCommit() {
    cluster.namespace.nextCommitRefusal.set(
        new CairnException(ErrorCode.CONTENT_CHANGED, "another one was here"));
  }

  /** The first one that is held is a commit; so is what is held when this returns. */
  private void letGoUntilCommit() throws InterruptedException {
    cluster.leader().letOneGo();
    FakeCluster.await(
        "the next commit",
        () -> {
          ServerCall next = cluster.leader().held.peek();
          if (next != null && !isCommit(next)) {
            cluster.leader().letOneGo();
            return false;
          }
          return next != null;
        });
  }

  private static boolean isCommit(ServerCall call) {
    try {
      return call.message(MutateRequest.parser()).getOperation().hasCommit();
    } catch (CairnException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aWriterThatNeedsRoomWaitsForASmallSync() throws Exception {
    ExecutorService pool = Executors.newCachedThreadPool();
    Model model = new Model();
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      model.write(0, random(100));
      var unused = file.write(0, random(100));
      cluster.leader().holdingMutations = true;
      Future<?> sync = pool.submit(() -> done(file::sync));
      FakeCluster.await("the commit", () -> cluster.leader().held.size() == 1);
      writeBeside(pool, file, model, 50, random(PACKET));
      Future<?> write = pool.submit(() -> file.write(60, random(PACKET - 2)));
      model.write(60, random(PACKET - 2));
      assertThat(sync).isNotDone();
      cluster.leader().letGo();
      sync.get();
      write.get();
      assertThat(file.write(70, random(PACKET - 1))).isEqualTo(PACKET - 1);
      model.write(70, random(PACKET - 1));
      assertThat(read(file, 0, 2 * PACKET)).isEqualTo(model.bytes);
    } finally {
      pool.shutdownNow();
    }
    assertThat(cluster.namespace.content("/f")).isEqualTo(model.bytes);
  }

  @Test
  void aSmallSyncThatFailsTellsTheOtherHandles() throws Exception {
    try (CairnFile file = fs.openFile(FILE, BOTH);
        CairnFile handle = fs.openFile(FILE, BOTH)) {
      var unused = file.write(0, random(100));
      cluster.namespace.nextCommitRefusal.set(new CairnException(ErrorCode.NO_SPACE, "full"));
      assertCode(file::sync, ErrorCode.NO_SPACE);
      assertCode(() -> handle.write(0, random(10)), ErrorCode.NO_SPACE);
      unused = handle.write(5, random(10));
      handle.sync();
      assertThat(cluster.namespace.content("/f")).hasSize(15);
    }
  }

  @Test
  void aSyncIsToldWhatWasLostWhileItWaitedAndLosesNothingLater() throws Exception {
    ExecutorService pool = Executors.newCachedThreadPool();
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      var unused = file.write(0, random(2_500_000));
      file.sync();
      unused = file.write(0, random(3000));
      cluster.leader().holdingMutations = true;
      Future<?> sync = pool.submit(() -> done(file::sync));
      FakeCluster.await("the commit", () -> cluster.leader().held.size() == 1);
      unused = file.write(10_000, random(4000));
      cluster.namespace.nextCommitRefusal.set(new CairnException(ErrorCode.NO_SPACE, "full"));
      cluster.leader().letGo();
      assertThatThrownBy(sync::get).cause().hasMessageContaining("full");
      unused = file.write(20_000, random(5000));
      file.sync();
      assertThat(Arrays.copyOfRange(cluster.namespace.content("/f"), 20_000, 25_000))
          .isEqualTo(random(5000).array());
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void rightsAreThoseOfTheOpening() throws Exception {
    fs.openFile(FILE, BOTH.withMode(0)).close();
    try (CairnFile reading = fs.openFile(FILE, OpenOptions.forReading());
        CairnFile writing = fs.openFile(FILE, OpenOptions.forWriting())) {
      assertCode(() -> reading.write(0, random(1)), ErrorCode.INVALID_ARGUMENT);
      assertCode(() -> reading.truncate(0), ErrorCode.INVALID_ARGUMENT);
      assertCode(() -> writing.read(0, ByteBuffer.allocate(1)), ErrorCode.INVALID_ARGUMENT);
      assertCode(() -> reading.read(-1, ByteBuffer.allocate(1)), ErrorCode.INVALID_ARGUMENT);
      assertCode(() -> writing.write(-1, random(1)), ErrorCode.INVALID_ARGUMENT);
      assertCode(() -> writing.write(Long.MAX_VALUE, random(2)), ErrorCode.INVALID_ARGUMENT);
      assertCode(() -> writing.allocate(0, 0, CairnFile.Allocate.GROW), ErrorCode.INVALID_ARGUMENT);
    }
  }

  @Test
  void namesAreMadeRequiredAndRefusedAsTheOptionsSay() throws Exception {
    assertCode(() -> fs.openFile(FILE, OpenOptions.forWriting()), ErrorCode.NOT_FOUND);
    try (CairnFile file = fs.openFile(FILE, OpenOptions.forWriting().createNew())) {
      file.write(0, random(30_000));
    }
    assertCode(() -> fs.openFile(FILE, OpenOptions.forWriting().createNew()), ErrorCode.EXISTS);
    try (CairnFile file = fs.openFile(FILE, BOTH.truncating())) {
      assertThat(file.length()).isZero();
      assertThat(file.status().length()).isZero();
    }
    fs.mkdir(CairnPath.of("/d"), 0755);
    assertCode(
        () -> fs.openFile(CairnPath.of("/d"), OpenOptions.forReading()), ErrorCode.IS_A_DIRECTORY);
  }

  @Test
  void dataAndHolesAreFound() throws Exception {
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      assertThat(file.seekData(0)).isEqualTo(-1);
      file.write(100_000, random(20_000));
      file.write(300_000, random(20_000));
      file.truncate(400_000);
      assertThat(file.seekData(0)).isEqualTo(100_000);
      assertThat(file.seekData(110_000)).isEqualTo(110_000);
      assertThat(file.seekHole(110_000)).isEqualTo(120_000);
      assertThat(file.seekData(120_000)).isEqualTo(300_000);
      assertThat(file.seekData(320_000)).isEqualTo(-1);
      assertThat(file.seekHole(310_000)).isEqualTo(320_000);
      assertThat(file.seekHole(399_999)).isEqualTo(399_999);
      assertThat(file.seekHole(400_000)).isEqualTo(-1);
      file.allocate(0, 500_000, CairnFile.Allocate.KEEP_LENGTH);
      assertThat(file.length()).isEqualTo(400_000);
      file.allocate(0, 500_000, CairnFile.Allocate.GROW);
      assertThat(file.length()).isEqualTo(500_000);
    }
  }

  @Test
  void rangesNearEachOtherAreReadByOneRequest() throws Exception {
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      byte[] content = random(600_000).array();
      file.write(0, ByteBuffer.wrap(content));
      file.flush();
      file.length();
      int before = cluster.dataServers.stream().mapToInt(s -> s.reads.get()).sum();
      List<Range> ranges =
          List.of(
              new Range(20_000, 1000),
              new Range(0, 1000),
              new Range(5000, 4000),
              new Range(500_000, 100_000),
              new Range(599_999, 2),
              new Range(300, 0));
      assertThatThrownBy(() -> file.readVectored(List.of(new Range(0, 2), new Range(1, 5))))
          .isInstanceOf(IllegalArgumentException.class);
      List<Range> good = ranges.subList(0, 4);
      List<CompletableFuture<ByteBuffer>> answers = file.readVectored(good);
      for (int i = 0; i < good.size(); i++) {
        ByteBuffer answer = answers.get(i).get(10, TimeUnit.SECONDS);
        byte[] bytes = new byte[answer.remaining()];
        answer.get(bytes);
        int from = (int) good.get(i).position();
        assertThat(bytes).isEqualTo(Arrays.copyOfRange(content, from, from + good.get(i).length()));
      }
      int reads = cluster.dataServers.stream().mapToInt(s -> s.reads.get()).sum() - before;
      assertThat(reads).isEqualTo(2);
      assertThat(file.readVectored(List.of(ranges.get(4))).get(0))
          .failsWithin(Duration.ofSeconds(10))
          .withThrowableOfType(java.util.concurrent.ExecutionException.class)
          .withCauseInstanceOf(EOFException.class);
    }
  }

  @Test
  void copiesOfRangesShareTheirBytes() throws Exception {
    cluster.namespace.mostClonedAtOnce = 100_000;
    try (CairnFile from = fs.openFile(FILE, BOTH);
        CairnFile to = fs.openFile(CairnPath.of("/g"), BOTH)) {
      from.write(0, random(500_000));
      to.write(0, random(50_000));
      assertThat(fs.copyRange(from, 1000, to, 40_000, 300_000)).isEqualTo(300_000);
      int chunks = cluster.namespace.chunks().size();
      byte[] source = random(500_000).array();
      assertThat(read(to, 40_000, 400_000)).isEqualTo(Arrays.copyOfRange(source, 1000, 301_000));
      assertThat(read(to, 0, 40_000)).isEqualTo(Arrays.copyOf(random(50_000).array(), 40_000));
      assertThat(fs.copyRange(from, 499_000, to, 0, 5000)).isEqualTo(1000);
      assertThat(fs.copyRange(from, 500_000, to, 0, 5000)).isZero();
      assertThat(cluster.namespace.chunks()).hasSize(chunks);
      assertCode(() -> fs.copyRange(from, 0, from, 100, 101), ErrorCode.INVALID_ARGUMENT);
      // Only what there is could overlap.
      assertThat(fs.copyRange(from, 499_000, from, 500_000, 5000)).isEqualTo(1000);
      assertThat(fs.copyRange(from, 501_000, from, 0, 1 << 20)).isZero();
    }
  }

  @Test
  void aCloneIsTheSameContentAndTinyOnesAreCopied() throws Exception {
    for (int length : List.of(0, 100, 300_000)) {
      CairnPath copy = CairnPath.of("/copy" + length);
      try (CairnFile file = fs.openFile(FILE, BOTH.truncating())) {
        file.write(0, random(length));
        FileStatus made = fs.clone(FILE, copy, CreateOptions.defaults());
        assertThat(made.length()).isEqualTo(length);
        assertThat(cluster.namespace.content(copy.toString())).isEqualTo(random(length).array());
      }
    }
    CairnPath copy = CairnPath.of("/copy100");
    assertCode(() -> fs.clone(FILE, copy, CreateOptions.defaults()), ErrorCode.EXISTS);
    assertThat(fs.clone(FILE, copy, CreateOptions.defaults().overwrite()).length())
        .isEqualTo(300_000);
    assertCode(
        () -> fs.clone(FILE, FILE, CreateOptions.defaults().overwrite()),
        ErrorCode.INVALID_ARGUMENT);
    assertThat(cluster.namespace.paths())
        .containsExactlyInAnyOrder("", "/f", "/copy0", "/copy100", "/copy300000");
  }

  @Test
  void pathsAreTruncatedAndJoinedWithWhatWasWrittenBefore() throws Exception {
    try (CairnFile file = fs.openFile(FILE, BOTH);
        CairnFile other = fs.openFile(CairnPath.of("/g"), BOTH)) {
      file.write(0, random(100_000));
      other.write(0, random(70_000));
      assertThat(fs.truncate(FILE, 90_000).length()).isEqualTo(90_000);
      assertThat(read(file, 0, 200_000)).hasSize(90_000);
      assertThat(fs.concat(FILE, List.of(CairnPath.of("/g"))).length()).isEqualTo(160_000);
      assertThat(read(file, 90_000, 200_000)).isEqualTo(random(70_000).array());
      assertThat(fs.exists(CairnPath.of("/g"))).isFalse();
    }
    assertCode(() -> fs.truncate(FILE, -1), ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void aPathShowsWhatThisClientHasWritten() throws Exception {
    try (CairnFile file = fs.openFile(FILE, BOTH)) {
      file.write(0, random(50_000));
      assertThat(fs.stat(FILE).length()).isEqualTo(50_000);
      file.write(50_000, random(50_000));
      assertThat(fs.readFully(FILE, 1 << 20)).hasSize(100_000);
    }
  }
}
