package io.cairnfs.nio;

import io.cairnfs.client.AclChange;
import io.cairnfs.client.AttributeChange;
import io.cairnfs.client.CairnFile;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnFileSystem.RenameMode;
import io.cairnfs.client.CairnFileSystem.Symlinks;
import io.cairnfs.client.CairnFileSystem.XattrMode;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.OpenOptions;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.LinkOption;
import java.nio.file.StandardCopyOption;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * One copy or move. A move within a cluster is one rename, atomic with or without ATOMIC_MOVE;
 * between clusters it is a copy and a deletion. A copy of a file shares its data with the source
 * within a cluster; of a directory it is an empty directory. If a copy fails, what was made of the
 * target is removed; a target that was to be replaced is gone by then.
 */
final class Transfer {
  private static final int BUFFER_BYTES = 1 << 20;

  private final NioPath source;
  private final NioPath target;
  private final CairnFileSystem from;
  private final CairnFileSystem to;
  private final Set<StandardCopyOption> options = EnumSet.noneOf(StandardCopyOption.class);
  private Symlinks symlinks = Symlinks.FOLLOW;

  /**
   * @throws UnsupportedOperationException for an option that is not known
   */
  Transfer(NioPath source, NioPath target, CopyOption... asked) {
    this.source = source;
    this.target = target;
    this.from = source.getFileSystem().client();
    this.to = target.getFileSystem().client();
    for (CopyOption option : asked) {
      Objects.requireNonNull(option, "copy option");
      if (option instanceof StandardCopyOption standard) {
        options.add(standard);
      } else if (option == LinkOption.NOFOLLOW_LINKS) {
        symlinks = Symlinks.NO_FOLLOW;
      } else {
        throw new UnsupportedOperationException("copy option " + option);
      }
    }
  }

  private boolean isWithinCluster() {
    return source.getFileSystem().equals(target.getFileSystem());
  }

  void move() throws IOException {
    if (options.contains(StandardCopyOption.COPY_ATTRIBUTES)) {
      throw new UnsupportedOperationException("a move keeps all attributes: COPY_ATTRIBUTES");
    }
    try {
      if (isWithinCluster()) {
        rename();
      } else {
        moveBetweenClusters();
      }
    } catch (CairnException e) {
      throw Refusals.of(e, source, target);
    }
  }

  private void rename() throws IOException {
    if (options.contains(StandardCopyOption.ATOMIC_MOVE)) {
      FileStatus unused = from.rename(source.toCairn(), target.toCairn(), RenameMode.REPLACE);
      return;
    }
    FileStatus moved = from.stat(source.toCairn());
    Optional<FileStatus> there = from.find(target.toCairn());
    if (there.isPresent() && there.get().inode() == moved.inode()) {
      return;
    }
    boolean replaces = options.contains(StandardCopyOption.REPLACE_EXISTING);
    // Rename replaces a thing by one of its kind; here an empty directory gives way to a file, too.
    if (replaces && there.isPresent() && there.get().isDirectory() != moved.isDirectory()) {
      boolean unused = from.delete(target.toCairn(), DeleteMode.SINGLE);
    }
    FileStatus unused =
        from.rename(
            source.toCairn(),
            target.toCairn(),
            replaces ? RenameMode.REPLACE : RenameMode.NO_REPLACE);
  }

  private void moveBetweenClusters() throws IOException {
    if (options.contains(StandardCopyOption.ATOMIC_MOVE)) {
      throw new AtomicMoveNotSupportedException(
          source.toString(), target.toString(), "they are in two clusters");
    }
    options.add(StandardCopyOption.COPY_ATTRIBUTES);
    symlinks = Symlinks.NO_FOLLOW;
    FileStatus moved = from.stat(source.toCairn());
    if (moved.isDirectory() && from.list(source.toCairn()).hasNext()) {
      throw new DirectoryNotEmptyException(source.toString());
    }
    copy();
    boolean unused = from.delete(source.toCairn(), DeleteMode.SINGLE);
  }

  void copy() throws IOException {
    if (options.contains(StandardCopyOption.ATOMIC_MOVE)) {
      throw new UnsupportedOperationException("a copy is no move: ATOMIC_MOVE");
    }
    try {
      FileStatus copied = from.stat(source.toCairn(), symlinks);
      Optional<FileStatus> there = to.find(target.toCairn());
      if (there.isPresent()) {
        if (isWithinCluster() && isSame(copied, there.get())) {
          return;
        }
        if (!options.contains(StandardCopyOption.REPLACE_EXISTING)) {
          throw new FileAlreadyExistsException(target.toString());
        }
        boolean unused = to.delete(target.toCairn(), DeleteMode.SINGLE);
      }
      make(copied);
    } catch (CairnException e) {
      throw Refusals.of(e, source, target);
    }
  }

  private boolean isSame(FileStatus copied, FileStatus there) throws CairnException {
    boolean followed = symlinks == Symlinks.FOLLOW && there.isSymlink();
    return copied.inode() == there.inode() || (followed && leadsTo(copied.inode()));
  }

