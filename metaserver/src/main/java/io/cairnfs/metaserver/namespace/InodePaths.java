package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * The first path of an inode, for reports. Names are not stored by inode: directories are looked
 * through, and not more names than a bound in all, so that a report costs little in a large
 * directory. For one thread and one view.
 */
public final class InodePaths {
  private final Namespace namespace;
  private int namesLeft;

  /**
   * @param maxNames looked at in the life of this object
   */
  public InodePaths(RecordReader reader, int maxNames) {
    this.namespace = new Namespace(reader);
    this.namesLeft = maxNames;
  }

  /** Empty for what was deleted, and where it was not found within the bound. */
  public Optional<byte[]> find(InodeId inode) {
    Deque<byte[]> names = new ArrayDeque<>();
    InodeId at = inode;
    while (!at.equals(InodeId.ROOT)) {
      InodeRecord record = namespace.inode(at).orElse(null);
      if (record == null || record.isDeleted()) {
        return Optional.empty();
      }
      InodeId parent = new InodeId(record.parent());
      Optional<byte[]> name = nameIn(parent, at);
      if (name.isEmpty()) {
        return Optional.empty();
      }
      names.push(name.get());
      at = parent;
    }
    ByteArrayOutputStream path = new ByteArrayOutputStream();
    names.forEach(
        name -> {
          path.write('/');
          path.writeBytes(name);
        });
    return Optional.of(path.toByteArray());
  }

  private Optional<byte[]> nameIn(InodeId directory, InodeId wanted) {
    try (RecordCursor entries = namespace.entries(directory)) {
      while (namesLeft > 0 && entries.next()) {
        namesLeft--;
        if (Namespace.entryAt(entries).inode().equals(wanted)) {
          return Optional.of(Keys.nameOf(entries.key()));
        }
      }
    }
    return Optional.empty();
  }
}
