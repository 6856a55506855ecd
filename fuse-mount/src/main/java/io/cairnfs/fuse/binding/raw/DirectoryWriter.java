package io.cairnfs.fuse.binding.raw;

import io.cairnfs.fuse.binding.CacheTimes;
import io.cairnfs.fuse.vfs.DirectoryEntry;
import java.util.function.Predicate;

/**
 * Entries of a directory, as many as the kernel has room for.
 *
 * <pre>
 * inode 8 | cookie 8 | length of name 4 | type 4 | name, padded with zeros to a multiple of 8
 * </pre>
 *
 * <p>READDIRPLUS has an entry of a node (128 bytes) before each; zeros for those that are not to be
 * remembered.
 */
final class DirectoryWriter implements Predicate<DirectoryEntry> {
  private static final int ENTRY_BYTES = 128;
  private static final int FIXED_BYTES = 24;
  private static final int TYPE_SHIFT = 12;

  private final Reply reply;
  private final int room;
  private final boolean plus;
  private final CacheTimes times;

  DirectoryWriter(Reply reply, int room, boolean plus, CacheTimes times) {
    this.reply = reply;
    this.room = room;
    this.plus = plus;
    this.times = times;
  }

  @Override
  public boolean test(DirectoryEntry entry) {
    int padded = (entry.name().length + 7) & ~7;
    int needed = (plus ? ENTRY_BYTES : 0) + FIXED_BYTES + padded;
    if (reply.length() + needed > room) {
      return false;
    }
    if (plus) {
      if (entry.attributes().isPresent()) {
        reply.entry(entry.attributes().get(), times.entry(), times.attributes());
      } else {
        reply.zeros(ENTRY_BYTES);
      }
    }
    reply.int64(entry.inode()).int64(entry.cookie());
    reply.int32(entry.name().length).int32(entry.type() >>> TYPE_SHIFT);
    reply.raw(entry.name()).zeros(padded - entry.name().length);
    return true;
  }
}
