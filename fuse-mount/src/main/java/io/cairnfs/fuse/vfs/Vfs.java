package io.cairnfs.fuse.vfs;

import io.cairnfs.client.AclChange;
import io.cairnfs.client.AclEntry;
import io.cairnfs.client.AttributeChange;
import io.cairnfs.client.CairnFile;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.RenameMode;
import io.cairnfs.client.CairnFileSystem.XattrMode;
import io.cairnfs.client.CairnNodes;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.FileSystemStatus;
import io.cairnfs.client.FileType;
import io.cairnfs.client.OpenOptions;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file system as a kernel asks for it: one method for each of its questions. Refusals are
 * {@link CairnException}s, whose code has an errno, and {@link Errno}s. Any thread.
 */
public final class Vfs {
  private static final Logger LOG = LoggerFactory.getLogger(Vfs.class);
  private static final int PERMISSION_BITS = 07777;

  /** Without the set-id and the sticky bits. */
  private static final int ACCESS_BITS = 0777;

  /** The kernel asks for it with every first write; nothing here is executed with capabilities. */
  private static final String CAPABILITIES = "security.capability";

  /**
   * Labels are the kernel's own matter on a mount like this; {@code ls -l} asks for the label of
   * every file unless it is told so.
   */
  private static final String LABEL = "security.selinux";

  private final CairnFileSystem client;
  private final CairnNodes nodes;
  private final Identities identities;
  private final VfsOptions options;
  private final AttributeMapping mapping;
  private final Handles handles = new Handles();
  private final KernelCaches caches;
  private final LockAccounts locks;
  private final LookAhead ahead;
  private final DirectoryMemory directories;
  private final Clock clock;
  private final boolean rootIsClient;

  /**
   * @param clientUser whom the client's calls belong to
   * @param caches told what they may not answer any more
   */
  public Vfs(
      CairnFileSystem client,
      String clientUser,
      Identities identities,
      VfsOptions options,
      KernelCaches caches,
      Clock clock) {
    this.client = client;
    this.nodes =
        options.naming() == VfsOptions.Naming.LEASED ? client.leasingNodes() : client.nodes();
    this.identities = identities;
    this.options = options;
    this.mapping = new AttributeMapping(options, identities, clock);
    this.caches = caches;
    this.locks = new LockAccounts(nodes, handles, caches);
    this.ahead = new LookAhead(clock);
    this.directories = new DirectoryMemory(clock);
    this.clock = clock;
    this.rootIsClient = identities.userName(0).equals(clientUser);
  }

  /** The file system with the rights of whoever asks. */
  private CairnNodes acting(Caller caller) {
    boolean isClient = caller.uid() == 0 && caller.gid() == 0 && rootIsClient;
    if (options.acting() == VfsOptions.Acting.CLIENT || isClient) {
      return nodes;
    }
    return nodes.onBehalf(identities.userName(caller.uid()), identities.groupNames(caller));
  }

  private long inode(long node) {
    return mapping.inode(node);
  }

  /**
   * What a node is like.
   *
   * @param age of what is said, below what was asked for
   */
  public record Found(NodeAttributes attributes, Duration age) {}

  /**
   * What stands under the name.
   *
   * @param oldest the answer may be younger than that; zero = as it is now
   */
  public Found lookup(Caller caller, long parent, byte[] name, Duration oldest)
      throws CairnException {
    long directory = inode(parent);
    Optional<LookAhead.Found> listed =
        ahead
            .find(directory, name, oldest)
            .filter(found -> !mapping.memory().isOlderThanTold(found.status()));
    if (listed.isPresent()) {
      Duration age = listed.get().age();
      return new Found(mapping.of(listed.get().status(), age), age);
    }
    CairnNodes acting = acting(caller);
    long asOf = ahead.count();
    FileStatus status = acting.lookup(directory, name);
    if (!oldest.isZero()) {
      ahead.lookedUp(acting, directory, status, asOf);
    }
    return new Found(mapping.of(status), Duration.ZERO);
  }

