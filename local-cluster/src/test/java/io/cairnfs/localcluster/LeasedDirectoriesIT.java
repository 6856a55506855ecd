package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFile;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.RenameMode;
import io.cairnfs.client.CairnLock;
import io.cairnfs.client.CairnNodes;
import io.cairnfs.client.CairnNodes.Opened;
import io.cairnfs.client.CairnNodes.Page;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.OpenOptions;
import io.cairnfs.common.error.CairnException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Leaders die while a client tells them what it has done in its directories, and clients die or
 * freeze before they have: what others find is what was done up to some moment.
 */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class LeasedDirectoriesIT {
  private static final Duration SESSION = Duration.ofSeconds(6);
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final int SYNCED = 1_000;
  private static final int SOME_MORE = 3_000;

  @TempDir static Path directory;
  private static RealCluster cluster;
  private static CairnFileSystem fileSystem;
  private static CairnNodes nodes;

  @BeforeAll
  static void start() throws Exception {
    cluster =
        RealCluster.start(
            directory.resolve("cluster"), 3, 1, "session.timeout = " + SESSION.toSeconds() + "s");
    fileSystem = cluster.connect();
    nodes = fileSystem.nodes();
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

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String name(int number) {
    return "f%06d".formatted(number);
  }

  private static void make(CairnNodes by, long home, String name) throws IOException {
    Opened made = by.create(home, bytes(name), OpenOptions.forWriting().createNew(), 022);
    try (CairnFile file = made.file()) {
      int unused = file.write(0, ByteBuffer.wrap(bytes("content of " + name)));
    }
  }

  private static CairnNodes.Lock lockOf(long inode) {
    return new CairnNodes.Lock(
        inode, 1, CairnLock.Scope.WHOLE_FILE, CairnLock.Mode.EXCLUSIVE, 0, 0);
  }

  /**
   * A client process: locks a file, makes files with numbers in a directory, as fast as it can,
   * says how many there are, and has the first thousand synced. What it is refused is its last.
   */
  static final class Maker {
    private Maker() {}

    public static void main(String[] arguments) throws Exception {
      try (CairnFileSystem mine = LocalRpc.connect(LocalRpc.addresses(arguments[0]))) {
        CairnNodes leasing = mine.leasingNodes();
        long home = Long.parseLong(arguments[1]);
        boolean locked = leasing.lock(lockOf(Long.parseLong(arguments[2])), false);
        say("locked " + locked);
        try {
          for (int i = 1; ; i++) {
            make(leasing, home, name(i));
            if (i == SYNCED) {
              leasing.sync(home);
            }
            if (i % SYNCED == 0) {
              say("made " + i);
            }
          }
        } catch (CairnException e) {
          say("refused " + e.code());
        }
        try {
          leasing.sync(home);
          say("synced");
        } catch (CairnException e) {
          say("sync refused " + e.code());
        }
      }
    }

    private static void say(String what) {
      System.out.println(what);
      System.out.flush();
    }
  }

  /** A process that has made some files more than it has synced. */
  private static final class MakerProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader answers;

    MakerProcess(long home, long locked) throws Exception {
      process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx256m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Maker.class.getName(),
                  cluster.controller().uri(),
                  Long.toString(home),
                  Long.toString(locked))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      answers = process.inputReader(StandardCharsets.UTF_8);
      assertThat(answers.readLine()).isEqualTo("locked true");
      String last = "made " + SOME_MORE;
      while (!last.equals(said())) {
        assertThat(process.isAlive()).isTrue();
      }
    }

    String said() throws IOException {
      return answers.readLine();
    }

    /** What it says when it makes nothing more. */
    String saidAtLast() throws IOException {
      String line = said();
      while (line.startsWith("made ")) {
        line = said();
      }
      return line;
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

  private static long newDirectory(String name) throws Exception {
    return nodes.mkdir(CairnNodes.ROOT, bytes(name), 0755, 0).inode();
  }

  private static long newFile(String name) throws Exception {
    make(nodes, CairnNodes.ROOT, name);
    return fileSystem.stat(CairnPath.of("/" + name)).inode();
  }

  private static List<String> names(long home) throws Exception {
    List<String> names = new ArrayList<>();
    byte[] after = {};
    Page page;
    do {
      page = nodes.list(home, after, 1_000);
      for (FileStatus entry : page.entries()) {
        after = entry.nameBytes();
        names.add(new String(after, StandardCharsets.UTF_8));
      }
    } while (page.more());
    return names;
  }

  /** Names and contents of what was made up to some moment, once others may look. */
  private static int checkPrefix(long home, String path) throws Exception {
    List<String> found = names(home);
    assertThat(found)
        .isEqualTo(IntStream.rangeClosed(1, found.size()).mapToObj(each -> name(each)).toList());
    assertThat(found.size()).isGreaterThanOrEqualTo(SYNCED);
    // The last one may be made and not written.
    for (int i = 1; i < found.size(); i += 97) {
      assertThat(fileSystem.readFully(CairnPath.of(path + "/" + name(i)), 100))
          .isEqualTo(bytes("content of " + name(i)));
    }
    return found.size();
  }

  @Test
  void leadersDieInTheMiddleOfAQueueAndEachChangeIsDoneOnceAndInOrder() throws Exception {
    int count = 8_000;
    long home = newDirectory("failover");
    AtomicInteger made = new AtomicInteger();
    try (CairnFileSystem mine = cluster.connect()) {
      CairnNodes leasing = mine.leasingNodes();
      CompletableFuture<Void> making =
          CompletableFuture.runAsync(
              () -> {
                try {
                  for (int i = 1; i <= count; i++) {
                    make(leasing, home, name(i));
                    make(leasing, home, "next");
                    FileStatus unused =
                        leasing.rename(
                            home, bytes("next"), home, bytes("a" + i % 7), RenameMode.REPLACE);
                    made.set(i);
                  }
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              });
      for (int part = 1; part <= 2; part++) {
        int until = part * count / 4;
        boolean unused =
            cluster.await(
                LIMIT,
                until + " files",
                () -> {
                  if (making.isDone()) {
                    making.join();
                  }
                  return made.get() >= until ? Optional.of(true) : Optional.empty();
                });
        String leader = cluster.leader();
        cluster.controller().kill(leader);
        cluster.controller().restart(leader);
      }
      making.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
      leasing.sync(home);
    }
    List<String> expected =
        new ArrayList<>(IntStream.range(0, 7).mapToObj(each -> "a" + each).toList());
    IntStream.rangeClosed(1, count).forEach(each -> expected.add(name(each)));
    assertThat(names(home)).isEqualTo(expected);
  }

  @Test
  void ofAKilledClientWhatWasSyncedStaysAndOthersFindWhatItDidUpToSomeMoment() throws Exception {
    long home = newDirectory("killed");
    try (MakerProcess maker = new MakerProcess(home, newFile("killed.lock"))) {
      maker.signal("KILL");
      int found = checkPrefix(home, "/killed");
      assertThat(names(home)).hasSize(found);
    }
  }

  @Test
  void aFrozenClientLosesItsDirectoriesAndIsToldWhenItWakes() throws Exception {
    long home = newDirectory("frozen");
    try (MakerProcess maker = new MakerProcess(home, newFile("frozen.lock"))) {
      maker.signal("STOP");
      int found = checkPrefix(home, "/frozen");
      maker.signal("CONT");
      assertThat(maker.saidAtLast()).isEqualTo("refused LEASE_LOST");
      assertThat(maker.said()).isEqualTo("sync refused LEASE_LOST");
      assertThat(names(home)).hasSize(found);
    }
  }

  @Test
  void aClientWhoseSessionEndsMeanwhileIsToldWhenItWakes() throws Exception {
    long home = newDirectory("expired");
    long locked = newFile("expired.lock");
    try (MakerProcess maker = new MakerProcess(home, locked)) {
      maker.signal("STOP");
      boolean unused =
          cluster.await(
              SESSION.multipliedBy(5),
              "end of the session",
              () -> nodes.lock(lockOf(locked), false) ? Optional.of(true) : Optional.empty());
      int found = checkPrefix(home, "/expired");
      maker.signal("CONT");
      assertThat(maker.saidAtLast()).isEqualTo("refused SESSION_EXPIRED");
      assertThat(maker.said()).isEqualTo("sync refused SESSION_EXPIRED");
      assertThat(names(home)).hasSize(found);
    }
  }
}
