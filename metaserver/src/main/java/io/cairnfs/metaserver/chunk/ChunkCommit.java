package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.proto.metadata.ChunkProgress;
import io.cairnfs.proto.types.Extent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Makes bytes that lie in a session's own chunks part of one file: first how far the chunks have
 * come, then the extents, then the chunks that are closed. Within one command.
 */
public final class ChunkCommit {
  /**
   * Where a file begins in a chunk that it shares: its reader then verifies no neighbour's byte.
   */
  private static final long CELL_BYTES = 4096;

  private static final int MAX_EXTENTS = 4096;

  /** Extents that the content of one command may take the place of. */
  private static final int MAX_REPLACED = 65_536;

  private final Transaction transaction;
  private final SessionId session;
  private final InodeId inode;
  private final ChunkLifecycle chunks;
  private final ExtentMap extents;
  private final Set<ChunkId> closed = new TreeSet<>();

  public ChunkCommit(NamespaceEditor namespace, SessionId session, InodeId inode) {
    this.transaction = namespace.transaction();
    this.session = session;
    this.inode = inode;
    this.chunks = new ChunkLifecycle(namespace);
    this.extents = new ExtentMap(transaction, inode);
  }

  /**
   * Records how far chunks of the session have come.
   *
   * @throws CairnException CHUNK_NOT_FOUND, PERMISSION_DENIED, CHUNK_FENCED, CHUNK_CLOSED,
   *     INVALID_ARGUMENT
   */
  public void advance(List<ChunkProgress> progress) throws CairnException {
    for (ChunkProgress one : progress) {
      ChunkRecord chunk = requireOwn(new ChunkId(one.getChunk()));
      if (chunk.epoch() != one.getEpoch()) {
        throw new CairnException(
            ErrorCode.CHUNK_FENCED,
            chunk.id() + " has epoch " + chunk.epoch() + ", not " + one.getEpoch());
      }
      advance(chunk, one);
      if (one.getClosed()) {
        closed.add(chunk.id());
      }
    }
  }

  private void advance(ChunkRecord chunk, ChunkProgress progress) throws CairnException {
    long length = progress.getLength();
    if (length >= 0 && length <= chunk.length()) {
      return;
    }
    if (!chunk.isOpen()) {
      throw new CairnException(
          ErrorCode.CHUNK_CLOSED,
          chunk.id() + " is sealed at " + chunk.length() + ", below " + length);
    }
    if (length < 0 || length > chunk.maxLength()) {
      throw invalid(chunk.id() + ": length " + length + " above " + chunk.maxLength());
    }
    if (progress.getAcknowledgedServersList().stream().noneMatch(chunk.pipeline()::contains)) {
      throw invalid(
          chunk.id()
              + ": length "
              + length
              + " was acknowledged by "
              + progress.getAcknowledgedServersList()
              + ", none of the pipeline "
              + chunk.pipeline());
    }
    chunks.lengthen(chunk, length, progress.getAcknowledgedServersList());
  }

  private ChunkRecord requireOwn(ChunkId id) throws CairnException {
    ChunkRecord chunk =
        ChunkTable.find(transaction, id)
            .filter(row -> !row.isGarbage())
            .orElseThrow(() -> new CairnException(ErrorCode.CHUNK_NOT_FOUND, id + " is no more"));
    if (chunk.session() != session.value()) {
      throw new CairnException(ErrorCode.PERMISSION_DENIED, id + " does not belong to " + session);
    }
    if (!chunk.isShared() && chunk.inode() != inode.value()) {
      throw new CairnException(
          ErrorCode.PERMISSION_DENIED, id + " was opened for inode=" + chunk.inode());
    }
    if (chunk.isSettling()) {
      throw new CairnException(ErrorCode.CHUNK_FENCED, id + " is being settled");
    }
    return chunk;
  }

  /**
   * The ranges of the file have these bytes from now on.
   *
   * @return the end of the extent that reaches furthest; 0 without any
   * @throws CairnException as {@link #advance}; TOO_LARGE where they take the place of more extents
   *     than one command can remove: shorter ranges can still be committed, one after the other
   */
  public long insert(List<Extent> added) throws CairnException {
    if (added.size() > MAX_EXTENTS) {
      throw invalid(added.size() + " extents; at most " + MAX_EXTENTS + " are possible");
    }
    long end = 0;
    int replaced = 0;
    Map<Long, ChunkRecord> own = new HashMap<>();
    for (Extent extent : added) {
      ExtentRecord record = validated(extent, own);
      replaced += extents.insert(record, MAX_REPLACED - replaced);
      if (replaced > MAX_REPLACED) {
        throw new CairnException(
            ErrorCode.TOO_LARGE,
            inode
                + ": the range up to "
                + record.end()
                + " takes the place of more than "
                + MAX_REPLACED
                + " extents in one command");
      }
      end = Math.max(end, record.end());
    }
    return end;
  }

