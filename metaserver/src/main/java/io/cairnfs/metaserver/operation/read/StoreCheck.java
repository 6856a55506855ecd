package io.cairnfs.metaserver.operation.read;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.chunk.ChunkCheck;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.namespace.ChangerRecord;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.DentryRecord;
import io.cairnfs.metaserver.namespace.DirectoryLeaseTable;
import io.cairnfs.metaserver.namespace.FileLocks;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.InodeRecord.ContentKind;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.Keys;
import io.cairnfs.metaserver.namespace.LeaseRecord;
import io.cairnfs.metaserver.namespace.LockClaim;
import io.cairnfs.metaserver.namespace.LockOwner;
import io.cairnfs.metaserver.namespace.LockTable;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.PolicyTable;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.namespace.SessionRecord;
import io.cairnfs.metaserver.operation.read.CheckCursor.Tally;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.metadata.CheckPage;
import io.cairnfs.proto.metadata.CheckPageResult;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Looks at every record of the store, page by page, for what must never be: names without inodes,
 * link counts, totals and cross references that are wrong. A page is one view; totals over all
 * pages are compared only if the state did not change from the first page to the last.
 */
final class StoreCheck {
  private static final int MAX_LIMIT = 100_000;
  private static final int MAX_VIOLATIONS = 100;
  private static final int BY_SESSION = 1;

  /** Checks one record. */
  private interface RecordCheck {
    void check(byte[] key, byte[] value);
  }

  /** All records of one table. */
  private record Phase(Table table, RecordCheck check) {}

  private final StoreView view;
  private final Namespace namespace;
  private final CheckCursor cursor;
  private final CheckPageResult.Builder page = CheckPageResult.newBuilder();
  private final List<Phase> phases =
      List.of(
          new Phase(Table.INODE, this::checkInode),
          new Phase(Table.DENTRY, this::checkDentry),
          new Phase(Table.LINK, this::checkLink),
          new Phase(Table.XATTR, this::checkXattr),
          new Phase(Table.CONTENT, this::checkContent),
          new Phase(Table.SESSION, (key, value) -> cursor().add(Tally.SESSIONS, 1)),
          new Phase(Table.LEASE, this::checkLease),
          new Phase(Table.LOCK, this::checkLock),
          new Phase(Table.REPLY, this::checkReply),
          new Phase(Table.DELETED, this::checkDeleted),
          new Phase(Table.EXTENT, (key, value) -> report(chunks().extent(key, value))),
          new Phase(Table.REFERENCE, (key, value) -> report(chunks().reference(key, value))),
          new Phase(Table.CHUNK, this::checkChunk),
          new Phase(Table.REPAIR, (key, value) -> report(chunks().repair(key, value))),
          new Phase(Table.CLUSTER, this::checkPolicy));

  private StoreCheck(StoreView view, CheckCursor cursor) {
    this.view = view;
    this.namespace = new Namespace(view);
    this.cursor = cursor;
  }

  private CheckCursor cursor() {
    return cursor;
  }

  private ChunkCheck chunks() {
    return new ChunkCheck(view);
  }

  private void report(List<String> violations) {
    page.addAllViolations(violations);
  }

