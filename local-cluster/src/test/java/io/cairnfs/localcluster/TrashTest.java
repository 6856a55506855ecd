package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.AttributeChange;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CairnTrash;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.RemoteIterator;
import io.cairnfs.client.WalkedFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Users' trashes in a cluster that keeps deleted files for an hour. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TrashTest {
  private static final int NAMES = 100;

  @TempDir static Path directory;
  private static SmallCluster cluster;
  private static CairnFileSystem root;
  private static CairnFileSystem alice;
  private static CairnFileSystem bob;

  @BeforeAll
  static void start() throws Exception {
    cluster = SmallCluster.start(directory, "trash.interval = 1h\n");
    root = cluster.fileSystem("root");
    alice = cluster.fileSystem("alice");
    bob = cluster.fileSystem("bob");
  }

  @AfterAll
  static void stop() throws Exception {
    cluster.close();
  }

  private static CairnPath path(String text) {
    return CairnPath.of(text);
  }

  private static void write(CairnFileSystem fileSystem, String path) throws CairnException {
    FileStatus unused =
        fileSystem.createWithContent(
            path(path),
            ByteBuffer.wrap(path.getBytes(StandardCharsets.UTF_8)),
            CreateOptions.defaults().createParents());
  }

  private static CairnPath inTrash(String user, String path) {
    return path("/user/" + user + "/.Trash/Current" + path);
  }

  private static void assertRefused(ErrorCode code, CairnTrash trash, String path) {
    assertThatThrownBy(() -> trash.move(path(path)))
        .isInstanceOfSatisfying(CairnException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @Test
  void theClusterSaysHowLongItKeepsWhatIsDeleted() throws Exception {
    CairnTrash.Settings settings = alice.trash().settings();
    assertThat(settings.interval()).isEqualTo(Duration.ofHours(1));
    write(root, "/times/f");
    assertThat(alice.trash().settings().timeNanos())
        .isGreaterThanOrEqualTo(root.stat(path("/times/f")).modificationTimeNanos())
        .isGreaterThanOrEqualTo(settings.timeNanos());
  }

  @Test
  void whoDeletesHasTheFileInHisTrashAndItKeepsItsOwner() throws Exception {
    FileStatus shared = root.mkdirs(path("/shared"), 0777);
    var unused = root.setAttributes(shared.path(), AttributeChange.none().mode(0777));
    write(bob, "/shared/d/f");
    assertThat(alice.trash().move(path("/shared/d"))).contains(inTrash("alice", "/shared/d"));
    assertThat(root.stat(inTrash("alice", "/shared/d/f")).owner()).isEqualTo("bob");
    FileStatus trash = root.stat(path("/user/alice/.Trash"));
    assertThat(trash.owner()).isEqualTo("alice");
    assertThat(trash.mode()).isEqualTo(0700);
    assertThat(root.stat(path("/user/alice")).mode()).isEqualTo(0755);
    assertThatThrownBy(() -> bob.stat(inTrash("alice", "/shared/d/f")))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.PERMISSION_DENIED));
    // As in HDFS, she needs the rights on what is below to delete it for good.
    assertThatThrownBy(() -> alice.trash().empty())
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.PERMISSION_DENIED));
  }

  @Test
  void whoMayNotDeleteMayNotMove() throws Exception {
    write(root, "/roots/f");
    assertRefused(ErrorCode.PERMISSION_DENIED, alice.trash(), "/roots/f");
    write(bob, "/tmp/bobs");
    assertRefused(ErrorCode.NOT_PERMITTED, alice.trash(), "/tmp/bobs");
    assertRefused(ErrorCode.NOT_FOUND, alice.trash(), "/roots/none");
    assertRefused(ErrorCode.INVALID_ARGUMENT, alice.trash(), "/user");
    assertRefused(ErrorCode.INVALID_ARGUMENT, alice.trash(), "/user/alice");
    assertRefused(ErrorCode.INVALID_ARGUMENT, alice.trash(), "roots/f");
  }

  @Test
  void aTrashIsNotWhereALinkLeads() throws Exception {
    CairnFileSystem carol = cluster.fileSystem("carol");
    write(carol, "/tmp/carol/elsewhere/f");
    write(carol, "/tmp/carol/f");
    FileStatus home = carol.mkdir(path("/user/carol"), 0755);
    FileStatus link =
        carol.symlink(
            "/tmp/carol/elsewhere".getBytes(StandardCharsets.UTF_8), home.path().child(".Trash"));
    assertRefused(ErrorCode.NOT_A_DIRECTORY, carol.trash(), "/tmp/carol/f");
    carol.unlink(link.path());
    FileStatus deleted =
        carol.symlink("elsewhere".getBytes(StandardCharsets.UTF_8), path("/tmp/carol/link"));
    assertThat(carol.trash().move(deleted.path())).contains(inTrash("carol", "/tmp/carol/link"));
    write(carol, "/tmp/carol/link/f");
    Optional<CairnPath> second = carol.trash().move(path("/tmp/carol/link/f"));
    assertThat(second.orElseThrow().toString())
        .matches("/user/carol/\\.Trash/Current/tmp/carol/link\\d+/f");
    assertThat(carol.exists(path("/tmp/carol/elsewhere/f"))).isTrue();
  }

  @Test
  void whatIsBeingWrittenGoesOn() throws Exception {
    try (var out = alice.create(path("/tmp/growing"), CreateOptions.defaults())) {
      out.write(ByteBuffer.wrap("one".getBytes(StandardCharsets.UTF_8)));
      out.flush();
      assertThat(alice.trash().move(path("/tmp/growing"))).isPresent();
      out.write(ByteBuffer.wrap("two".getBytes(StandardCharsets.UTF_8)));
    }
    assertThat(alice.readFully(inTrash("alice", "/tmp/growing"), 100))
        .asString(StandardCharsets.UTF_8)
        .isEqualTo("onetwo");
  }

  /** Deletes all names again and again; counts how often it was the one who did it. */
  private static int deleteAll(CairnFileSystem fileSystem, CyclicBarrier start) throws Exception {
    int moved = 0;
    int turn = start.await();
    for (int i = 0; i < NAMES; i++) {
      try {
        moved += fileSystem.trash().move(path("/tmp/race/f" + i)).isPresent() ? 1 : 0;
      } catch (CairnException e) {
        assertThat(e.code()).as("client " + turn).isEqualTo(ErrorCode.NOT_FOUND);
      }
    }
    return moved;
  }

  /** Makes checkpoints under the feet of those who delete. */
  private static int checkpoints(CairnFileSystem fileSystem, CyclicBarrier start) throws Exception {
    int unused = start.await();
    for (int i = 0; i < 20; i++) {
      fileSystem.trash().expunge();
    }
    return 0;
  }

  private static List<String> contentsBelow(CairnFileSystem fileSystem, CairnPath top)
      throws Exception {
    List<String> contents = new ArrayList<>();
    RemoteIterator<WalkedFile> files = fileSystem.walk(top, CairnFileSystem.WalkDetail.ATTRIBUTES);
    while (files.hasNext()) {
      FileStatus file = files.next().status();
      if (!file.isDirectory()) {
        contents.add(new String(fileSystem.readFully(file.path(), 1_000), StandardCharsets.UTF_8));
      }
    }
    return contents;
  }

  @Test
  void clientsThatDeleteTheSameNamesAtOnceLoseNothing() throws Exception {
    List<CairnFileSystem> clients = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      clients.add(cluster.fileSystem("dave"));
    }
    Set<String> names = new TreeSet<>();
    for (int i = 0; i < NAMES; i++) {
      write(clients.get(0), "/tmp/race/f" + i);
      names.add("/tmp/race/f" + i);
    }
    CyclicBarrier start = new CyclicBarrier(clients.size());
    ExecutorService threads = Executors.newFixedThreadPool(clients.size());
    try {
      List<Future<Integer>> moved = new ArrayList<>();
      for (CairnFileSystem client : clients.subList(1, clients.size())) {
        moved.add(threads.submit(() -> deleteAll(client, start)));
      }
      moved.add(threads.submit(() -> checkpoints(clients.get(0), start)));
      int all = 0;
      for (Future<Integer> each : moved) {
        all += each.get();
      }
      assertThat(all).isEqualTo(NAMES);
    } finally {
      threads.shutdownNow();
    }
    List<String> kept = contentsBelow(clients.get(0), path("/user/dave/.Trash"));
    assertThat(kept).hasSize(NAMES);
    assertThat(new TreeSet<>(kept)).isEqualTo(names);
    assertThat(clients.get(0).listAll(path("/tmp/race"))).isEmpty();
    clients.get(0).trash().empty();
    assertThat(clients.get(0).listAll(path("/user/dave/.Trash"))).isEmpty();
    assertThat(clients.get(0).delete(path("/user/dave/.Trash"), DeleteMode.SINGLE)).isTrue();
  }
}
