package io.cairnfs.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.lock.LockAsk;
import io.cairnfs.client.lock.LockService;
import io.cairnfs.client.metadata.MetadataClient;
import io.cairnfs.client.session.SessionSource;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.name.FileName;
import io.cairnfs.proto.metadata.DirectoryEntry;
import io.cairnfs.proto.metadata.DirectoryPage;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.GetAcl;
import io.cairnfs.proto.metadata.GetXattrs;
import io.cairnfs.proto.metadata.Link;
import io.cairnfs.proto.metadata.ListDirectory;
import io.cairnfs.proto.metadata.LockMode;
import io.cairnfs.proto.metadata.LockScope;
import io.cairnfs.proto.metadata.LocksResult;
import io.cairnfs.proto.metadata.MakeNode;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.OnBehalf;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.RangeResult;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.RemoveXattr;
import io.cairnfs.proto.metadata.Rename;
import io.cairnfs.proto.metadata.Rmdir;
import io.cairnfs.proto.metadata.SetAcl;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.metadata.SetLength;
import io.cairnfs.proto.metadata.SetXattr;
import io.cairnfs.proto.metadata.Stat;
import io.cairnfs.proto.metadata.Symlink;
import io.cairnfs.proto.metadata.TestLock;
import io.cairnfs.proto.metadata.Unlink;
import io.cairnfs.proto.metadata.XattrsResult;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.NodeRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** {@link CairnNodes} of a connection, for its user or on behalf of another. */
final class ConnectedNodes implements CairnNodes {
  private static final CairnPath NAMELESS = CairnPath.of("");

  private final Parts parts;
  private final Optional<OnBehalf> behalf;

  /** What the connection consists of. */
  record Parts(
      ClientEnvironment environment,
      MetadataClient metadata,
      SessionSource sessions,
      OpenFiles files,
      LockService locks) {}

  ConnectedNodes(Parts parts) {
    this(parts, Optional.empty());
  }

  private ConnectedNodes(Parts parts, Optional<OnBehalf> behalf) {
    this.parts = parts;
    this.behalf = behalf;
  }

  @Override
  public ConnectedNodes onBehalf(String user, List<String> groups) {
    return new ConnectedNodes(
        parts, Optional.of(OnBehalf.newBuilder().setUser(user).addAllGroups(groups).build()));
  }

  @Override
  public void sync(long inode) throws CairnException {
    // Nobody is answered before it is logged.
  }

  private OperationResult mutate(Operation.Builder operation) throws CairnException {
    behalf.ifPresent(operation::setOnBehalf);
    return parts.environment().await(parts.sessions().mutate(operation.build()));
  }

  private ReadReply read(ReadRequest.Builder request) throws CairnException {
    behalf.ifPresent(request::setOnBehalf);
    return parts.environment().await(parts.metadata().read(request));
  }

  private NodeRef node(long inode) {
    return parts.files().node(inode);
  }

  private static NodeRef node(long directory, byte[] name) throws CairnException {
    return NodeRef.newBuilder()
        .setBase(directory)
        .setPath(UnsafeByteOperations.unsafeWrap(FileName.of(name).bytes()))
        .build();
  }

  private static FileStatus status(Attributes attributes) throws CairnException {
    return Conversions.status(NAMELESS, attributes);
  }

  private static FileStatus status(byte[] name, Attributes attributes) throws CairnException {
    return Conversions.status(CairnPath.of(name), attributes);
  }

  @Override
  public FileStatus lookup(long directory, byte[] name) throws CairnException {
    FileStatus found = status(name, attributes(node(directory, name), 0));
    if (!parts.files().isBehind(found.inode(), found.changeIndex())) {
      return found;
    }
    var unused = parts.files().flush(found.inode());
    return status(name, attributes(node(directory, name), 0));
  }

  @Override
  public FileStatus stat(long inode) throws CairnException {
    if (parts.files().isDirty(inode)) {
      Optional<Attributes> flushed = parts.files().flush(inode);
      if (flushed.isPresent()) {
        return status(flushed.get());
      }
    }
    return status(attributes(node(inode), 0));
  }

