package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.Transaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Takes ranges of a file's bytes away, and makes those of other files part of it: no byte moves,
 * since both then refer to the same chunk. Every step is bounded and says how far it came. The
 * inode's length and content kind are the caller's. Within one command; {@link #finish} comes last.
 */
public final class ExtentRanges {
  /** Extents that one command takes away. */
  public static final int MAX_REMOVED = 65_536;

  /** Extents that one command shares, unless it is all or nothing. */
  public static final int MAX_SHARED = 4096;

  private final NamespaceEditor namespace;
  private final Transaction transaction;
  private final InodeRecord file;
  private final ExtentMap extents;
  private final Set<ChunkId> shared = new TreeSet<>();
  private int removed;

  /**
   * @param file has no open tail
   */
  public ExtentRanges(NamespaceEditor namespace, InodeRecord file) {
    this.namespace = namespace;
    this.transaction = namespace.transaction();
    this.file = file;
    this.extents = new ExtentMap(transaction, file.id());
  }

  /**
   * Removes what lies behind an offset, the last bytes first.
   *
   * @return where the file's bytes end now: the offset, or one behind it where a command may not
   *     remove so many extents
   */
  public long cut(long from) {
    long end = isTooMany(from) ? nearestCut(from) : from;
    extents.clear(end, Long.MAX_VALUE, MAX_REMOVED);
    return end;
  }

  /**
   * An offset behind which some extents lie, and not too many; too many lie behind {@code from}.
   */
  private long nearestCut(long from) {
    long tooMany = from;
    long few = file.length();
    while (few - tooMany > 1) {
      long middle = tooMany + (few - tooMany) / 2;
      int found = count(middle);
      if (found > MAX_REMOVED) {
        tooMany = middle;
      } else {
        few = middle;
        if (found >= MAX_REMOVED / 4) {
          break;
        }
      }
    }
    return few;
  }

  private boolean isTooMany(long from) {
    return count(from) > MAX_REMOVED;
  }

  private int count(long from) {
    return ExtentMap.overlapping(transaction, file.id(), from, Long.MAX_VALUE, MAX_REMOVED + 1)
        .size();
  }

  /**
   * The range becomes a hole.
   *
   * @return everything before is done
   */
  public long punch(long from, long to) {
    long until = reach(from, to);
    extents.clear(from, until, MAX_REMOVED);
    return until;
  }

  /** The part of a range that does not have more extents than the command may still remove. */
  private long reach(long from, long to) {
    List<ExtentRecord> old =
        ExtentMap.overlapping(transaction, file.id(), from, to, MAX_REMOVED - removed + 1);
    if (old.size() <= MAX_REMOVED - removed) {
      removed += old.size();
      return to;
    }
    ExtentRecord first = old.get(old.size() - 1);
    removed = MAX_REMOVED;
    return Math.max(from, first.fileOffset());
  }

  /**
   * A range of this file has the committed bytes of another from now on, holes among them, in at
   * most so many extents.
   *
   * @return everything before this offset of this file is done
   * @throws CairnException TOO_FEW_SERVERS where the file has more replicas than the cluster keeps
   */
  public long share(InodeId source, long sourceFrom, long length, long at, int limit)
      throws CairnException {
    long sourceTo = sourceFrom + length;
    List<ExtentRecord> found =
        ExtentMap.overlapping(transaction, source, sourceFrom, sourceTo, limit + 1);
    if (found.size() > limit) {
      sourceTo = found.get(limit).fileOffset();
    }
    long shift = at - sourceFrom;
    long until = reach(at, sourceTo + shift);
    extents.clear(at, until, MAX_REMOVED);
    List<ExtentRecord> added = new ArrayList<>(found.size());
    for (ExtentRecord extent : found) {
      if (extent.fileOffset() < until - shift) {
        added.add(moved(clipped(extent, sourceFrom, until - shift), shift));
      }
    }
    extents.fill(added);
    for (ExtentRecord extent : added) {
      if (shared.add(extent.chunk())) {
        requireReplicas(extent.chunk());
      }
    }
    return until;
  }

  private static ExtentRecord clipped(ExtentRecord extent, long from, long to) {
    ExtentRecord clipped = extent.fileOffset() < from ? extent.from(from) : extent;
    return clipped.end() > to ? clipped.until(to) : clipped;
  }

  private ExtentRecord moved(ExtentRecord extent, long shift) {
    return new ExtentRecord(
        extent.fileOffset() + shift,
        extent.length(),
        extent.chunk(),
        extent.chunkOffset(),
        false,
        transaction.index());
  }

  /** A chunk has as many replicas as the file that asks for most. */
  private void requireReplicas(ChunkId id) throws CairnException {
    ChunkRecord chunk = ChunkTable.require(transaction, id);
    if (chunk.isGarbage()) {
      throw new CairnException(ErrorCode.CHUNK_NOT_FOUND, id + " is no more");
    }
    if (chunk.replication() < file.replication()) {
      new SlotMembership(transaction).widen(file.replication());
      new ChunkLifecycle(namespace).replicate(chunk, file.replication());
    }
  }

  /** How many extents a file has, counting up to a limit. */
  public int countOf(InodeId source, int limit) {
    return ExtentMap.overlapping(transaction, source, 0, Long.MAX_VALUE, limit).size();
  }

  /** Finds out what nothing refers to any more. */
  public void finish() {
    new ChunkLifecycle(namespace).collect(extents.dereferenced());
  }
}
