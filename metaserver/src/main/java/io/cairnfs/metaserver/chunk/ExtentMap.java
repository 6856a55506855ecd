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
    List<ExtentRecord> extents = new ArrayList<>();
    if (from >= to) {
      return extents;
    }
    byte[] first = ChunkKeys.extent(inode, from + 1);
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
    int replaced = clear(extent.fileOffset(), extent.end(), limit);
    if (replaced > limit) {
      return replaced;
    }
    ExtentRecord merged = extent;
    Optional<ExtentRecord> before = endingAt(transaction, inode, extent.fileOffset());
    if (before.isPresent() && before.get().isFollowedBy(extent)) {
      remove(before.get());
      merged =
          before
              .get()
              .withLength(before.get().length() + extent.length())
              .withOpenTail(extent.isOpenTail());
    }
    put(merged);
    return replaced;
  }

  /** The range becomes a hole; returns as {@link #insert} does. */
  int clear(long from, long to, int limit) {
    List<ExtentRecord> replaced = overlapping(transaction, inode, from, to, limit + 1);
    if (replaced.size() > limit) {
      return replaced.size();
    }
    for (ExtentRecord old : replaced) {
      remove(old);
      if (old.fileOffset() < from) {
        put(old.until(from));
      }
      if (old.end() > to) {
        put(old.from(to));
      }
    }
    return replaced.size();
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
