package io.cairnfs.metaserver.chunk;

import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.types.Attributes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A file of too many chunks or extents for one command keeps its replication. */
class ReplicationBoundsTest {
  private static final int MOST_CHUNKS = 3;
  private static final int MOST_EXTENTS = 20;

  private final ChunkCluster cluster =
      new ChunkCluster(3, new ChunkExtents(MOST_CHUNKS, MOST_EXTENTS));
  private final RangeCluster files = new RangeCluster(cluster);

  @AfterEach
  void recordsAgree() {
    ChunkInvariants.require(cluster.store());
  }

  /** Its extents take turns between so many chunks. */
  private List<ChunkId> file(String name, int extents, int chunks) {
    InodeId inode = files.create("ann", name, "");
    List<ChunkId> ids = new ArrayList<>();
    for (int i = 0; i < chunks; i++) {
      ids.add(files.allocate("ann", inode, 1));
    }
    CommitExtents.Builder commit = files.commit("ann", inode);
    for (int i = 0; i < extents; i++) {
      commit.addExtents(ChunkCluster.extent(2L * i, 1, ids.get(i % chunks), i));
    }
    for (ChunkId id : ids) {
      commit.addChunks(cluster.progress(id, extents));
    }
    ok(files.run("ann", commit));
    assertThat(cluster.extents(inode)).hasSize(extents);
    return ids;
  }

  private CommandReply setReplication(String name, int replication) {
    return cluster.names.setAttributes(
        "ann",
        "/tmp/" + name,
        SetAttributes.newBuilder().setReplication(replication).setMode(0600));
  }

  private void assertRefused(String name, List<ChunkId> chunks) {
    Attributes before = cluster.names.attributes("/tmp/" + name);
    assertThat(before.getReplication()).isEqualTo(2);
    assertThat(error(setReplication(name, 3))).isEqualTo(ErrorCode.TOO_LARGE);
    assertThat(chunks).noneMatch(id -> cluster.chunk(id).replication() == 3);
    assertThat(cluster.names.attributes("/tmp/" + name)).isEqualTo(before);
  }

  @Test
  void tooManyExtentsAreRefusedAndNothingChanges() {
    assertRefused("f", file("f", MOST_EXTENTS + 1, 2));
    List<ChunkId> chunks = file("g", MOST_EXTENTS, 2);
    ok(setReplication("g", 3));
    assertThat(chunks).allMatch(id -> cluster.chunk(id).replication() == 3);
  }

  @Test
  void tooManyChunksAreRefusedAndNothingChanges() {
    assertRefused("f", file("f", MOST_CHUNKS + 1, MOST_CHUNKS + 1));
    List<ChunkId> chunks = file("g", MOST_CHUNKS, MOST_CHUNKS);
    ok(setReplication("g", 3));
    assertThat(chunks).allMatch(id -> cluster.chunk(id).replication() == 3);
  }
}
