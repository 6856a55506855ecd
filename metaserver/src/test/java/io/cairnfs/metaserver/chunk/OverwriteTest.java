package io.cairnfs.metaserver.chunk;

import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.OpenForWrite;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.NodeRef;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Files whose bytes lie in very many extents are replaced by commands that touch few records. */
class OverwriteTest {
  private static final int MANY = 200_000;

  /** Records that a command may change, whatever the file is like. */
  private static final int FEW = 30;

  private final ChunkCluster cluster = new ChunkCluster(3);

  @AfterEach
  void everythingIsConsistent() {
    ChunkInvariants.require(cluster.store());
  }

  /** A closed file of so many extents of one byte each, between holes. */
  private ChunkId file(String name, int extents) {
    ChunkId chunk = cluster.sealedFile("ann", name, 3, 3, 1 << 20);
    InodeId inode = inode(name);
    cluster.names.damage(
        namespace -> {
          ExtentMap map = new ExtentMap(namespace.transaction(), inode);
          map.removeFirst(1);
          for (int i = 0; i < extents; i++) {
            assertThat(
                    map.insert(
                        new ExtentRecord(
                            2L * i, 1, chunk, i, false, namespace.transaction().index()),
                        1))
                .isZero();
          }
          setLength(namespace, inode, 2L * extents);
        });
    return chunk;
  }

  private static void setLength(NamespaceEditor namespace, InodeId inode, long length) {
    namespace.putInode(namespace.inode(inode).orElseThrow().edit().length(length).done());
  }

  private InodeId inode(String name) {
    return new InodeId(cluster.names.attributes("/tmp/" + name).getInode());
  }

  private void purgeAll(ChunkId chunk) {
    int limit = MANY / 4;
    int steps = 0;
    while (ok(cluster.names.purge(limit)).getCount() > 0) {
      assertThat(cluster.names.written()).isLessThan(3 * limit);
      assertThat(steps++).isLessThan(7);
    }
    assertThat(cluster.chunk(chunk).isGarbage()).isTrue();
  }

  private CommandReply overwrite(String name) {
    return cluster.names.create(
        "ann",
        Create.newBuilder()
            .setTarget(path("/tmp/" + name))
            .setMode(0600)
            .setReplication(2)
            .setOverwrite(true)
            .setInline(ByteString.copyFromUtf8("new")));
  }

  @Test
  void overwritingCostsTheSameHoweverManyExtentsThereAre() {
    ChunkId chunk = file("f", MANY);
    Attributes before = cluster.names.attributes("/tmp/f");
    long files = Counter.FILES.in(cluster.store());
    ok(overwrite("f"));
    assertThat(cluster.names.written()).isLessThan(FEW);
    Attributes after = cluster.names.attributes("/tmp/f");
    assertThat(cluster.names.content("/tmp/f")).isEqualTo("new");
    assertThat(after.getMode()).isEqualTo(before.getMode());
    assertThat(after.getOwner()).isEqualTo(before.getOwner());
    assertThat(after.getReplication()).isEqualTo(2);
    assertThat(after.getInode()).isNotEqualTo(before.getInode());
    // Who has the old one open goes on reading it.
    InodeId old = new InodeId(before.getInode());
    while (ok(cluster.names.purge(1000, old.value())).getCount() > 0) {
      // Nothing but what is held.
    }
    assertThat(ExtentMap.hasMoreThan(cluster.store(), old, MANY - 1)).isTrue();
    purgeAll(chunk);
    assertThat(new Namespace(cluster.store()).inode(old)).isEmpty();
    assertThat(Counter.FILES.in(cluster.store())).isEqualTo(files);
    assertThat(cluster.names.content("/tmp/f")).isEqualTo("new");
  }

  @Test
  void truncatingAtOpenAndRenamingOverCostTheSame() {
    ChunkId truncated = file("f", 20_000);
    CommandReply opened = openTruncating(path("/tmp/f"));
    assertThat(cluster.names.written()).isLessThan(FEW);
    Attributes empty = ok(opened).getResult().getCreate().getAttributes();
    assertThat(empty.getLength()).isZero();
    assertThat(empty.getInode()).isEqualTo(inode("f").value());
    assertThat(empty.getBeingWritten()).isTrue();
    purgeAll(truncated);
    ChunkId replaced = file("g", 20_000);
    ok(cluster.names.write("ann", "/tmp/h", "h"));
    ok(cluster.names.rename("ann", "/tmp/h", "/tmp/g"));
    assertThat(cluster.names.written()).isLessThan(FEW);
    purgeAll(replaced);
  }

