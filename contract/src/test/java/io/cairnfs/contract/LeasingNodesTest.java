package io.cairnfs.contract;

import static io.cairnfs.contract.NodeTexts.bytes;
import static io.cairnfs.contract.NodeTexts.names;
import static io.cairnfs.contract.NodeTexts.read;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.AttributeChange;
import io.cairnfs.client.CairnFile;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnNodes;
import io.cairnfs.client.CairnNodes.Opened;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.OpenOptions;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Directories leased to a client: everything that holds without, and nobody sees a difference. */
final class LeasingNodesTest extends NodesTest {
  private static final int MANY = 300;
  private static EmbeddedCluster cluster;
  private static int tests;
  private CairnFileSystem client;
  private CairnNodes leasing;
  private CairnNodes other;
  private long home;

  @Override
  CairnNodes nodesOf(CairnFileSystem of) {
    return of.leasingNodes();
  }

  @BeforeAll
  static void startAnother() throws Exception {
    cluster = EmbeddedCluster.start(java.nio.file.Files.createDirectory(directory.resolve("two")));
  }

  @AfterAll
  static void stopAnother() throws Exception {
    cluster.close();
  }

  @BeforeEach
  void connect() throws Exception {
    client = cluster.connect("root");
    leasing = client.leasingNodes();
    other = cluster.connect("root").nodes();
    home = leasing.mkdir(CairnNodes.ROOT, bytes("leased-" + ++tests), 0755, 0).inode();
  }

  private static FileStatus write(CairnNodes nodes, long directory, String name, String content)
      throws Exception {
    Opened made = nodes.create(directory, bytes(name), OpenOptions.forWriting().createNew(), 022);
    try (CairnFile file = made.file()) {
      int unused = file.write(0, ByteBuffer.wrap(bytes(content)));
    }
    return nodes.stat(made.status().inode());
  }

  private long calls() {
    return client.statistics().metadataCalls();
  }

  @Test
  void manyFilesAreFewCalls() throws Exception {
    FileStatus unused = write(leasing, home, "first", "x");
    long before = calls();
    for (int i = 0; i < MANY; i++) {
      FileStatus unusedStatus = write(leasing, home, "f" + i, "content " + i);
    }
    leasing.sync(home);
    assertThat(calls() - before).isLessThan(MANY);
    assertThat(names(other, home)).hasSize(MANY + 1);
  }

