package io.cairnfs.metaserver.repair;

import static io.cairnfs.metaserver.operation.TestCluster.ROOT_USER;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.metaserver.operation.TestCluster;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.EnableCodingPolicy;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.SetCodingPolicy;
import io.cairnfs.proto.metadata.SetStoragePolicy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CodedTreesTest {
  private static final String RS = "RS-3-2-1024k";
  private static final PoolId POOL = PoolId.coded(CodingPolicy.RS_3_2, StorageClass.ANY);

  private final TestCluster cluster = new TestCluster();
  private final List<Long> made = new ArrayList<>();

  private long file(String name) {
    long inode =
        ok(cluster.create(ROOT_USER, Create.newBuilder().setTarget(path(name)).setMode(0644)))
            .getResult()
            .getCreate()
            .getAttributes()
            .getInode();
    made.add(inode);
    return inode;
  }

  private void directory(String name) {
    ok(cluster.mkdir(ROOT_USER, name, 0755));
  }

  private void coding(String directory, String policy) {
    ok(
        cluster.run(
            ROOT_USER,
            Operation.newBuilder()
                .setEnableCodingPolicy(
                    EnableCodingPolicy.newBuilder().setPolicy(RS).setEnabled(true))));
    ok(
        cluster.run(
            ROOT_USER,
            Operation.newBuilder()
                .setSetCodingPolicy(
                    SetCodingPolicy.newBuilder().setTarget(path(directory)).setPolicy(policy))));
  }

  private List<CodedTrees.Found> walk() {
    List<CodedTrees.Found> found = new ArrayList<>();
    CodedTrees walk = new CodedTrees(cluster.store());
    while (true) {
      CodedTrees.Found next = walk.next(cluster.store());
      if (next.isLast()) {
        return found;
      }
      if (next.file().isPresent()) {
        found.add(next);
      }
    }
  }

  private List<Long> inodes() {
    return walk().stream().map(each -> each.file().orElseThrow().id().value()).toList();
  }

  @Test
  void aTreeWithoutAPolicyIsNotWalked() {
    file("/f");
    assertThat(walk()).isEmpty();
    assertThat(CodedTrees.pools(cluster.store())).isEmpty();
  }

  @Test
  void everyFileBelowIsFoundOnceAndTreesThatSayOtherwiseAreLeftOut() {
    directory("/d");
    directory("/d/e");
    directory("/d/e/g");
    directory("/d/not");
    directory("/d/not/again");
    file("/other");
    file("/d/not/x");
    made.clear();
    file("/d/a");
    file("/d/e/b");
    file("/d/e/g/c");
    file("/d/not/again/h");
    coding("/d", RS);
    coding("/d/not", "replication");
    coding("/d/not/again", RS);
    assertThat(inodes()).containsExactlyInAnyOrderElementsOf(made);
    assertThat(CodedTrees.pools(cluster.store())).containsExactly(POOL);
  }

  @Test
  void aTreeInsideATreeOfTheSameCodeIsWalkedOnce() {
    directory("/d");
    directory("/d/e");
    file("/d/a");
    file("/d/e/b");
    coding("/d", RS);
    coding("/d/e", RS);
    assertThat(inodes()).containsExactlyInAnyOrderElementsOf(made);
  }

  @Test
  void aLargeDirectoryIsWalkedPageByPage() {
    directory("/d");
    for (int i = 0; i < 600; i++) {
      file("/d/f" + i);
    }
    coding("/d", RS);
    assertThat(inodes()).containsExactlyInAnyOrderElementsOf(made);
  }

  @Test
  void theNearestStoragePolicySaysOnWhichVolumes() {
    directory("/d");
    directory("/d/fast");
    long slow = file("/d/a");
    long fast = file("/d/fast/b");
    coding("/d", RS);
    ok(
        cluster.run(
            ROOT_USER,
            Operation.newBuilder()
                .setSetStoragePolicy(
                    SetStoragePolicy.newBuilder()
                        .setTarget(path("/d/fast"))
                        .setPolicy("ALL_SSD"))));
    for (CodedTrees.Found each : walk()) {
      long inode = each.file().orElseThrow().id().value();
      assertThat(inode).isIn(slow, fast);
      assertThat(each.pool())
          .contains(inode == slow ? POOL : PoolId.coded(CodingPolicy.RS_3_2, StorageClass.SSD));
    }
  }

  @Test
  void aTreeThatGoesAwayDuringTheWalkEndsIt() {
    directory("/d");
    file("/d/a");
    coding("/d", RS);
    CodedTrees walk = new CodedTrees(cluster.store());
    ok(cluster.unlink(ROOT_USER, "/d/a"));
    assertThat(walk.next(cluster.store()).isLast()).isTrue();
  }
}
