package io.cairnfs.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnFileSystem.RenameMode;
import io.cairnfs.client.base.Failures;
import io.cairnfs.client.testing.FakeCluster;
import io.cairnfs.client.testing.FakeDataServer;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AsyncFileSystemTest {
  private static final OpenOptions BOTH = OpenOptions.forReadingAndWriting().orCreate();

  private FakeCluster cluster;
  private CairnFileSystem fs;
  private AsyncFileSystem async;

  @BeforeEach
  void start() throws IOException {
    cluster = new FakeCluster(1, 4);
    fs = cluster.connect();
    async = fs.async();
  }

  @AfterEach
  void stop() throws IOException {
    fs.close();
    cluster.close();
  }

  private static CairnPath path(String name) {
    return CairnPath.of(name);
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(30, TimeUnit.SECONDS);
  }

  private static void assertCode(CompletableFuture<?> future, ErrorCode code) {
    assertThatThrownBy(future::join)
        .isInstanceOf(CompletionException.class)
        .satisfies(e -> assertThat(Failures.of(e).code()).isEqualTo(code));
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  @Test
  void callsAboutNamesDoWhatTheirSiblingsDo() throws Exception {
    assertThat(get(async.mkdir(path("/d"), 0755)).isDirectory()).isTrue();
    assertThat(get(async.mkdir(path("/d/a"), 0755)).isDirectory()).isTrue();
    assertThat(get(async.mkdirs(path("/d/a/b"), 0755)).isDirectory()).isTrue();
    byte[] content = random(100);
    assertThat(
            get(async.createWithContent(
                    path("/d/f"), ByteBuffer.wrap(content), CreateOptions.defaults()))
                .length())
        .isEqualTo(100);
    assertThat(get(async.readFully(path("/d/f"), 1000))).isEqualTo(content);
    assertThat(get(async.rename(path("/d/f"), path("/d/g"), RenameMode.NO_REPLACE)).path())
        .isEqualTo(path("/d/g"));
    assertThat(get(async.find(path("/d/f")))).isEmpty();
    assertThat(get(async.find(path("/d/g")))).map(FileStatus::length).contains(100L);
    assertThat(get(async.stat(path("/d/g"))).length()).isEqualTo(100);
    fs.createWithContent(path("/d/h"), ByteBuffer.wrap(content), CreateOptions.defaults());
    assertThat(get(async.listAll(path("/d"))))
        .extracting(FileStatus::path)
        .contains(path("/d/g"), path("/d/h"));
    assertThat(get(async.unlink(path("/d/h")))).isNull();
    assertThat(get(async.setAttributes(path("/d/g"), AttributeChange.none().mode(0600))).mode())
        .isEqualTo(0600);
    assertThat(get(async.delete(path("/d/g"), DeleteMode.SINGLE))).isTrue();
    assertThat(get(async.delete(path("/d/g"), DeleteMode.SINGLE))).isFalse();
    assertThat(get(async.delete(path("/d/a/b"), DeleteMode.SINGLE))).isTrue();
    assertThat(get(async.rmdir(path("/d/a")))).isNull();
    assertThat(get(async.delete(path("/d"), DeleteMode.RECURSIVE))).isTrue();
    assertThat(fs.exists(path("/d"))).isFalse();
  }

  @Test
  void refusalsComeWithTheFuture() {
    assertCode(async.stat(path("/missing")), ErrorCode.NOT_FOUND);
    assertCode(async.mkdir(path("relative"), 0755), ErrorCode.INVALID_ARGUMENT);
    assertCode(async.find(path("relative")), ErrorCode.INVALID_ARGUMENT);
    assertCode(async.unlink(path("/missing")), ErrorCode.NOT_FOUND);
    assertCode(async.listAll(path("/missing")), ErrorCode.NOT_FOUND);
    assertCode(async.openFile(path("/missing"), OpenOptions.forReading()), ErrorCode.NOT_FOUND);
    assertCode(async.delete(path("relative"), DeleteMode.RECURSIVE), ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void aThousandCallsAreOnTheirWayAtOnceWithoutThreads() throws Exception {
    get(async.mkdir(path("/d"), 0755));
    cluster.leader().holdingMutations = true;
    List<CompletableFuture<FileStatus>> calls = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      calls.add(async.mkdir(path("/d/" + i), 0755));
    }
    FakeCluster.await("all of them", () -> cluster.leader().held.size() == 1000);
    assertThat(calls).noneMatch(CompletableFuture::isDone);
    cluster.leader().letGo();
    for (CompletableFuture<FileStatus> call : calls) {
      assertThat(get(call).isDirectory()).isTrue();
    }
    assertThat(fs.listAll(path("/d"))).hasSize(1000);
  }

  @Test
  void filesAreWrittenAndReadOneCallAfterTheOther() throws Exception {
    byte[] content = random(300_000);
    AsyncFile file = get(async.openFile(path("/f"), BOTH));
    CompletableFuture<Void> written =
        file.write(0, ByteBuffer.wrap(content))
            .thenCompose(count -> file.append(ByteBuffer.wrap(content, 0, 1000)))
            .thenCompose(
                offset -> {
                  assertThat(offset).isEqualTo(300_000);
                  return file.sync();
                });
    assertThat(get(written)).isNull();
    assertThat(get(file.length())).isEqualTo(301_000);
    ByteBuffer target = ByteBuffer.allocate(5000);
    assertThat(get(file.read(299_000, target))).isEqualTo(2000);
    assertThat(Arrays.copyOf(target.array(), 1000))
        .isEqualTo(Arrays.copyOfRange(content, 299_000, 300_000));
    assertThat(get(file.truncate(10))).isNull();
    assertThat(get(file.status()).length()).isEqualTo(10);
    assertThat(get(file.flush())).isNull();
    assertThat(get(file.close())).isNull();
    assertCode(file.read(0, target.clear()), ErrorCode.STALE_HANDLE);
    assertThat(get(async.truncate(path("/f"), 5)).length()).isEqualTo(5);
    try (CairnOutputStream out = get(async.create(path("/g"), CreateOptions.defaults()))) {
      out.write(ByteBuffer.wrap(content));
    }
    assertThat(get(async.stat(path("/g"))).length()).isEqualTo(300_000);
  }

  @Test
  void aCallThatWasCancelledBeforeItBeganIsNotMade() throws Exception {
    AsyncFile file = get(async.openFile(path("/f"), BOTH));
    byte[] content = random(200_000);
    int unused = get(file.write(0, ByteBuffer.wrap(content)));
    List<FakeDataServer> servers =
        IntStream.rangeClosed(1, 4).mapToObj(cluster::dataServer).toList();
    servers.forEach(server -> server.holdingAcks = true);
    List<CompletableFuture<Void>> syncs = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      syncs.add(file.sync());
    }
    FakeCluster.await(
        "the sync", () -> servers.stream().anyMatch(server -> !server.heldAcks.isEmpty()));
    // All threads of the client wait: these cannot have begun.
    CompletableFuture<Integer> write = file.write(0, ByteBuffer.wrap(random(7)));
    CompletableFuture<AsyncFile> open = async.openFile(path("/made"), BOTH);
    assertThat(write.cancel(false)).isTrue();
    assertThat(open.cancel(false)).isTrue();
    assertThatThrownBy(write::join).isInstanceOf(CancellationException.class);
    servers.forEach(FakeDataServer::releaseAcks);
    for (CompletableFuture<Void> sync : syncs) {
      assertThat(get(sync)).isNull();
    }
    assertThat(get(file.close())).isNull();
    assertThat(fs.readFully(path("/f"), 1 << 20)).isEqualTo(content);
    assertThat(fs.exists(path("/made"))).isFalse();
  }

  @Test
  void afterTheClientIsClosedEveryCallIsRefused() throws Exception {
    AsyncFile file = get(async.openFile(path("/f"), BOTH));
    fs.close();
    assertCode(file.length(), ErrorCode.BUSY);
    assertThatThrownBy(() -> get(async.mkdir(path("/d"), 0755))).isNotNull();
  }
}
