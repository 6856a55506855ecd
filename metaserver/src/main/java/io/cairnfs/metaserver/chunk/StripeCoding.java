package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.proto.command.BeginStripe;
import io.cairnfs.proto.command.CommitStripe;
import io.cairnfs.proto.command.CommittedCell;
import io.cairnfs.proto.types.ChunkState;
import io.cairnfs.proto.types.CompactPiece;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Makes stripes: rows for their cells, and, when the cells are written, the extents that point at
 * them instead of the replicated chunks from which they were copied. As in a compaction the bytes
 * of a file never change by this: an extent is redirected only as far as it lies in what was copied
 * <em>when the command is applied</em>. Within one command.
 */
public final class StripeCoding {
  /** Extents that one command redirects; what is more stays where it is. */
  private static final int MAX_MOVED = 65_536;

  private final Transaction transaction;
  private final ChunkLifecycle chunks;

  /** Bytes of a source, and where their copy begins. */
  private record Copied(long from, long end, ChunkId cell, long targetOffset) {}

  public StripeCoding(NamespaceEditor namespace) {
    this.transaction = namespace.transaction();
    this.chunks = new ChunkLifecycle(namespace);
  }

  /**
   * @return cell 0
   * @throws CairnException INVALID_ARGUMENT; RETRY where the slot has changed, or cannot have a
   *     stripe just now
   */
  public ChunkId begin(BeginStripe request) throws CairnException {
    PoolRecord pool =
        PoolRecord.find(transaction, request.getPool())
            .filter(PoolRecord::isCoded)
            .orElseThrow(() -> invalid("pool " + request.getPool() + " is no coded one"));
    CodingPolicy policy = pool.poolId().policy().orElseThrow();
    boolean isPossible =
        request.getSlot() >= 0
            && request.getSlot() < pool.slots()
            && request.getDataCells() >= 1
            && request.getDataCells() <= policy.dataCells()
            && request.getMaxLength() > 0;
    if (!isPossible) {
      throw invalid(
          "a stripe of "
              + request.getDataCells()
              + " data cells of "
              + request.getMaxLength()
              + " bytes in slot "
              + request.getSlot()
              + " of "
              + pool.poolId());
    }
    SlotRecord slot = SlotTable.get(transaction, pool.id(), request.getSlot());
    List<Integer> writers = slot.writers();
    boolean isReady =
        slot.epoch() == request.getSlotEpoch()
            && writers.size() == policy.cells()
            && writers.stream().noneMatch(server -> ServerTable.isGone(transaction, server));
    if (!isReady) {
      throw new CairnException(
          ErrorCode.RETRY,
          pool.poolId() + " slot " + slot.slot() + " is served by " + writers + " now");
    }
    // The next multiple of so many: every cell's id is one that was given.
    long counter = transaction.counter(Counter.CHUNK_COUNTER);
    long stripe = (counter / ChunkId.MAX_CELLS + 1) * ChunkId.MAX_CELLS;
    transaction.setCounter(Counter.CHUNK_COUNTER, stripe + ChunkId.MAX_CELLS - 1);
    ChunkId first = ChunkId.of(pool.id(), slot.slot(), stripe);
    for (int cell = 0; cell < policy.cells(); cell++) {
      if (cell < request.getDataCells() || cell >= policy.dataCells()) {
        open(first.withCell(cell), writers.get(cell), request.getMaxLength());
      }
    }
    return first;
  }

  private void open(ChunkId cell, int writer, long maxLength) {
    ChunkRecord row =
        new ChunkRecord(
            cell,
            ChunkState.OPEN,
            1,
            1,
            0,
            maxLength,
            ChunkRecord.NO_SESSION,
            0,
            false,
            false,
            List.of(writer),
            transaction.index(),
            0);
    ChunkTable.put(transaction, row);
  }