  /**
   * What stands under the name, as it is now, whoever asks: where the kernel has let the caller
   * through, and may have forgotten by which way he came.
   */
  public NodeAttributes find(long parent, byte[] name) throws CairnException {
    FileStatus found = nodes.lookup(inode(parent), name);
    // What was written meanwhile may not be in it.
    return mapping.of(handles.isOpen(found.inode()) ? nodes.stat(found.inode()) : found);
  }

  /** Something that may change files is about to be done, or has just been done. */
  public void changing() {
    ahead.changed();
    directories.changed();
  }

  /** As {@link #changing()}, to this file alone. */
  public void changing(long node) {
    ahead.changed(inode(node));
  }

  /** As {@link #changing()}, to the attributes of this node alone. */
  public void changingAttributes(long node) {
    ahead.changed(inode(node));
    directories.changed(inode(node));
  }

  /** As {@link #changing()}, to a directory and what a name leads to in it that led nowhere. */
  public void changing(long directory, byte[] name) {
    ahead.changed(inode(directory), name);
  }

  /** As {@link #changing()}, to a directory that loses the name of a file, and to this file. */
  public void removing(long directory, byte[] name) {
    ahead.removed(inode(directory), name);
    directories.changed(inode(directory));
  }

  /** Also of a file that has no name any more, while somebody has it open. */
  public NodeAttributes attributes(Caller caller, long node) throws CairnException {
    return nodeAttributes(node);
  }

  /** Nothing but a name is needed for them, and that was found before. */
  public NodeAttributes nodeAttributes(long node) throws CairnException {
    return attributes(node, Duration.ZERO).attributes();
  }

  /**
   * Takes set-id bits of a file, whoever is the cause: the kernel asks in the name of who writes.
   *
   * @param bits to be taken
   */
  public void dropSetId(long node, int bits) throws CairnException {
    handles.changed(inode(node));
    int mode = nodes.stat(inode(node)).mode();
    AttributeChange change = AttributeChange.none().mode(mode & ~(bits & LinuxFlags.SET_ID));
    mapping.memory().tell(nodes.setAttributes(inode(node), change));
  }

  /**
   * As {@link #nodeAttributes}.
   *
   * @param oldest the answer may be younger than that; zero = as it is now
   */
  public Found attributes(long node, Duration oldest) throws CairnException {
    Optional<DirectoryMemory.Found> known = directories.find(inode(node), oldest);
    if (known.isPresent()) {
      Duration age = known.get().age();
      return new Found(mapping.of(known.get().status(), age), age);
    }
    long asOf = directories.count();
    long askedNanos = clock.monotonicNanos();
    // Nothing but a name is needed, and that was found before.
    FileStatus status = nodes.stat(inode(node));
    directories.learn(status, asOf, askedNanos);
    return new Found(mapping.of(status), Duration.ZERO);
  }

  /**
   * Attributes after a change.
   *
   * @param isDone false where the cluster hears of it with what was written to the file: what it
   *     makes of it is to be asked
   */
  public record Changed(NodeAttributes attributes, boolean isDone) {}

  /** Length first, since that changes times and mode, too. */
  public NodeAttributes setAttributes(Caller caller, long node, AttributeRequest request)
      throws CairnException, IOException, Errno {
    return setAttributes(caller, node, request, Duration.ZERO).attributes();
  }

  /**
   * As {@link #setAttributes(Caller, long, AttributeRequest)}.
   *
   * @param oldest what others know of attributes may be as old; zero = never
   */
  public Changed setAttributes(Caller caller, long node, AttributeRequest request, Duration oldest)
      throws CairnException, IOException, Errno {
    Optional<NodeAttributes> later =
        oldest.isZero() ? Optional.empty() : setLater(caller, node, request);
    if (later.isPresent()) {
      return new Changed(later.get(), false);
    }
    handles.changed(inode(node));
    return new Changed(setNow(caller, node, request), true);
  }

