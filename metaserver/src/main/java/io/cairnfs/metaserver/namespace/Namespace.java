package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.common.name.FileName;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.types.Attributes;
import java.util.Optional;

/** Typed reads of the namespace's tables, from a view of one instant or a transaction. */
public class Namespace {
  private final RecordReader reader;

  public Namespace(RecordReader reader) {
    this.reader = reader;
  }

  public final RecordReader reader() {
    return reader;
  }

  public final Optional<InodeRecord> inode(InodeId id) {
    return reader.get(Table.INODE, Keys.inode(id)).map(value -> InodeRecord.decode(id, value));
  }

  /** The inode that another record names: absent only if the store is damaged. */
  public final InodeRecord requireInode(InodeId id) {
    return inode(id).orElseThrow(() -> new CorruptRecord(id + " is referred to and has no record"));
  }

  public final Optional<DentryRecord> dentry(InodeId parent, FileName name) {
    return reader.get(Table.DENTRY, Keys.dentry(parent, name)).map(DentryRecord::decode);
  }

  /** A directory's entries, in byte order of the names. */
  public final RecordCursor entries(InodeId directory) {
    return reader.scanPrefix(Table.DENTRY, Keys.inode(directory));
  }

  /** A directory's entries behind a name, in byte order. */
  public final RecordCursor entriesAfter(InodeId directory, FileName name) {
    return reader.scan(
        Table.DENTRY,
        Bytes.after(Keys.dentry(directory, name)),
        Bytes.afterPrefix(Keys.inode(directory)));
  }

  /** The record that a cursor of entries stands on. */
  public static DentryRecord entryAt(RecordCursor entries) {
    return DentryRecord.decode(entries.value());
  }

  public final boolean isEmpty(InodeId directory) {
    try (RecordCursor entries = entries(directory)) {
      return !entries.next();
    }
  }

  /** Inline content of a file; empty bytes if it has none. */
  public final byte[] inlineContent(InodeId file) {
    return reader.get(Table.CONTENT, Keys.inode(file)).orElse(Bytes.EMPTY);
  }

  /** The write lease on a file, if a session holds it. */
  public final Optional<LeaseRecord> lease(InodeId file) {
    return reader.get(Table.LEASE, Keys.lease(file)).map(LeaseRecord::decode);
  }

  public final Optional<SessionRecord> session(SessionId id) {
    return reader.get(Table.SESSION, Keys.session(id)).map(v -> SessionRecord.decode(id, v));
  }

  /** What stat answers for an inode. */
  public final Attributes attributes(InodeRecord inode) {
    return inode.toAttributes(inode.isFile() && lease(inode.id()).isPresent());
  }

  /** True if this name of a file is one of those beside its first. */
  public final boolean isFurtherName(InodeId file, InodeId parent, FileName name) {
    return reader.get(Table.LINK, Keys.link(file, parent, name)).isPresent();
  }

  /** The names of a file beside its first, by directory and name. */
  public final RecordCursor furtherNames(InodeId file) {
    return reader.scanPrefix(Table.LINK, Keys.inode(file));
  }

  /**
   * True if the way up from one of an inode's names reaches the root: false once all of them, or
   * directories above them, were deleted.
   */
  public final boolean isReachable(InodeRecord inode) {
    if (leadsToRoot(inode)) {
      return true;
    }
    if (inode.isDirectory() || inode.linkCount() < 2) {
      return false;
    }
    try (RecordCursor names = furtherNames(inode.id())) {
      while (names.next()) {
        if (inode(Keys.linkParentOf(names.key())).filter(this::leadsToRoot).isPresent()) {
          return true;
        }
      }
    }
    return false;
  }

  /** Whether a directory is another one, or lies below it. */
  public final boolean isBelowOrSame(InodeRecord directory, InodeId upper) {
    InodeRecord at = directory;
    while (!at.id().equals(upper)) {
      if (at.id().equals(InodeId.ROOT) || at.isDeleted()) {
        return false;
      }
      at = requireInode(new InodeId(at.parent()));
    }
    return true;
  }

  private boolean leadsToRoot(InodeRecord inode) {
    InodeRecord at = inode;
    while (!at.id().equals(InodeId.ROOT)) {
      if (at.isDeleted()) {
        return false;
      }
      InodeRecord above = inode(new InodeId(at.parent())).orElse(null);
      if (above == null) {
        return false;
      }
      at = above;
    }
    return true;
  }
}
