package io.cairnfs.metaserver.store;

import java.util.Optional;

/**
 * The tables of the metadata: one ordered key space each (a column family on disk). Every key leads
 * with the one-byte view id, {@value #LIVE_VIEW} for the live tree. The numbers are part of the
 * digest and are never reused.
 */
public enum Table {
  /** Inode id to the inode's attributes. */
  INODE(1, "inode"),
  /** Inode id to the inline bytes of a tiny file; stat and list never read it. */
  CONTENT(2, "content"),
  /** Parent inode id and name to inode id and type. */
  DENTRY(3, "dentry"),
  /** Inode id and file offset to length, chunk and offset in the chunk. */
  EXTENT(4, "extent"),
  /** Chunk id to the chunk's row. */
  CHUNK(5, "chunk"),
  /** Chunk id, offset in chunk, inode, file offset: the way back from a chunk to its files. */
  REFERENCE(6, "reference"),
  /** Session id to the session's row. */
  SESSION(7, "session"),
  /** Session id and call to the stored reply. */
  REPLY(8, "reply"),
  /** Write leases by inode and, behind another leading byte, by session. */
  LEASE(9, "lease"),
  /** Log index and inode id of what was unlinked and waits for its purge. */
  DELETED(10, "deleted"),
  /** Chunks that are OPEN or SETTLING, by session and by slot. */
  OPEN_CHUNK(11, "open-chunk"),
  /** Chunk id and server id: the server lacks the chunk. */
  REPAIR(12, "repair"),
  /** Chunks that nothing refers to, until their last holder deleted them. */
  GARBAGE(13, "garbage"),
  /** Name to whatever exists once in a cluster: settings, counters, servers, slots. */
  CLUSTER(14, "cluster"),
  /** Inode id, parent inode id and name of every name of a file but one. */
  LINK(15, "link"),
  /** Inode id and name to the value of an extended attribute. */
  XATTR(16, "xattr"),
  /** Locks of files, by inode, and behind other leading bytes by who has them. */
  LOCK(17, "lock");

  /** View id of the live tree. */
  public static final byte LIVE_VIEW = 0;

  private final int number;
  private final String familyName;

  Table(int number, String familyName) {
    this.number = number;
    this.familyName = familyName;
  }

  /** Number in digests and dumps. */
  public int number() {
    return number;
  }

  /** Name of the column family. */
  public String familyName() {
    return familyName;
  }

  /** The table of a number from a dump, if this version knows it. */
  public static Optional<Table> ofNumber(int number) {
    for (Table table : values()) {
      if (table.number == number) {
        return Optional.of(table);
      }
    }
    return Optional.empty();
  }
}
