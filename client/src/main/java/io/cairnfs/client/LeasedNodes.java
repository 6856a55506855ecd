package io.cairnfs.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.name.FileName;
import io.cairnfs.proto.metadata.ClusterSettings;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.OnBehalf;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.Rename;
import io.cairnfs.proto.metadata.Rmdir;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.metadata.Symlink;
import io.cairnfs.proto.metadata.Unlink;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.FileType;
import io.cairnfs.proto.types.NodeRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * {@link CairnNodes} that answers by itself where a directory is leased to this client, and has
 * everything else done by others: what might be refused, what is about inodes that were there
 * before, and what is rare. Before the cluster is asked about something of which it has not heard
 * all, it hears all of it.
 */
final class LeasedNodes implements CairnNodes {
  private final Trees trees;
  private final ConnectedNodes cluster;
  private final HeldFile.Adopter adopter;
  private final Optional<OnBehalf> behalf;

  /** The tree of the session that is open now. */
  interface Trees {
    LeasedTree current() throws CairnException;
  }

  LeasedNodes(Trees trees, ConnectedNodes cluster, HeldFile.Adopter adopter) {
    this(trees, cluster, adopter, Optional.empty());
  }

  private LeasedNodes(
      Trees trees, ConnectedNodes cluster, HeldFile.Adopter adopter, Optional<OnBehalf> behalf) {
    this.trees = trees;
    this.cluster = cluster;
    this.adopter = adopter;
    this.behalf = behalf;
  }

  @Override
  public CairnNodes onBehalf(String user, List<String> groups) {
    return new LeasedNodes(
        trees,
        cluster.onBehalf(user, groups),
        adopter,
        Optional.of(OnBehalf.newBuilder().setUser(user).addAllGroups(groups).build()));
  }

  @Override
  public void sync(long inode) throws CairnException {
    LeasedTree tree = trees.current();
    try {
      tree.flush();
    } finally {
      // Also what has just been lost.
      tree.lost().tellSync(inode);
    }
  }

  private static NodeRef node(long directory, byte[] name) throws CairnException {
    return NodeRef.newBuilder()
        .setBase(directory)
        .setPath(UnsafeByteOperations.unsafeWrap(FileName.of(name).bytes()))
        .build();
  }

  private static FileStatus status(byte[] name, Attributes attributes) throws CairnException {
    return Conversions.status(CairnPath.of(name), attributes);
  }

  /** What an inode is like of which the cluster has not heard all. */
  static Optional<FileStatus> status(LeasedTree tree, long inode) throws CairnException {
    Optional<Attributes> attributes = tree.attributes(inode);
    return attributes.isPresent()
        ? Optional.of(Conversions.status(CairnPath.of(""), attributes.get()))
        : Optional.empty();
  }

  /**
   * From now on the cluster is asked about the inode as about any other; of a directory, also about
   * its names.
   */
  private LeasedTree given(long inode) throws CairnException {
    LeasedTree tree = trees.current();
    tree.lost().tellCall(inode);
    if (tree.isLeased(inode)) {
      tree.leases().giveBack(inode);
    }
    tree.heldFile(inode).ifPresent(HeldFile::handOver);
    Optional<OwnNode> node = tree.node(inode);
    if (node.isPresent()) {
      tree.flush();
      tree.giveUp(node.get());
    }
    return tree;
  }

  /** The same of what stands under the name, whose directory need not be leased. */
  private void givenChild(LeasedTree tree, long directory, byte[] name) throws CairnException {
    Optional<Attributes> own = unlessMissing(() -> tree.lookup(behalf, directory, name));
    if (own.isPresent()) {
      LeasedTree unused = given(own.get().getInode());
    } else if (tree.hasLeasedBelow(directory)) {
      tree.flush();
      Optional<FileStatus> child =
          unlessMissing(() -> Optional.of(cluster.lookup(directory, name)));
      if (child.isPresent()) {
        LeasedTree unused = given(child.get().inode());
      }
    }
  }

  /** A question about a name. */
  private interface Lookup<T> {
    Optional<T> ask() throws CairnException;
  }

