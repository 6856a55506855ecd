package io.cairnfs.shell.testing;

import io.cairnfs.client.AclChange;
import io.cairnfs.client.AclEntry;
import io.cairnfs.client.AsyncFileSystem;
import io.cairnfs.client.AttributeChange;
import io.cairnfs.client.CairnFile;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnInputStream;
import io.cairnfs.client.CairnLocks;
import io.cairnfs.client.CairnNodes;
import io.cairnfs.client.CairnOutputStream;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CairnTrash;
import io.cairnfs.client.ClientStatistics;
import io.cairnfs.client.ClusterAdministration;
import io.cairnfs.client.ContentSummary;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.client.FencingToken;
import io.cairnfs.client.FileChecksum;
import io.cairnfs.client.FileExtent;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.FileSystemStatus;
import io.cairnfs.client.FileType;
import io.cairnfs.client.LockHolder;
import io.cairnfs.client.OpenOptions;
import io.cairnfs.client.RemoteIterator;
import io.cairnfs.client.WalkedFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.time.Clock;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32C;

/**
 * A whole file system on the heap, with the refusals that the interface states. One lock for all:
 * safe for any thread. Failures can be planted.
 */
public final class MemoryFileSystem implements CairnFileSystem {
  private static final long CAPACITY = 1L << 40;

  private final Clock clock;
  private final String user;
  private final String group;
  private final int replication;
  private final long chunkBytes;
  private final Node root;
  private final Map<String, CairnException> planted = new HashMap<>();
  private final List<String> calls = new ArrayList<>();
  private ClusterAdministration administration;
  private Map<CairnPath, List<FileExtent>> extents = Map.of();
  private final MemoryLocks.Held locked = new MemoryLocks.Held();
  private final Map<CairnPath, Integer> recoveries = new HashMap<>();
  private final MemoryPolicies policies;
  private Duration trashInterval = Duration.ZERO;
  private long nextInode = 2;
  private long changes;
  private boolean closed;

  public MemoryFileSystem(
      Clock clock, String user, String group, int replication, long chunkBytes) {
    this.clock = clock;
    this.user = user;
    this.group = group;
    this.replication = replication;
    this.chunkBytes = chunkBytes;
    this.root = new Node(FileType.DIRECTORY, 0755, 1);
    this.policies = new MemoryPolicies(this, user);
  }

  /** A name in the tree. */
  private final class Node {
    final FileType type;
    final long inode;
    final TreeMap<byte[], Node> children = new TreeMap<>(Arrays::compareUnsigned);
    final TreeMap<String, byte[]> attributes = new TreeMap<>();
    List<AclEntry> acl = List.of();
    int mode;
    String owner = user;
    String ownerGroup = group;
    byte[] content = new byte[0];
    long modified;
    long accessed;
    int copies;
    CairnPath target = CairnPath.HERE;

    Node(FileType type, int mode, long inode) {
      this.type = type;
      this.mode = mode;
      this.inode = inode;
      this.copies = type == FileType.FILE ? replication : 0;
      touch();
    }

    void touch() {
      modified = clock.wallNanos();
      accessed = modified;
      changes++;
    }

    FileStatus status(CairnPath path) {
      return new FileStatus(
          path,
          inode,
          type,
          mode,
          owner,
          ownerGroup,
          content.length,
          modified,
          accessed,
          modified,
          1,
          copies,
          type == FileType.FILE ? chunkBytes : 0,
          changes,
          target,
          false,
          !acl.isEmpty(),
          0);
    }
  }

  // What tests prepare and ask.

  /** The next call of this kind on this path fails. */
  public synchronized void failNext(String call, String path, ErrorCode code) {
    planted.put(call + " " + path, new CairnException(code, path + ": planted " + code));
  }

  /** Calls that changed something, in order: {@code "create /a"}. */
  public synchronized List<String> calls() {
    return List.copyOf(calls);
  }

  public synchronized boolean isClosed() {
    return closed;
  }

  public synchronized void setAdministration(ClusterAdministration value) {
    administration = value;
  }

  public synchronized void setExtents(Map<CairnPath, List<FileExtent>> value) {
    extents = Map.copyOf(value);
  }

  /** From now on deleted files are kept so long. */
  public synchronized void setTrashInterval(Duration value) {
    trashInterval = value;
  }

