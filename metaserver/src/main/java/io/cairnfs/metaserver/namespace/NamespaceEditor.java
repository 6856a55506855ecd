package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.common.name.FileName;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.Table;

/**
 * Typed writes of the namespace's tables, within one transaction. Every record carries its index.
 */
public final class NamespaceEditor extends Namespace {
  private static final int LINK_FORMAT = 1;

  private final Transaction transaction;

  public NamespaceEditor(Transaction transaction) {
    super(transaction);
    this.transaction = transaction;
  }

  public Transaction transaction() {
    return transaction;
  }

  /** Stores a record with this entry's index, and returns it as stored. */
  public InodeRecord putInode(InodeRecord inode) {
    InodeRecord stored = inode.edit().changeIndex(transaction.index()).done();
    transaction.put(Table.INODE, Keys.inode(inode.id()), stored.encode());
    return stored;
  }

  /** Stores the record of an id that was given just now. */
  public void putNewInode(InodeRecord inode) {
    transaction.insert(Table.INODE, Keys.inode(inode.id()), inode.encode());
  }

  public void deleteInode(InodeId id) {
    transaction.delete(Table.INODE, Keys.inode(id));
    PolicyTable.remove(transaction, id);
  }

  /** Gives a directory a name for an inode. Link counts and times are the caller's. */
  public void putDentry(InodeId parent, FileName name, InodeRecord inode) {
    DentryRecord dentry = new DentryRecord(inode.id(), inode.type(), transaction.index());
    transaction.put(Table.DENTRY, Keys.dentry(parent, name), dentry.encode());
  }

  public void deleteDentry(InodeId parent, FileName name) {
    transaction.delete(Table.DENTRY, Keys.dentry(parent, name));
  }

  /** Remembers that a file has this name beside its first one. */
  public void putFurtherName(InodeId file, InodeId parent, FileName name) {
    byte[] value = new RecordOutput(LINK_FORMAT).writeVarint(transaction.index()).toByteArray();
    transaction.put(Table.LINK, Keys.link(file, parent, name), value);
  }

  /**
   * A file with one name less: another one is its first if that is the one that goes. The record is
   * the caller's to store, the entry of the directory his to delete.
   */
  public InodeRecord withoutName(InodeRecord file, InodeId parent, FileName name) {
    InodeRecord.Editor less = file.edit().linkCount(file.linkCount() - 1);
    if (file.linkCount() > 1) {
      if (isFurtherName(file.id(), parent, name)) {
        transaction.delete(Table.LINK, Keys.link(file.id(), parent, name));
      } else {
        less.parent(takeFurtherName(file.id()).value());
      }
    }
    return less.done();
  }

  /** Takes one of the further names to be the first. */
  private InodeId takeFurtherName(InodeId file) {
    byte[] key;
    try (RecordCursor names = furtherNames(file)) {
      if (!names.next()) {
        throw new CorruptRecord(file + " has fewer names than its link count says");
      }
      key = names.key();
    }
    transaction.delete(Table.LINK, key);
    return Keys.linkParentOf(key);
  }

  /** An inode of which one name is now another. The record is the caller's to store. */
  public InodeRecord withMovedName(
      InodeRecord inode, InodeId from, FileName fromName, InodeId to, FileName toName) {
    boolean further =
        !inode.isDirectory() && inode.linkCount() > 1 && isFurtherName(inode.id(), from, fromName);
    if (!further) {
      return inode.edit().parent(to.value()).done();
    }
    transaction.delete(Table.LINK, Keys.link(inode.id(), from, fromName));
    putFurtherName(inode.id(), to, toName);
    return inode;
  }

  /** Stores a file's whole content; the inode's length and content kind are the caller's. */
  public void putInlineContent(InodeId file, byte[] content) {
    transaction.put(Table.CONTENT, Keys.inode(file), content);
  }

  public void deleteInlineContent(InodeId file) {
    transaction.delete(Table.CONTENT, Keys.inode(file));
  }

  /** Grants the write lease of a file, which nobody holds. */
  public LeaseRecord grantLease(InodeId file, SessionId session) {
    LeaseRecord lease = new LeaseRecord(session, transaction.nextId(Counter.LEASE_ID), 0);
    transaction.put(Table.LEASE, Keys.lease(file), lease.encode());
    transaction.put(Table.LEASE, Keys.sessionLease(session, file), Bytes.EMPTY);
    return lease;
  }

  /** As {@link #grantLease}, of a file that this command has made. */
  public LeaseRecord grantFirstLease(InodeId file, SessionId session) {
    LeaseRecord lease = new LeaseRecord(session, transaction.nextId(Counter.LEASE_ID), 0);
    transaction.insert(Table.LEASE, Keys.lease(file), lease.encode());
    transaction.insert(Table.LEASE, Keys.sessionLease(session, file), Bytes.EMPTY);
    return lease;
  }

  /** Stores what changed of a lease that is in force. */
  public void putLease(InodeId file, LeaseRecord lease) {
    transaction.put(Table.LEASE, Keys.lease(file), lease.encode());
  }

  /** Takes a write lease away, if there is one. */
  public void revokeLease(InodeId file) {
    lease(file)
        .ifPresent(
            lease -> {
              transaction.delete(Table.LEASE, Keys.lease(file));
              transaction.delete(Table.LEASE, Keys.sessionLease(lease.session(), file));
            });
  }

  /** Puts an inode whose last name is gone among what is to be purged. */
  public InodeRecord moveToDeleted(InodeRecord inode) {
    return moveToDeleted(inode, transaction.index());
  }

  /**
   * As {@link #moveToDeleted(InodeRecord)}, for what went with a tree.
   *
   * @param index log index at which the tree was deleted
   */
  public InodeRecord moveToDeleted(InodeRecord inode, long index) {
    // An inode is deleted once, so there is no record of it yet.
    transaction.insert(Table.DELETED, Keys.deleted(index, inode.id()), Bytes.EMPTY);
    return putInode(inode.edit().parent(InodeRecord.DELETED_ROOT).done());
  }

  public void putSession(SessionRecord session) {
    transaction.put(Table.SESSION, Keys.session(session.id()), session.encode());
  }

  public void deleteSession(SessionId session) {
    transaction.delete(Table.SESSION, Keys.session(session));
  }
}
