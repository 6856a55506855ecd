package io.cairnfs.metaserver.operation;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.name.FileName;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.InodeRecord.ContentKind;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.PathResolver.Place;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.proto.types.FileType;
import io.cairnfs.proto.types.NodeRef;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Makes and removes names for one command: link counts, times and totals with them. */
final class Tree {
  /** Rights that a directory made on the way has for its owner, whatever was asked. */
  private static final int OWNER_WRITE_SEARCH = 0300;

  /** Mode of every symlink: what counts are the rights on what it leads to. */
  private static final int ALL_ACCESS = 0777;

  /** Extents that a command removes by itself. */
  static final int MAX_RELEASED = 4096;

  private static final FileName HOMES = nameOf("user");

  private final CommandContext context;
  private final NamespaceEditor namespace;
  private final PathResolver paths;

  Tree(CommandContext context) {
    this.context = context;
    this.namespace = context.namespace();
    this.paths = new PathResolver(namespace, context.principal());
  }

  private static FileName nameOf(String text) {
    try {
      return FileName.of(text);
    } catch (CairnException e) {
      throw new IllegalArgumentException(e);
    }
  }

  PathResolver paths() {
    return paths;
  }

  /** Which missing directories a command makes on its way. */
  enum Parents {
    REQUIRED,
    CREATED
  }

  /**
   * As {@link PathResolver#locate(NodeRef, LastLink)}, but missing directories before the last name
   * may be made.
   */
  Place locate(NodeRef ref, LastLink lastLink, Parents parents, int directoryMode)
      throws CairnException {
    return switch (parents) {
      case REQUIRED -> paths.locate(ref, lastLink);
      case CREATED ->
          paths.locate(
              ref,
              lastLink,
              (parent, name) -> {
                requireMayAdd(parent, name, ref);
                return addDirectory(parent, name, directoryMode | OWNER_WRITE_SEARCH);
              });
    };
  }

  /**
   * New names need the right to write and search the directory, with one exception: everybody may
   * make the home directory that bears his own name in {@code /user}.
   */
  void requireMayAdd(InodeRecord directory, FileName name, NodeRef ref) throws CairnException {
    if (!isHomeOfCaller(directory, name)) {
      Permissions.require(
          directory,
          context.principal(),
          Permissions.WRITE | Permissions.SEARCH,
          () -> PathResolver.describe(ref));
    }
  }

  private boolean isHomeOfCaller(InodeRecord directory, FileName name) {
    return directory.parent() == InodeId.ROOT.value()
        && context.principal().user().getBytes(StandardCharsets.UTF_8).length == name.length()
        && context.principal().user().equals(name.toString())
        && namespace
            .dentry(InodeId.ROOT, HOMES)
            .filter(homes -> homes.inode().equals(directory.id()))
            .isPresent();
  }

  /** A new directory under a free name. */
  InodeRecord addDirectory(InodeRecord parent, FileName name, int mode) {
    int inherited = parent.mode() & Permissions.SET_GROUP_ID;
    InodeRecord directory = newInode(FileType.DIRECTORY, (mode & 07777) | inherited, parent, 2);
    return add(parent, name, directory, Counter.DIRECTORIES);
  }

  /** A new file without content under a free name. */
  InodeRecord addFile(
      InodeRecord parent, FileName name, int mode, int replication, long chunkBytes) {
    InodeRecord file =
        newInode(FileType.FILE, mode & 07777, parent, 1)
            .edit()
            .replication(replication)
            .chunkBytes(chunkBytes)
            .done();
    return add(parent, name, file, Counter.FILES);
  }

  /** A new symlink under a free name. */
  InodeRecord addSymlink(InodeRecord parent, FileName name, ByteString target) {
    InodeRecord link =
        newInode(FileType.SYMLINK, ALL_ACCESS, parent, 1)
            .edit()
            .symlinkTarget(target)
            .length(target.size())
            .done();
    return add(parent, name, link, Counter.FILES);
  }

  /** One more name for a file or symlink. */
  InodeRecord addLink(InodeRecord parent, FileName name, InodeRecord file) {
    InodeRecord linked =
        namespace.putInode(
            file.edit().linkCount(file.linkCount() + 1).ctimeNanos(context.nowNanos()).done());
    namespace.putFurtherName(file.id(), parent.id(), name);
    attach(parent.id(), name, linked);
    return linked;
  }