  /**
   * @throws CairnException NOT_PERMITTED but for the superuser, INVALID_ARGUMENT
   */
  static CheckPageResult page(StoreView view, Principal principal, CheckPage request)
      throws CairnException {
    if (!principal.superuser()) {
      throw new CairnException(ErrorCode.NOT_PERMITTED, "only the superuser may check the store");
    }
    if (request.getLimit() < 1 || request.getLimit() > MAX_LIMIT) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "limit " + request.getLimit() + " outside 1.." + MAX_LIMIT);
    }
    long index = view.applied().index();
    CheckCursor cursor =
        request.getCursor().isEmpty()
            ? CheckCursor.start(index)
            : CheckCursor.decode(request.getCursor());
    if (cursor.index != index) {
      cursor.index = 0;
    }
    return new StoreCheck(view, cursor).run(request.getLimit());
  }

  private CheckPageResult run(int limit) {
    long records = 0;
    while (cursor.phase < phases.size()) {
      Phase phase = phases.get(cursor.phase);
      byte[] from = cursor.key.length == 0 ? Bytes.EMPTY : Bytes.after(cursor.key);
      try (RecordCursor rows = view.scan(phase.table, from, Bytes.EMPTY)) {
        while (rows.next()) {
          if (records >= limit || page.getViolationsCount() >= MAX_VIOLATIONS) {
            return page.setRecords(records).setMore(true).setCursor(cursor.encode()).build();
          }
          records++;
          cursor.key = rows.key();
          phase.check.check(rows.key(), rows.value());
        }
      }
      if (phase.table == Table.DENTRY) {
        endDirectory();
      }
      cursor.phase++;
      cursor.key = Bytes.EMPTY;
    }
    if (cursor.index != 0) {
      checkTotals();
    }
    return page.setRecords(records).setCursor(ByteString.EMPTY).build();
  }

  private void require(boolean good, String violation) {
    if (!good) {
      page.addViolations(violation);
    }
  }

  private void checkInode(byte[] key, byte[] value) {
    InodeId id = Keys.inodeOf(key);
    InodeRecord inode = namespace.requireInode(id);
    if (inode.isDirectory()) {
      cursor.add(Tally.DIRECTORIES, 1);
      require(
          inode.linkCount() == 2 || !namespace.isEmpty(id),
          id + " is an empty directory with link count " + inode.linkCount());
      require(inode.length() == 0, id + " is a directory of length " + inode.length());
    } else {
      cursor.add(Tally.FILES, 1);
      cursor.add(Tally.FILE_LINKS, inode.linkCount());
      cursor.add(Tally.FURTHER_LINKS, Math.max(0, inode.linkCount() - 1));
      require(
          (inode.linkCount() == 0) == inode.isDeleted(),
          id + " has " + inode.linkCount() + " links and parent " + inode.parent());
    }
    if (inode.isDeleted()) {
      cursor.add(Tally.NAMELESS, 1);
    } else if (!id.equals(InodeId.ROOT)) {
      require(isDirectory(inode.parent()), id + " has no directory " + inode.parent() + " above");
    }
    inode
        .acls()
        .access()
        .ifPresent(
            acl ->
                require(
                    acl.isExtended() && acl.mode() == (inode.mode() & 0777),
                    id + " has mode " + inode.mode() + " and an ACL of mode " + acl.mode()));
    if (inode.content() == ContentKind.INLINE) {
      int found = namespace.inlineContent(id).length;
      require(
          found == inode.length(),
          id + " has length " + inode.length() + " and " + found + " inline bytes");
    }
  }

  private boolean isDirectory(long id) {
    return id > 0 && namespace.inode(new InodeId(id)).filter(InodeRecord::isDirectory).isPresent();
  }

  private void checkDentry(byte[] key, byte[] value) {
    InodeId parent = Keys.inodeOf(key);
    if (cursor.get(Tally.CURRENT_DIRECTORY) != parent.value()) {
      endDirectory();
      cursor.set(Tally.CURRENT_DIRECTORY, parent.value());
      require(isDirectory(parent.value()), parent + " has names and is no directory");
    }
    String where = parent + " name " + Keys.printableName(key);
    DentryRecord dentry = DentryRecord.decode(value);
    Optional<InodeRecord> found = namespace.inode(dentry.inode());
    require(found.isPresent(), where + " leads to " + dentry.inode() + ", which is not there");
    if (found.isEmpty()) {
      return;
    }
    InodeRecord child = found.get();
    require(child.type() == dentry.type(), where + " says " + dentry.type() + ": " + child.type());
    if (child.isDirectory()) {
      cursor.add(Tally.CURRENT_SUBDIRECTORIES, 1);
      require(
          child.parent() == parent.value(),
          where + " is directory " + child.id() + " of parent " + child.parent());
    } else {
      cursor.add(Tally.FILE_NAMES, 1);
      require(child.linkCount() > 0, where + " leads to " + child.id() + " without links");
      require(
          child.parent() == parent.value()
              || view.get(Table.LINK, linkKey(child.id(), key)).isPresent(),
          where + " is not among the names of " + child.id());
    }
  }

  /** Key in table LINK of the name that a directory has under a key. */
  private static byte[] linkKey(InodeId file, byte[] dentryKey) {
    return new KeyBuilder(dentryKey.length - 1 + Long.BYTES)
        .addLong(file.value())
        .addBytes(Arrays.copyOfRange(dentryKey, 1, dentryKey.length))
        .build();
  }

  private void checkLink(byte[] key, byte[] value) {
    cursor.add(Tally.LINK_ROWS, 1);
    InodeId file = Keys.inodeOf(key);
    byte[] dentry = Arrays.copyOfRange(key, Long.BYTES, key.length);
    dentry[0] = Table.LIVE_VIEW;
    boolean leads =
        view.get(Table.DENTRY, dentry)
            .map(DentryRecord::decode)
            .filter(entry -> entry.inode().equals(file))
            .isPresent();
    require(leads, file + " is said to have a name in " + Keys.linkParentOf(key) + " it has not");
  }

  /** All names of the current directory have been seen. */
  private void endDirectory() {
    long id = cursor.get(Tally.CURRENT_DIRECTORY);
    if (id != 0) {
      long expected = 2 + cursor.get(Tally.CURRENT_SUBDIRECTORIES);
      namespace
          .inode(new InodeId(id))
          .filter(directory -> !directory.isDeleted())
          .ifPresent(
              directory ->
                  require(
                      cursor.index == 0 || directory.linkCount() == expected,
                      directory.id()
                          + " has link count "
                          + directory.linkCount()
                          + ", names say "
                          + expected));
    }
    cursor.set(Tally.CURRENT_DIRECTORY, 0);
    cursor.set(Tally.CURRENT_SUBDIRECTORIES, 0);
  }

  private void checkXattr(byte[] key, byte[] value) {
    InodeId id = Keys.inodeOf(key);
    require(namespace.inode(id).isPresent(), id + " has attributes and is not there");
  }

  private void checkPolicy(byte[] key, byte[] value) {
    PolicyTable.inodeOf(key)
        .ifPresent(
            id -> require(namespace.inode(id).isPresent(), id + " has policies and is not there"));
  }

  private void checkContent(byte[] key, byte[] value) {
    InodeId id = Keys.inodeOf(key);
    boolean wanted =
        namespace.inode(id).filter(inode -> inode.content() == ContentKind.INLINE).isPresent();
    require(wanted, id + " has inline bytes that no file knows of");
  }

  private void checkLease(byte[] key, byte[] value) {
    switch (DirectoryLeaseTable.rowOf(key)) {
      case FILE -> checkFileLease(key, value);
      case DIRECTORY -> checkDirectoryLease(DirectoryLeaseTable.directoryOf(key));
      case SESSION_DIRECTORY -> {
        SessionId session = DirectoryLeaseTable.sessionOf(key);
        InodeId directory = DirectoryLeaseTable.directoryOfSession(key);
        require(
            DirectoryLeaseTable.find(view, directory)
                .filter(lease -> lease.session().equals(session))
                .isPresent(),
            session + " is said to have " + directory + " leased, which it does not");
      }
      case CHANGER -> checkChanger(DirectoryLeaseTable.sessionOf(key));
    }
  }

  private void checkDirectoryLease(InodeId directory) {
    cursor.add(Tally.LEASED_DIRECTORIES, 1);
    SessionId session = DirectoryLeaseTable.find(view, directory).orElseThrow().session();
    require(
        namespace
            .inode(directory)
            .filter(inode -> inode.isDirectory() && namespace.isReachable(inode))
            .isPresent(),
        "lease on " + directory + ", which is no directory that has a path");
    require(
        namespace.session(session).isPresent(),
        directory + " is leased to " + session + ", which is not open");
    require(
        DirectoryLeaseTable.isListed(view, session, directory),
        directory + " is leased to " + session + ", which does not list it");
  }

  private void checkChanger(SessionId session) {
    ChangerRecord changer = DirectoryLeaseTable.changer(view, session).orElseThrow();
    require(
        namespace.session(session).isPresent(),
        session + " has inode ids set aside and is not open");
    require(
        changer.leases() == DirectoryLeaseTable.of(view, session).size(),
        session + " counts " + changer.leases() + " leases of directories");
    long last = Counter.INODE_ID.in(view);
    require(
        changer.setAside().stream().allMatch(range -> range.end() <= last + 1),
        session + " has inode ids set aside that were never given");
  }

  private void checkFileLease(byte[] key, byte[] value) {
    if (key[1] == BY_SESSION) {
      SessionId session = new SessionId(KeyBuilder.longAt(key, 2));
      InodeId file = new InodeId(KeyBuilder.longAt(key, 2 + Long.BYTES));
      boolean matches =
          namespace.lease(file).filter(lease -> lease.session().equals(session)).isPresent();
      require(matches, session + " is said to hold a lease on " + file + ", which it does not");
      return;
    }
    InodeId file = new InodeId(KeyBuilder.longAt(key, 2));
    LeaseRecord lease = LeaseRecord.decode(value);
    require(namespace.inode(file).isPresent(), "lease on " + file + ", which is not there");
    require(
        namespace.session(lease.session()).isPresent(),
        file + " is leased to " + lease.session() + ", which is not open");
    require(
        view.get(Table.LEASE, Keys.sessionLease(lease.session(), file)).isPresent(),
        file + " is leased to " + lease.session() + ", which does not list it");
  }

  private void checkLock(byte[] key, byte[] value) {
    switch (LockTable.rowOf(key)) {
      case FILE -> checkLocksOf(LockTable.inodeOf(key));
      case OWNER, WAITING_OWNER -> {
        LockOwner owner = LockTable.ownerOf(key);
        InodeId inode = LockTable.inodeOf(key);
        FileLocks locks = LockTable.of(view, inode);
        boolean waits = LockTable.rowOf(key) == LockTable.Row.WAITING_OWNER;
        require(
            Stream.concat(waits ? Stream.empty() : locks.held().stream(), locks.waiting().stream())
                .anyMatch(claim -> claim.owner().equals(owner)),
            owner + " has a row for locks of " + inode + ", and has none");
      }
      case SESSION -> {
        SessionId session = LockTable.sessionOf(key);
        require(
            LockTable.countOf(view, session) == LockTable.rowsOf(view, session),
            session + " counts locks of " + LockTable.countOf(view, session) + " files");
      }
    }
  }

  private void checkLocksOf(InodeId inode) {
    FileLocks locks = LockTable.of(view, inode);
    require(namespace.inode(inode).isPresent(), inode + " is locked and is not there");
    for (LockClaim lock : locks.held()) {
      require(
          namespace.session(lock.owner().session()).isPresent(),
          inode + " is locked by " + lock.owner() + ", whose session has ended");
      require(
          locks.conflict(lock).isEmpty(),
          inode + " is locked by " + lock.owner() + " and by another, too");
      require(
          LockTable.filesOf(view, lock.owner()).contains(inode),
          inode + " is locked by " + lock.owner() + ", which has no row for it");
    }
    for (LockClaim claim : locks.waiting()) {
      require(
          namespace.session(claim.owner().session()).isPresent(),
          inode + " is waited for by " + claim.owner() + ", whose session has ended");
      require(
          LockTable.waitedFor(view, claim.owner()).contains(inode),
          inode + " is waited for by " + claim.owner() + ", which has no row for it");
    }
    require(
        locks.grantable().isEmpty() || locks.held().size() >= LockTable.MAX_HELD,
        inode + " has a claim that waits for nobody");
  }

  private void checkReply(byte[] key, byte[] value) {
    SessionId session = new SessionId(KeyBuilder.longAt(key, 1));
    long call = KeyBuilder.longAt(key, 1 + Long.BYTES);
    Optional<SessionRecord> open = namespace.session(session);
    require(open.isPresent(), "a reply to " + session + ", which is not open");
    require(
        open.isEmpty() || call >= open.get().lowWater(),
        session + " has a reply to call " + call + " below its low-water mark");
  }

  private void checkDeleted(byte[] key, byte[] value) {
    cursor.add(Tally.DELETED_ROWS, 1);
    InodeId id = new InodeId(KeyBuilder.longAt(key, 1 + Long.BYTES));
    boolean deleted = namespace.inode(id).filter(InodeRecord::isDeleted).isPresent();
    require(deleted, id + " waits for its purge and is not deleted");
  }

  private void checkChunk(byte[] key, byte[] value) {
    report(chunks().chunk(key, value));
    ChunkRecord chunk = ChunkTable.require(view, new ChunkId(KeyBuilder.longAt(key, 1)));
    cursor.add(tallyOf(chunk), 1);
    if (!chunk.isGarbage()) {
      cursor.add(Tally.CHUNK_BYTES, chunk.length());
    }
  }

  private static Tally tallyOf(ChunkRecord chunk) {
    return switch (chunk.state()) {
      case OPEN -> Tally.CHUNKS_OPEN;
      case SETTLING -> Tally.CHUNKS_SETTLING;
      case SEALED -> Tally.CHUNKS_SEALED;
      case GARBAGE -> Tally.CHUNKS_GARBAGE;
      case CHUNK_STATE_UNSPECIFIED, UNRECOGNIZED ->
          throw new IllegalStateException(chunk.id() + " has no state");
    };
  }

  private void checkTotals() {
    requireTotal("open chunks", Counter.CHUNKS_OPEN.in(view), Tally.CHUNKS_OPEN);
    requireTotal("settling chunks", Counter.CHUNKS_SETTLING.in(view), Tally.CHUNKS_SETTLING);
    requireTotal("sealed chunks", Counter.CHUNKS_SEALED.in(view), Tally.CHUNKS_SEALED);
    requireTotal("garbage chunks", Counter.CHUNKS_GARBAGE.in(view), Tally.CHUNKS_GARBAGE);
    requireTotal("bytes of chunks", Counter.CHUNK_BYTES.in(view), Tally.CHUNK_BYTES);
    requireTotal("files", Counter.FILES.in(view), Tally.FILES);
    requireTotal("directories", Counter.DIRECTORIES.in(view), Tally.DIRECTORIES);
    requireTotal("sessions", Counter.SESSIONS.in(view), Tally.SESSIONS);
    requireTotal("links of files", cursor.get(Tally.FILE_LINKS), Tally.FILE_NAMES);
    requireTotal("further links of files", cursor.get(Tally.FURTHER_LINKS), Tally.LINK_ROWS);
    requireTotal("leased directories", Counter.DIRECTORY_LEASES.in(view), Tally.LEASED_DIRECTORIES);
    requireTotal("deleted inodes", cursor.get(Tally.NAMELESS), Tally.DELETED_ROWS);
  }

  private void requireTotal(String what, long total, Tally counted) {
    require(
        total == cursor.get(counted),
        what + ": the total says " + total + ", the records " + cursor.get(counted));
  }
}
