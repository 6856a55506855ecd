package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.proto.command.BeginCompaction;
import io.cairnfs.proto.command.Compact;
import io.cairnfs.proto.types.CompactPiece;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/**
 * Points files at a copy of their bytes, so that extents become fewer and chunks with dead bytes
 * lose their last reference. The bytes of a file never change by this: sealed bytes are what they
 * are, and an extent is redirected only if it lies in a range that was copied <em>when the command
 * is applied</em>. A write, a cut, a punch or a delete that came first has taken it away; a clone
 * that came first is redirected with the others. Within one command.
 */
public final class ChunkCompaction {
  /** Extents that one command redirects; what is more stays where it is. */
  private static final int MAX_MOVED = 65_536;

  private final Transaction transaction;
  private final ChunkLifecycle chunks;

  /** An extent, and where its copy begins. */
  private record Move(ExtentRecord extent, long targetOffset) {
    ExtentRecord copy(ChunkId chunk) {
      return new ExtentRecord(
          extent.fileOffset(), extent.length(), chunk, targetOffset, false, extent.changeIndex());
    }
  }

  public ChunkCompaction(NamespaceEditor namespace) {
    this.transaction = namespace.transaction();
    this.chunks = new ChunkLifecycle(namespace);
  }

  /**
   * The row of a chunk to copy into.
   *
   * @throws CairnException as {@link ChunkAllocation#allocate}
   */
  public ChunkRecord begin(
      BeginCompaction request, int pool, int slot, List<Integer> chosen, int minReplicas)
      throws CairnException {
    return ChunkAllocation.ofNobody(transaction)
        .allocate(
            pool,
            request.getInode(),
            slot,
            chosen,
            request.getReplication(),
            request.getMaxLength(),
            minReplicas);
  }

  /**
   * The copy is made, and durable.
   *
   * @return extents that point at it now
   * @throws CairnException CHUNK_NOT_FOUND, CHUNK_CLOSED, CHUNK_FENCED where the chunk was given up
   *     meanwhile; INVALID_ARGUMENT
   */
  public int commit(Compact request) throws CairnException {
    ChunkRecord copy = requireOpen(request);
    copy = chunks.lengthen(copy, request.getLength(), request.getAcknowledgedServersList());
    Map<InodeId, NavigableMap<Long, List<Move>>> moves = new TreeMap<>();
    int moved = 0;
    int replication = copy.replication();
    for (CompactPiece piece : request.getPiecesList()) {
      requireInside(piece, copy);
      ChunkRecord source =
          ChunkTable.find(transaction, new ChunkId(piece.getChunk()))
              .filter(ChunkRecord::isSealed)
              .orElse(null);
      if (source != null) {
        int found = find(source, piece, request.getFile(), MAX_MOVED - moved, moves);
        moved += found;
        replication = found > 0 ? Math.max(replication, source.replication()) : replication;
      }
    }
    replication = Math.max(replication, replicationOfCoded(request, moves.keySet()));
    // Somebody asked for more replicas while the copy was made.
    new SlotMembership(transaction).widen(replication);
    chunks.replicate(copy, replication);
    Set<ChunkId> dereferenced = new HashSet<>();
    moves.forEach((inode, ofFile) -> redirect(inode, ofFile, request, dereferenced));
    chunks.seal(ChunkTable.require(transaction, new ChunkId(request.getChunk())));
    chunks.collect(dereferenced);
    return moved;
  }

  /** A cell does not say how many replicas the files ask for that point at it. */
  private int replicationOfCoded(Compact request, Set<InodeId> files) {
    boolean isOfCells =
        request.getPiecesList().stream().anyMatch(piece -> new ChunkId(piece.getChunk()).isCell());
    int most = 1;
    for (InodeId file : isOfCells ? files : Set.<InodeId>of()) {
      most =
          Math.max(
              most, new Namespace(transaction).inode(file).map(InodeRecord::replication).orElse(1));
    }
    return most;
  }

