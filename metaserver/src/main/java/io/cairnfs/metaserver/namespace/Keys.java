package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.common.name.FileName;
import io.cairnfs.metaserver.store.Table;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Keys of the tables: big-endian, behind the view byte. Keys of the chunk side's tables are made
 * with {@link KeyBuilder} beside their codecs.
 */
public final class Keys {
  private static final int NAME_OFFSET = 1 + Long.BYTES;

  private Keys() {}

  /** Key of tables INODE and CONTENT, and prefix of an inode's records elsewhere. */
  public static byte[] inode(InodeId inode) {
    return new KeyBuilder(Long.BYTES).addLong(inode.value()).build();
  }

  /** The inode id behind the view byte of a key. */
  public static InodeId inodeOf(byte[] key) {
    return new InodeId(KeyBuilder.longAt(key, 1));
  }

  /** Key of table DENTRY. */
  public static byte[] dentry(InodeId parent, FileName name) {
    byte[] bytes = name.bytes();
    return new KeyBuilder(Long.BYTES + bytes.length)
        .addLong(parent.value())
        .addBytes(bytes)
        .build();
  }

  /** The name bytes in a key of table DENTRY. */
  public static byte[] nameOf(byte[] dentryKey) {
    return Arrays.copyOfRange(dentryKey, NAME_OFFSET, dentryKey.length);
  }

  /** For messages: the name in a key of table DENTRY, invalid UTF-8 replaced. */
  public static String printableName(byte[] dentryKey) {
    return new String(nameOf(dentryKey), StandardCharsets.UTF_8);
  }

  /** Key of table XATTR. */
  public static byte[] xattr(InodeId inode, XattrName name) {
    byte[] bytes = name.bytes();
    return new KeyBuilder(Long.BYTES + bytes.length).addLong(inode.value()).addBytes(bytes).build();
  }

  /** Key of table LINK. */
  public static byte[] link(InodeId inode, InodeId parent, FileName name) {
    byte[] bytes = name.bytes();
    return new KeyBuilder(2 * Long.BYTES + bytes.length)
        .addLong(inode.value())
        .addLong(parent.value())
        .addBytes(bytes)
        .build();
  }

  /** The directory in a key of table LINK. */
  public static InodeId linkParentOf(byte[] linkKey) {
    return new InodeId(KeyBuilder.longAt(linkKey, 1 + Long.BYTES));
  }

  /** The name bytes in a key of table LINK. */
  public static byte[] linkNameOf(byte[] linkKey) {
    return Arrays.copyOfRange(linkKey, 1 + 2 * Long.BYTES, linkKey.length);
  }

  /** Key of table SESSION, and prefix of the session's replies. */
  public static byte[] session(SessionId session) {
    return new KeyBuilder(Long.BYTES).addLong(session.value()).build();
  }

  /** Key of table REPLY. */
  public static byte[] reply(SessionId session, long call) {
    return new KeyBuilder(2 * Long.BYTES).addLong(session.value()).addLong(call).build();
  }

  /** Key of table LEASE by file. */
  public static byte[] lease(InodeId inode) {
    return new KeyBuilder(1 + Long.BYTES).addByte(0).addLong(inode.value()).build();
  }

  /** Prefix of table LEASE by session. */
  public static byte[] sessionLeases(SessionId session) {
    return new KeyBuilder(1 + Long.BYTES).addByte(1).addLong(session.value()).build();
  }

  /** Key of table LEASE by session. */
  public static byte[] sessionLease(SessionId session, InodeId inode) {
    return new KeyBuilder(1 + 2 * Long.BYTES)
        .addByte(1)
        .addLong(session.value())
        .addLong(inode.value())
        .build();
  }

  /** Key of table DELETED: in the order in which things were deleted. */
  public static byte[] deleted(long index, InodeId inode) {
    return new KeyBuilder(2 * Long.BYTES).addLong(index).addLong(inode.value()).build();
  }

  /** Key of table CLUSTER. */
  public static byte[] cluster(String name) {
    return cluster(name.getBytes(StandardCharsets.UTF_8));
  }

  static byte[] cluster(byte[] name) {
    return new KeyBuilder(name.length).addBytes(name).build();
  }

  /** Prefix of every key of the live tree. */
  public static byte[] live() {
    return new byte[] {Table.LIVE_VIEW};
  }
}
