package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Locks: one record a file, and rows by which an owner's and a session's files are found. Few for
 * each file and each session.
 */
public final class LockTable {
  /** Locks held of one file. */
  public static final int MAX_HELD = 1024;

  /** Claims that wait for locks of one file. */
  public static final int MAX_WAITING = 1024;

  /** Files of which the owners of one session together have or want locks, each owner's counted. */
  public static final int MAX_OF_SESSION = 16_384;

  private static final int BY_FILE = 0;
  private static final int BY_OWNER = 1;
  private static final int WAITING = 2;
  private static final int COUNT = 3;
  private static final int OWNER_OFFSET = 2 + Long.BYTES;
  private static final int INODE_OFFSET = OWNER_OFFSET + Long.BYTES;
  private static final int COUNT_FORMAT = 1;

  private LockTable() {}

  private static byte[] fileKey(InodeId inode) {
    return new KeyBuilder(1 + Long.BYTES).addByte(BY_FILE).addLong(inode.value()).build();
  }

  private static KeyBuilder ofSession(int kind, SessionId session, int more) {
    return new KeyBuilder(1 + Long.BYTES + more).addByte(kind).addLong(session.value());
  }

  private static byte[] ofOwner(int kind, LockOwner owner) {
    return ofSession(kind, owner.session(), Long.BYTES).addLong(owner.number()).build();
  }

  private static byte[] ownerKey(int kind, LockOwner owner, InodeId inode) {
    return ofSession(kind, owner.session(), 2 * Long.BYTES)
        .addLong(owner.number())
        .addLong(inode.value())
        .build();
  }

  private static byte[] countKey(SessionId session) {
    return ofSession(COUNT, session, 0).build();
  }

  /** The locks of a file. */
  public static FileLocks of(RecordReader reader, InodeId inode) {
    return reader.get(Table.LOCK, fileKey(inode)).map(FileLocks::decode).orElse(FileLocks.NONE);
  }

  /** The files of which an owner has or wants locks. */
  public static List<InodeId> filesOf(RecordReader reader, LockOwner owner) {
    return inodes(reader, ofOwner(BY_OWNER, owner));
  }

  /** The files of which an owner waits for locks. */
  public static List<InodeId> waitedFor(RecordReader reader, LockOwner owner) {
    return inodes(reader, ofOwner(WAITING, owner));
  }

  /** The files of which some owner of a session has or wants locks, each once, by their ids. */
  public static Set<InodeId> filesOf(RecordReader reader, SessionId session) {
    return new TreeSet<>(inodes(reader, ofSession(BY_OWNER, session, 0).build()));
  }

  private static List<InodeId> inodes(RecordReader reader, byte[] prefix) {
    List<InodeId> inodes = new ArrayList<>();
    try (RecordCursor rows = reader.scanPrefix(Table.LOCK, prefix)) {
      while (rows.next()) {
        inodes.add(new InodeId(KeyBuilder.longAt(rows.key(), INODE_OFFSET)));
      }
    }
    return inodes;
  }

  /** How many rows there are of the files of which owners of a session have or want locks. */
  public static int rowsOf(RecordReader reader, SessionId session) {
    return inodes(reader, ofSession(BY_OWNER, session, 0).build()).size();
  }

  /** How many files {@link #MAX_OF_SESSION} counts. */
  public static int countOf(RecordReader reader, SessionId session) {
    return reader
        .get(Table.LOCK, countKey(session))
        .map(
            value -> {
              RecordInput in = new RecordInput("lock count", value, COUNT_FORMAT);
              int count = in.readInt();
              in.requireEnd();
              return count;
            })
        .orElse(0);
  }

  /** Stores the locks of a file, which were others before. */
  public static void put(
      Transaction transaction, InodeId inode, FileLocks before, FileLocks after) {
    if (after.isEmpty()) {
      transaction.delete(Table.LOCK, fileKey(inode));
    } else {
      transaction.put(Table.LOCK, fileKey(inode), after.encode());
    }
    Set<LockOwner> ownersBefore = owners(before.held(), before.waiting());
    Set<LockOwner> ownersAfter = owners(after.held(), after.waiting());
    link(transaction, BY_OWNER, inode, ownersBefore, ownersAfter);
    link(
        transaction,
        WAITING,
        inode,
        owners(List.of(), before.waiting()),
        owners(List.of(), after.waiting()));
    for (LockOwner owner : ownersAfter) {
      if (!ownersBefore.contains(owner)) {
        count(transaction, owner.session(), 1);
      }
    }
    for (LockOwner owner : ownersBefore) {
      if (!ownersAfter.contains(owner)) {
        count(transaction, owner.session(), -1);
      }
    }
  }

  private static Set<LockOwner> owners(List<LockClaim> held, List<LockClaim> waiting) {
    Set<LockOwner> owners = new HashSet<>();
    held.forEach(lock -> owners.add(lock.owner()));
    waiting.forEach(claim -> owners.add(claim.owner()));
    return owners;
  }

  /** An owner has a row if and only if the file's record names him. */
  private static void link(
      Transaction transaction,
      int kind,
      InodeId inode,
      Set<LockOwner> before,
      Set<LockOwner> after) {
    for (LockOwner owner : before) {
      if (!after.contains(owner)) {
        transaction.delete(Table.LOCK, ownerKey(kind, owner, inode));
      }
    }
    for (LockOwner owner : after) {
      if (!before.contains(owner)) {
        transaction.putAbsent(Table.LOCK, ownerKey(kind, owner, inode), Bytes.EMPTY);
      }
    }
  }

  private static void count(Transaction transaction, SessionId session, int more) {
    int count = countOf(transaction, session) + more;
    if (count == 0) {
      transaction.delete(Table.LOCK, countKey(session));
    } else {
      transaction.put(
          Table.LOCK,
          countKey(session),
          new RecordOutput(COUNT_FORMAT).writeVarint(count).toByteArray());
    }
  }

  /** The file is no more: nor is what was locked of it, or waited for. */
  public static void removeAll(Transaction transaction, InodeId inode) {
    FileLocks locks = of(transaction, inode);
    if (!locks.isEmpty()) {
      put(transaction, inode, locks, FileLocks.NONE);
    }
  }

  // For checks of the whole table.

  /** Where a row lies. */
  public enum Row {
    FILE,
    OWNER,
    WAITING_OWNER,
    SESSION
  }

  public static Row rowOf(byte[] key) {
    return switch (key[1]) {
      case BY_FILE -> Row.FILE;
      case BY_OWNER -> Row.OWNER;
      case WAITING -> Row.WAITING_OWNER;
      case COUNT -> Row.SESSION;
      default -> throw new CorruptRecord("lock key of kind " + key[1]);
    };
  }

  /** The inode of a row of kind FILE, OWNER or WAITING_OWNER. */
  public static InodeId inodeOf(byte[] key) {
    return new InodeId(KeyBuilder.longAt(key, rowOf(key) == Row.FILE ? 2 : INODE_OFFSET));
  }

  /** The owner of a row of kind OWNER or WAITING_OWNER. */
  public static LockOwner ownerOf(byte[] key) {
    return new LockOwner(
        new SessionId(KeyBuilder.longAt(key, 2)), KeyBuilder.longAt(key, OWNER_OFFSET));
  }

  /** The session of a row of kind OWNER, WAITING_OWNER or SESSION. */
  public static SessionId sessionOf(byte[] key) {
    return new SessionId(KeyBuilder.longAt(key, 2));
  }
}