  @Override
  public FileStatus access(long inode, int rights) throws CairnException {
    parts.files().changeLaterAttributes(inode);
    return status(attributes(node(inode), rights));
  }

  /** What the cluster says of an inode. */
  Attributes attributesOf(long inode) throws CairnException {
    return attributes(node(inode), 0);
  }

  private Attributes attributes(NodeRef target, int rights) throws CairnException {
    return read(ReadRequest.newBuilder()
            .setStat(Stat.newBuilder().setTarget(target).setRights(rights)))
        .getAttributes();
  }

  @Override
  public Page list(long directory, byte[] after, int limit) throws CairnException {
    ListDirectory list =
        ListDirectory.newBuilder()
            .setTarget(node(directory))
            .setAfter(ByteString.copyFrom(after))
            .setLimit(limit)
            .build();
    DirectoryPage page = read(ReadRequest.newBuilder().setList(list)).getList();
    if (!status(page.getAttributes()).isDirectory()) {
      throw new CairnException(ErrorCode.NOT_A_DIRECTORY, "inode=" + directory);
    }
    List<FileStatus> entries = new ArrayList<>(page.getEntriesCount());
    for (DirectoryEntry entry : page.getEntriesList()) {
      entries.add(listed(directory, entry));
    }
    return new Page(entries, page.getMore());
  }

  private FileStatus listed(long directory, DirectoryEntry entry) throws CairnException {
    byte[] name = entry.getName().toByteArray();
    FileStatus status = status(name, entry.getAttributes());
    if (!parts.files().isBehind(status.inode(), status.changeIndex())) {
      return status;
    }
    try {
      return lookup(directory, name);
    } catch (CairnException e) {
      if (e.code() == ErrorCode.NOT_FOUND) {
        return status;
      }
      throw e;
    }
  }

  @Override
  public FileStatus setAttributes(long inode, AttributeChange change) throws CairnException {
    SetAttributes.Builder set = SetAttributes.newBuilder().setTarget(node(inode)).setNoFollow(true);
    Conversions.put(change, set);
    if (parts.files().isDirty(inode)) {
      // Explicit times must not be overtaken by what was written before.
      var unused = parts.files().flush(inode);
    }
    return status(mutate(Operation.newBuilder().setSetAttributes(set)).getAttributes());
  }

  @Override
  public OptionalLong setAttributesLater(long inode, AttributeChange change) throws CairnException {
    SetAttributes.Builder set = SetAttributes.newBuilder().setTarget(node(inode)).setNoFollow(true);
    Conversions.put(change, set);
    Operation.Builder operation = Operation.newBuilder().setSetAttributes(set);
    behalf.ifPresent(operation::setOnBehalf);
    return parts.files().changeAttributesLater(inode, operation.build());
  }

