package io.cairnfs.nio;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.cairnfs.client.CairnFile;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnFileSystem.Symlinks;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CairnUri;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.OpenOptions;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.spi.FileSystemProvider;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;

/**
 * The provider of {@code cairn:} URIs: {@code cairn://HOST:PORT[,HOST:PORT...]/PATH}, {@code
 * cairn://NAME/PATH} for a cluster of the configuration, {@code cairn:///PATH} for the one that the
 * surroundings name. There is one file system for each authority; a path's URI connects to it where
 * {@code newFileSystem} has not. Any thread.
 *
 * <p>Paths and what is made of them throw {@link java.nio.file.ClosedFileSystemException} once
 * their file system is closed, and the next use of its URI makes a new one.
 */
public final class CairnFileSystemProvider extends FileSystemProvider {
  static final String SCHEME = CairnUri.SCHEME;

  private final Map<String, NioFileSystem> fileSystems = new HashMap<>();

  @Override
  public String getScheme() {
    return SCHEME;
  }

  /**
   * Connects to a cluster, lazily: whether anybody is there shows with the first call.
   *
   * @param env {@code user} (a String), {@code umask} (an Integer or octal text; 022 unless told
   *     otherwise), {@code timeout} (a Duration or ISO text), or {@code client}: a {@link
   *     CairnFileSystem} to be used, which stays the caller's
   * @throws FileSystemAlreadyExistsException if there is one for the authority
   * @throws IllegalArgumentException for a URI with another scheme or with a path, and for a value
   *     of another type
   */
  @Override
  public NioFileSystem newFileSystem(URI uri, Map<String, ?> env) throws IOException {
    CairnUri parsed = CairnUri.of(uri);
    if (!parsed.path().isRoot() && parsed.path().length() > 0) {
      throw new IllegalArgumentException("'" + uri + "': a file system has no path");
    }
    String authority = parsed.authority().orElse("");
    synchronized (fileSystems) {
      if (fileSystems.containsKey(authority)) {
        throw new FileSystemAlreadyExistsException(SCHEME + "://" + authority);
      }
      return open(authority, env);
    }
  }

  private NioFileSystem open(String authority, Map<String, ?> env) throws IOException {
    NioFileSystem opened =
        env.get("client") instanceof CairnFileSystem given
            ? new NioFileSystem(this, authority, given, NioFileSystem.Ownership.CALLERS)
            : new NioFileSystem(
                this, authority, Connection.connect(authority, env), NioFileSystem.Ownership.OURS);
    fileSystems.put(authority, opened);
    return opened;
  }

  void forget(NioFileSystem closed) {
    synchronized (fileSystems) {
      boolean unused = fileSystems.remove(closed.authority(), closed);
    }
  }

  @Override
  public NioFileSystem getFileSystem(URI uri) {
    String authority = CairnUri.of(uri).authority().orElse("");
    synchronized (fileSystems) {
      NioFileSystem found = fileSystems.get(authority);
      if (found == null) {
        throw new FileSystemNotFoundException(SCHEME + "://" + authority);
      }
      return found;
    }
  }

  /**
   * {@inheritDoc} The file system is made if there is none yet, so that a program needs nothing but
   * the URI.
   *
   * @throws FileSystemNotFoundException if it cannot be told which cluster is meant
   */
  @Override
  public Path getPath(URI uri) {
    CairnUri parsed = CairnUri.of(uri);
    String authority = parsed.authority().orElse("");
    NioFileSystem fileSystem;
    synchronized (fileSystems) {
      fileSystem = fileSystems.get(authority);
      if (fileSystem == null) {
        try {
          fileSystem = open(authority, Map.of());
        } catch (IOException e) {
          FileSystemNotFoundException unknown = new FileSystemNotFoundException(e.getMessage());
          unknown.initCause(e);
          throw unknown;
        }
      }
    }
    return NioPath.of(fileSystem, parsed.path().bytes());
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    return newFileChannel(path, options, attributes);
  }