  /** A fifo, a socket or a device. */
  public synchronized void special(String path, FileType type) throws CairnException {
    insert(CairnPath.of(path), new Node(type, 0644, nextInode++));
  }

  public synchronized void symlink(String path, String target) throws CairnException {
    Node link = new Node(FileType.SYMLINK, 0777, nextInode++);
    link.target = CairnPath.of(target);
    insert(CairnPath.of(path), link);
  }

  private void trip(String call, CairnPath path) throws CairnException {
    CairnException failure = planted.remove(call + " " + path);
    if (failure != null) {
      throw failure;
    }
  }

  private void log(String call, CairnPath path) throws CairnException {
    calls.add(call + " " + path);
    trip(call, path);
  }

  // Looking up.

  private static CairnException refusal(ErrorCode code, CairnPath path) {
    return new CairnException(code, path + ": " + code.text());
  }

  private Optional<Node> lookUp(CairnPath path) throws CairnException {
    if (!path.isAbsolute()) {
      throw refusal(ErrorCode.INVALID_ARGUMENT, path);
    }
    Node node = root;
    for (byte[] name : path.names()) {
      if (name.length > 255) {
        throw refusal(ErrorCode.NAME_TOO_LONG, path);
      }
      if (node.type != FileType.DIRECTORY) {
        throw refusal(ErrorCode.NOT_A_DIRECTORY, path);
      }
      node = node.children.get(name);
      if (node == null) {
        return Optional.empty();
      }
    }
    return Optional.of(node);
  }

  private Node require(CairnPath path) throws CairnException {
    return lookUp(path).orElseThrow(() -> refusal(ErrorCode.NOT_FOUND, path));
  }

  private Node requireDirectory(CairnPath path) throws CairnException {
    Node node = require(path);
    if (node.type != FileType.DIRECTORY) {
      throw refusal(ErrorCode.NOT_A_DIRECTORY, path);
    }
    return node;
  }

  private Node parentOf(CairnPath path) throws CairnException {
    return requireDirectory(
        path.parent().orElseThrow(() -> refusal(ErrorCode.INVALID_ARGUMENT, path)));
  }

  private void insert(CairnPath path, Node node) throws CairnException {
    Node parent = parentOf(path);
    parent.children.put(path.nameBytes(), node);
    parent.touch();
  }

  // Files.

  private void checkCreate(CairnPath path, CreateOptions options) throws CairnException {
    Optional<Node> there = lookUp(path);
    if (there.isPresent() && there.get().type == FileType.DIRECTORY) {
      boolean replace = options.existing() == CreateOptions.Existing.REPLACE;
      throw refusal(replace ? ErrorCode.IS_A_DIRECTORY : ErrorCode.EXISTS, path);
    }
    if (there.isPresent() && options.existing() == CreateOptions.Existing.FAIL) {
      throw refusal(ErrorCode.EXISTS, path);
    }
    if (options.parents() == CreateOptions.Parents.CREATE) {
      var unused = mkdirs(path.parent().orElse(CairnPath.ROOT), 0755);
    }
    var unused = parentOf(path);
  }

  private Node write(CairnPath path, byte[] content, CreateOptions options) throws CairnException {
    checkCreate(path, options);
    Node node = lookUp(path).orElseGet(() -> new Node(FileType.FILE, options.mode(), nextInode++));
    node.content = content;
    node.touch();
    if (options.modificationTimeNanos() != 0) {
      node.modified = options.modificationTimeNanos();
    }
    if (options.replication() != 0) {
      node.copies = options.replication();
    }
    insert(path, node);
    return node;
  }

  @Override
  public synchronized CairnOutputStream create(CairnPath path, CreateOptions options)
      throws CairnException {
    log("create", path);
    if (options.visibility() == CreateOptions.Visibility.AT_CREATION) {
      var unused = write(path, new byte[0], options);
    }
    return new Stream(path, options, new byte[0]);
  }

  @Override
  public synchronized CairnOutputStream append(CairnPath path) throws CairnException {
    log("append", path);
    Node node = require(path);
    if (node.type == FileType.DIRECTORY) {
      throw refusal(ErrorCode.IS_A_DIRECTORY, path);
    }
    return new Stream(path, CreateOptions.defaults().overwrite(), node.content);
  }

  private final class Stream extends CairnOutputStream {
    private final CairnPath path;
    private final CreateOptions options;
    private byte[] bytes;
    private int length;
    private boolean ended;

