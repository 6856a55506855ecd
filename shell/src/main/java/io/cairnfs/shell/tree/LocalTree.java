package io.cairnfs.shell.tree;

import io.cairnfs.client.AclChange;
import io.cairnfs.client.AclEntry;
import io.cairnfs.client.CairnPath;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.shell.text.ByteText;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;

/**
 * The files of this machine. Symlinks are followed, as in HDFS' shell; what is neither a file nor a
 * directory is {@link FileKind#SPECIAL}. Safe for any thread.
 */
public final class LocalTree implements FileTree {
  /** What Hadoop calls the block size of the local file system. */
  private static final long BLOCK_SIZE = 32L << 20;

  private final CairnPath home;

  /**
   * @param workingDirectory absolute
   */
  public LocalTree(Path workingDirectory) {
    this.home = LocalNames.ofPath(workingDirectory);
  }

  private interface Action<T> {
    T run() throws IOException;
  }

  /** Runs with the platform's refusals turned into this file system's. */
  private static <T> T translated(CairnPath path, Action<T> action) throws IOException {
    try {
      return action.run();
    } catch (NoSuchFileException e) {
      throw refused(ErrorCode.NOT_FOUND, path, e);
    } catch (AccessDeniedException e) {
      throw refused(ErrorCode.PERMISSION_DENIED, path, e);
    } catch (FileAlreadyExistsException e) {
      throw refused(ErrorCode.EXISTS, path, e);
    } catch (DirectoryNotEmptyException e) {
      throw refused(ErrorCode.NOT_EMPTY, path, e);
    } catch (NotDirectoryException e) {
      throw refused(ErrorCode.NOT_A_DIRECTORY, path, e);
    } catch (FileSystemLoopException e) {
      throw refused(ErrorCode.SYMLINK_LOOP, path, e);
    } catch (FileSystemException e) {
      throw refused(codeOf(e), path, e);
    }
  }

  /** The platform says the rest in words only. */
  private static ErrorCode codeOf(FileSystemException e) {
    String reason = e.getReason() == null ? "" : e.getReason();
    if (reason.startsWith("Too many levels of symbolic links")) {
      return ErrorCode.SYMLINK_LOOP;
    }
    if (reason.startsWith("Not a directory")) {
      return ErrorCode.NOT_A_DIRECTORY;
    }
    if (reason.startsWith("Is a directory")) {
      return ErrorCode.IS_A_DIRECTORY;
    }
    if (reason.startsWith("Operation not permitted")) {
      return ErrorCode.NOT_PERMITTED;
    }
    if (reason.startsWith("No space left")) {
      return ErrorCode.NO_SPACE;
    }
    return reason.startsWith("File name too long") ? ErrorCode.NAME_TOO_LONG : ErrorCode.IO_ERROR;
  }

  private static CairnException refused(ErrorCode code, CairnPath path, IOException cause) {
    return new CairnException(code, ByteText.decode(path.bytes()) + ": " + code.text(), cause);
  }

  @Override
  public String uri() {
    return "file:///";
  }

  @Override
  public String qualified(CairnPath path) {
    return "file:" + ByteText.decode(path.bytes());
  }

  @Override
  public CairnPath home() {
    return home;
  }

  @Override
  public boolean appearsWhole() {
    return false;
  }

