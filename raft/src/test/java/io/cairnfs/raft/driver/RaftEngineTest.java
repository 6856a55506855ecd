package io.cairnfs.raft.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.raft.LeadershipListener;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.RaftStatus.Follower;
import io.cairnfs.raft.core.RaftOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RaftEngineTest {
  @TempDir Path root;

  /** How members are run; another class runs the same tests with shared threads. */
  TestCluster cluster(EngineOptions options, int members) throws IOException {
    return new TestCluster(root, options, members);
  }

  private static void expectRefusal(CompletableFuture<?> future, ErrorCode code) {
    assertThatThrownBy(future::join)
        .cause()
        .isInstanceOfSatisfying(
            CairnException.class, refusal -> assertThat(refusal.code()).isEqualTo(code));
  }

  private static byte[] bytes(String word) {
    return word.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void membersElectOneAndApplyTheSame() throws IOException {
    try (TestCluster cluster = cluster(TestCluster.OPTIONS, 3)) {
      cluster.startAll();
      List<CompletableFuture<Integer>> results = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        results.add(cluster.submit("word-" + i));
      }
      for (int i = 0; i < 500; i++) {
        assertThat(results.get(i).join()).isEqualTo(i + 1);
      }
      cluster.awaitSameWords(500);
      assertThat(cluster.fatal()).isEmpty();
    }
  }

  @Test
  void aSingleMemberIsAGroup() throws IOException {
    try (TestCluster cluster = cluster(TestCluster.OPTIONS, 1)) {
      cluster.startAll();
      assertThat(cluster.submit("alone").join()).isEqualTo(1);
      assertThat(cluster.leader().readBarrier().join()).isGreaterThanOrEqualTo(2);
    }
  }

  @Test
  void followersRefuseAndNameTheLeader() throws IOException {
    try (TestCluster cluster = cluster(TestCluster.OPTIONS, 3)) {
      cluster.startAll();
      MemberId leader = cluster.awaitLeader();
      MemberId follower = cluster.aFollower();
      cluster.await("hint", () -> cluster.engine(follower).status().leader().isPresent());
      expectRefusal(cluster.engine(follower).readBarrier(), ErrorCode.NOT_LEADER);
      assertThatThrownBy(() -> cluster.engine(follower).submit(bytes("x")).join())
          .cause()
          .isInstanceOfSatisfying(
              CairnException.class,
              refusal ->
                  assertThat(refusal.leaderHint())
                      .isEqualTo(
                          cluster.membership().member(leader).orElseThrow().address().toString()));
    }
  }

  @Test
  void everythingRestartedAtOnceKeepsWhatWasAcknowledged() throws IOException {
    try (TestCluster cluster = cluster(TestCluster.OPTIONS, 3)) {
      cluster.startAll();
      for (int i = 0; i < 200; i++) {
        cluster.submitSurely("word-" + i);
      }
      for (int i = 1; i <= 3; i++) {
        cluster.stop(TestCluster.id(i));
      }
      cluster.startAll();
      cluster.submitSurely("after");
      cluster.awaitSameWords(201);
      assertThat(cluster.machine(TestCluster.id(1)).words()).contains("word-0", "word-199");
    }
  }

  @Test
  void noAcknowledgedEntryIsLostWhenLeadersDieUnderLoad() throws Exception {
    try (TestCluster cluster = cluster(TestCluster.OPTIONS, 3)) {
      cluster.startAll();
      Set<String> acknowledged = new HashSet<>();
      for (int round = 0; round < 3; round++) {
        MemberId leader = cluster.awaitLeader();
        List<String> words = new ArrayList<>();
        List<CompletableFuture<Integer>> results = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
          String word = "round-" + round + "-" + i;
          words.add(word);
          results.add(cluster.engine(leader).submit(bytes(word)));
        }
        results.get(300).join();
        cluster.stop(leader);
        int unsure = 0;
        for (int i = 0; i < words.size(); i++) {
          if (results.get(i).handle((result, error) -> error == null).join()) {
            acknowledged.add(words.get(i));
          } else {
            unsure++;
          }
        }
        assertThat(unsure + acknowledged.size()).isGreaterThan(300);
        cluster.submitSurely("between-" + round);
        acknowledged.add("between-" + round);
        cluster.start(leader);
      }
      cluster.submitSurely("end");
      cluster.awaitSameWords(acknowledged.size());
      List<String> words = cluster.machine(TestCluster.id(1)).words();
      assertThat(new HashSet<>(words)).containsAll(acknowledged);
      assertThat(words).doesNotHaveDuplicates();
      assertThat(cluster.fatal()).isEmpty();
    }
  }

  @Test
  void aMemberThatFellBehindInstallsACheckpoint() throws Exception {
    EngineOptions options = TestCluster.OPTIONS.withRaft(few(TestCluster.OPTIONS));
    try (TestCluster cluster = cluster(options, 3)) {
      cluster.startAll();
      cluster.submitSurely("first");
      MemberId behind = cluster.aFollower();
      cluster.stop(behind);
      String filler = "x".repeat(4_000);
      for (int i = 0; i < 200; i++) {
        cluster.submitSurely("word-" + i + filler);
      }
      for (int i = 1; i <= 3; i++) {
        if (!TestCluster.id(i).equals(behind)) {
          cluster.engine(TestCluster.id(i)).checkpoint().join();
        }
      }
      cluster.await("truncated log", () -> cluster.leader().status().firstIndex() > 100);
      cluster.start(behind);
      cluster.awaitSameWords(201);
      cluster.await(
          "installation", () -> cluster.metrics(behind).values().get("raft.installs.count") == 1);

      cluster.stop(behind);
      cluster.start(behind);
      cluster.submitSurely("last");
      cluster.awaitSameWords(202);
      assertThat(cluster.fatal()).isEmpty();
    }
  }

  /** Nothing is kept below a checkpoint. */
  private static RaftOptions few(EngineOptions options) {
    RaftOptions raft = options.raft();
    return new RaftOptions(
        raft.heartbeatInterval(),
        raft.minElectionTimeout(),
        raft.maxElectionTimeout(),
        raft.driftBound(),
        raft.maxAppendBytes(),
        raft.maxAppendsInFlight(),
        raft.maxBytesInFlight(),
        raft.maxQueuedProposals(),
        raft.maxQueuedBytes(),
        raft.maxUncommittedBytes(),
        raft.maxQueuedReads(),
        64 << 10,
        0);
  }

  @Test
  void checkpointsAreMadeWhenEnoughWasApplied() throws Exception {
    EngineOptions options =
        TestCluster.OPTIONS.withRaft(few(TestCluster.OPTIONS)).withCheckpoints(1 << 20, 100);
    try (TestCluster cluster = cluster(options, 3)) {
      cluster.startAll();
      String filler = "x".repeat(4_000);
      for (int i = 0; i < 500; i++) {
        cluster.submitSurely("word-" + i + filler);
      }
      for (int i = 1; i <= 3; i++) {
        MemberId id = TestCluster.id(i);
        cluster.await("cut log of " + id, () -> cluster.engine(id).status().firstIndex() > 300);
      }
      for (int i = 1; i <= 3; i++) {
        cluster.stop(TestCluster.id(i));
      }
      cluster.startAll();
      cluster.submitSurely("end");
      cluster.awaitSameWords(501);
    }
  }

  @Test
  void theLeaderKnowsWhoAnswersItAndHowFarTheyAre() throws IOException {
    try (TestCluster cluster = cluster(TestCluster.OPTIONS, 3)) {
      cluster.startAll();
      cluster.submitSurely("first");
      MemberId victim = cluster.aFollower();
      cluster.await("an answer", () -> isKnown(cluster, victim, Follower::reachable));
      assertThat(cluster.engine(victim).status().followers()).isEmpty();
      cluster.network().isolate(victim);
      cluster.await("silence", () -> isKnown(cluster, victim, follower -> !follower.reachable()));
      cluster.submitSurely("second");
      assertThat(cluster.leader().status().lastIndex())
          .isGreaterThan(cluster.engine(victim).status().lastIndex());
      cluster.network().reconnect(victim);
      cluster.await(
          "all caught up",
          () ->
              isKnown(
                  cluster,
                  victim,
                  follower ->
                      follower.reachable()
                          && follower.matchIndex() == cluster.engine(victim).status().lastIndex()
                          && follower.matchIndex() >= 3));
    }
  }

  /** Some leader knows it of the member. */
  private static boolean isKnown(TestCluster cluster, MemberId id, Predicate<Follower> what) {
    return cluster
        .ready()
        .flatMap(leader -> cluster.engine(leader).status().follower(id))
        .filter(what)
        .isPresent();
  }

  /** What was applied while the checkpoint was being made is in the log only. */
  @Test
  void hazardA15TheLogIsCutToWhatTheCheckpointHoldsNotToWhatWasAppliedMeanwhile() throws Exception {
    EngineOptions options = TestCluster.OPTIONS.withRaft(few(TestCluster.OPTIONS));
    try (TestCluster cluster = cluster(options, 1)) {
      cluster.startAll();
      MemberId only = TestCluster.id(1);
      String filler = "x".repeat(4_000);
      for (int i = 0; i < 100; i++) {
        cluster.submitSurely("before-" + i + filler);
      }
      cluster
          .machine(only)
          .whileSaving(
              () -> {
                for (int i = 0; i < 200; i++) {
                  cluster.submitSurely("meanwhile-" + i + filler);
                }
              });
      long index = cluster.leader().checkpoint().join();
      assertThat(index).isLessThanOrEqualTo(cluster.machine(only).appliedIndex() - 200);
      cluster.await("cut log", () -> cluster.leader().status().firstIndex() > 1);
      assertThat(cluster.leader().status().firstIndex()).isLessThanOrEqualTo(index + 1);
      cluster.stop(only);
      cluster.start(only);
      cluster.submitSurely("after");
      cluster.awaitSameWords(301);
      assertThat(cluster.machine(only).words()).doesNotHaveDuplicates();
      assertThat(cluster.fatal()).isEmpty();
    }
  }

  /** Without it, rot of the newest acknowledged entry would look like a torn write. */
  @Test
  void hazardA14ALogThatComesToRestVouchesForItsNewestEntry() throws Exception {
    try (TestCluster cluster = cluster(TestCluster.OPTIONS, 1)) {
      cluster.startAll();
      cluster.submitSurely("acknowledged");
      MemberId only = TestCluster.id(1);
      Path segment = cluster.path(only).resolve("log").resolve("log-00000000000000000001.segment");
      cluster.await("mark", () -> LogFile.read(segment).endsWithMark());
      cluster.stop(only);
      LogFile.read(segment).flipLastEntry(segment);
      assertThatThrownBy(() -> cluster.start(only))
          .isInstanceOfSatisfying(
              CairnException.class,
              refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.CORRUPT))
          .hasMessageContaining("of index 2, which was forced");
    }
  }

  /** Where the last entry of a segment begins, and whether a mark stands behind it. */
  private record LogFile(int lastEntry, boolean endsWithMark) {
    private static final int MAGIC = 0x43524C52;
    private static final int MARK = 127;

    static LogFile read(Path segment) {
      ByteBuffer bytes;
      try {
        bytes = ByteBuffer.wrap(Files.readAllBytes(segment));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      LogFile found = new LogFile(0, false);
      for (int at = 4096; bytes.getInt(at) == MAGIC; at += (40 + bytes.getInt(at + 8) + 7) & -8) {
        found =
            bytes.get(at + 12) == MARK
                ? new LogFile(found.lastEntry, true)
                : new LogFile(at, false);
      }
      return found;
    }

    void flipLastEntry(Path segment) throws IOException {
      byte[] bytes = Files.readAllBytes(segment);
      bytes[lastEntry + 41] ^= 1;
      Files.write(segment, bytes);
    }
  }

  @Test
  void leadershipIsHandedOver() throws IOException {
    try (TestCluster cluster = cluster(TestCluster.OPTIONS, 3)) {
      cluster.startAll();
      cluster.submitSurely("before");
      MemberId old = cluster.awaitLeader();
      MemberId target = cluster.aFollower();
      expectRefusal(cluster.engine(old).transferLeadership(old), ErrorCode.INVALID_ARGUMENT);
      cluster.engine(old).transferLeadership(target).join();
      cluster.await("new leader", () -> cluster.engine(target).status().ready());
      assertThat(cluster.engine(target).submit(bytes("after")).join()).isEqualTo(2);
    }
  }

  @Test
  void listenersHearOfLeadershipInPairs() throws IOException {
    ConcurrentLinkedQueue<String> heard = new ConcurrentLinkedQueue<>();
    try (TestCluster cluster = cluster(TestCluster.OPTIONS, 3)) {
      cluster.startAll();
      MemberId leader = cluster.awaitLeader();
      cluster
          .engine(leader)
          .addListener(
              new LeadershipListener() {
                @Override
                public void leadershipGained(long term) {
                  heard.add("gained");
                }

                @Override
                public void leadershipLost(long term) {
                  heard.add("lost");
                }
              });
      cluster.await("news", () -> heard.contains("gained"));
      cluster.network().isolate(leader);
      cluster.await("end of leadership", () -> heard.contains("lost"));
      expectRefusal(cluster.engine(leader).submit(bytes("late")), ErrorCode.NOT_LEADER);
    }
    assertThat(heard).containsExactly("gained", "lost");
  }

  @Test
  void aReadAtACutOffLeaderIsNotAnswered() throws IOException {
    try (TestCluster cluster = cluster(TestCluster.OPTIONS, 3)) {
      cluster.startAll();
      cluster.submitSurely("one");
      MemberId old = cluster.awaitLeader();
      assertThat(cluster.engine(old).readBarrier().join()).isGreaterThanOrEqualTo(2);
      cluster.network().isolate(old);
      cluster.await(
          "another leader",
          () -> cluster.ready().isPresent() && !cluster.ready().orElseThrow().equals(old));
      expectRefusal(cluster.engine(old).readBarrier(), ErrorCode.NOT_LEADER);
      cluster.network().reconnect(old);
      cluster.submitSurely("two");
      cluster.awaitSameWords(2);
    }
  }

  @Test
  void whatIsOutstandingAtTheEndIsAnswered() throws IOException {
    TestCluster cluster = cluster(TestCluster.OPTIONS, 3);
    cluster.startAll();
    RaftEngine<Integer> engine = cluster.leader();
    List<CompletableFuture<?>> outstanding = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      outstanding.add(engine.submit(bytes("word-" + i)));
      outstanding.add(engine.readBarrier());
    }
    cluster.close();
    assertThat(outstanding).allMatch(CompletableFuture::isDone);
  }

  /**
   * Callers of every kind go on calling while an engine ends, and thereafter: none is forgotten.
   */
  @Test
  void everyCallerIsAnsweredWhenALeaderEndsUnderLoad() throws Exception {
    try (TestCluster cluster = cluster(TestCluster.OPTIONS, 3)) {
      cluster.startAll();
      for (int round = 0; round < 5; round++) {
        MemberId leader = cluster.awaitLeader();
        MemberId follower = cluster.aFollower();
        RaftEngine<Integer> engine = cluster.engine(leader);
        Callers callers = new Callers();
        callers.start(() -> engine.submit(bytes("word")));
        callers.start(engine::readBarrier);
        callers.start(() -> engine.changeMembers(cluster.membership()));
        cluster.await("load", () -> callers.answers() > 2_000);
        callers.start(() -> engine.transferLeadership(follower));
        callers.startFew(engine::checkpoint);
        cluster.stop(leader);
        assertThat(callers.end()).as("calls without an answer in round " + round).isZero();
        assertThat(cluster.fatal()).isEmpty();
        cluster.start(leader);
      }
    }
  }

  /** Threads that call all the time. */
  private static final class Callers {
    private static final int CALLS_AFTER_THE_END = 100;
    private static final int FEW = 5;

    private final List<Thread> threads = new ArrayList<>();
    private final ConcurrentLinkedQueue<CompletableFuture<?>> unanswered =
        new ConcurrentLinkedQueue<>();
    private final AtomicLong answers = new AtomicLong();
    private volatile boolean ending;

    void start(Supplier<CompletableFuture<?>> call) {
      run(
          () -> {
            int left = CALLS_AFTER_THE_END;
            while (left > 0) {
              left -= ending ? 1 : 0;
              make(call);
            }
          });
    }

    void startFew(Supplier<CompletableFuture<?>> call) {
      run(
          () -> {
            for (int i = 0; i < FEW; i++) {
              make(call);
            }
          });
    }

    private void run(Runnable body) {
      Thread thread = new Thread(body);
      threads.add(thread);
      thread.start();
    }

    private void make(Supplier<CompletableFuture<?>> call) {
      CompletableFuture<?> future = call.get();
      if (!future.isDone()) {
        unanswered.add(future);
      }
      var unused = future.whenComplete((result, error) -> answers.incrementAndGet());
    }

    long answers() {
      return answers.get();
    }

    /** How many calls are without an answer, all having been made. */
    long end() throws InterruptedException {
      ending = true;
      for (Thread thread : threads) {
        thread.join();
      }
      return unanswered.stream().filter(future -> !future.isDone()).count();
    }
  }

  @Test
  void whatIsSubmittedAfterTheEndIsRefused() throws IOException {
    TestCluster cluster = cluster(TestCluster.OPTIONS, 1);
    cluster.startAll();
    RaftEngine<Integer> engine = cluster.leader();
    cluster.close();
    expectRefusal(engine.submit(bytes("late")), ErrorCode.UNAVAILABLE);
    expectRefusal(engine.transferLeadership(TestCluster.id(2)), ErrorCode.UNAVAILABLE);
    expectRefusal(engine.changeMembers(cluster.membership()), ErrorCode.UNAVAILABLE);
    expectRefusal(engine.checkpoint(), ErrorCode.UNAVAILABLE);
  }
}