    Stream(CairnPath path, CreateOptions options, byte[] present) {
      this.path = path;
      this.options = options;
      this.bytes = Arrays.copyOf(present, present.length + 1024);
      this.length = present.length;
    }

    @Override
    public void write(int b) throws CairnException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int count) throws CairnException {
      write(ByteBuffer.wrap(source, offset, count));
    }

    @Override
    public void write(ByteBuffer source) throws CairnException {
      synchronized (MemoryFileSystem.this) {
        trip("write", path);
        int count = source.remaining();
        if (length + count > bytes.length) {
          bytes = Arrays.copyOf(bytes, Math.max(length + count, bytes.length * 2));
        }
        source.get(bytes, length, count);
        length += count;
      }
    }

    @Override
    public void flush() throws CairnException {
      synchronized (MemoryFileSystem.this) {
        if (!ended && options.visibility() == CreateOptions.Visibility.AT_CREATION) {
          var unused = MemoryFileSystem.this.write(path, content(), options.overwrite());
        }
      }
    }

    private byte[] content() {
      return Arrays.copyOf(bytes, length);
    }

    @Override
    public void sync() throws CairnException {
      flush();
    }

    @Override
    public long position() {
      return length;
    }

    @Override
    public void close() throws CairnException {
      synchronized (MemoryFileSystem.this) {
        if (!ended) {
          trip("close", path);
          boolean visible = options.visibility() == CreateOptions.Visibility.AT_CREATION;
          var unused =
              MemoryFileSystem.this.write(path, content(), visible ? options.overwrite() : options);
          ended = true;
        }
      }
    }