  private ChunkRecord requireOpen(Compact request) throws CairnException {
    ChunkId id = new ChunkId(request.getChunk());
    ChunkRecord chunk =
        ChunkTable.find(transaction, id)
            .filter(row -> !row.isGarbage())
            .orElseThrow(() -> new CairnException(ErrorCode.CHUNK_NOT_FOUND, id + " is no more"));
    if (chunk.session() != ChunkRecord.NO_SESSION) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, id + " belongs to session=" + chunk.session());
    }
    if (chunk.epoch() != request.getEpoch()) {
      throw new CairnException(
          ErrorCode.CHUNK_FENCED,
          id + " has epoch " + chunk.epoch() + ", not " + request.getEpoch());
    }
    if (!chunk.isOpen()) {
      throw new CairnException(ErrorCode.CHUNK_CLOSED, id + " is " + chunk.state());
    }
    boolean possible =
        request.getLength() > 0
            && request.getLength() <= chunk.maxLength()
            && request.getAcknowledgedServersList().stream().anyMatch(chunk.pipeline()::contains);
    if (!possible) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          id
              + ": length "
              + request.getLength()
              + " of "
              + chunk.maxLength()
              + ", acknowledged by "
              + request.getAcknowledgedServersList());
    }
    return chunk;
  }

  private static void requireInside(CompactPiece piece, ChunkRecord copy) throws CairnException {
    boolean inside =
        piece.getOffset() >= 0
            && piece.getLength() > 0
            && piece.getOffset() <= Long.MAX_VALUE - piece.getLength()
            && piece.getTargetOffset() >= 0
            && piece.getLength() <= copy.length()
            && piece.getTargetOffset() <= copy.length() - piece.getLength();
    if (!inside) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          copy.id()
              + ": a copy of "
              + piece.getLength()
              + " bytes at "
              + piece.getTargetOffset()
              + " of "
              + copy.length());
    }
  }

  /** What is left of the range's references, and of those that were added to it. */
  private int find(
      ChunkRecord source,
      CompactPiece piece,
      long file,
      int limit,
      Map<InodeId, NavigableMap<Long, List<Move>>> moves) {
    long end = piece.getOffset() + piece.getLength();
    int found = 0;
    for (ReferenceTable.Reference reference :
        ReferenceTable.within(transaction, source.id(), piece.getOffset(), end, limit)) {
      if (reference.chunkEnd() <= end && reference.inode().value() >= file) {
        ExtentRecord extent =
            new ExtentRecord(
                reference.fileOffset(),
                reference.length(),
                source.id(),
                reference.chunkOffset(),
                false,
                transaction.index());
        long into = reference.chunkOffset() - piece.getOffset();
        moves
            .computeIfAbsent(reference.inode(), inode -> new TreeMap<>())
            .computeIfAbsent(reference.fileOffset(), offset -> new ArrayList<>(1))
            .add(new Move(extent, piece.getTargetOffset() + into));
        found++;
      }
    }
    return found;
  }

  private void redirect(
      InodeId inode,
      NavigableMap<Long, List<Move>> moves,
      Compact request,
      Set<ChunkId> dereferenced) {
    List<ExtentRecord> moved = new ArrayList<>();
    List<ExtentRecord> copies = new ArrayList<>();
    for (List<Move> possible : moves.values()) {
      moved.add(possible.get(0).extent());
      ExtentRecord last = copies.isEmpty() ? null : copies.get(copies.size() - 1);
      ExtentRecord copy =
          chosen(possible, last == null ? 0 : last.chunkEnd())
              .copy(new ChunkId(request.getChunk()));
      if (last != null && last.isFollowedBy(copy)) {
        copies.set(copies.size() - 1, last.withLength(last.length() + copy.length()));
      } else {
        copies.add(copy);
      }
    }
    ExtentMap extents = new ExtentMap(transaction, inode);
    extents.redirect(moved, copies);
    dereferenced.addAll(extents.dereferenced());
  }

  /** Of bytes that were copied more than once, the copy that comes next in the chunk. */
  private static Move chosen(List<Move> possible, long from) {
    Move chosen = possible.get(0);
    for (Move move : possible) {
      boolean isNearer =
          chosen.targetOffset() < from || move.targetOffset() < chosen.targetOffset();
      if (move.targetOffset() >= from && isNearer) {
        chosen = move;
      }
    }
    return chosen;
  }
}