  /**
   * The cells are written, and durable.
   *
   * @return extents that point at them now, wholly or in part
   * @throws CairnException CHUNK_NOT_FOUND, CHUNK_CLOSED, CHUNK_FENCED where the stripe was given
   *     up meanwhile; INVALID_ARGUMENT
   */
  public int commit(CommitStripe request) throws CairnException {
    if (request.getCellsCount() == 0) {
      throw invalid("a stripe without cells");
    }
    ChunkId any = new ChunkId(request.getCells(0).getChunk());
    if (!any.isCell() || new PoolId(any.pool()).policy().isEmpty()) {
      throw invalid(any + " is no cell of a stripe");
    }
    Stripe stripe = Stripe.of(transaction, any);
    requireOpen(stripe, any, request);
    Map<ChunkId, List<Copied>> copied = copied(request);
    for (CommittedCell cell : request.getCellsList()) {
      ChunkRecord row = ChunkTable.require(transaction, new ChunkId(cell.getChunk()));
      chunks.lengthen(
          row.withChecksum(cell.getChecksum()), cell.getLength(), List.of(cell.getServer()));
    }
    Map<InodeId, ExtentCuts> cuts = new TreeMap<>();
    int moved = 0;
    for (Map.Entry<ChunkId, List<Copied>> source : copied.entrySet()) {
      moved += cut(source.getKey(), source.getValue(), MAX_MOVED - moved, cuts);
    }
    Set<ChunkId> dereferenced = new HashSet<>();
    cuts.forEach(
        (inode, ofFile) -> {
          ExtentMap extents = new ExtentMap(transaction, inode);
          ofFile.redirect(extents);
          dereferenced.addAll(extents.dereferenced());
        });
    for (CommittedCell cell : request.getCellsList()) {
      chunks.seal(ChunkTable.require(transaction, new ChunkId(cell.getChunk())));
    }
    chunks.collect(dereferenced);
    return moved;
  }

  private void requireOpen(Stripe stripe, ChunkId any, CommitStripe request) throws CairnException {
    if (stripe.cells().isEmpty() || stripe.cells().stream().anyMatch(ChunkRecord::isGarbage)) {
      throw new CairnException(ErrorCode.CHUNK_NOT_FOUND, any + " is no more");
    }
    for (ChunkRecord row : stripe.cells()) {
      if (row.epoch() != request.getEpoch()) {
        throw new CairnException(
            ErrorCode.CHUNK_FENCED,
            row.id() + " has epoch " + row.epoch() + ", not " + request.getEpoch());
      }
      if (!row.isOpen()) {
        throw new CairnException(ErrorCode.CHUNK_CLOSED, row.id() + " is " + row.state());
      }
    }
    Set<ChunkId> named = new HashSet<>();
    long longestData = 0;
    for (CommittedCell cell : request.getCellsList()) {
      ChunkId id = new ChunkId(cell.getChunk());
      ChunkRecord row =
          stripe.cells().stream()
              .filter(each -> each.id().equals(id))
              .findAny()
              .orElseThrow(() -> invalid(id + " is not of the stripe of " + any));
      requirePossible(row, cell);
      named.add(id);
      if (id.cell() < stripe.policy().dataCells()) {
        longestData = Math.max(longestData, cell.getLength());
      }
    }
    if (named.size() != stripe.cells().size() || named.size() != request.getCellsCount()) {
      throw invalid(any + ": a stripe of " + stripe.cells().size() + " cells, named " + named);
    }
    for (CommittedCell cell : request.getCellsList()) {
      boolean isParity = new ChunkId(cell.getChunk()).cell() >= stripe.policy().dataCells();
      if (isParity && (cell.getLength() != longestData || cell.getPiecesCount() > 0)) {
        throw invalid(
            any + ": parity of " + cell.getLength() + " bytes for " + longestData + " of data");
      }
    }
  }

  private void requirePossible(ChunkRecord row, CommittedCell cell) throws CairnException {
    boolean isPossible =
        cell.getLength() > 0
            && cell.getLength() <= row.maxLength()
            && row.pipeline().contains(cell.getServer())
            && row.session() == ChunkRecord.NO_SESSION;
    if (!isPossible) {
      throw invalid(
          row.id()
              + ": length "
              + cell.getLength()
              + " of "
              + row.maxLength()
              + ", written by server="
              + cell.getServer());
    }
    if (ServerTable.isGone(transaction, cell.getServer())) {
      throw new CairnException(
          ErrorCode.CHUNK_FENCED,
          row.id() + " was on server=" + cell.getServer() + ", which is out");
    }
  }

