package io.cairnfs.contract;

import static io.cairnfs.contract.NodeTexts.bytes;
import static io.cairnfs.contract.NodeTexts.names;
import static io.cairnfs.contract.NodeTexts.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.AttributeChange;
import io.cairnfs.client.CairnFile;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.RenameMode;
import io.cairnfs.client.CairnNodes;
import io.cairnfs.client.CairnNodes.Opened;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.OpenOptions;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What was answered for under a lease is seen by all who ask, or those are told who must know. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class DeferredChangesTest {
  /** More than a client's queue holds. */
  private static final int VERY_MANY = 6_000;

  /** No user of the cluster can have it, which only the cluster says. */
  private static final String TOO_LONG = "u".repeat(300);

  private static EmbeddedCluster cluster;
  private static int tests;
  private CairnNodes leasing;
  private CairnNodes other;
  private long home;

  @BeforeAll
  static void start(@TempDir Path directory) throws Exception {
    cluster = EmbeddedCluster.start(directory);
  }

  @AfterAll
  static void stop() throws Exception {
    cluster.close();
  }

  @BeforeEach
  void connect() throws Exception {
    leasing = cluster.connect("root").leasingNodes();
    other = cluster.connect("root").nodes();
    home = leasing.mkdir(CairnNodes.ROOT, bytes("deferred-" + ++tests), 0755, 0).inode();
  }

  private static Opened create(CairnNodes nodes, long directory, String name) throws Exception {
    return nodes.create(
        directory, bytes(name), OpenOptions.forReadingAndWriting().createNew(), 022);
  }

  private static FileStatus write(CairnNodes nodes, long directory, String name, String content)
      throws Exception {
    Opened made = create(nodes, directory, name);
    try (CairnFile file = made.file()) {
      int unused = file.write(0, ByteBuffer.wrap(bytes(content)));
    }
    return made.status();
  }

  private static void refused(ErrorCode code, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(CairnException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @Test
  void whoListsSeesAllOfAQueueThatIsFull() throws Exception {
    for (int i = 0; i < VERY_MANY; i++) {
      create(leasing, home, "f" + i).file().close();
    }
    assertThat(names(other, home)).hasSize(VERY_MANY);
  }

  @Test
  void whoLooksAFileUpOrOpensItSeesWhatItsMakerWasTold() throws Exception {
    for (int i = 0; i < 500; i++) {
      FileStatus unused = write(leasing, home, "f" + i, "old");
      FileStatus moved =
          leasing.rename(home, bytes("f" + i), home, bytes("g" + i), RenameMode.REPLACE);
      assertThat(moved.inode()).isPositive();
    }
    FileStatus last = other.lookup(home, bytes("g499"));
    assertThat(read(other, last.inode())).isEqualTo("old");
    refused(ErrorCode.NOT_FOUND, () -> other.lookup(home, bytes("f499")));
  }

  @Test
  void twoClientsWorkByTurnsAndEachSeesTheOther() throws Exception {
    CairnNodes second = cluster.connect("root").leasingNodes();
    CairnNodes[] both = {leasing, second};
    for (int i = 0; i < 40; i++) {
      CairnNodes mine = both[i % 2];
      CairnNodes theirs = both[(i + 1) % 2];
      long below = mine.mkdir(home, bytes("d" + i), 0755, 0).inode();
      for (int j = 0; j < 5; j++) {
        FileStatus unused = write(mine, below, "f" + j, i + "." + j);
      }
      FileStatus moved = mine.rename(below, bytes("f4"), home, bytes("m" + i), RenameMode.REPLACE);
      assertThat(read(theirs, theirs.lookup(home, bytes("m" + i)).inode())).isEqualTo(i + ".4");
      assertThat(names(theirs, below)).containsExactly("f0", "f1", "f2", "f3");
      theirs.unlink(below, bytes("f0"));
      refused(ErrorCode.NOT_FOUND, () -> mine.lookup(below, bytes("f0")));
      assertThat(mine.stat(moved.inode()).length()).isEqualTo((i + ".4").length());
    }
    assertThat(names(other, home)).hasSize(80);
  }

  @Test
  void filesThatAreClosedWhileOthersAskAreWhole() throws Exception {
    CompletableFuture<Void> looking =
        CompletableFuture.runAsync(
            () -> {
              try {
                while (!names(other, home).contains("last")) {
                  Thread.onSpinWait();
                }
              } catch (Exception e) {
                throw new AssertionError(e);
              }
            });
    List<FileStatus> made = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      made.add(write(leasing, home, "f" + i, "content " + i));
    }
    FileStatus unused = write(leasing, home, "last", "");
    looking.get(60, TimeUnit.SECONDS);
    for (int i = 0; i < made.size(); i++) {
      assertThat(read(other, made.get(i).inode())).isEqualTo("content " + i);
    }
  }

  /** Unlinks that are not logged yet are in the way of nothing. */
  @Test
  void aLeasedDirectoryIsEmptyForTheClusterWhenItsParentIsNotLeased() throws Exception {
    long outer = other.mkdir(home, bytes("outer"), 0755, 0).inode();
    long inner = leasing.mkdir(outer, bytes("inner"), 0755, 0).inode();
    for (int i = 0; i < 1_000; i++) {
      FileStatus unused = write(leasing, inner, "f" + i, "x");
    }
    for (int i = 0; i < 1_000; i++) {
      leasing.unlink(inner, bytes("f" + i));
    }
    leasing.rmdir(outer, bytes("inner"));
    assertThat(names(other, outer)).isEmpty();
  }

  /** What is made there is refused as in any other removed directory, and nothing else is lost. */
  @Test
  void nothingIsDeferredInADirectoryThatWasRemoved() throws Exception {
    long outer = other.mkdir(home, bytes("outer"), 0755, 0).inode();
    long inner = leasing.mkdir(outer, bytes("inner"), 0755, 0).inode();
    FileStatus unused = write(leasing, inner, "f", "x");
    leasing.unlink(inner, bytes("f"));
    FileStatus seen = other.lookup(outer, bytes("inner"));
    assertThat(seen.inode()).isEqualTo(inner);
    FileStatus again = write(leasing, inner, "g", "x");
    leasing.unlink(inner, bytes("g"));
    leasing.rmdir(outer, bytes("inner"));
    refused(ErrorCode.NOT_FOUND, () -> create(leasing, inner, "h"));
    assertThat(again.inode()).isPositive();
    leasing.sync(home);
  }

  /** The cluster does it, since it is the file of others: its time is the directory's. */
  @Test
  void aFileOfOthersIsRemovedFromALeasedDirectoryWhoseTimesStayTheSame() throws Exception {
    FileStatus older = write(other, home, "older", "x");
    for (int i = 0; i < 10; i++) {
      FileStatus unused = write(leasing, home, "f" + i, "x");
    }
    FileStatus before = leasing.stat(home);
    leasing.unlink(home, bytes("older"));
    refused(ErrorCode.NOT_FOUND, () -> leasing.lookup(home, bytes("older")));
    FileStatus told = leasing.stat(home);
    assertThat(told.changeTimeNanos()).isGreaterThan(before.changeTimeNanos());
    FileStatus seen = other.stat(home);
    assertThat(seen.changeTimeNanos()).isEqualTo(told.changeTimeNanos());
    assertThat(seen.modificationTimeNanos()).isEqualTo(told.modificationTimeNanos());
    refused(ErrorCode.NOT_FOUND, () -> other.stat(older.inode()));
  }

  private FileStatus refusedLater(long inode) throws Exception {
    return leasing.setAttributes(inode, AttributeChange.none().owner(TOO_LONG));
  }

  @Test
  void whatTheClusterRefusesIsToldToTheSyncOfFileAndDirectoryAndIsNotSeen() throws Exception {
    for (int i = 0; i < 10; i++) {
      FileStatus unused = write(leasing, home, "before" + i, "x");
    }
    Opened file = create(leasing, home, "file");
    FileStatus told = refusedLater(file.status().inode());
    assertThat(told.owner()).isEqualTo(TOO_LONG);
    Opened behind = create(leasing, home, "behind");
    int unused = behind.file().write(0, ByteBuffer.wrap(bytes("lost")));

    refused(ErrorCode.INVALID_ARGUMENT, () -> behind.file().sync());
    refused(ErrorCode.INVALID_ARGUMENT, () -> behind.file().close());
    refused(ErrorCode.INVALID_ARGUMENT, () -> file.file().sync());
    refused(ErrorCode.INVALID_ARGUMENT, () -> leasing.sync(file.status().inode()));
    refused(ErrorCode.INVALID_ARGUMENT, () -> leasing.sync(home));
    // Once is enough.
    leasing.sync(home);
    assertThat(names(leasing, home)).contains("before9", "file").doesNotContain("behind");
    refused(ErrorCode.NOT_FOUND, () -> leasing.lookup(home, bytes("behind")));
    assertThat(leasing.stat(file.status().inode()).owner()).isEqualTo("root");
    assertThat(names(other, home)).isEqualTo(names(leasing, home));
  }

  @Test
  void aCallAboutTheDirectoryIsToldAndWhatComesThenIsDone() throws Exception {
    for (int i = 0; i < 10; i++) {
      FileStatus unused = write(leasing, home, "before" + i, "x");
    }
    FileStatus unused = refusedLater(write(leasing, home, "file", "x").inode());
    Opened behind = create(leasing, home, "behind");
    refused(ErrorCode.INVALID_ARGUMENT, () -> behind.file().sync());
    refused(ErrorCode.INVALID_ARGUMENT, () -> create(leasing, home, "after"));
    for (int i = 0; i < 500; i++) {
      FileStatus made = write(leasing, home, "after" + i, "x");
      assertThat(made.inode()).isPositive();
    }
    // Whoever syncs hears of it, also when somebody else was told.
    refused(ErrorCode.INVALID_ARGUMENT, () -> leasing.sync(home));
    assertThat(names(other, home)).hasSize(511);
  }

  @Test
  void aSecondRefusalIsToldAsTheFirstOne() throws Exception {
    for (int round = 0; round < 20; round++) {
      long below = other.mkdir(home, bytes("d" + round), 0755, 0).inode();
      for (int i = 0; i < 10; i++) {
        FileStatus unused = write(leasing, below, "f" + i, "x");
      }
      FileStatus file = refusedLater(write(leasing, below, "file", "x").inode());
      refused(ErrorCode.INVALID_ARGUMENT, () -> leasing.sync(file.inode()));
    }
    assertThat(names(other, home)).hasSize(20);
  }

  @Test
  void whatWasDeferredIsDoneWhenTheClientIsClosed() throws Exception {
    CairnFileSystem closing = cluster.connect("root");
    CairnNodes nodes = closing.leasingNodes();
    long below = nodes.mkdir(home, bytes("closed"), 0755, 0).inode();
    for (int i = 0; i < 2_000; i++) {
      FileStatus unused = write(nodes, below, "f" + i, "content " + i);
    }
    closing.close();
    assertThat(names(other, below)).hasSize(2_000);
    assertThat(read(other, other.lookup(below, bytes("f1999")).inode())).isEqualTo("content 1999");
  }
}
