package io.cairnfs.metaserver.operation;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.name.FileName;
import io.cairnfs.metaserver.namespace.Acl;
import io.cairnfs.metaserver.namespace.Acls;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.DirectoryLeaseTable;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.InodeRecord.ContentKind;
import io.cairnfs.metaserver.namespace.LockTable;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.PathResolver.Place;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.metaserver.namespace.PolicyTable;
import io.cairnfs.metaserver.namespace.XattrTable;
import io.cairnfs.proto.types.FileType;
import io.cairnfs.proto.types.NodeRef;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Makes and removes names for one command: link counts, times and totals with them. */
final class Tree {
  /** Rights that a directory made on the way has for its owner, whatever was asked. */
  private static final int OWNER_WRITE_SEARCH = 0300;

  /** The set-group-id bit, and the group's right to execute, without which it means nothing. */
  private static final int RUNS_AS_GROUP = Permissions.SET_GROUP_ID | 0010;

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
    this.paths = context.paths();
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
  Place locate(NodeRef ref, LastLink lastLink, Parents parents, NewMode directoryMode)
      throws CairnException {
    return switch (parents) {
      case REQUIRED -> paths.locate(ref, lastLink);
      case CREATED ->
          paths.locate(
              ref,
              lastLink,
              (parent, name) -> {
                requireMayAdd(parent, name, ref);
                InodeRecord made = addDirectory(parent, name, directoryMode);
                return namespace.putInode(
                    made.edit().mode(made.mode() | OWNER_WRITE_SEARCH).done());
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
  InodeRecord addDirectory(InodeRecord parent, FileName name, NewMode mode) {
    int inherited = parent.mode() & Permissions.SET_GROUP_ID;
    InodeRecord made = newInode(FileType.DIRECTORY, mode.masked() | inherited, parent, 2);
    InodeRecord directory = withInheritedAcls(made, parent, mode);
    return add(parent, name, directory, Counter.DIRECTORIES);
  }

  /** A new file without content under a free name. */
  InodeRecord addFile(
      InodeRecord parent, FileName name, NewMode mode, int replication, long chunkBytes) {
    InodeRecord made =
        withInheritedAcls(newInode(FileType.FILE, mode.masked(), parent, 1), parent, mode);
    InodeRecord file =
        made.edit().mode(modeOfNew(made)).replication(replication).chunkBytes(chunkBytes).done();
    return add(parent, name, file, Counter.FILES);
  }

  /** Who is not in the group that a file inherits does not make it run with that group's rights. */
  private int modeOfNew(InodeRecord file) {
    boolean allowed = context.principal().superuser() || context.principal().isIn(file.group());
    boolean runs = (file.mode() & RUNS_AS_GROUP) == RUNS_AS_GROUP;
    return runs && !allowed ? file.mode() & ~Permissions.SET_GROUP_ID : file.mode();
  }

  /** What is made in a directory with a default ACL begins with that, whatever the umask. */
  private static InodeRecord withInheritedAcls(
      InodeRecord made, InodeRecord parent, NewMode asked) {
    if (parent.acls().defaults().isEmpty()) {
      return made;
    }
    Acl access = parent.acls().defaults().get().inheritedBy(asked.mode());
    Optional<Acl> defaults = made.isDirectory() ? parent.acls().defaults() : Optional.empty();
    int special = made.mode() & ~0777;
    return made.edit()
        .mode(special | access.mode())
        .acls(new Acls(Optional.of(access).filter(Acl::isExtended), defaults))
        .done();
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

  /** A new fifo, socket or device under a free name. */
  InodeRecord addSpecial(
      InodeRecord parent, FileName name, FileType type, NewMode mode, int device) {
    InodeRecord made = withInheritedAcls(newInode(type, mode.masked(), parent, 1), parent, mode);
    InodeRecord node = made.edit().mode(modeOfNew(made)).device(device).done();
    return add(parent, name, node, Counter.FILES);
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
        context.newInodeId(),
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
        context.index(),
        context.index(),
        Acls.NONE,
        0);
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
    DirectoryLeaseTable.end(context.transaction(), directory.id());
    XattrTable.removeAll(context.transaction(), directory.id());
    LockTable.removeAll(context.transaction(), directory.id());
    context.transaction().addTo(Counter.DIRECTORIES, -1);
  }

  /**
   * A file without its bytes; the caller stores the record that this returns.
   *
   * <p>Bytes in chunks stay where they are, with the inode, which is purged in steps: another inode
   * takes its name, with all that the file was. Who has the file open reads on, as if it had been
   * deleted. A file that is not referred to by its only name, or that is locked, keeps its inode,
   * and loses its bytes at once.
   *
   * @throws CairnException UNSUPPORTED for such a file in more extents than a command may remove
   */
  InodeRecord withoutContent(Place place, InodeRecord file, NodeRef ref) throws CairnException {
    switch (file.content()) {
      case NONE -> {}
      case INLINE -> namespace.deleteInlineContent(file.id());
      case EXTENTS -> {
        boolean isLocked = !LockTable.of(context.transaction(), file.id()).isEmpty();
        if (place.name().isPresent() && file.linkCount() == 1 && !isLocked) {
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
    return written(file).edit().content(ContentKind.NONE).length(0).done();
  }

  /** A file whose bytes the caller has changed. */
  private InodeRecord written(InodeRecord file) {
    return file.edit()
        .mode(Permissions.modeAfterWrite(file, context.principal()))
        .contentChanged(context.index())
        .done();
  }

  private InodeRecord replaced(InodeRecord parent, FileName name, InodeRecord file) {
    InodeRecord fresh =
        written(file)
            .edit()
            .id(new InodeId(context.transaction().nextId(Counter.INODE_ID)))
            .content(ContentKind.NONE)
            .length(0)
            .done();
    namespace.putNewInode(fresh);
    XattrTable.copyAll(context.transaction(), file.id(), fresh.id());
    PolicyTable.copy(context.transaction(), file.id(), fresh.id());
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
    if (inode.isSpecial()) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          PathResolver.describe(ref) + " is a " + inode.type() + ", not a file");
    }
    if (!inode.isFile()) {
      throw new CairnException(
          ErrorCode.SYMLINK_LOOP, PathResolver.describe(ref) + " is a symlink, not a file");
    }
  }
}