  /**
   * Whoever unpacks a file makes it, writes it, and gives it its times, its owner and its mode,
   * before he closes it: that becomes one change of a file that was made here, and that is open
   * since. Not where it might be refused, or takes rights away that somebody could use meanwhile.
   */
  private Optional<NodeAttributes> setLater(Caller caller, long node, AttributeRequest request)
      throws CairnException {
    Optional<OpenNode> maker =
        request.size().isPresent() || options.directIo()
            ? Optional.empty()
            : handles.maker(inode(node));
    if (maker.isEmpty()) {
      return Optional.empty();
    }
    OpenNode open = maker.get();
    synchronized (open) {
      Optional<FileStatus> made = open.made();
      AttributeChange change = change(request);
      boolean may =
          made.isPresent()
              && caller.uid() == open.madeBy()
              && !change.equals(AttributeChange.none())
              && mayChangeLater(caller, made.get(), request);
      if (!may) {
        return Optional.empty();
      }
      OptionalLong length = acting(caller).setAttributesLater(open.inode(), change);
      if (length.isEmpty()) {
        return Optional.empty();
      }
      FileStatus changed = mapping.changed(made.get(), change, length.getAsLong());
      open.setMade(Optional.of(changed));
      return Optional.of(mapping.of(changed));
    }
  }

  private boolean mayChangeLater(Caller caller, FileStatus made, AttributeRequest request) {
    int mode = request.mode().orElse(made.mode()) & PERMISSION_BITS;
    boolean superuser =
        options.acting() == VfsOptions.Acting.CALLERS && caller.uid() == 0 && rootIsClient;
    boolean owner =
        made.owner().equals(identities.userName(caller.uid()))
            && request.uid().isEmpty()
            && request.gid().isEmpty();
    return (superuser || owner)
        && !made.hasAcl()
        && (made.mode() | mode) <= ACCESS_BITS
        && (mode & made.mode()) == made.mode();
  }

  private AttributeChange change(AttributeRequest request) {
    AttributeChange change = AttributeChange.none();
    if (request.uid().isPresent()) {
      change = change.owner(identities.userName(request.uid().getAsInt()));
    }
    if (request.gid().isPresent()) {
      change = change.group(identities.groupName(request.gid().getAsInt()));
    }
    if (request.accessedNanos().isPresent()) {
      change = change.accessTimeNanos(request.accessedNanos().getAsLong());
    }
    if (request.modifiedNanos().isPresent()) {
      change = change.modificationTimeNanos(request.modifiedNanos().getAsLong());
    }
    if (request.mode().isPresent()) {
      change = change.mode(request.mode().getAsInt() & PERMISSION_BITS);
    }
    return change;
  }

  private NodeAttributes setNow(Caller caller, long node, AttributeRequest request)
      throws CairnException, IOException, Errno {
    CairnNodes acting = acting(caller);
    if (request.size().isPresent()) {
      setSize(caller, acting, node, request);
    }
    AttributeChange change = change(request);
    boolean chowns = request.uid().isPresent() || request.gid().isPresent();
    if (chowns && request.mode().isEmpty() && !mapping.memory().isKnownWithoutSetId(inode(node))) {
      // Linux takes the bits from the superuser's files, too.
      change = withoutSetId(caller, change, nodes.stat(inode(node)));
    }
    if (change.equals(AttributeChange.none())) {
      return attributes(caller, node);
    }
    return mapping.of(acting.setAttributes(inode(node), change));
  }

  private void setSize(Caller caller, CairnNodes acting, long node, AttributeRequest request)
      throws CairnException, IOException, Errno {
    long size = request.size().getAsLong();
    OptionalLong handle = request.handle();
    OpenNode open = handle.isPresent() ? handles.file(handle.getAsLong()) : null;
    if (open != null && open.isWritable()) {
      open.file().truncate(size);
    } else {
      FileStatus unused = acting.truncate(inode(node), size);
    }
    if (request.killSetId()) {
      killSetId(caller, inode(node));
    }
  }

  /**
   * As Linux' setattr_should_drop_sgid: the group's bit stays for its members if it means nothing.
   */
  private AttributeChange withoutSetId(Caller caller, AttributeChange change, FileStatus status) {
    int mode = status.mode();
    int kept = mode & ~LinuxFlags.S_ISUID;
    boolean groupBit = (mode & LinuxFlags.S_ISGID) != 0;
    if (groupBit && ((mode & LinuxFlags.S_IXGRP) != 0 || !isOfTheGroup(caller, status))) {
      kept &= ~LinuxFlags.S_ISGID;
    }
    boolean runs = status.isFile() || status.isSpecial();
    return runs && kept != mode ? change.mode(kept) : change;
  }