  @Override
  public FileChannel newFileChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    NioPath ours = NioPath.require(path);
    OpenRequest request = OpenRequest.of(options, attributes);
    try {
      CairnFile file = open(client(ours), ours.toCairn(), request.options());
      return new CairnFileChannel(
          file, request, locksOf(ours, file, request), afterClose(path, request));
    } catch (CairnException e) {
      throw Refusals.of(e, ours);
    }
  }

  private static ChannelLocks locksOf(NioPath path, CairnFile file, OpenRequest request) {
    NioFileSystem fileSystem = path.getFileSystem();
    return new ChannelLocks(
        file,
        request.options().write(),
        fileSystem.lockedRanges(),
        () -> fileSystem.client().locks());
  }

  static CairnFile open(CairnFileSystem client, CairnPath path, OpenOptions options)
      throws CairnException {
    try {
      return client.openFile(path, options);
    } catch (CairnException e) {
      if (e.code() == ErrorCode.IS_A_DIRECTORY && !options.write()) {
        return new OpenDirectory(client, path);
      }
      throw e;
    }
  }

  /**
   * {@inheritDoc} Without an executor the file system has threads of its own: at most 64, beyond
   * which a call is done before it returns.
   *
   * @throws IllegalArgumentException for APPEND: these channels have no position
   */
  @Override
  public AsynchronousFileChannel newAsynchronousFileChannel(
      Path path,
      Set<? extends OpenOption> options,
      ExecutorService executor,
      FileAttribute<?>... attributes)
      throws IOException {
    NioPath ours = NioPath.require(path);
    OpenRequest request = OpenRequest.of(options, attributes);
    if (request.options().append()) {
      throw new IllegalArgumentException("APPEND for an asynchronous channel");
    }
    try {
      CairnFile file = open(client(ours), ours.toCairn(), request.options());
      return new CairnAsynchronousChannel(
          file,
          request,
          locksOf(ours, file, request),
          afterClose(path, request),
          executor == null ? ours.getFileSystem().threads() : executor);
    } catch (CairnException e) {
      throw Refusals.of(e, ours);
    }
  }

  private CairnFileChannel.Closing afterClose(Path path, OpenRequest request) {
    return request.deleteOnClose() ? () -> deleteIfExists(path) : CairnFileChannel.Closing.NOTHING;
  }

  @Override
  public DirectoryStream<Path> newDirectoryStream(
      Path dir, DirectoryStream.Filter<? super Path> filter) throws IOException {
    NioPath ours = NioPath.require(dir);
    try {
      if (!client(ours).stat(ours.toCairn(), Symlinks.FOLLOW).isDirectory()) {
        throw new NotDirectoryException(ours.toString());
      }
      return new DirectoryEntries(ours, client(ours).list(ours.toCairn()), filter);
    } catch (CairnException e) {
      throw Refusals.of(e, ours);
    }
  }

  @Override
  public void createDirectory(Path dir, FileAttribute<?>... attributes) throws IOException {
    NioPath ours = NioPath.require(dir);
    int mode = Modes.ofCreation(Modes.PERMISSIONS, attributes);
    call(ours, (client, path) -> client.mkdir(path, mode));
  }

  @Override
  public void createSymbolicLink(Path link, Path target, FileAttribute<?>... attributes)
      throws IOException {
    if (attributes.length > 0) {
      throw new UnsupportedOperationException("attributes of a symlink");
    }
    byte[] bytes = NioPath.require(target).bytes();
    call(NioPath.require(link), (client, path) -> client.symlink(bytes, path));
  }

  @Override
  public void createLink(Path link, Path existing) throws IOException {
    NioPath from = NioPath.require(existing);
    NioPath to = NioPath.require(link);
    requireSame(from, to);
    try {
      FileStatus unused = client(from).link(from.toCairn(), to.toCairn());
    } catch (CairnException e) {
      throw Refusals.of(e, from, to);
    }
  }

  private static void requireSame(NioPath one, NioPath other) throws IOException {
    if (!one.getFileSystem().equals(other.getFileSystem())) {
      throw Refusals.of(
          new CairnException(ErrorCode.CROSS_DEVICE, "paths of two clusters"), one, other);
    }
  }

  @Override
  public Path readSymbolicLink(Path link) throws IOException {
    NioPath ours = NioPath.require(link);
    try {
      return NioPath.of(ours.getFileSystem(), client(ours).readLink(ours.toCairn()));
    } catch (CairnException e) {
      if (e.code() == ErrorCode.INVALID_ARGUMENT) {
        NotLinkException noLink = new NotLinkException(ours.toString());
        noLink.initCause(e);
        throw noLink;
      }
      throw Refusals.of(e, ours);
    }
  }

  @Override
  public void delete(Path path) throws IOException {
    if (!deleteIfExists(path)) {
      throw new NoSuchFileException(path.toString());
    }
  }

  @Override
  public boolean deleteIfExists(Path path) throws IOException {
    return call(NioPath.require(path), (client, named) -> client.delete(named, DeleteMode.SINGLE));
  }

  @Override
  public void copy(Path source, Path target, CopyOption... options) throws IOException {
    new Transfer(NioPath.require(source), NioPath.require(target), options).copy();
  }

  @Override
  public void move(Path source, Path target, CopyOption... options) throws IOException {
    new Transfer(NioPath.require(source), NioPath.require(target), options).move();
  }

  @Override
  public boolean isSameFile(Path path, Path other) throws IOException {
    NioPath ours = NioPath.require(path);
    if (ours.equals(other)) {
      return true;
    }
    if (!(other instanceof NioPath theirs)
        || !theirs.getFileSystem().equals(ours.getFileSystem())) {
      return false;
    }
    NioFileSystem fileSystem = ours.getFileSystem();
    return fileSystem.status(ours, Symlinks.FOLLOW).inode()
        == fileSystem.status(theirs, Symlinks.FOLLOW).inode();
  }

  /** Names that begin with a dot, as on Unix. */
  @Override
  public boolean isHidden(Path path) {
    NioPath name = NioPath.require(path).getFileName();
    return name != null && name.bytes().length > 0 && name.bytes()[0] == '.';
  }

  @Override
  public FileStore getFileStore(Path path) throws IOException {
    NioPath ours = NioPath.require(path);
    FileStatus unused = ours.getFileSystem().status(ours, Symlinks.FOLLOW);
    return new ClusterFileStore(ours.getFileSystem());
  }

  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    int rights = 0;
    for (AccessMode mode : modes) {
      rights |=
          switch (mode) {
            case READ -> 4;
            case WRITE -> 2;
            case EXECUTE -> 1;
          };
    }
    int asked = rights;
    FileStatus unused = call(NioPath.require(path), (client, named) -> client.access(named, asked));
  }

  @Override
  public <V extends FileAttributeView> V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    return AttributeViews.of(NioPath.require(path), type, LinkChoice.of(options));
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    if (type != BasicFileAttributes.class && type != PosixFileAttributes.class) {
      throw new UnsupportedOperationException("attributes of type " + type.getName());
    }
    return type.cast(AttributeViews.read(NioPath.require(path), LinkChoice.of(options)));
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String names, LinkOption... options)
      throws IOException {
    return new NamedAttributes(NioPath.require(path), LinkChoice.of(options), names).read();
  }

  @Override
  public void setAttribute(Path path, String name, Object value, LinkOption... options)
      throws IOException {
    new NamedAttributes(NioPath.require(path), LinkChoice.of(options), name).set(value);
  }

  private interface Work<T> {
    T run(CairnFileSystem client, CairnPath path) throws CairnException;
  }

  private static CairnFileSystem client(NioPath path) {
    return path.getFileSystem().client();
  }

  @CanIgnoreReturnValue
  private static <T> T call(NioPath path, Work<T> work) throws IOException {
    try {
      return work.run(client(path), path.toCairn());
    } catch (CairnException e) {
      throw Refusals.of(e, path);
    }
  }
}