  /** A dangling link leads nowhere. */
  private boolean leadsTo(long inode) throws CairnException {
    try {
      return to.stat(target.toCairn(), Symlinks.FOLLOW).inode() == inode;
    } catch (CairnException e) {
      if (e.code() == ErrorCode.NOT_FOUND || e.code() == ErrorCode.SYMLINK_LOOP) {
        return false;
      }
      throw e;
    }
  }

  private void make(FileStatus copied) throws IOException {
    switch (copied.type()) {
      case DIRECTORY -> {
        FileStatus unused = to.mkdir(target.toCairn(), copied.mode() & Modes.PERMISSIONS);
      }
      case SYMLINK -> {
        FileStatus unused = to.symlink(from.readLink(source.toCairn()), target.toCairn());
      }
      case FILE -> copyContent(copied);
      case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> makeSpecial(copied);
    }
    if (options.contains(StandardCopyOption.COPY_ATTRIBUTES)) {
      boolean whole = false;
      try {
        copyAttributes(copied);
        whole = true;
      } finally {
        removeUnless(whole);
      }
    }
  }

  private void makeSpecial(FileStatus copied) throws CairnException {
    CairnPath path = target.toCairn();
    FileStatus parent = to.stat(path.parent().orElse(CairnPath.ROOT), Symlinks.FOLLOW);
    FileStatus unused =
        to.nodes()
            .makeNode(
                parent.inode(),
                path.nameBytes(),
                copied.type(),
                copied.mode() & Modes.PERMISSIONS,
                0,
                copied.device());
  }

  /** Shares the data within a cluster that can do so. */
  private void copyContent(FileStatus copied) throws IOException {
    if (isWithinCluster()) {
      try {
        FileStatus unused =
            from.clone(
                source.toCairn(),
                target.toCairn(),
                CreateOptions.defaults().withMode(copied.mode() & Modes.PERMISSIONS));
        return;
      } catch (CairnException e) {
        if (e.code() != ErrorCode.UNSUPPORTED) {
          throw e;
        }
      }
    }
    copyBytes(copied);
  }

  private void copyBytes(FileStatus copied) throws IOException {
    boolean whole = false;
    boolean made = false;
    try (CairnFile in =
        CairnFileSystemProvider.open(from, source.toCairn(), OpenOptions.forReading())) {
      try (CairnFile out =
          CairnFileSystemProvider.open(
              to,
              target.toCairn(),
              OpenOptions.forWriting().createNew().withMode(copied.mode() & Modes.PERMISSIONS))) {
        made = true;
        copyBytes(in, out);
      }
      whole = true;
    } finally {
      removeUnless(whole || !made);
    }
  }

  private static void copyBytes(CairnFile in, CairnFile out) throws IOException {
    long position = 0;
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    while (in.read(position, buffer.clear()) > 0) {
      position += out.write(position, buffer.flip());
    }
  }

  private void removeUnless(boolean whole) throws CairnException {
    if (!whole) {
      boolean unused = to.delete(target.toCairn(), DeleteMode.SINGLE);
    }
  }

  /**
   * As {@code cp -p}: the owner is kept where the caller may give files away, the group where he is
   * in it; mode, ACL, extended attributes of users and times always.
   */
  private void copyAttributes(FileStatus copied) throws CairnException {
    CairnPath path = target.toCairn();
    boolean owned =
        isAllowed(AttributeChange.none().owner(copied.owner()).group(copied.group()))
            || isAllowed(AttributeChange.none().group(copied.group()));
    if (!copied.isSymlink()) {
      copyXattrs(path);
      // Set-id bits would mean the rights of somebody else.
      int mode = owned ? copied.mode() : copied.mode() & ~06000;
      FileStatus unused = to.setAttributes(path, AttributeChange.none().mode(mode));
      if (copied.hasAcl()) {
        FileStatus unusedAlso = to.setAcl(path, AclChange.replace(from.acl(source.toCairn())));
      }
    }
    FileStatus unused =
        to.setAttributes(
            path,
            AttributeChange.none()
                .modificationTimeNanos(copied.modificationTimeNanos())
                .accessTimeNanos(copied.accessTimeNanos()),
            Symlinks.NO_FOLLOW);
  }

  private boolean isAllowed(AttributeChange change) throws CairnException {
    try {
      FileStatus unused = to.setAttributes(target.toCairn(), change, Symlinks.NO_FOLLOW);
      return true;
    } catch (CairnException e) {
      if (e.code() == ErrorCode.NOT_PERMITTED || e.code() == ErrorCode.PERMISSION_DENIED) {
        return false;
      }
      throw e;
    }
  }

  private void copyXattrs(CairnPath path) throws CairnException {
    for (Map.Entry<String, byte[]> attribute : from.xattrs(source.toCairn()).entrySet()) {
      if (attribute.getKey().startsWith("user.")) {
        to.setXattr(path, attribute.getKey(), attribute.getValue(), XattrMode.SET);
      }
    }
  }
}