  private boolean isOfTheGroup(Caller caller, FileStatus status) {
    return caller.uid() == 0
        || identities.groupNames(caller).contains(identities.groupName(mapping.gid(status)));
  }

  /**
   * Whoever writes a program does not lend it its owner's rights. The kernel does not think that a
   * write changes the mode.
   */
  private void killSetId(Caller caller, long inode) throws CairnException {
    FileStatus status = nodes.stat(inode);
    AttributeChange change = withoutSetId(caller, AttributeChange.none(), status);
    if (!change.equals(AttributeChange.none())) {
      status = nodes.setAttributes(inode, change);
      caches.forgetAttributes(mapping.node(inode));
    }
    mapping.memory().learn(status);
  }

  public byte[] readLink(Caller caller, long node) throws CairnException {
    return nodes.readLink(inode(node));
  }

  public NodeAttributes symlink(Caller caller, long parent, byte[] name, byte[] target)
      throws CairnException {
    return named(
        directories.naming(inode(parent)), acting(caller).symlink(target, inode(parent), name));
  }

  /**
   * What mknod(2) is to make.
   *
   * @param mode with the type
   * @param device of a device
   */
  public record NewNode(int mode, int umask, int device) {}

  public NodeAttributes makeNode(Caller caller, long parent, byte[] name, NewNode made)
      throws CairnException, IOException, Errno {
    return switch (made.mode() & LinuxFlags.S_IFMT) {
      case 0, LinuxFlags.S_IFREG -> makeFile(caller, parent, name, made);
      case LinuxFlags.S_IFIFO -> makeSpecial(caller, parent, name, FileType.FIFO, made);
      case LinuxFlags.S_IFSOCK -> makeSpecial(caller, parent, name, FileType.SOCKET, made);
      case LinuxFlags.S_IFCHR -> makeSpecial(caller, parent, name, FileType.CHARACTER_DEVICE, made);
      case LinuxFlags.S_IFBLK -> makeSpecial(caller, parent, name, FileType.BLOCK_DEVICE, made);
      default -> throw new Errno(Errno.EINVAL, "mode " + Integer.toOctalString(made.mode()));
    };
  }

  private NodeAttributes makeFile(Caller caller, long parent, byte[] name, NewNode made)
      throws CairnException, IOException {
    OpenOptions creation =
        OpenOptions.forWriting().createNew().withMode(made.mode() & PERMISSION_BITS);
    DirectoryMemory.Naming naming = directories.naming(inode(parent));
    CairnNodes.Opened opened = acting(caller).create(inode(parent), name, creation, made.umask());
    opened.file().close();
    return named(naming, opened.status());
  }

  /** What has got its name just now. */
  private NodeAttributes named(DirectoryMemory.Naming naming, FileStatus status) {
    naming.done(status.changeTimeNanos());
    return mapping.of(status);
  }

  private NodeAttributes makeSpecial(
      Caller caller, long parent, byte[] name, FileType type, NewNode made) throws CairnException {
    boolean isDevice = type == FileType.CHARACTER_DEVICE || type == FileType.BLOCK_DEVICE;
    return named(
        directories.naming(inode(parent)),
        acting(caller)
            .makeNode(
                inode(parent),
                name,
                type,
                made.mode() & PERMISSION_BITS,
                made.umask(),
                isDevice ? made.device() : 0));
  }

  public NodeAttributes makeDirectory(Caller caller, long parent, byte[] name, int mode, int umask)
      throws CairnException {
    return mapping.of(acting(caller).mkdir(inode(parent), name, mode & PERMISSION_BITS, umask));
  }

  public void unlink(Caller caller, long parent, byte[] name) throws CairnException {
    acting(caller).unlink(inode(parent), name);
  }

  public void removeDirectory(Caller caller, long parent, byte[] name) throws CairnException {
    acting(caller).rmdir(inode(parent), name);
  }