  /**
   * @param own chunks that were looked at
   */
  private ExtentRecord validated(Extent extent, Map<Long, ChunkRecord> own) throws CairnException {
    boolean plausible =
        extent.getFileOffset() >= 0
            && extent.getLength() > 0
            && extent.getChunkOffset() >= 0
            && extent.getFileOffset() <= Long.MAX_VALUE - extent.getLength()
            && extent.getChunkOffset() <= Long.MAX_VALUE - extent.getLength();
    if (!plausible) {
      throw invalid(
          inode
              + ": extent of "
              + extent.getLength()
              + " bytes at "
              + extent.getFileOffset()
              + " from chunk offset "
              + extent.getChunkOffset());
    }
    ChunkRecord chunk = own.get(extent.getChunk());
    if (chunk == null) {
      chunk = requireOwn(new ChunkId(extent.getChunk()));
      own.put(extent.getChunk(), chunk);
    }
    ExtentRecord record =
        new ExtentRecord(
            extent.getFileOffset(),
            extent.getLength(),
            chunk.id(),
            extent.getChunkOffset(),
            false,
            transaction.index());
    if (record.chunkEnd() > chunk.length()) {
      throw invalid(
          chunk.id() + ": extent up to " + record.chunkEnd() + ", acknowledged " + chunk.length());
    }
    if (chunk.isShared() && !beginsCell(record)) {
      throw invalid(
          chunk.id()
              + " is shared: an extent at offset "
              + record.chunkOffset()
              + " does not begin a cell");
    }
    return record;
  }

  private boolean beginsCell(ExtentRecord extent) {
    return extent.chunkOffset() % CELL_BYTES == 0
        || ExtentMap.endingAt(transaction, inode, extent.fileOffset())
            .filter(before -> before.isFollowedBy(extent))
            .isPresent();
  }

  /** The file's open tail, if it has one in the chunk, reaches as far as the chunk now does. */
  public void growTail(ChunkId id, long nowNanos) {
    ChunkRecord chunk = ChunkTable.require(transaction, id);
    if (chunk.hasOpenTail()) {
      chunks.growTail(chunk, chunk.length(), nowNanos);
    }
  }

  /** The file has only what was committed: it does not grow without a command any more. */
  public void endTail(long fileLength) {
    ExtentMap.endingAt(transaction, inode, fileLength)
        .filter(ExtentRecord::isOpenTail)
        .ifPresent(
            tail -> {
              extents.changeTail(tail, tail.withOpenTail(false));
              ChunkRecord chunk = ChunkTable.require(transaction, tail.chunk());
              ChunkTable.put(transaction, chunk.withOpenTail(false));
            });
  }

  /**
   * The file's last extent may be longer than committed from now on.
   *
   * @throws CairnException INVALID_ARGUMENT unless it is the end of a chunk that was opened for
   *     this file alone and is not closed
   */
  public void beginTail(long fileLength) throws CairnException {
    ExtentRecord tail = ExtentMap.endingAt(transaction, inode, fileLength).orElse(null);
    ChunkRecord chunk = tail == null ? null : ChunkTable.require(transaction, tail.chunk());
    boolean possible =
        chunk != null
            && chunk.isOpen()
            && chunk.inode() == inode.value()
            && chunk.session() == session.value()
            && tail.chunkEnd() == chunk.length()
            && !closed.contains(chunk.id());
    if (!possible) {
      throw invalid(
          inode
              + ": no open tail at "
              + fileLength
              + ", because no chunk that is open for this file alone ends there");
    }
    extents.changeTail(tail, tail.withOpenTail(true));
    ChunkTable.put(transaction, chunk.withOpenTail(true));
  }

  /** True if extents hold every byte of [0, end). */
  public boolean covers(long end) {
    long at = 0;
    for (ExtentRecord extent : ExtentMap.overlapping(transaction, inode, 0, end, MAX_EXTENTS)) {
      if (extent.fileOffset() > at) {
        return false;
      }
      at = extent.end();
    }
    return at >= end;
  }

  /**
   * Removes every extent of the file.
   *
   * @throws CairnException TOO_LARGE when there are more than one command can remove
   */
  public void removeAll() throws CairnException {
    if (ExtentMap.hasMoreThan(transaction, inode, MAX_REPLACED)) {
      throw new CairnException(
          ErrorCode.TOO_LARGE,
          inode + " has more than " + MAX_REPLACED + " extents: it cannot be replaced in place");
    }
    extents.removeFirst(Integer.MAX_VALUE);
  }

  /** Seals what was closed, and finds out what nothing refers to any more. The last step. */
  public void finish() {
    for (ChunkId id : new ArrayList<>(closed)) {
      ChunkRecord chunk = ChunkTable.require(transaction, id);
      if (chunk.isOpen()) {
        chunks.seal(chunk);
      } else {
        chunks.release(chunk);
      }
    }
    chunks.collect(extents.dereferenced());
  }

  /**
   * Seals what was closed; bytes of it may still become part of a file. The last step, instead of
   * {@link #finish}.
   */
  public void hold() {
    for (ChunkId id : new ArrayList<>(closed)) {
      ChunkRecord chunk = ChunkTable.require(transaction, id);
      if (chunk.isOpen()) {
        chunks.sealAndHold(chunk);
      }
    }
  }

  private static CairnException invalid(String message) {
    return new CairnException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