  @Override
  public FileStatus truncate(long inode, long length) throws CairnException {
    if (length < 0) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "inode=" + inode + ": negative length " + length);
    }
    var unused = parts.files().flush(inode);
    SetLength cut = SetLength.newBuilder().setFile(file(inode)).setLength(length).build();
    RangeResult result;
    try {
      do {
        result = mutate(Operation.newBuilder().setSetLength(cut)).getRange();
      } while (result.getUntil() > length);
    } catch (CairnException e) {
      if (e.code() == ErrorCode.CONTENT_CHANGED) {
        return truncateOpened(inode, length);
      }
      throw e;
    }
    parts.files().outdate(inode);
    return status(result.getAttributes());
  }

  /** Tiny content that becomes too long for the metadata has to be moved by a writer. */
  private FileStatus truncateOpened(long inode, long length) throws CairnException {
    OpenOptions writing = OpenOptions.forWriting();
    try (ConnectedFile file = parts.files().openNode(node(inode), behalf, writing).file()) {
      file.truncate(length);
      return file.status();
    }
  }

  private FileRef file(long inode) {
    return FileRef.newBuilder().setTarget(node(inode)).build();
  }

  @Override
  public FileStatus mkdir(long directory, byte[] name, int mode, int umask) throws CairnException {
    Mkdir mkdir =
        Mkdir.newBuilder().setTarget(node(directory, name)).setMode(mode).setUmask(umask).build();
    return status(name, mutate(Operation.newBuilder().setMkdir(mkdir)).getAttributes());
  }

  @Override
  public FileStatus makeNode(
      long directory, byte[] name, FileType type, int mode, int umask, int device)
      throws CairnException {
    MakeNode node =
        MakeNode.newBuilder()
            .setTarget(node(directory, name))
            .setType(Conversions.type(type))
            .setMode(mode)
            .setUmask(umask)
            .setDevice(device)
            .build();
    return status(name, mutate(Operation.newBuilder().setMakeNode(node)).getAttributes());
  }

  @Override
  public FileStatus symlink(byte[] target, long directory, byte[] name) throws CairnException {
    Symlink symlink =
        Symlink.newBuilder()
            .setTarget(ByteString.copyFrom(target))
            .setLink(node(directory, name))
            .build();
    return status(name, mutate(Operation.newBuilder().setSymlink(symlink)).getAttributes());
  }

  @Override
  public byte[] readLink(long inode) throws CairnException {
    Attributes attributes = attributes(node(inode), 0);
    if (!status(attributes).isSymlink()) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, "inode=" + inode + " is not a symlink");
    }
    return attributes.getSymlinkTarget().toByteArray();
  }

  @Override
  public FileStatus link(long inode, long directory, byte[] name) throws CairnException {
    parts.files().changeLaterAttributes(inode);
    Link link = Link.newBuilder().setExisting(node(inode)).setLink(node(directory, name)).build();
    return status(name, mutate(Operation.newBuilder().setLink(link)).getAttributes());
  }

  @Override
  public void unlink(long directory, byte[] name) throws CairnException {
    Unlink unlink = Unlink.newBuilder().setTarget(node(directory, name)).build();
    mutate(Operation.newBuilder().setUnlink(unlink));
  }

  @Override
  public void rmdir(long directory, byte[] name) throws CairnException {
    Rmdir rmdir = Rmdir.newBuilder().setTarget(node(directory, name)).build();
    mutate(Operation.newBuilder().setRmdir(rmdir));
  }

  @Override
  public FileStatus rename(
      long directory,
      byte[] name,
      long newDirectory,
      byte[] newName,
      CairnFileSystem.RenameMode mode)
      throws CairnException {
    Rename rename =
        Rename.newBuilder()
            .setSource(node(directory, name))
            .setTarget(node(newDirectory, newName))
            .setMode(Conversions.renameMode(mode))
            .build();
    OperationResult result = mutate(Operation.newBuilder().setRename(rename));
    return status(newName, result.getRename().getAttributes());
  }

  @Override
  public void setXattr(long inode, String name, byte[] value, CairnFileSystem.XattrMode mode)
      throws CairnException {
    parts.files().changeLaterAttributes(inode);
    SetXattr set =
        SetXattr.newBuilder()
            .setTarget(node(inode))
            .setName(ByteString.copyFromUtf8(name))
            .setValue(ByteString.copyFrom(value))
            .setMode(Conversions.xattrMode(mode))
            .setNoFollow(true)
            .build();
    mutate(Operation.newBuilder().setSetXattr(set));
  }

  @Override
  public void removeXattr(long inode, String name) throws CairnException {
    parts.files().changeLaterAttributes(inode);
    RemoveXattr remove =
        RemoveXattr.newBuilder()
            .setTarget(node(inode))
            .setName(ByteString.copyFromUtf8(name))
            .setNoFollow(true)
            .build();
    mutate(Operation.newBuilder().setRemoveXattr(remove));
  }

  @Override
  public byte[] xattr(long inode, String name) throws CairnException {
    GetXattrs.Builder get = GetXattrs.newBuilder().addNames(ByteString.copyFromUtf8(name));
    return xattrs(inode, get).getAttributes(0).getValue().toByteArray();
  }

  @Override
  public List<String> xattrNames(long inode) throws CairnException {
    return xattrs(inode, GetXattrs.newBuilder().setWithoutValues(true)).getAttributesList().stream()
        .map(each -> each.getName().toStringUtf8())
        .toList();
  }

  private XattrsResult xattrs(long inode, GetXattrs.Builder get) throws CairnException {
    parts.files().changeLaterAttributes(inode);
    get.setTarget(node(inode)).setNoFollow(true);
    return read(ReadRequest.newBuilder().setXattrs(get)).getXattrs();
  }

  @Override
  public List<AclEntry> acl(long inode) throws CairnException {
    parts.files().changeLaterAttributes(inode);
    GetAcl get = GetAcl.newBuilder().setTarget(node(inode)).build();
    return Conversions.aclEntries(
        read(ReadRequest.newBuilder().setAcl(get)).getAcl().getEntriesList());
  }

  @Override
  public FileStatus setAcl(long inode, AclChange change) throws CairnException {
    SetAcl.Builder set = SetAcl.newBuilder().setTarget(node(inode));
    Conversions.put(change, set);
    // Which set-id bits a write takes depends on the mode, which an ACL changes.
    var unused = parts.files().flush(inode);
    return status(mutate(Operation.newBuilder().setSetAcl(set)).getAttributes());
  }

  @Override
  public Opened open(long inode, OpenOptions options) throws CairnException {
    parts.files().changeLaterAttributes(inode);
    OpenFiles.Node opened = parts.files().openNode(node(inode), behalf, options);
    return new Opened(status(opened.attributes()), opened.file());
  }

  @Override
  public Opened create(long directory, byte[] name, OpenOptions options, int umask)
      throws CairnException {
    OpenFiles.Node made = parts.files().createNode(node(directory, name), umask, behalf, options);
    return new Opened(status(name, made.attributes()), made.file());
  }

  private LockAsk ask(Lock lock) {
    return new LockAsk(
        file(lock.inode()), lock.owner(), scope(lock), mode(lock), lock.start(), lock.length());
  }

  private static LockScope scope(Lock lock) {
    return switch (lock.scope()) {
      case WHOLE_FILE -> LockScope.WHOLE_FILE;
      case BYTE_RANGE -> LockScope.BYTE_RANGE;
    };
  }

  private static LockMode mode(Lock lock) {
    return switch (lock.mode()) {
      case SHARED -> LockMode.SHARED_LOCK;
      case EXCLUSIVE -> LockMode.EXCLUSIVE_LOCK;
    };
  }

  @Override
  public boolean lock(Lock lock, boolean wait) throws CairnException {
    return parts.locks().takeUnwatched(ask(lock), wait);
  }

  @Override
  public void lockUnsearched(Lock lock) throws CairnException {
    parts.locks().takeUnsearched(ask(lock));
  }

  @Override
  public boolean isOurs(LockHolder holder) throws CairnException {
    return holder.session() == parts.environment().await(parts.sessions().session()).id().value();
  }

  @Override
  public void unlock(Lock lock) throws CairnException {
    parts.locks().unlock(ask(lock), lock.inode());
  }

  @Override
  public Optional<LockHolder> conflicting(Lock lock) throws CairnException {
    TestLock.Builder test =
        TestLock.newBuilder()
            .setFile(file(lock.inode()))
            .setSession(parts.environment().await(parts.sessions().session()).id().value())
            .setOwner(lock.owner())
            .setScope(scope(lock))
            .setMode(mode(lock))
            .setStart(lock.start())
            .setLength(lock.length());
    LocksResult found =
        parts
            .environment()
            .await(parts.metadata().read(ReadRequest.newBuilder().setTestLock(test)))
            .getLocks();
    return found.getHeldList().stream().findFirst().map(Conversions::lockHolder);
  }

  @Override
  public void releaseLocks(long inode, long owner) throws CairnException {
    parts.locks().releaseAll(owner, inode);
  }
}