  private CommandReply openTruncating(NodeRef target) {
    return cluster.names.run(
        "ann",
        Operation.newBuilder()
            .setOpenForWrite(OpenForWrite.newBuilder().setTarget(target).setTruncate(true)));
  }

  @Test
  void withoutItsNameSuchAFileIsNotEmptied() {
    file("f", 5000);
    NodeRef byId = NodeRef.newBuilder().setBase(inode("f").value()).build();
    assertThat(error(openTruncating(byId))).isEqualTo(ErrorCode.UNSUPPORTED);
    assertThat(cluster.length("f")).isEqualTo(10_000);
  }

  /** A reader has the file open, and has asked for its first extents only. */
  @Test
  void whoHasAFileOpenReadsAllOfItWhateverTakesItsName() {
    for (String name : new String[] {"f", "g"}) {
      ChunkId chunk = file(name, 3);
      InodeId before = inode(name);
      List<ExtentRecord> extents = cluster.extents(before);
      ok(name.equals("f") ? overwrite(name) : openTruncating(path("/tmp/" + name)));
      assertThat(inode(name)).isNotEqualTo(before);
      while (ok(cluster.names.purge(1000, before.value())).getCount() > 0) {
        // Nothing but what is held.
      }
      assertThat(cluster.extents(before)).isEqualTo(extents);
      assertThat(cluster.chunk(chunk).isSealed()).isTrue();
      purgeAll(chunk);
      assertThat(new Namespace(cluster.store()).inode(before)).isEmpty();
    }
  }

  @Test
  void withoutItsNameAFileOfFewExtentsKeepsItsInode() {
    ChunkId chunk = file("f", 4096);
    InodeId before = inode("f");
    ok(openTruncating(NodeRef.newBuilder().setBase(before.value()).build()));
    assertThat(inode("f")).isEqualTo(before);
    assertThat(cluster.extents(before)).isEmpty();
    assertThat(cluster.chunk(chunk).isGarbage()).isTrue();
  }

  @Test
  void aRangeTakesThePlaceOfBoundedlyManyExtents() {
    file("f", 70_000);
    ok(cluster.reopen("ann", "f"));
    InodeId inode = inode("f");
    ChunkId chunk = cluster.allocate("ann", inode, 4, 3);
    CommandReply refused =
        cluster.commit(
            "ann",
            cluster
                .commitOf(inode)
                .addExtents(ChunkCluster.extent(0, 70_000, chunk, 0))
                .addExtents(ChunkCluster.extent(70_000, 70_000, chunk, 70_000))
                .addChunks(cluster.progress(chunk, 140_000)));
    assertThat(error(refused)).isEqualTo(ErrorCode.TOO_LARGE);
    assertThat(refused.getErrorMessage()).contains("65536 extents");
    assertThat(cluster.extents(inode)).hasSize(70_000);
    for (long from : new long[] {0, 70_000}) {
      ok(
          cluster.commit(
              "ann",
              cluster
                  .commitOf(inode)
                  .addExtents(ChunkCluster.extent(from, 70_000, chunk, from))
                  .addChunks(cluster.progress(chunk, 140_000))));
    }
    assertThat(cluster.extents(inode)).hasSize(1);
  }

  @Test
  void inlineContentTakesThePlaceOfBoundedlyManyExtents() {
    file("f", 70_000);
    ok(cluster.reopen("ann", "f"));
    assertThat(
            error(
                cluster.commit(
                    "ann",
                    cluster
                        .commitOf(inode("f"))
                        .setHasInline(true)
                        .setInline(ByteString.copyFromUtf8("x")))))
        .isEqualTo(ErrorCode.TOO_LARGE);
    assertThat(cluster.length("f")).isEqualTo(140_000);
  }
}
