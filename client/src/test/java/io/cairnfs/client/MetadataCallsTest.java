package io.cairnfs.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.cairnfs.client.history.HistoryFile;
import io.cairnfs.client.history.RecordedCall;
import io.cairnfs.client.testing.FakeCluster;
import io.cairnfs.client.testing.FakeMetaserver;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.Operation;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class MetadataCallsTest {
  private FakeCluster cluster;

  @BeforeEach
  void start() throws CairnException {
    cluster = new FakeCluster(3, 1);
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  private static void assertRefused(ErrorCode code, ThrowingCallable call) {
    assertThatThrownBy(call)
        .asInstanceOf(type(CairnException.class))
        .extracting(CairnException::code)
        .isEqualTo(code);
  }

  @Test
  void aLostReplyLeavesExactlyOneEffect() throws Exception {
    try (CairnFileSystem fs = cluster.connect(b -> b.tryTimeout(Duration.ofMillis(300)))) {
      fs.mkdir(CairnPath.of("/first"), 0755);
      cluster.leader().repliesToLose.set(2);
      // Without the first result a retry would be refused: the directory exists.
      assertThat(fs.mkdir(CairnPath.of("/a"), 0755).isDirectory()).isTrue();
      assertThat(cluster.namespace.applied()).isEqualTo(2);
      assertThat(cluster.leader().mutationsSeen.get()).isEqualTo(4);
      assertThat(fs.statistics().metadataRetries()).isGreaterThanOrEqualTo(2);
    }
  }

  @Test
  void everyCallIsInTheHistoryWithItsAnswer(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("history");
    try (CairnFileSystem fs =
        cluster.connect(b -> b.tryTimeout(Duration.ofMillis(300)).history(file))) {
      cluster.leader().repliesToLose.set(2);
      fs.mkdir(CairnPath.of("/a"), 0755);
      assertRefused(ErrorCode.EXISTS, () -> fs.mkdir(CairnPath.of("/a"), 0755));
      assertRefused(ErrorCode.NOT_FOUND, () -> fs.stat(CairnPath.of("/none")));
      assertThat(fs.listAll(CairnPath.ROOT)).hasSize(1);
    }
    List<RecordedCall> calls = HistoryFile.read(file).calls();
    assertThat(calls)
        .extracting(call -> call.kind() + " " + call.call() + " " + endOf(call))
        .containsExactly("MUTATION 1 0", "MUTATION 2 2", "READ 0 1", "READ 0 0", "MUTATION 3 0");
    assertThat(Operation.parseFrom(calls.get(4).request()).hasCloseSession()).isTrue();
    for (int i = 0; i < calls.size(); i++) {
      assertThat(calls.get(i).end().orElseThrow().nanos()).isGreaterThan(calls.get(i).sentNanos());
    }
  }

  private static int endOf(RecordedCall call) {
    return call.end().orElseThrow().errorCode();
  }

  @Test
  void nothingIsSentThatTheHistoryCannotHold(@TempDir Path directory) throws Exception {
    try (CairnFileSystem fs = cluster.connect(b -> b.history(directory.resolve("none/history")))) {
      assertRefused(ErrorCode.IO_ERROR, () -> fs.mkdir(CairnPath.of("/a"), 0755));
      assertRefused(ErrorCode.IO_ERROR, () -> fs.stat(CairnPath.of("/a")));
    }
    assertThat(cluster.leader().mutationsSeen.get()).isZero();
    assertThat(cluster.leader().readsSeen.get()).isZero();
  }

  @Test
  void aSessionWhoseReplyWasLostIsFoundAgain() throws Exception {
    try (CairnFileSystem fs = cluster.connect(b -> b.tryTimeout(Duration.ofMillis(300)))) {
      cluster.leader().repliesToLose.set(1);
      fs.mkdir(CairnPath.of("/a"), 0755);
      assertThat(cluster.namespace.paths()).contains("/a");
    }
  }

  @Test
  void readsNeedNoSession() throws Exception {
    try (CairnFileSystem fs = cluster.connect()) {
      assertThat(fs.listAll(CairnPath.ROOT)).isEmpty();
    }
    assertThat(cluster.leader().mutationsSeen.get()).isZero();
  }

  @Test
  void whoReadsForAWhileTellsWhatIsRead() throws Exception {
    CairnPath path = CairnPath.of("/read");
    try (CairnFileSystem writer = cluster.connect()) {
      writer.create(path, CreateOptions.defaults()).close();
    }
    try (CairnFileSystem reader = cluster.connect()) {
      long inode = reader.stat(path).inode();
      try (CairnInputStream in = reader.open(path)) {
        assertThat(in.read()).isEqualTo(-1);
        FakeCluster.await("the telling", () -> cluster.leader().openInodes.contains(inode));
      }
    }
  }

  @Test
  void aReaderWhoseSessionHasEndedTellsAgain() throws Exception {
    CairnPath path = CairnPath.of("/read");
    cluster.leader().sessionTimeoutMillis = 400;
    try (CairnFileSystem fs = cluster.connect()) {
      fs.create(path, CreateOptions.defaults()).close();
      long inode = fs.stat(path).inode();
      try (CairnInputStream in = fs.open(path)) {
        assertThat(in.read()).isEqualTo(-1);
        FakeCluster.await("the telling", () -> cluster.leader().openInodes.contains(inode));
        cluster.namespace.expireSessions();
        cluster.leader().openInodes = List.of();
        FakeCluster.await("the telling again", () -> cluster.leader().openInodes.contains(inode));
      }
    }
  }

  @Test
  void theLeaderIsFoundByHint() throws Exception {
    cluster.lead(2);
    try (CairnFileSystem fs = cluster.connect()) {
      assertThat(fs.exists(CairnPath.of("/"))).isTrue();
      assertThat(fs.statistics().metadataRetries()).isEqualTo(1);
      assertThat(fs.statistics().callFailovers()).isZero();
    }
  }

  @Test
  void whoKnewOneMetaserverOutlivesIt() throws Exception {
    FakeMetaserver only = cluster.metaservers.get(0);
    ClientOptions options = ClientOptions.builder(List.of(only.address())).build();
    try (CairnFileSystem fs = CairnFileSystem.connect(options)) {
      assertThat(fs.exists(CairnPath.of("/"))).isTrue();
      FakeCluster.await("the question who the members are", () -> only.whoLeadsSeen.get() > 0);
      // Its answer comes after that to the question, on the same connection.
      assertThat(fs.exists(CairnPath.of("/"))).isTrue();
      cluster.lead(2);
      only.close();
      assertThat(fs.exists(CairnPath.of("/"))).isTrue();
      FakeCluster.await(
          "the members as the new leader knows them",
          () -> cluster.leader().whoLeadsSeen.get() > 0);
    }
  }

  @Test
  void theLeaderIsFoundWithoutHints() throws Exception {
    cluster.metaservers.forEach(metaserver -> metaserver.knowsNoLeader = true);
    cluster.lead(2);
    try (CairnFileSystem fs = cluster.connect()) {
      assertThat(fs.exists(CairnPath.of("/"))).isTrue();
    }
  }

  @Test
  void whileNobodyLeadsOneQuestionForAllCallsFindsTheNewLeader() throws Exception {
    cluster.metaservers.forEach(metaserver -> metaserver.knowsNoLeader = true);
    cluster.lead(FakeCluster.NOBODY);
    try (CairnFileSystem fs = cluster.connect()) {
      List<CompletableFuture<FileStatus>> calls = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        calls.add(fs.statAsync(CairnPath.of("/")));
      }
      for (FakeMetaserver each : cluster.metaservers) {
        FakeCluster.await("a question who leads", () -> each.whoLeadsSeen.get() > 3);
      }
      assertThat(calls).noneMatch(CompletableFuture::isDone);
      cluster.lead(1);
      cluster.leader().knowsNoLeader = false;
      for (CompletableFuture<FileStatus> call : calls) {
        assertThat(call.get(5, TimeUnit.SECONDS).isDirectory()).isTrue();
      }
    }
  }

  @Test
  void callsMoveOnWhenTheLeaderStops() throws Exception {
    List<String> moves = new CopyOnWriteArrayList<>();
    ClientListener listener =
        new ClientListener() {
          @Override
          public void callFailedOver(String from, String to) {
            moves.add(from + " " + to);
            throw new IllegalStateException("a listener's mistake changes nothing");
          }
        };
    try (CairnFileSystem fs = cluster.connect(b -> b.listener(listener))) {
      fs.mkdir(CairnPath.of("/a"), 0755);
      // Silent first: between its end and the break of its connections it would still answer.
      cluster.leader().frozen = true;
      cluster.leader().close();
      cluster.lead(1);
      fs.mkdir(CairnPath.of("/b"), 0755);
      assertThat(cluster.namespace.paths()).contains("/a", "/b");
      assertThat(moves).isNotEmpty();
      assertThat(fs.statistics().callFailovers()).isPositive();
    }
  }

  @Test
  void aFrozenLeaderIsLeftAsSoonAsTheOthersKnowAnother() throws Exception {
    try (CairnFileSystem fs = cluster.connect(b -> b.tryTimeout(Duration.ofSeconds(15)))) {
      fs.mkdir(CairnPath.of("/a"), 0755);
      cluster.leader().frozen = true;
      CompletableFuture<FileStatus> stat = fs.statAsync(CairnPath.of("/a"));
      FakeCluster.await("call at the frozen leader", () -> !stat.isDone());
      cluster.lead(1);
      assertThat(stat.get(5, TimeUnit.SECONDS).isDirectory()).isTrue();
    }
  }

  @Test
  void busyCallsComeBack() throws Exception {
    try (CairnFileSystem fs = cluster.connect()) {
      cluster.leader().busyCalls.set(4);
      fs.mkdir(CairnPath.of("/a"), 0755);
      assertThat(cluster.namespace.applied()).isEqualTo(1);
    }
  }

  @Test
  void whatTheStateMachineCannotDoJustNowIsAskedAgainAsANewCall() throws Exception {
    try (CairnFileSystem fs = cluster.connect()) {
      // The same call would be given its stored refusal for ever.
      cluster.namespace.notNow.set(4);
      fs.mkdir(CairnPath.of("/a"), 0755);
      assertThat(cluster.namespace.applied()).isEqualTo(1);
      try (CairnFileSystem hasty = cluster.connect(b -> b.timeout(Duration.ofMillis(500)))) {
        // Connected and with a session, so that the whole time is the refused call's.
        hasty.mkdirs(CairnPath.of("/a"), 0755);
        cluster.namespace.notNow.set(Integer.MAX_VALUE);
        assertRefused(ErrorCode.RETRY, () -> hasty.mkdir(CairnPath.of("/b"), 0755));
      }
    }
  }

  @Test
  void gaveUpNamesTheReasonAndTheListenerHeardOfIt() throws Exception {
    List<Duration> waits = new CopyOnWriteArrayList<>();
    ClientListener listener =
        new ClientListener() {
          @Override
          public void metaserversUnreachable(Duration waited, String addresses, String reason) {
            waits.add(waited);
          }
        };
    cluster.metaservers.forEach(metaserver -> metaserver.close());
    try (CairnFileSystem fs =
        cluster.connect(
            b ->
                b.listener(listener)
                    .timeout(Duration.ofMillis(2500))
                    .unreachableReportInterval(Duration.ofMillis(700)))) {
      assertThatThrownBy(() -> fs.stat(CairnPath.ROOT))
          .hasMessageContaining("was given up after")
          .asInstanceOf(type(CairnException.class))
          .extracting(CairnException::code)
          .isEqualTo(ErrorCode.UNAVAILABLE);
    }
    assertThat(waits).hasSizeBetween(1, 3);
  }

  @Test
  void refusalsAreNotRetried() throws Exception {
    try (CairnFileSystem fs = cluster.connect()) {
      assertRefused(ErrorCode.NOT_FOUND, () -> fs.stat(CairnPath.of("/none")));
      assertThat(fs.find(CairnPath.of("/none"))).isEmpty();
      assertThat(fs.statistics().metadataRetries()).isZero();
      assertRefused(ErrorCode.INVALID_ARGUMENT, () -> fs.stat(CairnPath.of("relative")));
    }
  }

  @Test
  void anExpiredSessionFailsItsStreamsAndIsReplaced() throws Exception {
    try (CairnFileSystem fs = cluster.connect()) {
      CairnOutputStream dirty = fs.create(CairnPath.of("/dirty"), CreateOptions.defaults());
      dirty.write(new byte[100]);
      cluster.namespace.expireSessions();
      assertRefused(ErrorCode.SESSION_EXPIRED, dirty::close);
      // Nothing of the old session is replayed under the new one.
      fs.mkdir(CairnPath.of("/later"), 0755);
      assertThat(cluster.namespace.paths()).contains("/later");
      assertThat(cluster.namespace.file("/dirty").length).isZero();
    }
  }

  @Test
  void heartbeatsFindOutThatTheSessionHasExpired() throws Exception {
    cluster.leader().sessionTimeoutMillis = 400;
    try (CairnFileSystem fs = cluster.connect()) {
      CairnOutputStream dirty = fs.create(CairnPath.of("/dirty"), CreateOptions.defaults());
      FakeCluster.await("heartbeats", () -> cluster.leader().heartbeatsSeen.get() >= 2);
      int seen = cluster.leader().heartbeatsSeen.get();
      cluster.namespace.expireSessions();
      FakeCluster.await("heartbeat", () -> cluster.leader().heartbeatsSeen.get() > seen);
      FakeCluster.await(
          "refusal",
          () -> {
            try {
              dirty.write(1);
              return false;
            } catch (java.io.IOException e) {
              return ((CairnException) e).code() == ErrorCode.SESSION_EXPIRED;
            }
          });
    }
  }

  @Test
  void noMoreThanTheAllowedMutationsAreOutstanding() throws Exception {
    try (CairnFileSystem fs = cluster.connect(b -> b.outstandingMutations(16))) {
      fs.mkdir(CairnPath.of("/d"), 0755);
      cluster.leader().holdingMutations = true;
      List<CompletableFuture<FileStatus>> puts = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        puts.add(
            fs.createWithContentAsync(
                CairnPath.of("/d/" + i),
                ByteBuffer.wrap(("" + i).getBytes(StandardCharsets.UTF_8)),
                CreateOptions.defaults()));
      }
      FakeCluster.await("held calls", () -> cluster.leader().held.size() == 16);
      assertThat(cluster.leader().mutationsSeen.get()).isEqualTo(17);
      cluster.leader().letGo();
      for (CompletableFuture<FileStatus> put : puts) {
        assertThat(put.get(10, TimeUnit.SECONDS).isFile()).isTrue();
      }
      assertThat(fs.listAll(CairnPath.of("/d"))).hasSize(100);
    }
  }

  @Test
  void anInterruptedThreadIsFreedAndKeepsItsFlag() throws Exception {
    try (CairnFileSystem fs = cluster.connect()) {
      fs.mkdir(CairnPath.of("/a"), 0755);
      cluster.leader().frozen = true;
      CompletableFuture<ErrorCode> outcome = new CompletableFuture<>();
      Thread caller =
          new Thread(
              () -> {
                try {
                  fs.stat(CairnPath.of("/a"));
                } catch (CairnException e) {
                  outcome.complete(
                      Thread.currentThread().isInterrupted() ? e.code() : ErrorCode.INTERNAL);
                }
              });
      caller.start();
      FakeCluster.await("waiting", () -> caller.getState() == Thread.State.WAITING);
      caller.interrupt();
      assertThat(outcome.get(5, TimeUnit.SECONDS)).isEqualTo(ErrorCode.CANCELLED);
    }
  }

  @Test
  void blockingOnTheClientsOwnLoopIsRefused() throws Exception {
    try (CairnFileSystem fs = cluster.connect()) {
      CompletableFuture<Object> nested =
          fs.statAsync(CairnPath.ROOT)
              .thenApplyAsync(status -> status, Runnable::run)
              .handle(
                  (status, failure) -> {
                    try {
                      return Thread.currentThread().getName().startsWith("cairn-client")
                          ? fs.stat(CairnPath.ROOT)
                          : "completed before";
                    } catch (IllegalStateException | CairnException e) {
                      return e;
                    }
                  });
      assertThat(nested.get(5, TimeUnit.SECONDS)).isNotInstanceOf(FileStatus.class);
    }
  }

  @Test
  void longPathsAndNamesOfAnyBytesTravelUnchanged() throws Exception {
    try (CairnFileSystem fs = cluster.connect()) {
      CairnPath strange =
          CairnPath.ROOT.child(new byte[] {(byte) 0xc3, (byte) 0x28, '\n', (byte) 0xff});
      fs.createWithContent(strange, ByteBuffer.wrap(new byte[] {7}), CreateOptions.defaults());
      assertThat(fs.listAll(CairnPath.ROOT)).extracting(FileStatus::path).containsExactly(strange);
      assertThat(fs.readFully(strange, 10)).containsExactly(7);
      CairnPath tooLong = CairnPath.of("/" + "x/".repeat(2499) + "y");
      assertThat(tooLong.length()).isEqualTo(5000);
      assertRefused(ErrorCode.NAME_TOO_LONG, () -> fs.stat(tooLong));
    }
  }

  @Test
  void listingsAndWalksGoThroughAllPages() throws Exception {
    try (CairnFileSystem fs = cluster.connect()) {
      fs.mkdir(CairnPath.of("/d"), 0755);
      for (int i = 10; i < 45; i++) {
        fs.createWithContent(
            CairnPath.of("/d/f" + i), ByteBuffer.allocate(i), CreateOptions.defaults());
      }
      assertThat(fs.listAll(CairnPath.of("/d")))
          .hasSize(35)
          .isSortedAccordingTo((a, b) -> a.path().compareTo(b.path()));
      assertThat(fs.listAll(CairnPath.of("/d/f10"))).hasSize(1);
      ContentSummary summary = fs.contentSummary(CairnPath.of("/d"));
      long bytes = java.util.stream.LongStream.range(10, 45).sum();
      assertThat(summary).isEqualTo(new ContentSummary(35, 1, bytes, 3 * bytes));
      assertRefused(ErrorCode.NOT_FOUND, () -> fs.list(CairnPath.of("/none")));
    }
  }

  @Test
  void deletingTellsWhetherThereWasSomething() throws Exception {
    try (CairnFileSystem fs = cluster.connect()) {
      fs.mkdir(CairnPath.of("/d"), 0755);
      fs.createWithContent(CairnPath.of("/d/f"), ByteBuffer.allocate(1), CreateOptions.defaults());
      assertThat(fs.delete(CairnPath.of("/d/f"), CairnFileSystem.DeleteMode.SINGLE)).isTrue();
      assertThat(fs.delete(CairnPath.of("/d"), CairnFileSystem.DeleteMode.SINGLE)).isTrue();
      assertThat(fs.delete(CairnPath.of("/d"), CairnFileSystem.DeleteMode.RECURSIVE)).isFalse();
    }
  }

  @Test
  void aTreeTooLargeForOneStepIsDeletedInParts() throws Exception {
    cluster.namespace.mostDeletedAtOnce = 5;
    try (CairnFileSystem fs = cluster.connect()) {
      for (String directory : List.of("/d", "/d/small", "/d/large", "/d/large/deep")) {
        fs.mkdir(CairnPath.of(directory), 0755);
        for (int i = 0; i < (directory.endsWith("small") ? 3 : 150); i++) {
          fs.createWithContent(
              CairnPath.of(directory + "/f" + i), ByteBuffer.allocate(1), CreateOptions.defaults());
        }
      }
      fs.mkdir(CairnPath.of("/dd"), 0755);
      assertThat(fs.delete(CairnPath.of("/d"), CairnFileSystem.DeleteMode.RECURSIVE)).isTrue();
      assertThat(fs.listAll(CairnPath.of("/")))
          .extracting(status -> status.path().toString())
          .containsExactly("/dd");
    }
  }

  @Test
  void aTreeThatIsRefusedThoughItIsEmptyIsReported() throws Exception {
    cluster.namespace.mostDeletedAtOnce = -1;
    try (CairnFileSystem fs = cluster.connect()) {
      fs.mkdir(CairnPath.of("/d"), 0755);
      assertRefused(
          ErrorCode.UNSUPPORTED,
          () -> fs.delete(CairnPath.of("/d"), CairnFileSystem.DeleteMode.RECURSIVE));
    }
  }

  @Test
  void closingLeavesNoThreadAndFailsWhatIsOnItsWay() throws Exception {
    CairnFileSystem fs = cluster.connect();
    fs.mkdir(CairnPath.of("/a"), 0755);
    cluster.leader().frozen = true;
    CompletableFuture<FileStatus> pending = fs.statAsync(CairnPath.of("/a"));
    fs.close();
    fs.close();
    assertThat(pending).isCompletedExceptionally();
    FakeCluster.await(
        "threads to end",
        () ->
            Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("cairn-")));
    assertRefused(ErrorCode.CANCELLED, () -> fs.mkdir(CairnPath.of("/b"), 0755));
  }
}
