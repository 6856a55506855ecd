package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.Keys;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Which ranges of a file lie where: extents that do not overlap, with a reference for each. What
 * lies in none is a hole.
 *
 * <p>Changes collect the chunks that lost a reference ({@link #dereferenced}), for the caller to
 * see, when all changes are made, which of them nobody refers to any more.
 */
public final class ExtentMap {
  private final Transaction transaction;
  private final InodeId inode;
  private final Set<ChunkId> dereferenced = new TreeSet<>();

  ExtentMap(Transaction transaction, InodeId inode) {
    this.transaction = transaction;
    this.inode = inode;
  }

  /** Extents that overlap [from, to), in order; at most so many. */
  public static List<ExtentRecord> overlapping(
      RecordReader reader, InodeId inode, long from, long to, int limit) {
    return from < to ? endingFrom(reader, inode, from + 1, to, limit) : new ArrayList<>();
  }

  /** Extents that end at an offset or behind it, and begin before another. */
  private static List<ExtentRecord> endingFrom(
      RecordReader reader, InodeId inode, long firstEnd, long to, int limit) {
    List<ExtentRecord> extents = new ArrayList<>();
    byte[] first = ChunkKeys.extent(inode, firstEnd);
    byte[] end = Bytes.afterPrefix(Keys.inode(inode));
    try (RecordCursor cursor = reader.scan(Table.EXTENT, first, end)) {
      while (extents.size() < limit && cursor.next()) {
        ExtentRecord extent = at(cursor);
        if (extent.fileOffset() >= to) {
          break;
        }
        extents.add(extent);
      }
    }
    return extents;
  }

  /** True if the file has more than so many extents. */
  static boolean hasMoreThan(RecordReader reader, InodeId inode, int extents) {
    return overlapping(reader, inode, 0, Long.MAX_VALUE, extents + 1).size() > extents;
  }

  /** The extent that ends at an offset of the file. */
  static Optional<ExtentRecord> endingAt(RecordReader reader, InodeId inode, long end) {
    return reader
        .get(Table.EXTENT, ChunkKeys.extent(inode, end))
        .map(value -> ExtentRecord.decode(end, value));
  }

  private static ExtentRecord at(RecordCursor cursor) {
    return ExtentRecord.decode(KeyBuilder.longAt(cursor.key(), 1 + Long.BYTES), cursor.value());
  }

  /**
   * The range has the extent's bytes from now on, whatever it had before.
   *
   * @return how many extents it takes the place of, wholly or in part; more than {@code limit}
   *     means that there are too many, and nothing was changed
   */
  int insert(ExtentRecord extent, int limit) {
    long from = extent.fileOffset();
    // One scan finds what is replaced and what ends where the extent begins.
    List<ExtentRecord> found = endingFrom(transaction, inode, from, extent.end(), limit + 2);
    boolean joins = !found.isEmpty() && found.get(0).end() == from;
    List<ExtentRecord> replaced = joins ? found.subList(1, found.size()) : found;
    if (replaced.size() > limit) {
      return replaced.size();
    }
    clear(replaced, from, extent.end());
    Optional<ExtentRecord> before =
        joins ? Optional.of(found.get(0)) : replaced.stream().findFirst().flatMap(cutAt(from));
    if (before.isPresent() && before.get().isFollowedBy(extent)) {
      remove(before.get());
      putAbsent(before.get().joinedWith(extent));
    } else {
      putAbsent(extent);
    }
    return replaced.size();
  }

  /** What is left before an offset of an extent that is replaced from there on. */
  private static Function<ExtentRecord, Optional<ExtentRecord>> cutAt(long from) {
    return old -> old.fileOffset() < from ? Optional.of(old.until(from)) : Optional.empty();
  }

  /**
   * A hole of the file has these bytes from now on. As {@link #insert} for one after the other, but
   * the file is looked at once.
   *
   * @param added in the file's order; no extent of the file overlaps any of them
   */
  void fill(List<ExtentRecord> added) {
    if (added.isEmpty()) {
      return;
    }
    ExtentRecord first = added.get(0);
    Optional<ExtentRecord> before = endingAt(transaction, inode, first.fileOffset());
    ExtentRecord joined = first;
    if (before.isPresent() && before.get().isFollowedBy(first)) {
      remove(before.get());
      joined = before.get().joinedWith(first);
    }
    for (ExtentRecord next : added.subList(1, added.size())) {
      if (joined.isFollowedBy(next)) {
        joined = joined.joinedWith(next);
      } else {
        putAbsent(joined);
        joined = next;
      }
    }
    putAbsent(joined);
  }

  /** The range becomes a hole; returns as {@link #insert} does. */
  int clear(long from, long to, int limit) {
    List<ExtentRecord> replaced = overlapping(transaction, inode, from, to, limit + 1);
    if (replaced.size() > limit) {
      return replaced.size();
    }
    clear(replaced, from, to);
    return replaced.size();
  }

  private void clear(List<ExtentRecord> replaced, long from, long to) {
    for (ExtentRecord old : replaced) {
      remove(old);
      if (old.fileOffset() < from) {
        putAbsent(old.until(from));
      }
      if (old.end() > to) {
        putAbsent(old.from(to));
      }
    }
  }

  /**
   * Removes the file's first extents.
   *
   * @return how many: fewer than the limit means that none is left
   */
  int removeFirst(int limit) {
    List<ExtentRecord> extents = overlapping(transaction, inode, 0, Long.MAX_VALUE, limit);
    extents.forEach(this::remove);
    return extents.size();
  }

  /** The extent that ends there is, or is not, an open tail from now on; its length may grow. */
  void changeTail(ExtentRecord tail, ExtentRecord after) {
    remove(tail);
    put(after);
  }

  /**
   * The file's bytes are where they were, and their copies are what it points at.
   *
   * @param moved extents of the file
   * @param copies cover exactly the same ranges of the file
   */
  void redirect(List<ExtentRecord> moved, List<ExtentRecord> copies) {
    moved.forEach(this::remove);
    copies.forEach(this::put);
  }

  /** The first file behind an inode that has extents. */
  public static Optional<InodeId> nextFile(RecordReader reader, long after) {
    byte[] from = ChunkKeys.extent(new InodeId(after + 1), 0);
    try (RecordCursor cursor = reader.scan(Table.EXTENT, from, Bytes.afterPrefix(Keys.live()))) {
      return cursor.next()
          ? Optional.of(new InodeId(KeyBuilder.longAt(cursor.key(), 1)))
          : Optional.empty();
    }
  }

  private void put(ExtentRecord extent) {
    transaction.put(
        Table.EXTENT, ChunkKeys.extent(inode, extent.end()), extent.encode(transaction.index()));
    ReferenceTable.put(transaction, inode, extent);
  }

  /** No extent has any of these bytes now, so that there is neither record. */
  private void putAbsent(ExtentRecord extent) {
    transaction.putAbsent(
        Table.EXTENT, ChunkKeys.extent(inode, extent.end()), extent.encode(transaction.index()));
    ReferenceTable.putAbsent(transaction, inode, extent);
  }

  private void remove(ExtentRecord extent) {
    transaction.delete(Table.EXTENT, ChunkKeys.extent(inode, extent.end()));
    ReferenceTable.delete(transaction, inode, extent);
    dereferenced.add(extent.chunk());
  }

  /** Chunks that lost a reference since the map was made; some may have others. */
  Set<ChunkId> dereferenced() {
    return dereferenced;
  }
}
