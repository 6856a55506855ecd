package io.cairnfs.fuse.vfs;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/** Open files and directories by number; open files by inode, too. Any thread. */
final class Handles {
  private final AtomicLong next = new AtomicLong(1);
  private final Map<Long, OpenNode> files = new ConcurrentHashMap<>();
  private final Map<Long, Set<OpenNode>> byInode = new ConcurrentHashMap<>();
  private final Map<Long, DirectoryStream> directories = new ConcurrentHashMap<>();

  long add(OpenNode file) {
    long number = next.getAndIncrement();
    files.put(number, file);
    byInode.compute(
        file.inode(),
        (inode, open) -> {
          Set<OpenNode> all = open == null ? ConcurrentHashMap.newKeySet() : open;
          all.add(file);
          return all;
        });
    return number;
  }

  long add(DirectoryStream directory) {
    long number = next.getAndIncrement();
    directories.put(number, directory);
    return number;
  }

  OpenNode file(long number) throws Errno {
    OpenNode found = files.get(number);
    if (found == null) {
      throw new Errno(Errno.EBADF, "handle " + number + " is not open");
    }
    return found;
  }

  DirectoryStream directory(long number) throws Errno {
    DirectoryStream found = directories.get(number);
    if (found == null) {
      throw new Errno(Errno.EBADF, "directory handle " + number + " is not open");
    }
    return found;
  }

  boolean isOpen(long inode) {
    return byInode.containsKey(inode);
  }

  /** A question to an open file. */
  interface Question<T> {
    T ask(OpenNode open) throws IOException;
  }

  /**
   * Asks one of the handles of an inode: the next one if the first was closed at that moment.
   *
   * @return empty if no handle is suited
   */
  <T> Optional<T> ask(long inode, Question<T> question, Predicate<OpenNode> suited)
      throws IOException {
    for (OpenNode open : byInode(inode)) {
      if (suited.test(open)) {
        try {
          return Optional.of(question.ask(open));
        } catch (CairnException e) {
          if (e.code() != ErrorCode.STALE_HANDLE || byInode(inode).contains(open)) {
            throw e;
          }
        }
      }
    }
    return Optional.empty();
  }

  /** The handle that an inode was made with and that may write it. */
  Optional<OpenNode> maker(long inode) {
    return byInode(inode).stream()
        .filter(open -> open.isWritable() && open.made().isPresent())
        .findAny();
  }

  /** What an inode was made like does not hold any more. */
  void changed(long inode) {
    byInode(inode).forEach(open -> open.setMade(Optional.empty()));
  }

  private Set<OpenNode> byInode(long inode) {
    return byInode.getOrDefault(inode, Set.of());
  }

  OpenNode removeFile(long number) throws Errno {
    OpenNode removed = file(number);
    files.remove(number);
    byInode.computeIfPresent(
        removed.inode(),
        (inode, open) -> {
          open.remove(removed);
          return open.isEmpty() ? null : open;
        });
    return removed;
  }

  void removeDirectory(long number) {
    directories.remove(number);
  }

  /** Everything that is open, to be closed. */
  Collection<OpenNode> drain() {
    List<OpenNode> all = List.copyOf(files.values());
    files.clear();
    byInode.clear();
    directories.clear();
    return all;
  }
}