  private static <T> Optional<T> unlessMissing(Lookup<T> lookup) throws CairnException {
    try {
      return lookup.ask();
    } catch (CairnException e) {
      if (e.code() == ErrorCode.NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  @Override
  public FileStatus lookup(long directory, byte[] name) throws CairnException {
    LeasedTree tree = trees.current();
    Optional<Attributes> own = tree.lookup(behalf, directory, name);
    if (own.isPresent()) {
      return status(name, own.get());
    }
    if (tree.isOwn(directory)) {
      tree.flush();
    }
    FileStatus found = cluster.lookup(directory, name);
    Optional<FileStatus> known = status(tree, found.inode());
    return known.isPresent() ? known.get().withPath(found.path()) : found;
  }

  @Override
  public FileStatus stat(long inode) throws CairnException {
    LeasedTree tree = trees.current();
    Optional<FileStatus> own = status(tree, inode);
    if (own.isPresent()) {
      return own.get();
    }
    if (!tree.isOwn(inode)) {
      return cluster.stat(inode);
    }
    tree.flush();
    Attributes told = cluster.attributesOf(inode);
    // What was deferred meanwhile is not in it.
    own = tree.heard(told) ? status(tree, inode) : Optional.empty();
    return own.isPresent() ? own.get() : Conversions.status(CairnPath.of(""), told);
  }

  @Override
  public FileStatus access(long inode, int rights) throws CairnException {
    LeasedTree tree = trees.current();
    if (tree.isOwn(inode)) {
      tree.flush();
    }
    return cluster.access(inode, rights);
  }

  @Override
  public Page list(long directory, byte[] after, int limit) throws CairnException {
    LeasedTree tree = trees.current();
    if (tree.isOwn(directory)) {
      tree.flush();
    }
    Page page = cluster.list(directory, after, limit);
    List<FileStatus> entries = new ArrayList<>(page.entries().size());
    for (FileStatus entry : page.entries()) {
      Optional<FileStatus> own = status(tree, entry.inode());
      entries.add(own.isPresent() ? own.get().withPath(entry.path()) : entry);
    }
    return new Page(entries, page.more());
  }

  @Override
  public FileStatus setAttributes(long inode, AttributeChange change) throws CairnException {
    Optional<Attributes> own = setOwn(inode, change);
    if (own.isPresent()) {
      return Conversions.status(CairnPath.of(""), own.get());
    }
    LeasedTree unused = given(inode);
    return cluster.setAttributes(inode, change);
  }

  private Optional<Attributes> setOwn(long inode, AttributeChange change) throws CairnException {
    LeasedTree tree = trees.current();
    tree.lost().tellCall(inode);
    if (tree.node(inode).isEmpty() || change.equals(AttributeChange.none())) {
      return Optional.empty();
    }
    tree.awaitRoom();
    Optional<HeldFile> open = tree.heldFile(inode);
    if (open.isPresent()) {
      // Times that are set now must not be overtaken by what was written before.
      open.get().flushLater();
    }
    SetAttributes.Builder set =
        SetAttributes.newBuilder().setTarget(NodeRef.newBuilder().setBase(inode)).setNoFollow(true);
    Conversions.put(change, set);
    return tree.setAttributes(behalf, inode, change, Operation.newBuilder().setSetAttributes(set));
  }

  @Override
  public OptionalLong setAttributesLater(long inode, AttributeChange change) throws CairnException {
    Optional<Attributes> own = setOwn(inode, change);
    if (own.isPresent()) {
      return OptionalLong.of(own.get().getLength());
    }
    LeasedTree unused = given(inode);
    return cluster.setAttributesLater(inode, change);
  }

  @Override
  public FileStatus truncate(long inode, long length) throws CairnException {
    LeasedTree unused = given(inode);
    return cluster.truncate(inode, length);
  }

  /** Leases the directory if that pays, and says whether this client may make something there. */
  private Optional<LeasedTree> leased(long directory) throws CairnException {
    LeasedTree tree = trees.current();
    tree.lost().tellCall(directory);
    tree.awaitRoom();
    boolean isStranger = tree.isLeased(directory) && !tree.knows(behalf);
    if (isStranger || tree.leases().isWorthLeasing(directory)) {
      tree.leases().lease(behalf, directory);
    }
    return tree.isLeased(directory) ? Optional.of(tree) : Optional.empty();
  }

  @Override
  public FileStatus mkdir(long directory, byte[] name, int mode, int umask) throws CairnException {
    Optional<LeasedTree> tree = leased(directory);
    if (tree.isPresent()) {
      Mkdir.Builder mkdir =
          Mkdir.newBuilder().setTarget(node(directory, name)).setMode(mode).setUmask(umask);
      Optional<Attributes> made =
          tree.get()
              .make(
                  behalf,
                  directory,
                  name,
                  new Making(
                      Operation.newBuilder().setMkdir(mkdir),
                      Attributes.newBuilder().setType(FileType.DIRECTORY),
                      mode & ~umask,
                      node -> {}));
      if (made.isPresent()) {
        return status(name, made.get());
      }
    }
    LeasedTree by = given(directory);
    FileStatus made = cluster.mkdir(directory, name, mode, umask);
    by.leases().madeDirectory(made.inode());
    return made;
  }

  @Override
  public FileStatus makeNode(
      long directory, byte[] name, io.cairnfs.client.FileType type, int mode, int umask, int device)
      throws CairnException {
    LeasedTree unused = given(directory);
    return cluster.makeNode(directory, name, type, mode, umask, device);
  }

  @Override
  public FileStatus symlink(byte[] target, long directory, byte[] name) throws CairnException {
    Optional<LeasedTree> tree = leased(directory);
    boolean plain = target.length > 0 && target.length <= 4095;
    for (byte each : target) {
      plain &= each != 0;
    }
    if (tree.isPresent() && plain) {
      ByteString bytes = ByteString.copyFrom(target);
      Symlink.Builder symlink =
          Symlink.newBuilder().setTarget(bytes).setLink(node(directory, name));
      Attributes.Builder like =
          Attributes.newBuilder()
              .setType(FileType.SYMLINK)
              .setSymlinkTarget(bytes)
              .setLength(bytes.size());
      Optional<Attributes> made =
          tree.get()
              .make(
                  behalf,
                  directory,
                  name,
                  new Making(Operation.newBuilder().setSymlink(symlink), like, 0777, node -> {}));
      if (made.isPresent()) {
        return status(name, made.get());
      }
    }
    LeasedTree unused = given(directory);
    return cluster.symlink(target, directory, name);
  }

  @Override
  public byte[] readLink(long inode) throws CairnException {
    Optional<Attributes> own = trees.current().attributes(inode);
    return own.isPresent() && own.get().getType() == FileType.SYMLINK
        ? own.get().getSymlinkTarget().toByteArray()
        : cluster.readLink(inode);
  }

  @Override
  public FileStatus link(long inode, long directory, byte[] name) throws CairnException {
    LeasedTree unused = given(inode);
    unused = given(directory);
    return cluster.link(inode, directory, name);
  }

  @Override
  public void unlink(long directory, byte[] name) throws CairnException {
    LeasedTree tree = trees.current();
    tree.lost().tellCall(directory);
    tree.awaitRoom();
    Unlink.Builder unlink = Unlink.newBuilder().setTarget(node(directory, name));
    Operation.Builder operation = Operation.newBuilder().setUnlink(unlink);
    if (tree.remove(behalf, directory, name, FileType.FILE, operation)) {
      return;
    }
    Optional<Attributes> own = unlessMissing(() -> tree.lookup(behalf, directory, name));
    if (own.isPresent()) {
      LeasedTree unused = given(own.get().getInode());
    }
    if (tree.isEnding(directory) || !tree.isLeased(directory)) {
      LeasedTree unused = given(directory);
      cluster.unlink(directory, name);
      return;
    }
    tree.flush();
    cluster.unlink(directory, name);
    tree.removedByCluster(directory, name);
  }

  @Override
  public void rmdir(long directory, byte[] name) throws CairnException {
    LeasedTree tree = trees.current();
    tree.lost().tellCall(directory);
    tree.awaitRoom();
    Rmdir.Builder rmdir = Rmdir.newBuilder().setTarget(node(directory, name));
    Operation.Builder operation = Operation.newBuilder().setRmdir(rmdir);
    if (tree.remove(behalf, directory, name, FileType.DIRECTORY, operation)) {
      return;
    }
    givenChild(tree, directory, name);
    LeasedTree unused = given(directory);
    cluster.rmdir(directory, name);
  }

  @Override
  public FileStatus rename(
      long directory,
      byte[] name,
      long newDirectory,
      byte[] newName,
      CairnFileSystem.RenameMode mode)
      throws CairnException {
    LeasedTree tree = trees.current();
    tree.lost().tellCall(directory);
    tree.lost().tellCall(newDirectory);
    tree.awaitRoom();
    if (mode != CairnFileSystem.RenameMode.EXCHANGE) {
      Rename.Builder rename =
          Rename.newBuilder()
              .setSource(node(directory, name))
              .setTarget(node(newDirectory, newName))
              .setMode(Conversions.renameMode(mode));
      Optional<Attributes> moved =
          tree.rename(
              behalf,
              directory,
              name,
              newDirectory,
              newName,
              mode == CairnFileSystem.RenameMode.REPLACE,
              Operation.newBuilder().setRename(rename));
      if (moved.isPresent()) {
        return status(newName, moved.get());
      }
    }
    givenChild(tree, directory, name);
    givenChild(tree, newDirectory, newName);
    LeasedTree unused = given(directory);
    unused = given(newDirectory);
    return cluster.rename(directory, name, newDirectory, newName, mode);
  }

  @Override
  public void setXattr(long inode, String name, byte[] value, CairnFileSystem.XattrMode mode)
      throws CairnException {
    LeasedTree unused = given(inode);
    cluster.setXattr(inode, name, value, mode);
  }

  @Override
  public void removeXattr(long inode, String name) throws CairnException {
    LeasedTree unused = given(inode);
    cluster.removeXattr(inode, name);
  }

  /** Nothing that was made under a lease has any. */
  private boolean hasNoAttributes(long inode) throws CairnException {
    return trees.current().node(inode).isPresent();
  }

  @Override
  public byte[] xattr(long inode, String name) throws CairnException {
    if (hasNoAttributes(inode)) {
      trees.current().flush();
    }
    return cluster.xattr(inode, name);
  }

  @Override
  public List<String> xattrNames(long inode) throws CairnException {
    return hasNoAttributes(inode) ? List.of() : cluster.xattrNames(inode);
  }

  @Override
  public List<AclEntry> acl(long inode) throws CairnException {
    if (hasNoAttributes(inode)) {
      trees.current().flush();
    }
    return cluster.acl(inode);
  }

  @Override
  public FileStatus setAcl(long inode, AclChange change) throws CairnException {
    LeasedTree unused = given(inode);
    return cluster.setAcl(inode, change);
  }

  @Override
  public Opened open(long inode, OpenOptions options) throws CairnException {
    LeasedTree unused = given(inode);
    return cluster.open(inode, options);
  }

  @Override
  public Opened create(long directory, byte[] name, OpenOptions options, int umask)
      throws CairnException {
    boolean plain =
        options.replication() == 0 && options.chunkBytes() == 0 && !options.syncWrites();
    Optional<LeasedTree> tree = plain ? leased(directory) : Optional.empty();
    if (tree.isPresent()) {
      Create.Builder create =
          Create.newBuilder()
              .setTarget(node(directory, name))
              .setMode(options.mode())
              .setUmask(umask)
              .setInline(ByteString.EMPTY);
      ClusterSettings settings = tree.get().session().settings();
      Attributes.Builder like =
          Attributes.newBuilder()
              .setType(FileType.FILE)
              .setReplication(settings.getDefaultReplication())
              .setChunkBytes(settings.getDefaultChunkBytes());
      HeldFile[] file = new HeldFile[1];
      Consumer<OwnNode> opening =
          node -> {
            file[0] =
                new HeldFile(tree.get(), node, behalf, options, adopter, settings.getInlineBytes());
            node.open = Optional.of(file[0]);
          };
      Optional<Attributes> made =
          tree.get()
              .make(
                  behalf,
                  directory,
                  name,
                  new Making(
                      Operation.newBuilder().setCreate(create),
                      like,
                      options.mode() & ~umask,
                      opening));
      if (made.isPresent()) {
        return new Opened(status(name, made.get()), file[0]);
      }
    }
    LeasedTree unused = given(directory);
    return cluster.create(directory, name, options, umask);
  }

  @Override
  public boolean lock(Lock lock, boolean wait) throws CairnException {
    LeasedTree unused = given(lock.inode());
    return cluster.lock(lock, wait);
  }

  @Override
  public void unlock(Lock lock) throws CairnException {
    trees.current().flush();
    cluster.unlock(lock);
  }

  @Override
  public Optional<LockHolder> conflicting(Lock lock) throws CairnException {
    LeasedTree unused = given(lock.inode());
    return cluster.conflicting(lock);
  }

  @Override
  public boolean isOurs(LockHolder holder) throws CairnException {
    return cluster.isOurs(holder);
  }

  @Override
  public void lockUnsearched(Lock lock) throws CairnException {
    LeasedTree unused = given(lock.inode());
    cluster.lockUnsearched(lock);
  }

  @Override
  public void releaseLocks(long inode, long owner) throws CairnException {
    trees.current().flush();
    cluster.releaseLocks(inode, owner);
  }
}
