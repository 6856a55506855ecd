package io.cairnfs.shell.tree;

import io.cairnfs.client.AclChange;
import io.cairnfs.client.AclEntry;
import io.cairnfs.client.AttributeChange;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnInputStream;
import io.cairnfs.client.CairnOutputStream;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.ContentSummary;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.client.FileExtent;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.FileSystemStatus;
import io.cairnfs.client.RemoteIterator;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.shell.text.ByteText;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** The files of a cluster. Safe for any thread. */
public final class ClusterTree implements FileTree {
  /** Everything this shell writes is on the disks of all members when it says so. */
  private static final CreateOptions.Durability DURABILITY = CreateOptions.Durability.SYNC;

  private static final int DIRECTORY_MODE = 0755;
  private static final int OWNER_WRITES = 0200;
  private static final int OTHERS_WRITE = 0022;
  private static final CairnPath USERS = CairnPath.of("/user");

  private final CairnFileSystem fileSystem;
  private final String authority;
  private final String user;
  private CairnPath home;

  /**
   * @param authority what stands after {@code cairn://}
   * @param fileSystem closed with this tree
   */
  public ClusterTree(CairnFileSystem fileSystem, String authority, String user) {
    this.fileSystem = fileSystem;
    this.authority = authority;
    this.user = user;
  }

  @Override
  public CairnFileSystem fileSystem() {
    return fileSystem;
  }

  @Override
  public String uri() {
    return "cairn://" + authority;
  }

  @Override
  public String qualified(CairnPath path) {
    return uri() + ByteText.decode(path.bytes());
  }

  /** Made at the first use, so that everybody has a place to begin. */
  @Override
  public synchronized CairnPath home() throws IOException {
    if (home == null) {
      CairnPath mine = USERS.child(ByteText.encode(user));
      if (fileSystem.find(mine).isEmpty()) {
        makeHome(mine);
      }
      home = mine;
    }
    return home;
  }

  /** Whoever may not make it works without one: then a relative path is simply not found. */
  private void makeHome(CairnPath path) throws CairnException {
    try {
      fileSystem.mkdirs(path, DIRECTORY_MODE);
    } catch (CairnException e) {
      if (e.code() != ErrorCode.PERMISSION_DENIED && e.code() != ErrorCode.NOT_PERMITTED) {
        throw e;
      }
    }
  }

  @Override
  public boolean appearsWhole() {
    return true;
  }

