package io.cairnfs.metaserver.namespace;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Extended attributes: a record each. Few, and of bounded size together, for each inode. */
public final class XattrTable {
  public static final int MAX_VALUE_BYTES = 64 << 10;

  /** Attributes of one inode. */
  public static final int MAX_COUNT = 128;

  /** Names and values of one inode together. */
  public static final int MAX_TOTAL_BYTES = 256 << 10;

  private static final int FORMAT = 1;

  private XattrTable() {}

  /** One attribute. */
  public record Entry(XattrName name, ByteString value) {
    /** What it counts towards {@link #MAX_TOTAL_BYTES}. */
    public int size() {
      return name.length() + value.size();
    }
  }

  public static Optional<byte[]> get(RecordReader reader, InodeId inode, XattrName name) {
    return reader.get(Table.XATTR, Keys.xattr(inode, name)).map(XattrTable::decode);
  }

  /** All of an inode, in byte order of the names. */
  public static List<Entry> all(RecordReader reader, InodeId inode) {
    List<Entry> entries = new ArrayList<>();
    try (RecordCursor rows = reader.scanPrefix(Table.XATTR, Keys.inode(inode))) {
      while (rows.next()) {
        ByteString value = UnsafeByteOperations.unsafeWrap(decode(rows.value()));
        entries.add(new Entry(nameIn(rows.key()), value));
      }
    }
    return entries;
  }

  private static XattrName nameIn(byte[] key) {
    try {
      return XattrName.of(Keys.nameOf(key));
    } catch (CairnException e) {
      CorruptRecord corrupt = new CorruptRecord("xattr record: " + e.getMessage());
      corrupt.initCause(e);
      throw corrupt;
    }
  }

  private static byte[] decode(byte[] record) {
    RecordInput in = new RecordInput("xattr", record, FORMAT);
    long unusedIndex = in.readVarint();
    byte[] value = in.readBytes();
    in.requireEnd();
    return value;
  }

  public static void put(Transaction transaction, InodeId inode, XattrName name, byte[] value) {
    byte[] record =
        new RecordOutput(FORMAT).writeVarint(transaction.index()).writeBytes(value).toByteArray();
    transaction.put(Table.XATTR, Keys.xattr(inode, name), record);
  }

  public static void remove(Transaction transaction, InodeId inode, XattrName name) {
    transaction.delete(Table.XATTR, Keys.xattr(inode, name));
  }

  /** The inode is no more. */
  public static void removeAll(Transaction transaction, InodeId inode) {
    try (RecordCursor rows = transaction.scanPrefix(Table.XATTR, Keys.inode(inode))) {
      while (rows.next()) {
        transaction.delete(Table.XATTR, rows.key());
      }
    }
  }

  /** Another inode takes the place of one, with all that it was. */
  public static void copyAll(Transaction transaction, InodeId from, InodeId to) {
    all(transaction, from)
        .forEach(entry -> put(transaction, to, entry.name(), entry.value().toByteArray()));
  }
}
