package io.cairnfs.metaserver.operation;

import static io.cairnfs.metaserver.operation.TestCluster.ROOT_USER;
import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.SetAttributes;
import org.junit.jupiter.api.Test;

class DeletionTest {
  private final TestCluster cluster = new TestCluster();

  private int records(Table table) {
    int count = 0;
    try (RecordCursor cursor = cluster.store.scan(table, Bytes.EMPTY, Bytes.EMPTY)) {
      while (cursor.next()) {
        count++;
      }
    }
    return count;
  }

  private void purgeAll(int limit) {
    int handled;
    int steps = 0;
    do {
      handled = ok(cluster.purge(limit)).getCount();
      assertThat(handled).isLessThanOrEqualTo(limit + 2);
      assertThat(steps++).isLessThan(1000);
    } while (handled > 0);
  }

  @Test
  void aTreeIsGoneAtOnceAndPurgedInSteps() {
    for (int i = 0; i < 7; i++) {
      ok(cluster.mkdirs("ann", "/tmp/t/d" + i + "/deep/deeper"));
      ok(cluster.write("ann", "/tmp/t/d" + i + "/f", "content"));
    }
    ok(cluster.deleteTree("ann", "/tmp/t"));
    assertThat(cluster.stat("/tmp/t")).isEmpty();
    assertThat(cluster.attributes("/tmp").getLinkCount()).isEqualTo(2);
    assertThat(records(Table.DELETED)).isEqualTo(1);
    ok(cluster.mkdirs("ann", "/tmp/t"));
    purgeAll(3);
    assertThat(records(Table.DELETED)).isZero();
    assertThat(records(Table.INODE)).isEqualTo(4);
    assertThat(records(Table.DENTRY)).isEqualTo(3);
    assertThat(records(Table.CONTENT)).isZero();
    assertThat(Counter.FILES.in(cluster.store)).isZero();
    assertThat(Counter.DIRECTORIES.in(cluster.store)).isEqualTo(4);
  }

  /** A client stands in /tmp/a/b when another one deletes /tmp/a. */
  @Test
  void nothingIsMadeBelowADeletedTree() {
    ok(cluster.mkdirs("ann", "/tmp/a/b"));
    long inside = cluster.attributes("/tmp/a/b").getInode();
    long top = cluster.attributes("/tmp/a").getInode();
    ok(cluster.deleteTree("ann", "/tmp/a"));
    for (long base : new long[] {inside, top}) {
      Mkdir.Builder mkdir = Mkdir.newBuilder().setTarget(path(base, "x")).setMode(0755);
      assertThat(error(cluster.run("ann", Operation.newBuilder().setMkdir(mkdir))))
          .isEqualTo(ErrorCode.NOT_FOUND);
      Create.Builder create = TestCluster.creation("x", "y").setTarget(path(base, "x"));
      assertThat(error(cluster.create("ann", create))).isEqualTo(ErrorCode.NOT_FOUND);
    }
    purgeAll(1);
    Mkdir.Builder mkdir = Mkdir.newBuilder().setTarget(path(inside, "x")).setMode(0755);
    assertThat(error(cluster.run("ann", Operation.newBuilder().setMkdir(mkdir))))
        .isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(
            error(
                cluster.run(
                    "ann", Operation.newBuilder().setMkdir(mkdir.setTarget(path(-3, "x"))))))
        .isEqualTo(ErrorCode.NOT_FOUND);
  }