  /**
   * @param flags of renameat2(2)
   */
  public void rename(
      Caller caller, long parent, byte[] name, long newParent, byte[] newName, int flags)
      throws CairnException, Errno {
    RenameMode mode =
        switch (flags) {
          case 0 -> RenameMode.REPLACE;
          case LinuxFlags.RENAME_NOREPLACE -> RenameMode.NO_REPLACE;
          case LinuxFlags.RENAME_EXCHANGE -> RenameMode.EXCHANGE;
          default -> throw new Errno(Errno.EINVAL, "rename flags " + flags);
        };
    FileStatus unused = acting(caller).rename(inode(parent), name, inode(newParent), newName, mode);
  }

  public NodeAttributes link(Caller caller, long node, long parent, byte[] name)
      throws CairnException {
    handles.changed(inode(node));
    return named(
        directories.naming(inode(parent)), acting(caller).link(inode(node), inode(parent), name));
  }

  /**
   * A file that was opened.
   *
   * @param direct reads and writes are not to go through the kernel's cache
   * @param keepPages what the kernel has of the file's content is good
   */
  public record Opened(long handle, boolean direct, boolean keepPages) {}

  /** A file that was made and opened. */
  public record Created(NodeAttributes attributes, Opened opened) {}

  private static OpenOptions opening(int flags) {
    OpenOptions opening =
        switch (flags & LinuxFlags.O_ACCMODE) {
          case LinuxFlags.O_WRONLY -> OpenOptions.forWriting();
          case LinuxFlags.O_RDWR -> OpenOptions.forReadingAndWriting();
          default -> OpenOptions.forReading();
        };
    boolean synchronous = (flags & LinuxFlags.O_DSYNC) != 0;
    return opening.write() && synchronous ? opening.syncingWrites() : opening;
  }

  private OpenOptions freshness(OpenOptions opening) {
    return options.directIo() ? opening.withFreshness(OpenOptions.Freshness.EACH_READ) : opening;
  }

  public Opened open(Caller caller, long node, int flags) throws CairnException {
    OpenOptions opening = freshness(opening(flags));
    if (opening.write() && (flags & LinuxFlags.O_TRUNC) != 0) {
      opening = opening.truncating();
    }
    CairnNodes acting = acting(caller);
    if ((flags & LinuxFlags.FMODE_EXEC) != 0) {
      // The right to execute is enough to have it read by the kernel.
      FileStatus unused = acting.access(inode(node), 1);
      acting = nodes;
    }
    CairnNodes.Opened open = acting.open(inode(node), opening);
    boolean hasSetId = (open.status().mode() & LinuxFlags.SET_ID) != 0;
    if (opening.truncate() && hasSetId && caller.uid() != 0) {
      killSetId(caller, open.status().inode());
    }
    boolean outdated = mapping.memory().isOutdated(open.status());
    if (outdated || opening.truncate()) {
      caches.forgetAttributes(node);
      ahead.changed(inode(node));
    }
    return opened(open, flags, mapping.memory().isKept(open.status()) && !opening.truncate());
  }

  private Opened opened(CairnNodes.Opened open, int flags, boolean keepPages) {
    boolean append = (flags & LinuxFlags.O_APPEND) != 0;
    boolean writable = (flags & LinuxFlags.O_ACCMODE) != 0;
    long handle =
        handles.add(new OpenNode(open.status().inode(), open.file(), writable, append && writable));
    // Where appended bytes land only the cluster knows: the kernel must not keep them as it thinks.
    return new Opened(handle, options.directIo() || (append && writable), keepPages);
  }