  /** By source, in its order. */
  private static Map<ChunkId, List<Copied>> copied(CommitStripe request) throws CairnException {
    Map<ChunkId, TreeMap<Long, Copied>> bySource = new TreeMap<>();
    for (CommittedCell cell : request.getCellsList()) {
      for (CompactPiece piece : cell.getPiecesList()) {
        boolean inside =
            piece.getOffset() >= 0
                && piece.getLength() > 0
                && piece.getOffset() <= Long.MAX_VALUE - piece.getLength()
                && piece.getTargetOffset() >= 0
                && piece.getLength() <= cell.getLength()
                && piece.getTargetOffset() <= cell.getLength() - piece.getLength();
        if (!inside) {
          throw invalid(
              "a copy of "
                  + piece.getLength()
                  + " bytes at "
                  + piece.getTargetOffset()
                  + " of a cell of "
                  + cell.getLength());
        }
        Copied copied =
            new Copied(
                piece.getOffset(),
                piece.getOffset() + piece.getLength(),
                new ChunkId(cell.getChunk()),
                piece.getTargetOffset());
        TreeMap<Long, Copied> others =
            bySource.computeIfAbsent(new ChunkId(piece.getChunk()), id -> new TreeMap<>());
        Map.Entry<Long, Copied> before = others.lowerEntry(copied.end());
        if (before != null && before.getValue().end() > copied.from()) {
          throw invalid("bytes of chunk " + piece.getChunk() + " are named twice");
        }
        others.put(copied.from(), copied);
      }
    }
    Map<ChunkId, List<Copied>> sorted = new TreeMap<>();
    bySource.forEach((source, ranges) -> sorted.put(source, List.copyOf(ranges.values())));
    return sorted;
  }

  /** What is left of the references to what was copied of a source, and of those added to it. */
  private int cut(ChunkId id, List<Copied> copied, int limit, Map<InodeId, ExtentCuts> cuts) {
    ChunkRecord source =
        ChunkTable.find(transaction, id).filter(ChunkRecord::isSealed).orElse(null);
    if (source == null) {
      return 0;
    }
    // A file's extent may begin before what was copied of it; one of many files in a chunk is
    // small.
    long from = source.isShared() ? copied.get(0).from() : 0;
    long to = copied.get(copied.size() - 1).end();
    int moved = 0;
    int at = 0;
    for (ReferenceTable.Reference reference :
        ReferenceTable.within(transaction, id, from, to, limit)) {
      while (at < copied.size() && copied.get(at).end() <= reference.chunkOffset()) {
        at++;
      }
      List<ExtentRecord> parts = parts(reference, copied, at);
      if (parts.size() > 1 || !parts.get(0).chunk().equals(id)) {
        cuts.computeIfAbsent(reference.inode(), inode -> new ExtentCuts())
            .add(extent(reference), parts);
        moved++;
      }
    }
    return moved;
  }

  private ExtentRecord extent(ReferenceTable.Reference reference) {
    return part(reference, reference.chunkOffset(), reference.chunkEnd(), reference.chunk(), 0);
  }

  /** The extent of a reference, cut where what was copied begins and ends. */
  private List<ExtentRecord> parts(
      ReferenceTable.Reference reference, List<Copied> copied, int first) {
    List<ExtentRecord> parts = new ArrayList<>();
    long done = reference.chunkOffset();
    for (int at = first; at < copied.size() && done < reference.chunkEnd(); at++) {
      Copied range = copied.get(at);
      long from = Math.max(done, range.from());
      long end = Math.min(reference.chunkEnd(), range.end());
      if (from >= end) {
        break;
      }
      if (from > done) {
        parts.add(part(reference, done, from, reference.chunk(), 0));
      }
      parts.add(part(reference, from, end, range.cell(), range.targetOffset() - range.from()));
      done = end;
    }
    if (done < reference.chunkEnd()) {
      parts.add(part(reference, done, reference.chunkEnd(), reference.chunk(), 0));
    }
    return parts;
  }

  /** Bytes of the reference's chunk that lie in a chunk, so much further on. */
  private ExtentRecord part(
      ReferenceTable.Reference reference, long from, long end, ChunkId chunk, long shift) {
    return new ExtentRecord(
        reference.fileOffset() + from - reference.chunkOffset(),
        end - from,
        chunk,
        from + shift,
        false,
        transaction.index());
  }

  private static CairnException invalid(String message) {
    return new CairnException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