  @Test
  void othersSeeAllThatWasAnsweredWithTheTimesThatWereTold() throws Exception {
    long below = leasing.mkdir(home, bytes("d"), 0755, 0).inode();
    List<FileStatus> told = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      FileStatus file = write(leasing, below, "f" + i, "content " + i);
      if (i % 3 == 0) {
        file =
            leasing.setAttributes(
                file.inode(), AttributeChange.none().mode(0600).modificationTimeNanos(i));
      }
      told.add(file);
    }
    FileStatus link = leasing.symlink(bytes("f1"), below, bytes("link"));
    // Nobody hears of the number of a directory but by its name.
    assertThat(other.lookup(home, bytes("d")).inode()).isEqualTo(below);
    for (int i = 0; i < 50; i++) {
      FileStatus seen = other.lookup(below, bytes("f" + i));
      assertSame(seen, told.get(i));
      assertThat(read(other, seen.inode())).isEqualTo("content " + i);
    }
    assertSame(other.lookup(below, bytes("link")), link);
    assertSame(other.lookup(home, bytes("d")), leasing.stat(below));
  }

  private static void assertSame(FileStatus seen, FileStatus told) {
    assertThat(seen.inode()).isEqualTo(told.inode());
    assertThat(seen.type()).isEqualTo(told.type());
    assertThat(seen.mode()).isEqualTo(told.mode());
    assertThat(seen.owner()).isEqualTo(told.owner());
    assertThat(seen.group()).isEqualTo(told.group());
    assertThat(seen.length()).isEqualTo(told.length());
    assertThat(seen.linkCount()).isEqualTo(told.linkCount());
    assertThat(seen.modificationTimeNanos()).isEqualTo(told.modificationTimeNanos());
    assertThat(seen.changeTimeNanos()).isEqualTo(told.changeTimeNanos());
  }

  @Test
  void whatIsRemovedAndRenamedBeforeAnybodyKnewOfItLeavesTheRest() throws Exception {
    for (int i = 0; i < 60; i++) {
      FileStatus unused = write(leasing, home, "f" + i, "content " + i);
    }
    for (int i = 0; i < 60; i += 2) {
      leasing.unlink(home, bytes("f" + i));
    }
    long below = leasing.mkdir(home, bytes("d"), 0755, 0).inode();
    for (int i = 1; i < 60; i += 4) {
      FileStatus unused =
          leasing.rename(
              home, bytes("f" + i), below, bytes("m" + i), CairnFileSystem.RenameMode.REPLACE);
    }
    long gone = leasing.mkdir(home, bytes("gone"), 0755, 0).inode();
    leasing.rmdir(home, bytes("gone"));
    assertThat(names(other, home)).hasSize(16).doesNotContain("gone");
    assertThat(names(other, below)).hasSize(15);
    assertThat(read(other, other.lookup(below, bytes("m1")).inode())).isEqualTo("content 1");
    assertThat(gone).isPositive();
  }

  @Test
  void aFileThatGrowsIsWrittenOnAsAnyOther() throws Exception {
    FileStatus unused = write(leasing, home, "first", "x");
    Opened made =
        leasing.create(home, bytes("large"), OpenOptions.forReadingAndWriting().createNew(), 022);
    String content = "0123456789".repeat(10_000);
    try (CairnFile file = made.file()) {
      for (int i = 0; i < content.length(); i += 7_000) {
        String part = content.substring(i, Math.min(content.length(), i + 7_000));
        int unusedCount = file.write(i, ByteBuffer.wrap(bytes(part)));
      }
      assertThat(file.length()).isEqualTo(content.length());
      file.sync();
    }
    assertThat(read(other, made.status().inode())).isEqualTo(content);
    assertThat(read(leasing, made.status().inode())).isEqualTo(content);
  }

  @Test
  void twoClientsWorkInOneDirectoryAtOnce() throws Exception {
    CairnNodes second = cluster.connect("root").leasingNodes();
    CompletableFuture<Void> one = CompletableFuture.runAsync(() -> fill(leasing, "a"));
    CompletableFuture<Void> two = CompletableFuture.runAsync(() -> fill(second, "b"));
    one.get(60, TimeUnit.SECONDS);
    two.get(60, TimeUnit.SECONDS);
    assertThat(names(other, home)).hasSize(2 * MANY);
    assertThat(names(leasing, home)).hasSize(2 * MANY);
    assertThat(names(second, home)).hasSize(2 * MANY);
  }

  private void fill(CairnNodes nodes, String prefix) {
    try {
      for (int i = 0; i < MANY; i++) {
        FileStatus unused = write(nodes, home, prefix + i, "content " + i);
      }
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whatIsDoneOnBehalfOfOthersIsTheirs() throws Exception {
    FileStatus unused = leasing.setAttributes(home, AttributeChange.none().mode(0777));
    CairnNodes ann = leasing.onBehalf("ann", List.of("staff", "red"));
    CairnNodes bob = leasing.onBehalf("bob", List.of("guests"));
    for (int i = 0; i < 20; i++) {
      FileStatus byAnn = write(ann, home, "a" + i, "ann's");
      FileStatus byBob = write(bob, home, "b" + i, "bob's");
      assertSame(other.lookup(home, bytes("a" + i)), byAnn);
      assertSame(other.lookup(home, bytes("b" + i)), byBob);
      assertThat(byAnn.owner()).isEqualTo("ann");
      assertThat(byBob.group()).isEqualTo("guests");
    }
  }
}