  @Test
  void deletingATreeNeedsTheRightsOnEveryDirectoryThatIsNotEmpty() {
    ok(cluster.mkdir("ann", "/tmp/t", 0777));
    ok(cluster.mkdirs("bob", "/tmp/t/bobs"));
    ok(cluster.deleteTree("ann", "/tmp/t"));
    ok(cluster.mkdir("ann", "/tmp/t", 0777));
    ok(cluster.mkdirs("bob", "/tmp/t/bobs"));
    ok(cluster.write("bob", "/tmp/t/bobs/f", "x"));
    assertThat(error(cluster.deleteTree("ann", "/tmp/t"))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(cluster.content("/tmp/t/bobs/f")).isEqualTo("x");
    ok(cluster.setAttributes("bob", "/tmp/t/bobs", SetAttributes.newBuilder().setMode(01777)));
    assertThat(error(cluster.deleteTree("ann", "/tmp/t")))
        .as("sticky below")
        .isEqualTo(ErrorCode.NOT_PERMITTED);
    ok(cluster.deleteTree(ROOT_USER, "/tmp/t"));
  }

  @Test
  void aTreeTooLargeToCheckIsRefusedToAllButTheSuperuser() {
    ok(cluster.mkdirs("ann", "/tmp/t/d"));
    for (int i = 0; i < DeleteTreeOperation.MAX_CHECKED; i++) {
      ok(cluster.write("ann", "/tmp/t/d/f" + i, ""));
    }
    assertThat(error(cluster.deleteTree("ann", "/tmp/t"))).isEqualTo(ErrorCode.UNSUPPORTED);
    ok(cluster.deleteTree("ann", "/tmp/t/d"));
    ok(cluster.deleteTree("ann", "/tmp/t"));
  }

  @Test
  void deleteTreeTakesAFileToo() {
    ok(cluster.write("ann", "/tmp/f", "x"));
    ok(cluster.deleteTree("ann", "/tmp/f"));
    assertThat(cluster.stat("/tmp/f")).isEmpty();
    assertThat(error(cluster.deleteTree("ann", "/tmp/f"))).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(error(cluster.deleteTree(ROOT_USER, "/"))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  /** A session has the file open while it is unlinked, and the leader changes. */
  @Test
  void whatIsHeldOpenIsNotPurged() {
    ok(cluster.write("ann", "/tmp/open", "1"));
    ok(cluster.mkdirs("ann", "/tmp/t"));
    ok(cluster.write("ann", "/tmp/t/open", "2"));
    ok(cluster.write("ann", "/tmp/t/other", "3"));
    long first = cluster.attributes("/tmp/open").getInode();
    long second = cluster.attributes("/tmp/t/open").getInode();
    ok(cluster.unlink("ann", "/tmp/open"));
    ok(cluster.deleteTree("ann", "/tmp/t"));
    while (ok(cluster.purge(100, first, second)).getCount() > 0) {
      // Until nothing is left that may go.
    }
    Namespace namespace = new Namespace(cluster.store);
    assertThat(namespace.inlineContent(new InodeId(first))).isEqualTo(new byte[] {'1'});
    assertThat(namespace.inlineContent(new InodeId(second))).isEqualTo(new byte[] {'2'});
    assertThat(namespace.inode(new InodeId(second)).orElseThrow().linkCount()).isZero();
    assertThat(Counter.FILES.in(cluster.store)).isEqualTo(2);
    purgeAll(100);
    assertThat(namespace.inode(new InodeId(first))).isEmpty();
    assertThat(namespace.inode(new InodeId(second))).isEmpty();
    assertThat(Counter.FILES.in(cluster.store)).isZero();
  }

  @Test
  void whatWasDeletedBehindAnIndexWaitsAndATreeAgesAsAWhole() {
    ok(cluster.mkdirs("ann", "/tmp/t/d/deep"));
    ok(cluster.write("ann", "/tmp/t/d/deep/f", "1"));
    ok(cluster.deleteTree("ann", "/tmp/t"));
    long index = cluster.index();
    ok(cluster.write("ann", "/tmp/later", "2"));
    ok(cluster.unlink("ann", "/tmp/later"));
    while (ok(cluster.purgeUntil(index)).getCount() > 0) {
      // Until nothing is left of the tree.
    }
    assertThat(records(Table.DELETED)).isEqualTo(1);
    assertThat(records(Table.CONTENT)).isEqualTo(1);
    assertThat(Counter.DIRECTORIES.in(cluster.store)).isEqualTo(3);
    purgeAll(10);
    assertThat(records(Table.DELETED)).isZero();
  }

  @Test
  void aFileThatIsWrittenLosesItsLeaseWhenItIsPurged() {
    ok(cluster.create("ann", Create.newBuilder().setTarget(path("/tmp/f")).setMode(0644)));
    ok(cluster.unlink("ann", "/tmp/f"));
    assertThat(records(Table.LEASE)).isEqualTo(2);
    purgeAll(10);
    assertThat(records(Table.LEASE)).isZero();
    assertThat(records(Table.INODE)).isEqualTo(3);
  }

  @Test
  void aReplacedFileGoesTheSameWay() {
    ok(cluster.write("ann", "/tmp/f", "f"));
    ok(cluster.write("ann", "/tmp/g", "g"));
    ok(cluster.rename("ann", "/tmp/f", "/tmp/g"));
    assertThat(records(Table.DELETED)).isEqualTo(1);
    purgeAll(10);
    assertThat(records(Table.CONTENT)).isEqualTo(1);
  }

  @Test
  void purgeWantsASensibleLimit() {
    assertThat(error(cluster.purge(0))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }
}