  @Override
  public Optional<Facts> find(CairnPath path) throws IOException {
    try {
      return fileSystem.find(path).map(ClusterTree::facts);
    } catch (CairnException e) {
      if (e.code() == ErrorCode.NOT_A_DIRECTORY) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static Facts facts(FileStatus status) {
    FileKind kind =
        switch (status.type()) {
          case FILE -> FileKind.FILE;
          case DIRECTORY -> FileKind.DIRECTORY;
          case SYMLINK -> FileKind.SYMLINK;
          case FIFO -> FileKind.FIFO;
          case SOCKET -> FileKind.SOCKET;
          case CHARACTER_DEVICE -> FileKind.CHARACTER_DEVICE;
          case BLOCK_DEVICE -> FileKind.BLOCK_DEVICE;
        };
    return new Facts(
        kind,
        status.mode(),
        status.owner(),
        status.group(),
        status.length(),
        status.modificationTimeNanos(),
        status.accessTimeNanos(),
        status.replication(),
        status.chunkBytes(),
        status.hasAcl());
  }

  @Override
  public List<Entry> list(CairnPath directory) throws IOException {
    List<Entry> entries = new ArrayList<>();
    RemoteIterator<FileStatus> statuses = fileSystem.list(directory);
    while (statuses.hasNext()) {
      FileStatus status = statuses.next();
      if (status.path().equals(directory)) {
        throw new CairnException(
            ErrorCode.NOT_A_DIRECTORY, directory + ": " + ErrorCode.NOT_A_DIRECTORY.text());
      }
      entries.add(new Entry(status.path(), facts(status)));
    }
    return entries;
  }

  @Override
  public InputStream open(CairnPath path, long offset) throws IOException {
    CairnInputStream in = fileSystem.open(path);
    try {
      in.seek(Math.min(offset, in.length()));
    } catch (IOException e) {
      in.close();
      throw e;
    }
    return in;
  }

  @Override
  public byte[] readSmall(CairnPath path, int maxBytes) throws IOException {
    return fileSystem.readFully(path, maxBytes);
  }

  @Override
  public void createSmall(CairnPath path, byte[] content, WriteOptions options) throws IOException {
    var unused =
        fileSystem.createWithContent(path, ByteBuffer.wrap(content), createOptions(options));
  }

  @Override
  public Sink create(CairnPath path, WriteOptions options) throws IOException {
    return new ClusterSink(fileSystem.create(path, createOptions(options)));
  }

  private static CreateOptions createOptions(WriteOptions options) {
    CreateOptions create = CreateOptions.defaults().withDurability(DURABILITY);
    if (options.mode().isPresent()) {
      create = create.withMode(options.mode().getAsInt());
    }
    if (options.replace()) {
      create = create.overwrite();
    }
    if (options.visibility() == WriteOptions.Visibility.WHEN_COMPLETE) {
      create = create.deferred().withModificationTimeNanos(options.modifiedNanos().orElse(0));
    }
    return create;
  }

  @Override
  public Sink append(CairnPath path) throws IOException {
    CairnOutputStream out = fileSystem.append(path);
    return new ClusterSink(out) {
      @Override
      public void close() throws IOException {
        // What is created says so when it is opened; what is appended does not.
        out.sync();
        super.close();
      }
    };
  }

  @Override
  public void truncate(CairnPath path, long length) throws IOException {
    var unused = fileSystem.truncate(path, length);
  }

  @Override
  public void concat(CairnPath target, List<CairnPath> sources) throws IOException {
    var unused = fileSystem.concat(target, sources);
  }

  @Override
  public void share(CairnPath source, CairnPath target, WriteOptions options) throws IOException {
    var unused = fileSystem.clone(source, target, createOptions(options));
  }

  private static class ClusterSink extends Sink {
    private final CairnOutputStream out;

    ClusterSink(CairnOutputStream out) {
      this.out = out;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(ByteBuffer.wrap(bytes, offset, length));
    }

    @Override
    public void close() throws IOException {
      out.close();
    }

    @Override
    public void abort() {
      out.abort();
    }
  }

  @Override
  public void mkdir(CairnPath path, boolean parents) throws IOException {
    FileStatus made =
        parents ? fileSystem.mkdirs(path, DIRECTORY_MODE) : fileSystem.mkdir(path, DIRECTORY_MODE);
    if (!made.isDirectory()) {
      throw new CairnException(ErrorCode.EXISTS, path + ": " + ErrorCode.EXISTS.text());
    }
  }

  @Override
  public void delete(CairnPath path, boolean recursive) throws IOException {
    CairnFileSystem.DeleteMode mode =
        recursive ? CairnFileSystem.DeleteMode.RECURSIVE : CairnFileSystem.DeleteMode.SINGLE;
    if (!fileSystem.delete(path, mode)) {
      throw new CairnException(ErrorCode.NOT_FOUND, path + ": " + ErrorCode.NOT_FOUND.text());
    }
  }

  @Override
  public Optional<CairnPath> moveToTrash(CairnPath path) throws IOException {
    return fileSystem.trash().move(path);
  }

  @Override
  public void rename(CairnPath source, CairnPath target, boolean replace) throws IOException {
    CairnFileSystem.RenameMode mode =
        replace ? CairnFileSystem.RenameMode.REPLACE : CairnFileSystem.RenameMode.NO_REPLACE;
    var unused = fileSystem.rename(source, target, mode);
  }

  @Override
  public void link(CairnPath existing, CairnPath link) throws IOException {
    var unused = fileSystem.link(existing, link);
  }

  @Override
  public void symlink(byte[] target, CairnPath link) throws IOException {
    var unused = fileSystem.symlink(target, link);
  }

  @Override
  public void setAttribute(CairnPath path, String name, byte[] value) throws IOException {
    fileSystem.setXattr(path, name, value, CairnFileSystem.XattrMode.SET);
  }

  @Override
  public void removeAttribute(CairnPath path, String name) throws IOException {
    fileSystem.removeXattr(path, name);
  }

  @Override
  public byte[] attribute(CairnPath path, String name) throws IOException {
    return fileSystem.xattr(path, name);
  }

  @Override
  public SortedMap<String, byte[]> attributes(CairnPath path) throws IOException {
    return fileSystem.xattrs(path);
  }

  @Override
  public void setAcl(CairnPath path, AclChange change) throws IOException {
    var unused = fileSystem.setAcl(path, change);
  }

  @Override
  public List<AclEntry> acl(CairnPath path) throws IOException {
    return fileSystem.acl(path);
  }

  @Override
  public void update(CairnPath path, AttributeUpdate update) throws IOException {
    AttributeChange change = AttributeChange.none();
    if (update.mode().isPresent()) {
      change = change.mode(update.mode().getAsInt());
    }
    if (update.owner().isPresent()) {
      change = change.owner(update.owner().get());
    }
    if (update.group().isPresent()) {
      change = change.group(update.group().get());
    }
    if (update.modifiedNanos().isPresent()) {
      change = change.modificationTimeNanos(update.modifiedNanos().getAsLong());
    }
    if (update.accessedNanos().isPresent()) {
      change = change.accessTimeNanos(update.accessedNanos().getAsLong());
    }
    var unused = fileSystem.setAttributes(path, change);
  }

  @Override
  public void setReplication(CairnPath path, int replication) throws IOException {
    var unused = fileSystem.setAttributes(path, AttributeChange.none().replication(replication));
  }

  @Override
  public int presentReplicas(CairnPath path) throws IOException {
    FileStatus status = fileSystem.stat(path);
    int fewest = status.replication();
    for (FileExtent extent : fileSystem.extents(path, 0, status.length())) {
      int missing = fileSystem.administration().chunk(extent.chunk()).getRepairCount();
      fewest = Math.min(fewest, extent.replication() - missing);
    }
    return fewest;
  }

  /** Rights are the metaserver's business: whoever wants to know tries. */
  @Override
  public boolean mayRead(CairnPath path) throws IOException {
    try {
      if (fileSystem.stat(path).isDirectory()) {
        var unused = fileSystem.list(path);
      } else {
        fileSystem.open(path).close();
      }
      return true;
    } catch (CairnException e) {
      return unlessDenied(e);
    }
  }

  /**
   * A file is opened for appending and closed. A directory cannot be tried without leaving a trace:
   * its mode tells, and the superuser is known by owning the root.
   */
  @Override
  public boolean mayWrite(CairnPath path) throws IOException {
    FileStatus status = fileSystem.stat(path);
    if (status.isDirectory()) {
      int bits = status.owner().equals(user) ? OWNER_WRITES : OTHERS_WRITE;
      return (status.mode() & bits) != 0 || fileSystem.stat(CairnPath.ROOT).owner().equals(user);
    }
    try {
      fileSystem.append(path).close();
      return true;
    } catch (CairnException e) {
      return e.code() == ErrorCode.BEING_WRITTEN || unlessDenied(e);
    }
  }

  private static boolean unlessDenied(CairnException e) throws CairnException {
    if (e.code() == ErrorCode.PERMISSION_DENIED || e.code() == ErrorCode.NOT_PERMITTED) {
      return false;
    }
    throw e;
  }

  @Override
  public Optional<String> codingPolicy(CairnPath path) throws IOException {
    return fileSystem.policies().inForce(path).codingPolicy().map(CodingPolicy::label);
  }

  @Override
  public Totals totals(CairnPath path) throws IOException {
    ContentSummary summary = fileSystem.contentSummary(path);
    return new Totals(
        summary.directories(), summary.files(), summary.bytes(), summary.replicatedBytes());
  }

  @Override
  public Space space() throws IOException {
    FileSystemStatus status = fileSystem.status();
    return new Space(status.capacityBytes(), status.usedBytes(), status.availableBytes());
  }

  @Override
  public int crc32c(CairnPath path) throws IOException {
    return fileSystem.checksum(path).crc32c();
  }

  @Override
  public Optional<Path> local(CairnPath path) {
    return Optional.empty();
  }

  @Override
  public void close() {
    fileSystem.close();
  }
}