    @Override
    public void abort() {
      ended = true;
    }
  }

  @Override
  public synchronized FileStatus createWithContent(
      CairnPath path, ByteBuffer content, CreateOptions options) throws CairnException {
    log("createWithContent", path);
    byte[] bytes = new byte[content.remaining()];
    content.get(bytes);
    return write(path, bytes, options).status(path);
  }

  @Override
  public CompletableFuture<FileStatus> createWithContentAsync(
      CairnPath path, ByteBuffer content, CreateOptions options) {
    try {
      return CompletableFuture.completedFuture(createWithContent(path, content, options));
    } catch (CairnException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public synchronized CairnInputStream open(CairnPath path) throws CairnException {
    trip("open", path);
    Node node = require(path);
    if (node.type == FileType.DIRECTORY) {
      throw refusal(ErrorCode.IS_A_DIRECTORY, path);
    }
    return new MemoryInputStream(node.status(path), node.content);
  }

  /** No command opens files so. */
  @Override
  public CairnFile openFile(CairnPath path, OpenOptions options) throws CairnException {
    throw refusal(ErrorCode.UNSUPPORTED, path);
  }

  /** No command opens files so. */
  @Override
  public long copyRange(
      CairnFile from, long fromPosition, CairnFile to, long toPosition, long length)
      throws CairnException {
    throw refusal(ErrorCode.UNSUPPORTED, CairnPath.ROOT);
  }

  private Node requireFile(CairnPath path) throws CairnException {
    Node node = require(path);
    if (node.type == FileType.DIRECTORY) {
      throw refusal(ErrorCode.IS_A_DIRECTORY, path);
    }
    return node;
  }

  @Override
  public synchronized FileStatus truncate(CairnPath path, long length) throws CairnException {
    log("truncate", path);
    Node node = requireFile(path);
    node.content = Arrays.copyOf(node.content, Math.toIntExact(length));
    node.touch();
    return node.status(path);
  }

  @Override
  public synchronized FileStatus concat(CairnPath target, List<CairnPath> sources)
      throws CairnException {
    log("concat", target);
    Node node = requireFile(target);
    for (CairnPath source : sources) {
      if (requireFile(source) == node) {
        throw refusal(ErrorCode.INVALID_ARGUMENT, source);
      }
    }
    for (CairnPath source : sources) {
      byte[] added = requireFile(source).content;
      int length = node.content.length;
      node.content = Arrays.copyOf(node.content, length + added.length);
      System.arraycopy(added, 0, node.content, length, added.length);
      unlink(source);
    }
    node.touch();
    return node.status(target);
  }

  @Override
  public synchronized FileStatus clone(CairnPath source, CairnPath target, CreateOptions options)
      throws CairnException {
    log("clone", source);
    return write(target, requireFile(source).content.clone(), options).status(target);
  }

  @Override
  public synchronized byte[] readFully(CairnPath path, int maxBytes) throws CairnException {
    trip("open", path);
    Node node = require(path);
    if (node.type == FileType.DIRECTORY) {
      throw refusal(ErrorCode.IS_A_DIRECTORY, path);
    }
    if (node.content.length > maxBytes) {
      throw refusal(ErrorCode.TOO_LARGE, path);
    }
    return node.content.clone();
  }

  @Override
  public CompletableFuture<byte[]> readFullyAsync(CairnPath path, int maxBytes) {
    try {
      return CompletableFuture.completedFuture(readFully(path, maxBytes));
    } catch (CairnException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public synchronized FileStatus stat(CairnPath path) throws CairnException {
    trip("stat", path);
    return require(path).status(path);
  }

  @Override
  public synchronized FileStatus stat(CairnPath path, Symlinks symlinks) throws CairnException {
    Node node = require(path);
    boolean followed = node.type == FileType.SYMLINK && symlinks == Symlinks.FOLLOW;
    CairnPath directory = path.parent().orElse(CairnPath.ROOT);
    return followed
        ? stat(directory.resolve(node.target), symlinks).withPath(path)
        : node.status(path);
  }

  /** Everybody may do everything. */
  @Override
  public FileStatus access(CairnPath path, int rights) throws CairnException {
    return stat(path, Symlinks.FOLLOW);
  }

  @Override
  public CompletableFuture<FileStatus> statAsync(CairnPath path) {
    try {
      return CompletableFuture.completedFuture(stat(path));
    } catch (CairnException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public synchronized Optional<FileStatus> find(CairnPath path) throws CairnException {
    trip("stat", path);
    return lookUp(path).map(node -> node.status(path));
  }

  @Override
  public synchronized RemoteIterator<FileStatus> list(CairnPath path) throws CairnException {
    trip("list", path);
    Node node = require(path);
    List<FileStatus> entries = new ArrayList<>();
    if (node.type != FileType.DIRECTORY) {
      entries.add(node.status(path));
    }
    node.children.forEach((name, child) -> entries.add(child.status(path.child(name))));
    return iterator(entries);
  }

  private static <T> RemoteIterator<T> iterator(List<T> entries) {
    Iterator<T> each = entries.iterator();
    return new RemoteIterator<>() {
      @Override
      public boolean hasNext() {
        return each.hasNext();
      }

      @Override
      public T next() {
        return each.next();
      }
    };
  }

  @Override
  public List<FileStatus> listAll(CairnPath path) throws CairnException {
    List<FileStatus> all = new ArrayList<>();
    RemoteIterator<FileStatus> each = list(path);
    while (each.hasNext()) {
      all.add(each.next());
    }
    return all;
  }

  // Directories and names.

  @Override
  public synchronized FileStatus mkdir(CairnPath path, int mode) throws CairnException {
    log("mkdir", path);
    if (lookUp(path).isPresent()) {
      throw refusal(ErrorCode.EXISTS, path);
    }
    Node node = new Node(FileType.DIRECTORY, mode, nextInode++);
    insert(path, node);
    return node.status(path);
  }

  @Override
  public synchronized FileStatus mkdirs(CairnPath path, int mode) throws CairnException {
    log("mkdirs", path);
    CairnPath at = CairnPath.ROOT;
    for (byte[] name : path.names()) {
      at = at.child(name);
      if (lookUp(at).isEmpty()) {
        insert(at, new Node(FileType.DIRECTORY, mode, nextInode++));
      }
    }
    if (require(path).type != FileType.DIRECTORY) {
      throw refusal(ErrorCode.EXISTS, path);
    }
    return require(path).status(path);
  }

  @Override
  public synchronized FileStatus rename(CairnPath source, CairnPath target, RenameMode mode)
      throws CairnException {
    log("rename", source);
    Node node = require(source);
    Optional<Node> there = lookUp(target);
    if (target.startsWith(source) && !target.equals(source)) {
      throw refusal(ErrorCode.INVALID_ARGUMENT, target);
    }
    if (there.isPresent()) {
      if (mode == RenameMode.NO_REPLACE) {
        throw refusal(ErrorCode.EXISTS, target);
      }
      if (there.get().type == FileType.DIRECTORY && node.type != FileType.DIRECTORY) {
        throw refusal(ErrorCode.IS_A_DIRECTORY, target);
      }
      if (!there.get().children.isEmpty()) {
        throw refusal(ErrorCode.NOT_EMPTY, target);
      }
    }
    Node to = parentOf(target);
    Node from = parentOf(source);
    from.children.remove(source.nameBytes());
    from.touch();
    to.children.put(target.nameBytes(), node);
    to.touch();
    return node.status(target);
  }

  @Override
  public synchronized boolean delete(CairnPath path, DeleteMode mode) throws CairnException {
    log("delete", path);
    if (path.isRoot()) {
      throw refusal(ErrorCode.INVALID_ARGUMENT, path);
    }
    Optional<Node> node = lookUp(path);
    if (node.isEmpty()) {
      return false;
    }
    if (mode == DeleteMode.SINGLE && !node.get().children.isEmpty()) {
      throw refusal(ErrorCode.NOT_EMPTY, path);
    }
    Node parent = parentOf(path);
    parent.children.remove(path.nameBytes());
    parent.touch();
    return true;
  }

  @Override
  public synchronized void unlink(CairnPath path) throws CairnException {
    if (require(path).type == FileType.DIRECTORY) {
      throw refusal(ErrorCode.IS_A_DIRECTORY, path);
    }
    var unused = delete(path, DeleteMode.SINGLE);
  }

  @Override
  public synchronized void rmdir(CairnPath path) throws CairnException {
    var unusedNode = requireDirectory(path);
    var unused = delete(path, DeleteMode.SINGLE);
  }

  @Override
  public synchronized FileStatus setAttributes(
      CairnPath path, AttributeChange change, Symlinks symlinks) throws CairnException {
    log("setAttributes", path);
    Node node = require(path);
    node.mode = change.newMode().orElse(node.mode);
    node.owner = change.newOwner().orElse(node.owner);
    node.ownerGroup = change.newGroup().orElse(node.ownerGroup);
    node.modified = change.newModificationTimeNanos().orElse(node.modified);
    node.accessed = change.newAccessTimeNanos().orElse(node.accessed);
    node.copies = change.newReplication().orElse(node.copies);
    return node.status(path);
  }

  @Override
  public synchronized FileStatus symlink(byte[] target, CairnPath link) throws CairnException {
    log("symlink", link);
    if (lookUp(link).isPresent()) {
      throw refusal(ErrorCode.EXISTS, link);
    }
    symlink(link.toString(), new String(target, StandardCharsets.UTF_8));
    return require(link).status(link);
  }

  @Override
  public synchronized byte[] readLink(CairnPath link) throws CairnException {
    return require(link).target.bytes();
  }

  @Override
  public synchronized FileStatus link(CairnPath existing, CairnPath link) throws CairnException {
    log("link", link);
    Node node = require(existing);
    if (lookUp(link).isPresent()) {
      throw refusal(ErrorCode.EXISTS, link);
    }
    if (node.type == FileType.DIRECTORY) {
      throw refusal(ErrorCode.NOT_PERMITTED, existing);
    }
    insert(link, node);
    return node.status(link);
  }

  @Override
  public synchronized void setXattr(
      CairnPath path, String name, byte[] value, XattrMode mode, Symlinks symlinks)
      throws CairnException {
    log("setXattr", path);
    require(path).attributes.put(name, value.clone());
  }

  @Override
  public synchronized void removeXattr(CairnPath path, String name, Symlinks symlinks)
      throws CairnException {
    log("removeXattr", path);
    if (require(path).attributes.remove(name) == null) {
      throw refusal(ErrorCode.ATTRIBUTE_NOT_FOUND, path);
    }
  }

  @Override
  public synchronized byte[] xattr(CairnPath path, String name, Symlinks symlinks)
      throws CairnException {
    byte[] value = require(path).attributes.get(name);
    if (value == null) {
      throw refusal(ErrorCode.ATTRIBUTE_NOT_FOUND, path);
    }
    return value.clone();
  }

  @Override
  public synchronized SortedMap<String, byte[]> xattrs(CairnPath path, Symlinks symlinks)
      throws CairnException {
    return new TreeMap<>(require(path).attributes);
  }

  @Override
  public synchronized List<String> xattrNames(CairnPath path, Symlinks symlinks)
      throws CairnException {
    return List.copyOf(require(path).attributes.keySet());
  }

  @Override
  public MemoryPolicies policies() {
    return policies;
  }

  /** Without the rules, which are the metaserver's: what was given, sorted. */
  @Override
  public synchronized FileStatus setAcl(CairnPath path, AclChange change) throws CairnException {
    calls.add("setAcl " + path + " " + change.kind() + " " + change.entries());
    trip("setAcl", path);
    Node node = require(path);
    node.acl =
        switch (change.kind()) {
          case REPLACE, MODIFY -> change.entries();
          case REMOVE, REMOVE_DEFAULT, REMOVE_ALL -> List.of();
        };
    return node.status(path);
  }

  @Override
  public synchronized List<AclEntry> acl(CairnPath path) throws CairnException {
    return require(path).acl;
  }

  // Totals.

  @Override
  public synchronized ContentSummary contentSummary(CairnPath path) throws CairnException {
    trip("contentSummary", path);
    return summary(require(path));
  }

  private static ContentSummary summary(Node node) {
    if (node.type != FileType.DIRECTORY) {
      int length = node.content.length;
      return new ContentSummary(1, 0, length, (long) length * node.copies);
    }
    ContentSummary sum = new ContentSummary(0, 1, 0, 0);
    for (Node child : node.children.values()) {
      ContentSummary below = summary(child);
      sum =
          new ContentSummary(
              sum.files() + below.files(),
              sum.directories() + below.directories(),
              sum.bytes() + below.bytes(),
              sum.replicatedBytes() + below.replicatedBytes());
    }
    return sum;
  }

  @Override
  public synchronized CairnTrash trash() {
    CairnTrash.Settings settings = new CairnTrash.Settings(trashInterval, clock.wallNanos());
    return new CairnTrash(this, CairnPath.of("/user/" + user), () -> settings);
  }

  @Override
  public synchronized FileSystemStatus status() {
    ContentSummary all = summary(root);
    return new FileSystemStatus(
        CAPACITY,
        all.replicatedBytes(),
        CAPACITY - all.replicatedBytes(),
        all.files(),
        all.directories());
  }

  @Override
  public synchronized RemoteIterator<WalkedFile> walk(CairnPath path, WalkDetail detail)
      throws CairnException {
    trip("walk", path);
    List<WalkedFile> all = new ArrayList<>();
    collect(path, require(path), all);
    return iterator(all);
  }

  private void collect(CairnPath path, Node node, List<WalkedFile> all) {
    List<FileExtent> placed = extents.getOrDefault(path, List.of());
    int inline = placed.isEmpty() ? node.content.length : 0;
    all.add(new WalkedFile(node.status(path), placed, inline));
    node.children.forEach((name, child) -> collect(path.child(name), child, all));
  }

  @Override
  public synchronized FileChecksum checksum(CairnPath path) throws CairnException {
    byte[] content = readFully(path, Integer.MAX_VALUE);
    CRC32C crc = new CRC32C();
    crc.update(content);
    return new FileChecksum((int) crc.getValue(), content.length);
  }

  @Override
  public synchronized List<FileExtent> extents(CairnPath path, long offset, long length)
      throws CairnException {
    var unused = require(path);
    return extents.getOrDefault(path, List.of());
  }

  @Override
  public synchronized ClusterAdministration administration() {
    if (administration == null) {
      throw new IllegalStateException("this test prepared no administration");
    }
    return administration;
  }

  @Override
  public CairnNodes leasingNodes() {
    return nodes();
  }

  @Override
  public CairnNodes nodes() {
    throw new UnsupportedOperationException("the shell knows no inodes");
  }

  @Override
  public CairnLocks locks() {
    return new MemoryLocks(locked);
  }

  @Override
  public List<LockHolder> lockHolders(CairnPath path) {
    return locked.holders(path);
  }

  @Override
  public CairnFileSystem fenced(FencingToken token) {
    throw new UnsupportedOperationException("nothing here is fenced");
  }

  /** The files that are to stay open for so many tries. */
  public synchronized void keepOpen(CairnPath path, int tries) {
    recoveries.put(path, tries);
  }

  @Override
  public synchronized boolean recoverLease(CairnPath path) {
    return recoveries.merge(path, -1, Integer::sum) < 0;
  }

  @Override
  public AsyncFileSystem async() {
    throw new UnsupportedOperationException("the shell waits");
  }

  @Override
  public ClientStatistics statistics() {
    return new ClientStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  @Override
  public synchronized void close() {
    closed = true;
  }
}
