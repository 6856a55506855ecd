package io.cairnfs.nio;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.Symlinks;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.FileStatus;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;

/**
 * One cluster as one user sees it. Relative paths begin at the root. Closing it closes the client
 * if the provider made it; a closed one throws {@link ClosedFileSystemException}. Any thread.
 */
final class NioFileSystem extends FileSystem {
  static final Set<String> VIEWS = Set.of("basic", "posix", "owner", "acl", "user", "unix");

  /** What POSIX asks for at least, and what the metaservers allow. */
  private static final int MAX_SYMLINKS = 40;

  private static final int MAX_THREADS = 64;

  private final CairnFileSystemProvider provider;
  private final String authority;
  private final CairnFileSystem client;
  private final Ownership ownership;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final LockedRanges lockedRanges = new LockedRanges();

  /** For asynchronous channels that bring no executor: as many threads as calls that wait. */
  private final ExecutorService threads =
      new ThreadPoolExecutor(
          0,
          MAX_THREADS,
          5,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          task -> {
            Thread thread = new Thread(task, "cairn-nio");
            thread.setDaemon(true);
            return thread;
          },
          (task, pool) -> {
            if (pool.isShutdown()) {
              throw new RejectedExecutionException("the file system is closed");
            }
            task.run();
          });

  /** Who closes the client. */
  enum Ownership {
    /** It goes with this. */
    OURS,
    /** Whoever gave it. */
    CALLERS
  }

  NioFileSystem(
      CairnFileSystemProvider provider,
      String authority,
      CairnFileSystem client,
      Ownership ownership) {
    this.provider = provider;
    this.authority = authority;
    this.client = client;
    this.ownership = ownership;
  }

  /** As it stands after {@code cairn://}; empty for the cluster that the surroundings name. */
  String authority() {
    return authority;
  }

  Executor threads() {
    return threads;
  }

  /** What channels of this process have locked. */
  LockedRanges lockedRanges() {
    return lockedRanges;
  }

  CairnFileSystem client() {
    if (closed.get()) {
      throw new ClosedFileSystemException();
    }
    return client;
  }

  @Override
  public CairnFileSystemProvider provider() {
    return provider;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      provider.forget(this);
      threads.shutdown();
      if (ownership == Ownership.OURS) {
        client.close();
      }
    }
  }

  @Override
  public boolean isOpen() {
    return !closed.get();
  }

  @Override
  public boolean isReadOnly() {
    return false;
  }

  @Override
  public String getSeparator() {
    return "/";
  }

  @Override
  public Iterable<Path> getRootDirectories() {
    return List.of(root());
  }

  NioPath root() {
    return NioPath.of(this, new byte[] {'/'});
  }

  @Override
  public Iterable<FileStore> getFileStores() {
    return List.of(new ClusterFileStore(this));
  }

  @Override
  public Set<String> supportedFileAttributeViews() {
    return VIEWS;
  }

  @Override
  public NioPath getPath(String first, String... more) {
    StringBuilder text = new StringBuilder(first);
    for (String part : more) {
      if (!part.isEmpty()) {
        text.append(text.length() == 0 ? "" : "/").append(part);
      }
    }
    return NioPath.of(this, text.toString());
  }

  @Override
  public PathMatcher getPathMatcher(String syntaxAndPattern) {
    int colon = syntaxAndPattern.indexOf(':');
    if (colon <= 0) {
      throw new IllegalArgumentException("'" + syntaxAndPattern + "' is not SYNTAX:PATTERN");
    }
    String syntax = syntaxAndPattern.substring(0, colon);
    String text = syntaxAndPattern.substring(colon + 1);
    Pattern pattern;
    if (syntax.equalsIgnoreCase("glob")) {
      pattern = Glob.toPattern(text);
    } else if (syntax.equalsIgnoreCase("regex")) {
      pattern = Pattern.compile(text);
    } else {
      throw new UnsupportedOperationException("syntax '" + syntax + "'");
    }
    return path -> pattern.matcher(path.toString()).matches();
  }

  @Override
  public UserPrincipalLookupService getUserPrincipalLookupService() {
    return new Principals();
  }

  @Override
  public WatchService newWatchService() {
    throw new UnsupportedOperationException("Cairn's directories cannot be watched yet");
  }

  FileStatus status(NioPath path, Symlinks symlinks) throws IOException {
    try {
      return client().stat(path.toCairn(), symlinks);
    } catch (CairnException e) {
      throw Refusals.of(e, path);
    }
  }

  /**
   * The path without symlinks, {@code .} and {@code ..}; with {@code NO_FOLLOW} only the latter two
   * are resolved, by their text.
   */
  NioPath realPath(NioPath path, Symlinks symlinks) throws IOException {
    NioPath absolute = path.toAbsolutePath();
    FileStatus there = status(absolute, symlinks);
    if (symlinks == Symlinks.NO_FOLLOW) {
      return NioPath.of(this, there.path().bytes());
    }
    try {
      return followed(absolute);
    } catch (CairnException e) {
      throw Refusals.of(e, path);
    }
  }

  private NioPath followed(NioPath path) throws IOException {
    Deque<byte[]> left = new ArrayDeque<>(path.components());
    NioPath done = root();
    int links = 0;
    while (!left.isEmpty()) {
      byte[] name = left.pop();
      if (Arrays.equals(name, new byte[] {'.'})) {
        continue;
      }
      if (Arrays.equals(name, new byte[] {'.', '.'})) {
        done = Objects.requireNonNullElse(done.getParent(), done);
        continue;
      }
      NioPath next = done.child(name);
      CairnPath named = CairnPath.of(next.bytes());
      if (!client().stat(named).isSymlink()) {
        done = next;
        continue;
      }
      if (++links > MAX_SYMLINKS) {
        throw new FileSystemException(path.toString(), null, ErrorCode.SYMLINK_LOOP.text());
      }
      NioPath target = NioPath.of(this, client().readLink(named));
      List<byte[]> ahead = target.components();
      for (int i = ahead.size() - 1; i >= 0; i--) {
        left.push(ahead.get(i));
      }
      done = target.isAbsolute() ? root() : done;
    }
    return done;
  }

  @Override
  public String toString() {
    return CairnFileSystemProvider.SCHEME + "://" + authority;
  }
}
