package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Leases of directories, in rows of table LEASE beside those of files: by directory, by session,
 * and for each session that ever had one what it was given with it.
 */
public final class DirectoryLeaseTable {
  private static final int BY_DIRECTORY = 2;
  private static final int BY_SESSION = 3;
  private static final int CHANGER = 4;
  private static final int INODE_OFFSET = 2;
  private static final int INODE_OFFSET_BY_SESSION = 2 + Long.BYTES;

  private DirectoryLeaseTable() {}

  /** Which row a key of table LEASE leads to. */
  public enum Row {
    FILE,
    DIRECTORY,
    SESSION_DIRECTORY,
    CHANGER
  }

  /** The row of a key of table LEASE. */
  public static Row rowOf(byte[] key) {
    return switch (key[1]) {
      case 0, 1 -> Row.FILE;
      case BY_DIRECTORY -> Row.DIRECTORY;
      case BY_SESSION -> Row.SESSION_DIRECTORY;
      case CHANGER -> Row.CHANGER;
      default -> throw new CorruptRecord("lease key of kind " + key[1]);
    };
  }

  /** The directory in a key of a lease by directory. */
  public static InodeId directoryOf(byte[] key) {
    return new InodeId(KeyBuilder.longAt(key, INODE_OFFSET));
  }

  /** The directory in a key of a lease by session. */
  public static InodeId directoryOfSession(byte[] key) {
    return new InodeId(KeyBuilder.longAt(key, INODE_OFFSET_BY_SESSION));
  }

  /** The session in a key of a lease by session, or of what a session was given. */
  public static SessionId sessionOf(byte[] key) {
    return new SessionId(KeyBuilder.longAt(key, INODE_OFFSET));
  }

  private static byte[] byDirectory(InodeId directory) {
    return new KeyBuilder(1 + Long.BYTES).addByte(BY_DIRECTORY).addLong(directory.value()).build();
  }

  private static byte[] prefixOf(SessionId session) {
    return new KeyBuilder(1 + Long.BYTES).addByte(BY_SESSION).addLong(session.value()).build();
  }

  private static byte[] bySession(SessionId session, InodeId directory) {
    return new KeyBuilder(1 + 2 * Long.BYTES)
        .addByte(BY_SESSION)
        .addLong(session.value())
        .addLong(directory.value())
        .build();
  }

  private static byte[] changerKey(SessionId session) {
    return new KeyBuilder(1 + Long.BYTES).addByte(CHANGER).addLong(session.value()).build();
  }

  /** The lease of a directory, if a session has it. */
  public static Optional<LeaseRecord> find(RecordReader reader, InodeId directory) {
    return reader.get(Table.LEASE, byDirectory(directory)).map(LeaseRecord::decode);
  }

  /** Whether the session's own row says that it has the directory. */
  public static boolean isListed(RecordReader reader, SessionId session, InodeId directory) {
    return reader.get(Table.LEASE, bySession(session, directory)).isPresent();
  }

  /** What a session was given, if it ever leased a directory. */
  public static Optional<ChangerRecord> changer(RecordReader reader, SessionId session) {
    return reader.get(Table.LEASE, changerKey(session)).map(ChangerRecord::decode);
  }

  /** Every directory that is leased, whoever has it. */
  public static List<InodeId> all(RecordReader reader) {
    List<InodeId> all = new ArrayList<>();
    byte[] prefix = new KeyBuilder(1).addByte(BY_DIRECTORY).build();
    try (RecordCursor rows = reader.scanPrefix(Table.LEASE, prefix)) {
      while (rows.next()) {
        all.add(directoryOf(rows.key()));
      }
    }
    return all;
  }

  /** Every directory that a session has leased. */
  public static List<InodeId> of(RecordReader reader, SessionId session) {
    List<InodeId> directories = new ArrayList<>();
    try (RecordCursor rows = reader.scanPrefix(Table.LEASE, prefixOf(session))) {
      while (rows.next()) {
        directories.add(directoryOfSession(rows.key()));
      }
    }
    return directories;
  }

  /** Stores what a session was given. */
  public static void putChanger(Transaction transaction, SessionId session, ChangerRecord changer) {
    transaction.put(Table.LEASE, changerKey(session), changer.encode());
  }

  /** Leases a directory that nobody has. */
  public static void grant(Transaction transaction, InodeId directory, LeaseRecord lease) {
    transaction.put(Table.LEASE, byDirectory(directory), lease.encode());
    transaction.put(Table.LEASE, bySession(lease.session(), directory), Bytes.EMPTY);
    count(transaction, lease.session(), 1);
  }

  /** Ends the lease of a directory, if somebody has it. */
  public static void end(Transaction transaction, InodeId directory) {
    if (transaction.counter(Counter.DIRECTORY_LEASES) == 0) {
      return;
    }
    find(transaction, directory)
        .ifPresent(
            lease -> {
              transaction.delete(Table.LEASE, byDirectory(directory));
              transaction.delete(Table.LEASE, bySession(lease.session(), directory));
              count(transaction, lease.session(), -1);
            });
  }

  private static void count(Transaction transaction, SessionId session, int delta) {
    transaction.addTo(Counter.DIRECTORY_LEASES, delta);
    ChangerRecord changer =
        changer(transaction, session)
            .orElseThrow(
                () -> new CorruptRecord(session + " leases a directory and has no row for it"));
    putChanger(transaction, session, changer.withLeases(changer.leases() + delta));
  }

  /** Ends every lease of a session that ends, and forgets what it was given. */
  public static void endAll(Transaction transaction, SessionId session) {
    if (changer(transaction, session).isEmpty()) {
      return;
    }
    of(transaction, session).forEach(directory -> end(transaction, directory));
    transaction.delete(Table.LEASE, changerKey(session));
  }
}
