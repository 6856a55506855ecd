package io.cairnfs.fuse.vfs;

import io.cairnfs.client.CairnNodes;
import io.cairnfs.client.FileStatus;
import io.cairnfs.common.error.CairnException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * An open directory. A cookie is the number of names before it, {@code .} and {@code ..} among
 * them, in this listing: what is made or removed meanwhile moves no cookie that was given for the
 * page that is held. Of pages passed before only their beginnings are kept. Cookie 0 begins anew.
 */
final class DirectoryStream {
  private static final int PAGE = 1000;

  /** {@code .} and {@code ..}. */
  private static final int DOTS = 2;

  /** As libfuse does: programs that look for a name's number ask stat. */
  private static final long UNKNOWN_INODE = 0xffff_ffffL;

  private final CairnNodes nodes;
  private final long inode;
  private final Function<FileStatus, NodeAttributes> attributes;

  /** The name before each page that was fetched, and how many names come before it. */
  private final List<Start> starts = new ArrayList<>();

  private Start held = new Start(0, new byte[0]);
  private Optional<CairnNodes.Page> page = Optional.empty();

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Start(long index, byte[] after) {}

  DirectoryStream(CairnNodes nodes, long inode, Function<FileStatus, NodeAttributes> attributes) {
    this.nodes = nodes;
    this.inode = inode;
    this.attributes = attributes;
  }

  /**
   * Offers the entries behind the cookie, one after the other, until one is not taken or there are
   * no more.
   */
  synchronized void read(long cookie, Predicate<DirectoryEntry> taker)
      throws CairnException, Errno {
    if (cookie < 0) {
      throw new Errno(Errno.EINVAL, "cookie " + cookie);
    }
    if (cookie == 0) {
      starts.clear();
      page = Optional.empty();
    }
    for (long at = cookie; at < DOTS; at++) {
      byte[] name = at == 0 ? new byte[] {'.'} : new byte[] {'.', '.'};
      long number = at == 0 ? inode : UNKNOWN_INODE;
      if (!taker.test(
          new DirectoryEntry(name, number, LinuxFlags.S_IFDIR, Optional.empty(), at + 1))) {
        return;
      }
    }
    long index = Math.max(0, cookie - DOTS);
    while (hold(index)) {
      List<FileStatus> entries = page.get().entries();
      while (index - held.index() < entries.size()) {
        FileStatus status = entries.get((int) (index - held.index()));
        index++;
        if (!taker.test(entry(status, index + DOTS))) {
          return;
        }
      }
    }
  }

  private DirectoryEntry entry(FileStatus status, long cookie) {
    NodeAttributes of = attributes.apply(status);
    return new DirectoryEntry(
        status.nameBytes(), of.inode(), of.mode() & LinuxFlags.S_IFMT, Optional.of(of), cookie);
  }

  /** Holds the page with the entry of this number; false behind the last one. */
  private boolean hold(long index) throws CairnException {
    if (page.isEmpty() || index < held.index()) {
      fetch(startFor(index));
    }
    while (index - held.index() >= page.get().entries().size()) {
      if (!page.get().more()) {
        return false;
      }
      List<FileStatus> entries = page.get().entries();
      fetch(new Start(held.index() + entries.size(), entries.get(entries.size() - 1).nameBytes()));
    }
    return true;
  }

  private Start startFor(long index) {
    Start found = new Start(0, new byte[0]);
    for (Start start : starts) {
      if (start.index() <= index) {
        found = start;
      }
    }
    return found;
  }

  private void fetch(Start start) throws CairnException {
    page = Optional.of(nodes.list(inode, start.after(), PAGE));
    held = start;
    if (starts.isEmpty() || starts.get(starts.size() - 1).index() < start.index()) {
      starts.add(start);
    }
  }
}