  private InodeRecord newInode(FileType type, int mode, InodeRecord parent, int linkCount) {
    long now = context.nowNanos();
    return new InodeRecord(
        new InodeId(context.transaction().nextId(Counter.INODE_ID)),
        type,
        mode,
        context.principal().user(),
        groupOfNew(parent),
        now,
        now,
        now,
        0,
        linkCount,
        0,
        0,
        parent.id().value(),
        ContentKind.NONE,
        ByteString.EMPTY,
        context.index());
  }

  /** The directory's group if that is set-group-id, otherwise the caller's primary one. */
  private String groupOfNew(InodeRecord parent) {
    List<String> groups = context.principal().groups();
    boolean inherits = (parent.mode() & Permissions.SET_GROUP_ID) != 0 || groups.isEmpty();
    return inherits ? parent.group() : groups.get(0);
  }

  private InodeRecord add(InodeRecord parent, FileName name, InodeRecord inode, Counter total) {
    namespace.putNewInode(inode);
    attach(parent.id(), name, inode);
    context.transaction().addTo(total, 1);
    return inode;
  }

  /** Gives an inode a name; the directory's times and link count follow. */
  void attach(InodeId parent, FileName name, InodeRecord inode) {
    namespace.putDentry(parent, name, inode);
    touch(parent, inode.isDirectory() ? 1 : 0);
  }

  /** Takes a name away; the directory's times and link count follow. */
  void detach(InodeId parent, FileName name, InodeRecord inode) {
    namespace.deleteDentry(parent, name);
    touch(parent, inode.isDirectory() ? -1 : 0);
  }

  /** A directory's names changed: its times, and its link count with its subdirectories. */
  void touch(InodeId directory, int linkDelta) {
    InodeRecord record = namespace.requireInode(directory);
    namespace.putInode(
        record
            .edit()
            .mtimeNanos(context.nowNanos())
            .ctimeNanos(context.nowNanos())
            .linkCount(record.linkCount() + linkDelta)
            .done());
  }

  /** After a name of a file or symlink was taken away: without any name left it is to be purged. */
  void dropLink(InodeRecord file, InodeId parent, FileName name) {
    InodeRecord less =
        namespace.withoutName(file, parent, name).edit().ctimeNanos(context.nowNanos()).done();
    if (less.linkCount() == 0) {
      namespace.moveToDeleted(less);
    } else {
      namespace.putInode(less);
    }
  }

  /** After the name of an empty directory was taken away. */
  void dropEmptyDirectory(InodeRecord directory) {
    namespace.deleteInode(directory.id());
    context.transaction().addTo(Counter.DIRECTORIES, -1);
  }

  /**
   * A file without its bytes; the caller stores the record that this returns.
   *
   * <p>Bytes in chunks stay where they are, with the inode, which is purged in steps: another inode
   * takes its name, with all that the file was. Who has the file open reads on, as if it had been
   * deleted. A file that is not referred to by its only name keeps its inode, and loses its bytes
   * at once.
   *
   * @throws CairnException UNSUPPORTED for such a file in more extents than a command may remove
   */
  InodeRecord withoutContent(Place place, InodeRecord file, NodeRef ref) throws CairnException {
    switch (file.content()) {
      case NONE -> {}
      case INLINE -> namespace.deleteInlineContent(file.id());
      case EXTENTS -> {
        if (place.name().isPresent() && file.linkCount() == 1) {
          return replaced(place.parent(), place.name().get(), file);
        }
        if (context.extents().hasMoreThan(namespace, file.id(), MAX_RELEASED)) {
          throw new CairnException(
              ErrorCode.UNSUPPORTED,
              PathResolver.describe(ref) + " is too large to be emptied but by its only name");
        }
        context.extents().release(namespace, file.id(), MAX_RELEASED);
      }
    }
    return file.edit().content(ContentKind.NONE).length(0).done();
  }

  private InodeRecord replaced(InodeRecord parent, FileName name, InodeRecord file) {
    InodeRecord fresh =
        file.edit()
            .id(new InodeId(context.transaction().nextId(Counter.INODE_ID)))
            .content(ContentKind.NONE)
            .length(0)
            .done();
    namespace.putNewInode(fresh);
    namespace.putDentry(parent.id(), name, fresh);
    context.transaction().addTo(Counter.FILES, 1);
    dropLink(file, parent.id(), name);
    return fresh;
  }

  /** The type must be a file's. */
  static void requireFile(InodeRecord inode, NodeRef ref) throws CairnException {
    if (inode.isDirectory()) {
      throw new CairnException(
          ErrorCode.IS_A_DIRECTORY, PathResolver.describe(ref) + " is a directory");
    }
    if (!inode.isFile()) {
      throw new CairnException(
          ErrorCode.SYMLINK_LOOP, PathResolver.describe(ref) + " is a symlink, not a file");
    }
  }
}
