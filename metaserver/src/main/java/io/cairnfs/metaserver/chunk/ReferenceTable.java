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

/** The way back from a chunk to the files whose extents lie in it. */
public final class ReferenceTable {
  private static final int FORMAT = 1;

  private ReferenceTable() {}

  /** Bytes [fileOffset, + length) of the file are bytes [chunkOffset, + length) of the chunk. */
  public record Reference(
      ChunkId chunk, long chunkOffset, InodeId inode, long fileOffset, long length) {}

  static void put(Transaction transaction, InodeId inode, ExtentRecord extent) {
    transaction.put(
        Table.REFERENCE,
        key(inode, extent),
        new RecordOutput(FORMAT).writeVarint(extent.length()).toByteArray());
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
        byte[] key = cursor.key();
        references.add(
            new Reference(
                chunk,
                KeyBuilder.longAt(key, 1 + Long.BYTES),
                new InodeId(KeyBuilder.longAt(key, 1 + 2 * Long.BYTES)),
                KeyBuilder.longAt(key, 1 + 3 * Long.BYTES),
                decode(cursor.value())));
      }
    }
    return references;
  }

  static boolean isReferenced(RecordReader reader, ChunkId chunk) {
    return !ofChunk(reader, chunk, 1).isEmpty();
  }

  /** True if no other file has bytes in the chunk. */
  static boolean isOfOneFile(RecordReader reader, ChunkId chunk, InodeId file) {
    try (RecordCursor cursor = reader.scanPrefix(Table.REFERENCE, ChunkKeys.chunk(chunk))) {
      while (cursor.next()) {
        if (KeyBuilder.longAt(cursor.key(), 1 + 2 * Long.BYTES) != file.value()) {
          return false;
        }
      }
    }
    return true;
  }

  static long decode(byte[] value) {
    RecordInput in = new RecordInput("reference", value, FORMAT);
    long length = in.readVarint();
    in.requireEnd();
    return length;
  }
}
