package io.cairnfs.metaserver.chunk;

import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;

import com.google.protobuf.ByteString;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.metaserver.namespace.ClusterRecord;
import io.cairnfs.metaserver.namespace.FileHandle;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.repair.CompactionPlanner.Plan;
import io.cairnfs.proto.command.BeginCompaction;
import io.cairnfs.proto.command.BeginStripe;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.CommitStripe;
import io.cairnfs.proto.command.CommittedCell;
import io.cairnfs.proto.command.Compact;
import io.cairnfs.proto.command.PipelineChoice;
import io.cairnfs.proto.metadata.Access;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.AllocateRange;
import io.cairnfs.proto.metadata.CloneRange;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.Concat;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.InlineWrite;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.Punch;
import io.cairnfs.proto.metadata.SetLength;
import io.cairnfs.proto.types.CompactPiece;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A {@link ChunkCluster} whose users write files together. Every byte of a chunk is known: {@link
 * #byteAt} says which it is, so that a file's content can be told from its extents.
 */
final class RangeCluster {
  final ChunkCluster cluster;
  private final Map<ChunkId, byte[]> copies = new HashMap<>();

  RangeCluster(int servers) {
    this(new ChunkCluster(servers));
  }

  RangeCluster(ChunkCluster cluster) {
    this.cluster = cluster;
  }

  /** What is at an offset of a chunk: never zero. */
  static byte byteAt(ChunkId chunk, long offset) {
    long mixed = (chunk.value() * 31 + offset + 1) * 0x9E3779B97F4A7C15L;
    byte value = (byte) (mixed >>> 56);
    return value == 0 ? 1 : value;
  }

  /** What is at an offset of a chunk that may be a copy. */
  private byte byteOf(ChunkId chunk, long offset) {
    byte[] copy = copies.get(chunk);
    return copy == null ? byteAt(chunk, offset) : copy[(int) offset];
  }

  /** A copy that is made: a chunk with bytes, of which files know nothing yet. */
  record Copy(ChunkId chunk, Plan plan) {}

  Copy beginCompaction(Plan plan, int slot) {
    List<Integer> writers = cluster.slot(slot).writers();
    int members = Math.min(plan.replication(), writers.size());
    CommandReply reply =
        ok(
            cluster.run(
                Command.newBuilder()
                    .addChosenSlots(slot)
                    .addPipelines(
                        PipelineChoice.newBuilder().addAllServers(writers.subList(0, members)))
                    .setBeginCompaction(
                        BeginCompaction.newBuilder()
                            .setInode(plan.inode())
                            .setReplication(plan.replication())
                            .setMaxLength(plan.length()))));
    ChunkId chunk = new ChunkId(reply.getChunk());
    byte[] bytes = new byte[(int) plan.length()];
    for (CompactPiece piece : plan.pieces()) {
      for (long i = 0; i < piece.getLength(); i++) {
        bytes[(int) (piece.getTargetOffset() + i)] =
            byteOf(new ChunkId(piece.getChunk()), piece.getOffset() + i);
      }
    }
    copies.put(chunk, bytes);
    return new Copy(chunk, plan);
  }

  CommandReply commit(Copy copy) {
    return cluster.run(Command.newBuilder().setCompact(compact(copy)));
  }

  Compact.Builder compact(Copy copy) {
    return Compact.newBuilder()
        .setChunk(copy.chunk().value())
        .setEpoch(1)
        .setLength(copy.plan().length())
        .addAllAcknowledgedServers(cluster.chunk(copy.chunk()).pipeline())
        .setFile(copy.plan().file())
        .addAllPieces(copy.plan().pieces());
  }

  /** A stripe that is made: cells with bytes, of which files know nothing yet. */
  record StripeCopy(ChunkId first, List<List<CompactPiece>> pieces) {
    long length(int cell) {
      return pieces.get(cell).stream()
          .mapToLong(piece -> piece.getTargetOffset() + piece.getLength())
          .max()
          .orElseThrow();
    }

    long longest() {
      return IntStream.range(0, pieces.size()).mapToLong(this::length).max().orElseThrow();
    }
  }

  /**
   * @param pieces of each data cell
   */
  StripeCopy beginStripe(PoolId pool, int slot, List<List<CompactPiece>> pieces) {
    CommandReply reply =
        ok(
            cluster.run(
                Command.newBuilder()
                    .setBeginStripe(
                        BeginStripe.newBuilder()
                            .setPool(pool.value())
                            .setSlot(slot)
                            .setSlotEpoch(
                                SlotTable.get(cluster.store(), pool.value(), slot).epoch())
                            .setDataCells(pieces.size())
                            .setMaxLength(1 << 20))));
    StripeCopy stripe = new StripeCopy(new ChunkId(reply.getChunk()), pieces);
    for (int cell = 0; cell < pieces.size(); cell++) {
      byte[] bytes = new byte[(int) stripe.length(cell)];
      for (CompactPiece piece : pieces.get(cell)) {
        for (long i = 0; i < piece.getLength(); i++) {
          bytes[(int) (piece.getTargetOffset() + i)] =
              byteOf(new ChunkId(piece.getChunk()), piece.getOffset() + i);
        }
      }
      copies.put(stripe.first().withCell(cell), bytes);
    }
    return stripe;
  }

  CommandReply commit(StripeCopy stripe) {
    return cluster.run(Command.newBuilder().setCommitStripe(commitOf(stripe)));
  }

  CommitStripe.Builder commitOf(StripeCopy stripe) {
    CommitStripe.Builder commit = CommitStripe.newBuilder().setEpoch(1);
    for (ChunkRecord row : Stripe.of(cluster.store(), stripe.first()).cells()) {
      int cell = row.id().cell();
      CommittedCell.Builder committed =
          CommittedCell.newBuilder()
              .setChunk(row.id().value())
              .setServer(row.pipeline().get(0))
              .setChecksum(1000 + cell);
      if (cell < stripe.pieces().size()) {
        committed.setLength(stripe.length(cell)).addAllPieces(stripe.pieces().get(cell));
      } else {
        committed.setLength(stripe.longest());
      }
      commit.addCells(committed);
    }
    return commit;
  }

  static CompactPiece piece(ChunkId source, long from, long length, long target) {
    return CompactPiece.newBuilder()
        .setChunk(source.value())
        .setOffset(from)
        .setLength(length)
        .setTargetOffset(target)
        .build();
  }

  InodeId create(String user, String name, String content) {
    CommandReply reply =
        ok(
            cluster.names.create(
                user,
                Create.newBuilder()
                    .setTarget(path("/tmp/" + name))
                    .setMode(0644)
                    .setReplication(2)
                    .setInline(ByteString.copyFromUtf8(content))));
    return new InodeId(reply.getResult().getCreate().getAttributes().getInode());
  }

  ByteString handle(String user, InodeId inode, Access access) {
    return new FileHandle(cluster.names.session(user), inode, access)
        .encode(ClusterRecord.find(cluster.store()).orElseThrow(), user);
  }

  FileRef ref(String user, InodeId inode) {
    return ref(user, inode, Access.READ_WRITE_ACCESS);
  }

  FileRef ref(String user, InodeId inode, Access access) {
    return FileRef.newBuilder()
        .setInode(inode.value())
        .setHandle(handle(user, inode, access))
        .build();
  }

  static FileRef named(String name) {
    return FileRef.newBuilder().setTarget(path("/tmp/" + name)).build();
  }

  /** A chunk of the user's session for a file that it has open. */
  ChunkId allocate(String user, InodeId inode, int slot) {
    List<Integer> writers = cluster.slot(slot).writers();
    CommandReply reply =
        ok(
            cluster.names.run(
                user,
                cluster
                    .names
                    .call(
                        user,
                        Operation.newBuilder()
                            .setAllocate(
                                Allocate.newBuilder()
                                    .setInode(inode.value())
                                    .setHandle(handle(user, inode, Access.WRITE_ACCESS))
                                    .setCount(1)))
                    .addChosenSlots(slot)
                    .addPipelines(
                        PipelineChoice.newBuilder()
                            .addAllServers(writers.subList(0, Math.min(2, writers.size()))))));
    return new ChunkId(reply.getResult().getAllocate().getChunks(0).getChunk());
  }

  CommitExtents.Builder commit(String user, InodeId inode) {
    return CommitExtents.newBuilder()
        .setInode(inode.value())
        .setHandle(handle(user, inode, Access.WRITE_ACCESS));
  }

  CommandReply run(String user, CommitExtents.Builder commit) {
    return cluster.names.run(user, Operation.newBuilder().setCommit(commit));
  }

  /** Writes the chunk's next bytes to a place of the file. */
  CommandReply write(String user, InodeId inode, long at, ChunkId chunk, long length) {
    long from = cluster.chunk(chunk).length();
    return run(
        user,
        commit(user, inode)
            .addExtents(ChunkCluster.extent(at, length, chunk, from))
            .addChunks(cluster.progress(chunk, from + length)));
  }

  static InlineWrite inlineWrite(long offset, String data) {
    return InlineWrite.newBuilder()
        .setOffset(offset)
        .setData(ByteString.copyFromUtf8(data))
        .build();
  }

  CommandReply setLength(String user, FileRef file, long length) {
    return cluster.names.run(
        user,
        Operation.newBuilder()
            .setSetLength(SetLength.newBuilder().setFile(file).setLength(length)));
  }

  CommandReply punch(String user, FileRef file, long offset, long length) {
    return cluster.names.run(
        user,
        Operation.newBuilder()
            .setPunch(Punch.newBuilder().setFile(file).setOffset(offset).setLength(length)));
  }

  CommandReply allocateRange(String user, FileRef file, long offset, long length, boolean keep) {
    return cluster.names.run(
        user,
        Operation.newBuilder()
            .setAllocateRange(
                AllocateRange.newBuilder()
                    .setFile(file)
                    .setOffset(offset)
                    .setLength(length)
                    .setKeepLength(keep)));
  }

  CommandReply cloneRange(
      String user, FileRef source, long from, long length, FileRef target, long at) {
    return cluster.names.run(
        user,
        Operation.newBuilder()
            .setCloneRange(
                CloneRange.newBuilder()
                    .setSource(source)
                    .setSourceOffset(from)
                    .setLength(length)
                    .setTarget(target)
                    .setTargetOffset(at)));
  }

  CommandReply concat(String user, String target, String... sources) {
    Concat.Builder concat = Concat.newBuilder().setTarget(named(target));
    for (String source : sources) {
      concat.addSources(named(source));
    }
    return cluster.names.run(user, Operation.newBuilder().setConcat(concat));
  }

  InodeRecord inode(InodeId inode) {
    return new Namespace(cluster.store()).inode(inode).orElseThrow();
  }

  /** The file's bytes, holes as zeros. */
  byte[] content(InodeId inode) {
    InodeRecord file = inode(inode);
    byte[] bytes = new byte[(int) file.length()];
    byte[] inline = new Namespace(cluster.store()).inlineContent(inode);
    System.arraycopy(inline, 0, bytes, 0, inline.length);
    for (ExtentRecord extent : cluster.extents(inode)) {
      for (long i = 0; i < extent.length(); i++) {
        bytes[(int) (extent.fileOffset() + i)] = byteOf(extent.chunk(), extent.chunkOffset() + i);
      }
    }
    return bytes;
  }
}