  @Override
  public Optional<Facts> find(CairnPath path) throws IOException {
    try {
      return Optional.of(facts(LocalNames.toPath(path)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (FileSystemException e) {
      if (codeOf(e) == ErrorCode.NOT_A_DIRECTORY) {
        return Optional.empty();
      }
      return translated(
          path,
          () -> {
            throw e;
          });
    }
  }

  private static Facts facts(Path path) throws IOException {
    Map<String, Object> a =
        Files.readAttributes(path, "unix:mode,owner,group,size,lastModifiedTime,lastAccessTime");
    int mode = (Integer) a.get("mode");
    return new Facts(
        kind(mode),
        mode & 07777,
        ((UserPrincipal) a.get("owner")).getName(),
        ((GroupPrincipal) a.get("group")).getName(),
        (Long) a.get("size"),
        nanos((FileTime) a.get("lastModifiedTime")),
        nanos((FileTime) a.get("lastAccessTime")),
        1,
        BLOCK_SIZE,
        false);
  }

  /** The file type bits of the platform's mode. */
  private static FileKind kind(int mode) {
    return switch (mode & 0170000) {
      case 0100000 -> FileKind.FILE;
      case 0040000 -> FileKind.DIRECTORY;
      case 0010000 -> FileKind.FIFO;
      case 0140000 -> FileKind.SOCKET;
      case 0060000 -> FileKind.BLOCK_DEVICE;
      default -> FileKind.CHARACTER_DEVICE;
    };
  }

  private static long nanos(FileTime time) {
    return time.to(TimeUnit.NANOSECONDS);
  }

  /** Dangling symlinks are {@link FileKind#SYMLINK}: they lead to nothing that could be copied. */
  @Override
  public List<Entry> list(CairnPath directory) throws IOException {
    return translated(
        directory,
        () -> {
          List<Entry> entries = new ArrayList<>();
          try (DirectoryStream<Path> stream =
              Files.newDirectoryStream(LocalNames.toPath(directory))) {
            for (Path path : stream) {
              CairnPath child = directory.child(LocalNames.nameBytes(path));
              entryFacts(path).ifPresent(facts -> entries.add(new Entry(child, facts)));
            }
          } catch (java.nio.file.DirectoryIteratorException e) {
            throw e.getCause();
          }
          entries.sort(Comparator.comparing(Entry::path));
          return entries;
        });
  }

  private static Optional<Facts> entryFacts(Path path) throws IOException {
    try {
      return Optional.of(facts(path));
    } catch (NoSuchFileException e) {
      return linkFacts(path);
    } catch (FileSystemException e) {
      if (codeOf(e) == ErrorCode.SYMLINK_LOOP) {
        return linkFacts(path);
      }
      throw e;
    }
  }

  private static Optional<Facts> linkFacts(Path path) throws IOException {
    if (!Files.isSymbolicLink(path)) {
      return Optional.empty();
    }
    Map<String, Object> a =
        Files.readAttributes(path, "posix:owner,group,lastModifiedTime", LinkOption.NOFOLLOW_LINKS);
    long modified = nanos((FileTime) a.get("lastModifiedTime"));
    return Optional.of(
        new Facts(
            FileKind.SYMLINK,
            0777,
            ((UserPrincipal) a.get("owner")).getName(),
            ((GroupPrincipal) a.get("group")).getName(),
            0,
            modified,
            modified,
            1,
            BLOCK_SIZE,
            false));
  }

  @Override
  public InputStream open(CairnPath path, long offset) throws IOException {
    return translated(
        path,
        () -> {
          Path file = LocalNames.toPath(path);
          if (Files.isDirectory(file)) {
            throw refused(ErrorCode.IS_A_DIRECTORY, path, null);
          }
          SeekableByteChannel channel = Files.newByteChannel(file);
          channel.position(offset);
          return Channels.newInputStream(channel);
        });
  }

  @Override
  public byte[] readSmall(CairnPath path, int maxBytes) throws IOException {
    try (InputStream in = open(path, 0)) {
      byte[] bytes = in.readNBytes(maxBytes + 1);
      if (bytes.length > maxBytes) {
        throw refused(ErrorCode.TOO_LARGE, path, null);
      }
      return bytes;
    }
  }

  @Override
  public void createSmall(CairnPath path, byte[] content, WriteOptions options) throws IOException {
    try (Sink sink = create(path, options)) {
      sink.write(content, 0, content.length);
    }
  }

  @Override
  public Sink create(CairnPath path, WriteOptions options) throws IOException {
    Set<StandardOpenOption> how =
        options.replace()
            ? Set.of(
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)
            : Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    OutputStream out =
        translated(
            path,
            () -> Channels.newOutputStream(Files.newByteChannel(LocalNames.toPath(path), how)));
    return new LocalSink(out);
  }

  @Override
  public Sink append(CairnPath path) throws IOException {
    Set<StandardOpenOption> how = Set.of(StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    OutputStream out =
        translated(
            path,
            () -> Channels.newOutputStream(Files.newByteChannel(LocalNames.toPath(path), how)));
    return new LocalSink(out);
  }

  @Override
  public void truncate(CairnPath path, long length) throws IOException {
    var unused =
        translated(
            path,
            () -> {
              try (SeekableByteChannel file =
                  Files.newByteChannel(LocalNames.toPath(path), StandardOpenOption.WRITE)) {
                return file.truncate(length);
              }
            });
  }

  @Override
  public void concat(CairnPath target, List<CairnPath> sources) throws IOException {
    throw unsupported(target);
  }

  @Override
  public void share(CairnPath source, CairnPath target, WriteOptions options) throws IOException {
    throw unsupported(target);
  }

  private static CairnException unsupported(CairnPath path) {
    return new CairnException(ErrorCode.UNSUPPORTED, path + ": " + ErrorCode.UNSUPPORTED.text());
  }

  private static final class LocalSink extends Sink {
    private final OutputStream out;

    LocalSink(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
    }

    @Override
    public void close() throws IOException {
      out.close();
    }

    @Override
    public void abort() {
      try {
        out.close();
      } catch (IOException e) {
        // The file is given up: what could not be written to it does not matter any more.
        return;
      }
    }
  }

  @Override
  public void mkdir(CairnPath path, boolean parents) throws IOException {
    translated(
        path,
        () ->
            parents
                ? Files.createDirectories(LocalNames.toPath(path))
                : Files.createDirectory(LocalNames.toPath(path)));
  }

  @Override
  public void delete(CairnPath path, boolean recursive) throws IOException {
    Path local = LocalNames.toPath(path);
    if (recursive && Files.isDirectory(local, LinkOption.NOFOLLOW_LINKS)) {
      for (Entry entry : list(path)) {
        delete(entry.path(), true);
      }
    }
    translated(
        path,
        () -> {
          Files.delete(local);
          return null;
        });
  }

  @Override
  public void rename(CairnPath source, CairnPath target, boolean replace) throws IOException {
    Path from = LocalNames.toPath(source);
    Path to = LocalNames.toPath(target);
    translated(
        target,
        () ->
            replace
                ? Files.move(from, to, StandardCopyOption.REPLACE_EXISTING)
                : Files.move(from, to));
  }

  @Override
  public void link(CairnPath existing, CairnPath link) throws IOException {
    Path from = LocalNames.toPath(existing);
    Path to = LocalNames.toPath(link);
    translated(link, () -> Files.createLink(to, from));
  }

  @Override
  public void symlink(byte[] target, CairnPath link) throws IOException {
    Path to = LocalNames.toPath(link);
    Path leads = Path.of(ByteText.decode(target));
    translated(link, () -> Files.createSymbolicLink(to, leads));
  }

  private static CairnException noAttributes(CairnPath path) {
    return new CairnException(
        ErrorCode.UNSUPPORTED,
        ByteText.decode(path.bytes())
            + ": extended attributes and ACLs are for files of the cluster");
  }

  @Override
  public void setAttribute(CairnPath path, String name, byte[] value) throws IOException {
    throw noAttributes(path);
  }

  @Override
  public void removeAttribute(CairnPath path, String name) throws IOException {
    throw noAttributes(path);
  }

  @Override
  public byte[] attribute(CairnPath path, String name) throws IOException {
    throw noAttributes(path);
  }

  @Override
  public SortedMap<String, byte[]> attributes(CairnPath path) throws IOException {
    throw noAttributes(path);
  }

  @Override
  public void setAcl(CairnPath path, AclChange change) throws IOException {
    throw noAttributes(path);
  }

  @Override
  public List<AclEntry> acl(CairnPath path) throws IOException {
    throw noAttributes(path);
  }

  @Override
  public void update(CairnPath path, AttributeUpdate update) throws IOException {
    Path local = LocalNames.toPath(path);
    translated(
        path,
        () -> {
          apply(local, update);
          return null;
        });
  }

  private static void apply(Path path, AttributeUpdate update) throws IOException {
    PosixFileAttributeView view = Files.getFileAttributeView(path, PosixFileAttributeView.class);
    UserPrincipalLookupService names = path.getFileSystem().getUserPrincipalLookupService();
    if (update.owner().isPresent()) {
      view.setOwner(names.lookupPrincipalByName(update.owner().get()));
    }
    if (update.group().isPresent()) {
      view.setGroup(names.lookupPrincipalByGroupName(update.group().get()));
    }
    if (update.mode().isPresent()) {
      Files.setAttribute(path, "unix:mode", update.mode().getAsInt());
    }
    if (update.modifiedNanos().isPresent() || update.accessedNanos().isPresent()) {
      view.setTimes(time(update.modifiedNanos()), time(update.accessedNanos()), null);
    }
  }

  private static FileTime time(OptionalLong nanos) {
    return nanos.isPresent() ? FileTime.from(nanos.getAsLong(), TimeUnit.NANOSECONDS) : null;
  }

  /** One copy it is, and stays. */
  @Override
  public void setReplication(CairnPath path, int replication) {}

  @Override
  public int presentReplicas(CairnPath path) {
    return 1;
  }

  @Override
  public boolean mayRead(CairnPath path) {
    return Files.isReadable(LocalNames.toPath(path));
  }

  @Override
  public boolean mayWrite(CairnPath path) {
    return Files.isWritable(LocalNames.toPath(path));
  }

  @Override
  public Optional<String> codingPolicy(CairnPath path) {
    return Optional.empty();
  }

  @Override
  public Totals totals(CairnPath path) throws IOException {
    Optional<Facts> facts = find(path);
    if (facts.isEmpty()) {
      throw refused(ErrorCode.NOT_FOUND, path, null);
    }
    if (!facts.get().isDirectory()) {
      return new Totals(0, 1, facts.get().length(), facts.get().length());
    }
    Totals totals = new Totals(1, 0, 0, 0);
    for (Entry entry : list(path)) {
      Totals below =
          entry.facts().isDirectory()
              ? totals(entry.path())
              : new Totals(0, 1, entry.facts().length(), entry.facts().length());
      totals =
          new Totals(
              totals.directories() + below.directories(),
              totals.files() + below.files(),
              totals.bytes() + below.bytes(),
              totals.space() + below.space());
    }
    return totals;
  }

  @Override
  public Space space() throws IOException {
    FileStore store = Files.getFileStore(LocalNames.toPath(home));
    long total = store.getTotalSpace();
    return new Space(total, total - store.getUnallocatedSpace(), store.getUsableSpace());
  }

  @Override
  public int crc32c(CairnPath path) throws IOException {
    CRC32C crc = new CRC32C();
    byte[] buffer = new byte[1 << 16];
    try (InputStream in = open(path, 0)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        crc.update(buffer, 0, n);
      }
    }
    return (int) crc.getValue();
  }

  @Override
  public Optional<Path> local(CairnPath path) {
    return Optional.of(LocalNames.toPath(path));
  }

  @Override
  public void close() {}
}
