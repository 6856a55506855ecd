package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFile;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnLock;
import io.cairnfs.client.CairnLock.Mode;
import io.cairnfs.client.CairnLocks;
import io.cairnfs.client.CairnOutputStream;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.client.OpenOptions;
import io.cairnfs.common.error.CairnException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Processes that hold locks and write leases die, freeze, and wake up too late. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class LeaseHoldersIT {
  private static final Duration SESSION = Duration.ofSeconds(6);

  /** Beyond the end of the session, or of a recall: looking once a second, settling, retrying. */
  private static final Duration SLACK = Duration.ofSeconds(8);

  private static final int PIECE = 1 << 20;

  @TempDir static Path directory;
  private static RealCluster cluster;
  private static CairnFileSystem fileSystem;

  @BeforeAll
  static void start() throws Exception {
    cluster =
        RealCluster.start(
            directory.resolve("cluster"), 3, 3, "session.timeout = " + SESSION.toSeconds() + "s");
    fileSystem = cluster.connect();
  }

  @AfterAll
  static void stop() throws Exception {
    try {
      if (fileSystem != null) {
        fileSystem.close();
      }
    } finally {
      if (cluster != null) {
        cluster.close();
      }
    }
  }

  /**
   * A client process: locks a file if it is there, creates another one and writes three pieces,
   * each flushed; then one more piece for each line that it reads. Says what became of each.
   */
  static final class Holder {
    private Holder() {}

    public static void main(String[] arguments) throws Exception {
      try (CairnFileSystem fileSystem = LocalRpc.connect(LocalRpc.addresses(arguments[0]));
          CairnLocks locks = fileSystem.locks();
          BufferedReader orders =
              new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
        locks.of(CairnPath.of(arguments[1]), Mode.EXCLUSIVE).lock();
        byte[] bytes = Contents.of(arguments[2], 16 * PIECE);
        CairnOutputStream out =
            fileSystem.create(CairnPath.of(arguments[2]), CreateOptions.defaults());
        for (int i = 0; i < 16; i++) {
          say(write(out, bytes, i));
          if (i >= 2 && orders.readLine() == null) {
            return;
          }
        }
      }
    }

    private static String write(CairnOutputStream out, byte[] bytes, int piece) {
      try {
        out.write(bytes, piece * PIECE, PIECE);
        out.flush();
        return "flushed";
      } catch (CairnException e) {
        return e.code().name();
      } catch (IOException e) {
        return e.toString();
      }
    }

    private static void say(String what) {
      System.out.println(what);
      System.out.flush();
    }
  }

  /** A holder that has written its first pieces. */
  private static final class HolderProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader answers;
    private final PrintWriter orders;

    HolderProcess(String locked, String written) throws Exception {
      process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx256m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Holder.class.getName(),
                  cluster.controller().uri(),
                  locked,
                  written)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      answers = process.inputReader(StandardCharsets.UTF_8);
      orders = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
      for (int i = 0; i < 3; i++) {
        assertThat(answers.readLine()).isEqualTo("flushed");
      }
    }

    String writeMore() throws IOException {
      orders.println();
      return answers.readLine();
    }

    void signal(String name) throws Exception {
      Process kill =
          new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).inheritIO().start();
      assertThat(kill.waitFor()).isZero();
    }

    @Override
    public void close() throws Exception {
      process.destroyForcibly().waitFor();
    }
  }

  private static void lockable(String path) throws IOException {
    var unused =
        fileSystem.createWithContent(
            CairnPath.of(path), ByteBuffer.allocate(1), CreateOptions.defaults().overwrite());
  }

  private static byte[] flushed(String path) {
    return Arrays.copyOf(Contents.of(path, 16 * PIECE), 3 * PIECE);
  }

  @Test
  void whatAKilledClientHeldIsFreeSecondsAfterItsSessionsEnd() throws Exception {
    lockable("/killed.lock");
    long start;
    try (HolderProcess holder = new HolderProcess("/killed.lock", "/killed")) {
      start = System.nanoTime();
      holder.signal("KILL");
    }
    try (CairnLocks locks = fileSystem.locks()) {
      CairnLock lock = locks.of(CairnPath.of("/killed.lock"), Mode.EXCLUSIVE);
      assertThat(lock.tryLock()).isFalse();
      assertThat(lock.tryLock(SESSION.plus(SLACK))).isTrue();
    }
    boolean unused =
        cluster.await(
            SLACK,
            "end of the dead writer's lease",
            () ->
                fileSystem.stat(CairnPath.of("/killed")).beingWritten()
                    ? Optional.empty()
                    : Optional.of(true));
    try (CairnOutputStream out = fileSystem.append(CairnPath.of("/killed"))) {
      assertThat(out.position()).isEqualTo(3 * PIECE);
      out.write(7);
    }
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    assertThat(took).isLessThan(SESSION.plus(SLACK).plus(SLACK));
    byte[] content = Contents.read(fileSystem, "/killed");
    assertThat(content).hasSize(3 * PIECE + 1).startsWith(flushed("/killed"));
  }

  @Test
  void aFrozenWritersLeaseIsRecoveredAndWhenItWakesItIsRefused() throws Exception {
    lockable("/frozen.lock");
    CairnPath path = CairnPath.of("/frozen");
    try (HolderProcess holder = new HolderProcess("/frozen.lock", "/frozen")) {
      holder.signal("STOP");
      assertThat(fileSystem.recoverLease(path)).isTrue();
      assertThat(fileSystem.stat(path).length()).isEqualTo(3 * PIECE);
      try (CairnOutputStream out = fileSystem.append(path)) {
        out.write(7);
      }
      holder.signal("CONT");
      // Not SESSION_EXPIRED: nobody waited for that.
      assertThat(holder.writeMore()).isEqualTo("LEASE_LOST");
      assertThat(holder.writeMore()).isEqualTo("LEASE_LOST");
    }
    byte[] content = Contents.read(fileSystem, "/frozen");
    assertThat(content).hasSize(3 * PIECE + 1).startsWith(flushed("/frozen"));
  }

  @Test
  void aLiveWriterSharesItsFileAndAFrozenOneLosesIt() throws Exception {
    lockable("/asked.lock");
    CairnPath path = CairnPath.of("/asked");
    byte[] over = new byte[10];
    try (HolderProcess holder = new HolderProcess("/asked.lock", "/asked")) {
      try (CairnFile file = fileSystem.openFile(path, OpenOptions.forReadingAndWriting())) {
        file.write(0, ByteBuffer.wrap(over));
        file.flush();
        // He gave the lease back: nobody took it from him.
        assertThat(holder.writeMore()).isEqualTo("flushed");
        assertThat(file.length()).isEqualTo(4 * PIECE);
      }
    }
    byte[] expected = Arrays.copyOf(Contents.of("/asked", 16 * PIECE), 4 * PIECE);
    Arrays.fill(expected, 0, over.length, (byte) 0);
    assertThat(Contents.read(fileSystem, "/asked")).isEqualTo(expected);
    frozenWhenAsked(over);
  }

  private static void frozenWhenAsked(byte[] over) throws Exception {
    lockable("/silent.lock");
    try (HolderProcess holder = new HolderProcess("/silent.lock", "/silent")) {
      holder.signal("STOP");
      try (CairnFile file =
          fileSystem.openFile(CairnPath.of("/silent"), OpenOptions.forReadingAndWriting())) {
        long start = System.nanoTime();
        file.write(0, ByteBuffer.wrap(over));
        file.flush();
        assertThat(Duration.ofNanos(System.nanoTime() - start))
            .isLessThan(SESSION.dividedBy(3).plus(SLACK));
      }
      holder.signal("CONT");
      assertThat(holder.writeMore()).isIn("LEASE_LOST", "SESSION_EXPIRED");
    }
    byte[] expected = flushed("/silent");
    Arrays.fill(expected, 0, over.length, (byte) 0);
    assertThat(Contents.read(fileSystem, "/silent")).isEqualTo(expected);
  }

  /**
   * Each in turn writes its token twice; while the leading metaserver is killed, again and again.
   * What was written once only was written by somebody who lost the lock.
   */
  @Test
  void onlyOneHasTheLockWhileLeadersAreKilled() throws Exception {
    lockable("/contended.lock");
    lockable("/journal");
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger sections = new AtomicInteger();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (CairnFileSystem first = cluster.connect();
        CairnFileSystem second = cluster.connect()) {
      Future<?> one = threads.submit(() -> contend(first, stop, sections));
      Future<?> other = threads.submit(() -> contend(second, stop, sections));
      for (int kill = 0; kill < 3; kill++) {
        int before = sections.get();
        boolean unused =
            cluster.await(
                Duration.ofSeconds(40),
                "further sections",
                () -> sections.get() > before + 20 ? Optional.of(true) : Optional.empty());
        String leader = cluster.leader();
        cluster.signal(leader, "KILL");
        cluster.controller().restart(leader);
      }
      stop.set(true);
      one.get(60, TimeUnit.SECONDS);
      other.get(60, TimeUnit.SECONDS);
    } finally {
      stop.set(true);
      threads.shutdownNow();
    }
    requireOneAtATime(Contents.read(fileSystem, "/journal"), sections.get());
  }

  private static Void contend(CairnFileSystem client, AtomicBoolean stop, AtomicInteger sections)
      throws IOException {
    while (!stop.get()) {
      try (CairnLocks locks = client.locks()) {
        CairnLock lock = locks.of(CairnPath.of("/contended.lock"), Mode.EXCLUSIVE);
        if (lock.tryLock(Duration.ofSeconds(5))) {
          writeTokenTwice(client, lock);
          sections.incrementAndGet();
        }
      } catch (CairnException e) {
        // A lock that was lost, or a cluster that did not answer in time: the next round tells.
        assertThat(e.code().name())
            .isIn("FENCED_OUT", "SESSION_EXPIRED", "UNAVAILABLE", "TIMED_OUT", "CONNECTION_LOST");
      }
    }
    return null;
  }

  private static void writeTokenTwice(CairnFileSystem client, CairnLock lock) throws IOException {
    ByteBuffer record = ByteBuffer.allocate(Long.BYTES).putLong(lock.token().number()).flip();
    try (CairnFileSystem fenced = client.fenced(lock.token());
        CairnFile journal =
            fenced.openFile(CairnPath.of("/journal"), OpenOptions.forReadingAndWriting())) {
      var first = journal.append(record.duplicate());
      var second = journal.append(record.duplicate());
      assertThat(second).isEqualTo(first + Long.BYTES);
    }
  }

  private static void requireOneAtATime(byte[] content, int sections) {
    ByteBuffer journal = ByteBuffer.wrap(content).position(1);
    Set<Long> twice = new HashSet<>();
    long last = 0;
    while (journal.hasRemaining()) {
      long token = journal.getLong();
      assertThat(token).isGreaterThanOrEqualTo(last);
      if (token == last) {
        assertThat(twice.add(token)).as("written a third time").isTrue();
      }
      last = token;
    }
    assertThat(twice.size()).isGreaterThanOrEqualTo(sections);
  }
}