  /** Makes a file, or opens the one that somebody else has made meanwhile. */
  public Created create(Caller caller, long parent, byte[] name, int mode, int umask, int flags)
      throws CairnException, Errno {
    OpenOptions creation = freshness(opening(flags)).createNew().withMode(mode & PERMISSION_BITS);
    CairnNodes acting = acting(caller);
    DirectoryMemory.Naming naming = directories.naming(inode(parent));
    try {
      CairnNodes.Opened made = acting.create(inode(parent), name, creation, umask);
      Opened opened = opened(made, flags, false);
      handles.file(opened.handle()).make(made.status(), caller);
      naming.done(made.status().changeTimeNanos());
      return new Created(mapping.of(made.status()), opened);
    } catch (CairnException e) {
      if (e.code() != ErrorCode.EXISTS || (flags & LinuxFlags.O_EXCL) != 0) {
        throw e;
      }
    }
    FileStatus found = acting.lookup(inode(parent), name);
    if (!found.isFile()) {
      throw new Errno(Errno.ESTALE, "a " + found.type() + " has got the name meanwhile");
    }
    Opened opened = open(caller, mapping.node(found.inode()), flags);
    return new Created(mapping.of(found), opened);
  }

  /**
   * Reads into the buffer until it is full or the file ends.
   *
   * @return bytes read
   */
  public int read(long handle, long offset, ByteBuffer target) throws IOException, Errno {
    CairnFile file = handles.file(handle).file();
    int start = target.position();
    while (target.hasRemaining()) {
      if (file.read(offset + target.position() - start, target) < 0) {
        break;
      }
    }
    return target.position() - start;
  }

  /**
   * Writes all of the buffer.
   *
   * @param fromCache the kernel writes back what a program has mapped: at the offset, also where
   *     the file was opened to append
   * @param kill the writer may not keep set-id bits
   */
  public void write(
      Caller caller, long handle, long offset, ByteBuffer source, boolean fromCache, boolean kill)
      throws IOException, Errno {
    OpenNode open = handles.file(handle);
    if (!open.isWritable()) {
      throw new Errno(Errno.EBADF, "handle " + handle + " is for reading");
    }
    if (kill && !mapping.memory().isKnownWithoutSetId(open.inode())) {
      killSetId(caller, open.inode());
    }
    if (open.appends() && !fromCache) {
      long unused = open.file().append(source);
    } else {
      int unused = open.file().write(offset, source);
    }
  }

  /** A program closes a descriptor: whatever was written is part of the file, or refused now. */
  public void flush(long handle, long lockOwner) throws IOException, Errno {
    OpenNode open = handles.file(handle);
    try {
      if (open.isWritable()) {
        open.file().flush();
      }
    } finally {
      locks.closed(open.inode(), lockOwner);
    }
  }

  public void sync(long handle) throws IOException, Errno {
    OpenNode open = handles.file(handle);
    open.file().sync();
    nodes.sync(open.inode());
  }

  /** The last descriptor was closed. What fails was reported by {@link #flush} already. */
  public void release(long handle) throws IOException, Errno {
    OpenNode open = handles.removeFile(handle);
    try {
      locks.released(handle);
    } finally {
      open.file().close();
    }
  }

  public long openDirectory(Caller caller, long node) throws CairnException {
    CairnNodes acting = acting(caller);
    FileStatus unused = acting.access(inode(node), 4);
    return handles.add(new DirectoryStream(acting, inode(node), mapping::of));
  }

  /** Offers entries behind the cookie until one is not taken. */
  public void readDirectory(long handle, long cookie, Predicate<DirectoryEntry> taker)
      throws CairnException, Errno {
    handles.directory(handle).read(cookie, taker);
  }

  /** Names are durable as soon as they are made, where nothing is deferred. */
  public void syncDirectory(long node) throws CairnException {
    nodes.sync(inode(node));
  }

  public void releaseDirectory(long handle) {
    handles.removeDirectory(handle);
  }

  public FileSystemStatus statistics() throws CairnException {
    return client.status();
  }

