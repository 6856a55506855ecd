package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.RecordInput;
import io.cairnfs.metaserver.namespace.RecordOutput;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** The way back from a chunk to the files whose extents lie in it. */
public final class ReferenceTable {
  private static final int FORMAT = 1;

  private ReferenceTable() {}

  /** Bytes [fileOffset, + length) of the file are bytes [chunkOffset, + length) of the chunk. */
  public record Reference(
      ChunkId chunk, long chunkOffset, InodeId inode, long fileOffset, long length) {
    public long chunkEnd() {
      return chunkOffset + length;
    }
  }

  static void put(Transaction transaction, InodeId inode, ExtentRecord extent) {
    transaction.put(Table.REFERENCE, key(inode, extent), encode(extent));
  }

  /** As {@link #put}, of an extent in what was a hole of the file. */
  static void putAbsent(Transaction transaction, InodeId inode, ExtentRecord extent) {
    transaction.putAbsent(Table.REFERENCE, key(inode, extent), encode(extent));
  }

  private static byte[] encode(ExtentRecord extent) {
    return new RecordOutput(FORMAT).writeVarint(extent.length()).toByteArray();
  }

  static void delete(Transaction transaction, InodeId inode, ExtentRecord extent) {
    transaction.delete(Table.REFERENCE, key(inode, extent));
  }

  private static byte[] key(InodeId inode, ExtentRecord extent) {
    return ChunkKeys.reference(extent.chunk(), extent.chunkOffset(), inode, extent.fileOffset());
  }

  /** The length of the reference that belongs to an extent; 0 if there is none. */
  public static long lengthOf(RecordReader reader, InodeId inode, ExtentRecord extent) {
    return reader.get(Table.REFERENCE, key(inode, extent)).map(ReferenceTable::decode).orElse(0L);
  }

  /** References to a chunk, by offset in the chunk; at most so many. */
  public static List<Reference> ofChunk(RecordReader reader, ChunkId chunk, int limit) {
    List<Reference> references = new ArrayList<>();
    try (RecordCursor cursor = reader.scanPrefix(Table.REFERENCE, ChunkKeys.chunk(chunk))) {
      while (references.size() < limit && cursor.next()) {
        references.add(at(chunk, cursor));
      }
    }
    return references;
  }

  /** References to a chunk that begin in [from, to), by offset in the chunk; at most so many. */
  public static List<Reference> within(
      RecordReader reader, ChunkId chunk, long from, long to, int limit) {
    List<Reference> references = new ArrayList<>();
    byte[] first = ChunkKeys.reference(chunk, from);
    try (RecordCursor cursor =
        reader.scan(Table.REFERENCE, first, ChunkKeys.reference(chunk, to))) {
      while (references.size() < limit && cursor.next()) {
        references.add(at(chunk, cursor));
      }
    }
    return references;
  }

  private static Reference at(ChunkId chunk, RecordCursor cursor) {
    byte[] key = cursor.key();
    return new Reference(
        chunk,
        KeyBuilder.longAt(key, 1 + Long.BYTES),
        new InodeId(KeyBuilder.longAt(key, 1 + 2 * Long.BYTES)),
        KeyBuilder.longAt(key, 1 + 3 * Long.BYTES),
        decode(cursor.value()));
  }

  static boolean isReferenced(RecordReader reader, ChunkId chunk) {
    return !ofChunk(reader, chunk, 1).isEmpty();
  }

  /**
   * How many references to the chunk there are, if all of them are of one file; empty if others
   * have bytes in it, or that would have been found out after so many references only.
   */
  static OptionalInt countOfOneFile(RecordReader reader, ChunkId chunk, InodeId file, int limit) {
    int count = 0;
    try (RecordCursor cursor = reader.scanPrefix(Table.REFERENCE, ChunkKeys.chunk(chunk))) {
      while (cursor.next()) {
        boolean foreign = KeyBuilder.longAt(cursor.key(), 1 + 2 * Long.BYTES) != file.value();
        if (foreign || count == limit) {
          return OptionalInt.empty();
        }
        count++;
      }
    }
    return OptionalInt.of(count);
  }

  static long decode(byte[] value) {
    RecordInput in = new RecordInput("reference", value, FORMAT);
    long length = in.readVarint();
    in.requireEnd();
    return length;
  }
}
