package io.cairnfs.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.cairnfs.client.session.Session;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.name.FileName;
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
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

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
  public void sync() throws CairnException {
    trees.current().flush();
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

  /** From now on the cluster is asked about the inode as about any other. */
  private LeasedTree given(long inode) throws CairnException {
    LeasedTree tree = trees.current();
    tree.requireNotLost(inode);
    Optional<LeasedTree.Node> node = tree.node(inode);
    if (node.isPresent() && !node.get().isDirectory()) {
      Optional<HeldFile> open = node.get().open;
      if (open.isPresent()) {
        CairnFile unused = open.get().giveUp();
      } else {
        tree.flush();
        tree.giveUp(node.get());
      }
    } else if (tree.isOwn(inode)) {
      tree.giveBack(inode);
    }
    return tree;
  }

  /** The cluster is going to change names in the directory. */
  private void givenNames(long directory) throws CairnException {
    LeasedTree tree = trees.current();
    tree.requireNotLost(directory);
    if (tree.isLeased(directory)) {
      tree.giveBack(directory);
    }
  }

  @Override
  public FileStatus lookup(long directory, byte[] name) throws CairnException {
    LeasedTree tree = trees.current();
    Optional<Attributes> own = tree.lookup(behalf, directory, name);
    if (own.isPresent()) {
      return status(name, own.get());
    }
    if (tree.isLeased(directory)) {
      tree.flush();
    }
    return cluster.lookup(directory, name);
  }

  @Override
  public FileStatus stat(long inode) throws CairnException {
    LeasedTree tree = trees.current();
    Optional<FileStatus> own = status(tree, inode);
    if (own.isPresent()) {
      return own.get();
    }
    if (tree.isOwn(inode)) {
      tree.flush();
    }
    return cluster.stat(inode);
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
    tree.flush();
    Page page = cluster.list(directory, after, limit);
    List<FileStatus> entries = new java.util.ArrayList<>(page.entries().size());
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
    tree.requireNotLost(inode);
    Optional<LeasedTree.Node> node = tree.node(inode);
    if (node.isEmpty() || change.equals(AttributeChange.none())) {
      return Optional.empty();
    }
    tree.awaitRoom();
    Optional<HeldFile> open = node.get().open;
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
    tree.requireNotLost(directory);
    tree.awaitRoom();
    boolean unknownActor = tree.isLeased(directory) && !tree.knows(behalf);
    if (unknownActor || tree.isWorthLeasing(directory)) {
      tree.lease(behalf, directory);
    }
    return tree.isLeased(directory) ? Optional.of(tree) : Optional.empty();
  }

  /** What is made in a leased directory. */
  private record Made(Operation.Builder operation, ByteString symlinkTarget, Session session)
      implements LeasedTree.Making {
    @Override
    public void describe(Attributes.Builder attributes) {
      if (attributes.getType() == FileType.FILE) {
        attributes
            .setReplication(session.settings().getDefaultReplication())
            .setChunkBytes(session.settings().getDefaultChunkBytes());
      }
      if (!symlinkTarget.isEmpty()) {
        attributes.setSymlinkTarget(symlinkTarget).setLength(symlinkTarget.size());
      }
    }
  }

  @Override
  public FileStatus mkdir(long directory, byte[] name, int mode, int umask) throws CairnException {
    Optional<LeasedTree> tree = leased(directory);
    if (tree.isPresent()) {
      Mkdir.Builder mkdir =
          Mkdir.newBuilder().setTarget(node(directory, name)).setMode(mode).setUmask(umask);
      Optional<LeasedTree.Node> made =
          tree.get()
              .make(
                  behalf,
                  directory,
                  name,
                  FileType.DIRECTORY,
                  mode & ~umask,
                  new Made(
                      Operation.newBuilder().setMkdir(mkdir),
                      ByteString.EMPTY,
                      tree.get().session()));
      if (made.isPresent()) {
        return stat(made.get().inode);
      }
      givenNames(directory);
    }
    FileStatus made = cluster.mkdir(directory, name, mode, umask);
    trees.current().madeDirectory(made.inode());
    return made;
  }

  @Override
  public FileStatus makeNode(
      long directory, byte[] name, io.cairnfs.client.FileType type, int mode, int umask, int device)
      throws CairnException {
    givenNames(directory);
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
      Optional<LeasedTree.Node> made =
          tree.get()
              .make(
                  behalf,
                  directory,
                  name,
                  FileType.SYMLINK,
                  0777,
                  new Made(
                      Operation.newBuilder().setSymlink(symlink), bytes, tree.get().session()));
      if (made.isPresent()) {
        return stat(made.get().inode);
      }
    }
    givenNames(directory);
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
    givenNames(directory);
    return cluster.link(inode, directory, name);
  }

  @Override
  public void unlink(long directory, byte[] name) throws CairnException {
    LeasedTree tree = trees.current();
    tree.requireNotLost(directory);
    tree.awaitRoom();
    Unlink.Builder unlink = Unlink.newBuilder().setTarget(node(directory, name));
    Operation.Builder operation = Operation.newBuilder().setUnlink(unlink);
    if (tree.remove(behalf, directory, name, FileType.FILE, operation)) {
      return;
    }
    if (!tree.isLeased(directory)) {
      cluster.unlink(directory, name);
      return;
    }
    Optional<Attributes> own = known(tree, directory, name);
    if (own.isPresent()) {
      LeasedTree unused = given(own.get().getInode());
    }
    tree.flush();
    cluster.unlink(directory, name);
    tree.removedByCluster(directory, name);
    learnDirectory(tree, directory);
  }

  private Optional<Attributes> known(LeasedTree tree, long directory, byte[] name)
      throws CairnException {
    try {
      return tree.lookup(behalf, directory, name);
    } catch (CairnException e) {
      if (e.code() == ErrorCode.NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private void learnDirectory(LeasedTree tree, long directory) throws CairnException {
    tree.learn(cluster.attributesOf(directory));
  }

  @Override
  public void rmdir(long directory, byte[] name) throws CairnException {
    LeasedTree tree = trees.current();
    tree.requireNotLost(directory);
    tree.awaitRoom();
    Rmdir.Builder rmdir = Rmdir.newBuilder().setTarget(node(directory, name));
    Operation.Builder operation = Operation.newBuilder().setRmdir(rmdir);
    if (tree.remove(behalf, directory, name, FileType.DIRECTORY, operation)) {
      return;
    }
    Optional<Attributes> own = known(tree, directory, name);
    if (own.isPresent()) {
      LeasedTree unused = given(own.get().getInode());
    }
    givenNames(directory);
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
    tree.requireNotLost(directory);
    tree.requireNotLost(newDirectory);
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
    for (long parent : new long[] {directory, newDirectory}) {
      Optional<Attributes> own = known(tree, parent, parent == directory ? name : newName);
      if (own.isPresent()) {
        LeasedTree unused = given(own.get().getInode());
      }
    }
    givenNames(directory);
    givenNames(newDirectory);
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
      Session session = tree.get().session();
      HeldFile[] file = new HeldFile[1];
      Optional<LeasedTree.Node> made =
          tree.get()
              .make(
                  behalf,
                  directory,
                  name,
                  FileType.FILE,
                  options.mode() & ~umask,
                  new Made(Operation.newBuilder().setCreate(create), ByteString.EMPTY, session),
                  node -> {
                    file[0] =
                        new HeldFile(
                            tree.get(),
                            node,
                            behalf,
                            options,
                            adopter,
                            session.settings().getInlineBytes());
                    node.open = Optional.of(file[0]);
                  });
      if (made.isPresent()) {
        return new Opened(stat(made.get().inode), file[0]);
      }
    }
    givenNames(directory);
    return cluster.create(directory, name, options, umask);
  }

  @Override
  public boolean lock(Lock lock, boolean wait) throws CairnException {
    LeasedTree unused = given(lock.inode());
    return cluster.lock(lock, wait);
  }

  @Override
  public void unlock(Lock lock) throws CairnException {
    sync();
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
    sync();
    cluster.releaseLocks(inode, owner);
  }
}