  private static String xattrName(byte[] name) throws Errno {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(name)).toString();
    } catch (CharacterCodingException e) {
      throw new Errno(Errno.EINVAL, "the attribute's name is not UTF-8: " + e.getMessage());
    }
    if (text.startsWith("system.") && aclScope(text).isEmpty()) {
      throw new Errno(Errno.EOPNOTSUPP, text + " is not built");
    }
    return text;
  }

  /** Which ACL an attribute stands for, if it does. */
  private static Optional<AclEntry.Scope> aclScope(String name) {
    return switch (name) {
      case AclValues.ACCESS -> Optional.of(AclEntry.Scope.ACCESS);
      case AclValues.DEFAULT -> Optional.of(AclEntry.Scope.DEFAULT);
      default -> Optional.empty();
    };
  }

  private byte[] acl(long node, AclEntry.Scope scope) throws CairnException, Errno {
    List<AclEntry> entries = List.of();
    if (!mapping.memory().isKnownWithoutAcl(inode(node))) {
      entries = nodes.acl(inode(node)).stream().filter(entry -> entry.scope() == scope).toList();
    }
    boolean saysMore =
        scope == AclEntry.Scope.DEFAULT
            ? !entries.isEmpty()
            : entries.stream().anyMatch(entry -> entry.tag() == AclEntry.Tag.MASK);
    if (!saysMore) {
      throw new Errno(Errno.ENODATA, "inode=" + inode(node) + " has no such ACL");
    }
    return AclValues.encode(entries, identities);
  }

  private void setAcl(CairnNodes acting, long node, AclEntry.Scope scope, byte[] value)
      throws CairnException, Errno {
    List<AclEntry> entries = AclValues.decode(value, scope, identities);
    boolean ends = entries.isEmpty() && scope == AclEntry.Scope.DEFAULT;
    AclChange change = ends ? AclChange.removeDefault() : AclChange.replace(entries);
    handles.changed(inode(node));
    mapping.memory().tell(acting.setAcl(inode(node), change));
  }

  /** Only the mode stays of an access ACL. */
  private void removeAcl(CairnNodes acting, long node, AclEntry.Scope scope) throws CairnException {
    AclChange change = AclChange.removeDefault();
    handles.changed(inode(node));
    if (scope == AclEntry.Scope.ACCESS) {
      int mode = nodes.stat(inode(node)).mode();
      change =
          AclChange.replace(
              List.of(
                  new AclEntry(scope, AclEntry.Tag.USER, "", mode >> 6 & 7),
                  new AclEntry(scope, AclEntry.Tag.GROUP, "", mode >> 3 & 7),
                  new AclEntry(scope, AclEntry.Tag.OTHER, "", mode & 7)));
    }
    mapping.memory().tell(acting.setAcl(inode(node), change));
  }

  public void setXattr(Caller caller, long node, byte[] name, byte[] value, int flags)
      throws CairnException, Errno {
    String text = xattrName(name);
    if (text.equals(CAPABILITIES) || text.equals(LABEL)) {
      throw new Errno(Errno.EOPNOTSUPP, text + " is not kept here");
    }
    Optional<AclEntry.Scope> scope = aclScope(text);
    if (scope.isPresent()) {
      setAcl(acting(caller), node, scope.get(), value);
      return;
    }
    XattrMode mode =
        switch (flags) {
          case 0 -> XattrMode.SET;
          case LinuxFlags.XATTR_CREATE -> XattrMode.CREATE;
          case LinuxFlags.XATTR_REPLACE -> XattrMode.REPLACE;
          default -> throw new Errno(Errno.EINVAL, "setxattr flags " + flags);
        };
    acting(caller).setXattr(inode(node), text, value, mode);
  }

  public byte[] xattr(Caller caller, long node, byte[] name) throws CairnException, Errno {
    String text = xattrName(name);
    if (text.equals(CAPABILITIES)) {
      throw new Errno(Errno.ENODATA, text);
    }
    if (text.equals(LABEL)) {
      throw new Errno(Errno.EOPNOTSUPP, text + " is not kept here");
    }
    Optional<AclEntry.Scope> scope = aclScope(text);
    if (scope.isPresent()) {
      return acl(node, scope.get());
    }
    return acting(caller).xattr(inode(node), text);
  }

  public List<byte[]> xattrNames(Caller caller, long node) throws CairnException {
    List<byte[]> names = new ArrayList<>();
    acting(caller)
        .xattrNames(inode(node))
        .forEach(name -> names.add(name.getBytes(StandardCharsets.UTF_8)));
    return names;
  }

  public void removeXattr(Caller caller, long node, byte[] name) throws CairnException, Errno {
    String text = xattrName(name);
    Optional<AclEntry.Scope> scope = aclScope(text);
    if (scope.isPresent()) {
      removeAcl(acting(caller), node, scope.get());
    } else {
      acting(caller).removeXattr(inode(node), text);
    }
  }

  /**
   * @param rights a sum of 4, 2 and 1
   */
  public void access(Caller caller, long node, int rights) throws CairnException {
    FileStatus unused = acting(caller).access(inode(node), rights & 7);
  }

  /** A lock that is in the way: of {@code UNLOCK} if there is none. */
  public LockRequest conflicting(LockRequest request) throws CairnException {
    return locks.conflicting(inode(request.node()), request);
  }

  /**
   * Takes, changes or gives up a lock. What this mount has written is part of the file before
   * others can have the lock; what others have written is seen by whoever got it.
   *
   * @param wait until it is to be had; an interrupt of the thread ends that with EINTR
   */
  public void lock(LockRequest request, boolean wait) throws IOException, Errno {
    try {
      locks.set(inode(request.node()), request, wait);
    } finally {
      // What others have written under the lock is seen from now on.
      changing();
    }
  }

  /**
   * The kernel does not say here whether the caller may keep set-id bits, as it does with writes.
   *
   * @param mode of fallocate(2)
   */
  public void allocate(Caller caller, long handle, long offset, long length, int mode)
      throws IOException, Errno {
    OpenNode open = handles.file(handle);
    if (!open.isWritable()) {
      throw new Errno(Errno.EBADF, "handle " + handle + " is for reading");
    }
    if (caller.uid() != 0 && !mapping.memory().isKnownWithoutSetId(open.inode())) {
      killSetId(caller, open.inode());
    }
    CairnFile file = open.file();
    switch (mode) {
      case 0 -> file.allocate(offset, length, CairnFile.Allocate.GROW);
      case LinuxFlags.FALLOC_KEEP_SIZE ->
          file.allocate(offset, length, CairnFile.Allocate.KEEP_LENGTH);
      case LinuxFlags.FALLOC_KEEP_SIZE | LinuxFlags.FALLOC_PUNCH_HOLE,
          LinuxFlags.FALLOC_KEEP_SIZE | LinuxFlags.FALLOC_ZERO_RANGE ->
          file.punchHole(offset, length);
      case LinuxFlags.FALLOC_ZERO_RANGE -> {
        file.punchHole(offset, length);
        file.allocate(offset, length, CairnFile.Allocate.GROW);
      }
      default -> throw new Errno(Errno.EOPNOTSUPP, "fallocate mode " + mode);
    }
  }

  /** SEEK_DATA and SEEK_HOLE: the kernel does the others. */
  public long seek(long handle, long offset, int whence) throws IOException, Errno {
    CairnFile file = handles.file(handle).file();
    if (offset < 0) {
      throw new Errno(Errno.ENXIO, "offset " + offset);
    }
    long found =
        switch (whence) {
          case LinuxFlags.SEEK_DATA -> file.seekData(offset);
          case LinuxFlags.SEEK_HOLE -> file.seekHole(offset);
          default -> throw new Errno(Errno.EINVAL, "whence " + whence);
        };
    if (found < 0) {
      throw new Errno(Errno.ENXIO, "nothing such at or behind " + offset);
    }
    return found;
  }

  /** Bytes copied, fewer than asked only at the end of the source. */
  public long copy(long from, long fromOffset, long to, long toOffset, long length)
      throws IOException, Errno {
    OpenNode target = handles.file(to);
    if (!target.isWritable() || target.appends()) {
      throw new Errno(Errno.EBADF, "handle " + to + " is not for writing at an offset");
    }
    return client.copyRange(handles.file(from).file(), fromOffset, target.file(), toOffset, length);
  }

  /** Closes whatever is open still: nobody asks any more. */
  public void close() {
    Collection<OpenNode> left = handles.drain();
    for (OpenNode open : left) {
      try {
        open.file().close();
      } catch (IOException e) {
        LOG.error("inode={} was not closed: {}", open.inode(), e.getMessage());
      }
    }
  }
}
