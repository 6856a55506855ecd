package io.cairnfs.nio;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.contract.Face;
import io.cairnfs.contract.PosixException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** {@code java.nio.file} as a face: every call is one of {@code Files}' or of a channel. */
final class NioFace implements Face {
  private static final int EBADF = 9;
  private static final int EISDIR = 21;
  private static final int ENOTDIR = 20;
  private static final int EINVAL = 22;
  private static final int EOPNOTSUPP = 95;

  private final Path root;

  NioFace(Path root) {
    this.root = root;
  }

  private interface Work<T> {
    T run() throws IOException;
  }

  private static <T> T call(Work<T> work) throws PosixException {
    try {
      return work.run();
    } catch (PosixException e) {
      throw e;
    } catch (IOException e) {
      throw new PosixException(errno(e), e.toString(), e);
    } catch (NonReadableChannelException | NonWritableChannelException e) {
      throw new PosixException(EBADF, e.toString(), e);
    } catch (UnsupportedOperationException e) {
      throw new PosixException(EOPNOTSUPP, e.toString(), e);
    }
  }

  /** Those that the provider makes itself have no refusal as their cause. */
  private static int errno(IOException e) {
    if (e instanceof CairnException refusal) {
      return refusal.code().errno();
    }
    if (e instanceof NotDirectoryException) {
      return ENOTDIR;
    }
    return e.getCause() instanceof CairnException refusal ? refusal.code().errno() : EINVAL;
  }

  private Path path(String text) {
    return root.resolve(text).normalize();
  }

  @Override
  public Set<Feature> features() {
    return EnumSet.of(Feature.XATTRS, Feature.ATOMIC_APPENDS);
  }

  @Override
  public LockOwner lockOwner(String path, LockScope scope) throws PosixException {
    throw new PosixException(EOPNOTSUPP, "locks");
  }

  @Override
  public Handle open(String path, Set<OpenFlag> flags, int mode) throws PosixException {
    Set<OpenOption> options = new HashSet<>();
    for (OpenFlag flag : flags) {
      boolean unused =
          options.add(
              switch (flag) {
                case READ -> StandardOpenOption.READ;
                case WRITE -> StandardOpenOption.WRITE;
                case APPEND -> StandardOpenOption.APPEND;
                case CREATE ->
                    flags.contains(OpenFlag.EXCLUSIVE)
                        ? StandardOpenOption.CREATE_NEW
                        : StandardOpenOption.CREATE;
                case EXCLUSIVE -> StandardOpenOption.CREATE_NEW;
                case TRUNCATE -> StandardOpenOption.TRUNCATE_EXISTING;
                case NO_FOLLOW -> LinkOption.NOFOLLOW_LINKS;
              });
    }
    FileChannel channel =
        call(
            () ->
                FileChannel.open(
                    path(path),
                    options,
                    PosixFilePermissions.asFileAttribute(Modes.permissions(mode))));
    return new OpenChannel(channel, path(path));
  }

  private record OpenChannel(FileChannel channel, Path path) implements Handle {
    @Override
    public byte[] read(long position, int length) throws PosixException {
      return call(
          () -> {
            ByteBuffer buffer = ByteBuffer.allocate(length);
            while (buffer.hasRemaining()
                && channel.read(buffer, position + buffer.position()) > 0) {
              // Until it is full or the file ends.
            }
            return Arrays.copyOf(buffer.array(), buffer.position());
          });
    }

    @Override
    public void write(long position, byte[] bytes) throws PosixException {
      int unused = call(() -> channel.write(ByteBuffer.wrap(bytes), position));
    }

    @Override
    public void append(byte[] bytes) throws PosixException {
      int unused = call(() -> channel.write(ByteBuffer.wrap(bytes)));
    }

    @Override
    public void truncate(long length) throws PosixException {
      FileChannel unused = call(() -> channel.truncate(length));
    }

    @Override
    public void sync() throws PosixException {
      boolean unused =
          call(
              () -> {
                channel.force(true);
                return true;
              });
    }

    /** By name, but for the length, which the channel looks at again. */
    @Override
    public Stat stat() throws PosixException {
      Stat named = NioFace.stat(path);
      return new Stat(
          named.type(),
          named.mode(),
          named.owner(),
          named.group(),
          call(channel::size),
          named.links(),
          named.inode(),
          named.modified(),
          named.accessed(),
          named.changed());
    }

    @Override
    public void chmod(int mode) throws PosixException {
      throw new PosixException(EOPNOTSUPP, "chmod");
    }

    @Override
    public void changeGroup(String group) throws PosixException {
      throw new PosixException(EOPNOTSUPP, "changeGroup");
    }

    @Override
    public void setTimes(long accessed, long modified) throws PosixException {
      throw new PosixException(EOPNOTSUPP, "setTimes");
    }

    @Override
    public Handle reopen(Set<OpenFlag> flags) throws PosixException {
      throw new PosixException(EOPNOTSUPP, "reopen");
    }

    @Override
    public long copyRange(long offset, Handle target, long targetOffset, long length)
        throws PosixException {
      throw new PosixException(EOPNOTSUPP, "copyRange");
    }

    @Override
    public void punch(long offset, long length) throws PosixException {
      throw new PosixException(EOPNOTSUPP, "punch");
    }

    @Override
    public void allocate(long offset, long length, Growth growth) throws PosixException {
      throw new PosixException(EOPNOTSUPP, "allocate");
    }

    @Override
    public long seekData(long offset) throws PosixException {
      throw new PosixException(EOPNOTSUPP, "seekData");
    }

    @Override
    public long seekHole(long offset) throws PosixException {
      throw new PosixException(EOPNOTSUPP, "seekHole");
    }

    /** A channel has no word for it but {@code force}. */
    @Override
    public void flush() throws PosixException {
      sync();
    }

    @Override
    public void close() throws PosixException {
      boolean unused =
          call(
              () -> {
                channel.close();
                return true;
              });
    }
  }

  @Override
  public void create(String path, int mode, byte[] content) throws PosixException {
    try (Handle made =
        open(path, Set.of(OpenFlag.WRITE, OpenFlag.CREATE, OpenFlag.EXCLUSIVE), mode)) {
      made.write(0, content);
    }
  }

  @Override
  public byte[] content(String path) throws PosixException {
    return call(() -> Files.readAllBytes(path(path)));
  }

  @Override
  public Stat stat(String path) throws PosixException {
    return stat(path(path));
  }

  @Override
  public Stat lstat(String path) throws PosixException {
    return stat(path(path), LinkOption.NOFOLLOW_LINKS);
  }

  private static Stat stat(Path path, LinkOption... options) throws PosixException {
    return call(
        () -> {
          PosixFileAttributes found =
              Files.readAttributes(path, PosixFileAttributes.class, options);
          Map<String, Object> unix = Files.readAttributes(path, "unix:mode,nlink,ino", options);
          char type = found.isDirectory() ? 'd' : found.isSymbolicLink() ? 'l' : 'f';
          return new Stat(
              type,
              (Integer) unix.get("mode") & 07777,
              found.owner().getName(),
              found.group().getName(),
              found.size(),
              (Integer) unix.get("nlink"),
              (Long) unix.get("ino"),
              found.lastModifiedTime().to(TimeUnit.NANOSECONDS),
              found.lastAccessTime().to(TimeUnit.NANOSECONDS),
              0);
        });
  }

  @Override
  public void access(String path, int rights) throws PosixException {
    List<AccessMode> modes = new ArrayList<>();
    if ((rights & 4) != 0) {
      modes.add(AccessMode.READ);
    }
    if ((rights & 2) != 0) {
      modes.add(AccessMode.WRITE);
    }
    if ((rights & 1) != 0) {
      modes.add(AccessMode.EXECUTE);
    }
    act(
        () ->
            path(path)
                .getFileSystem()
                .provider()
                .checkAccess(path(path), modes.toArray(new AccessMode[0])));
  }

  private interface Action {
    void run() throws IOException;
  }

  private static void act(Action action) throws PosixException {
    boolean unused =
        call(
            () -> {
              action.run();
              return true;
            });
  }

  @Override
  public void mkdir(String path, int mode) throws PosixException {
    Path unused =
        call(
            () ->
                Files.createDirectory(
                    path(path), PosixFilePermissions.asFileAttribute(Modes.permissions(mode))));
  }

  /** {@code Files} has one deletion for both; the kind is looked at here. */
  @Override
  public void makeNode(String path, char type, int mode, int device) throws PosixException {
    throw new PosixException(EOPNOTSUPP, "makeNode");
  }

  @Override
  public int device(String path) throws PosixException {
    throw new PosixException(EOPNOTSUPP, "device");
  }

  @Override
  public void rmdir(String path) throws PosixException {
    if (lstat(path).type() != 'd') {
      throw new PosixException(ENOTDIR, path);
    }
    act(() -> Files.delete(path(path)));
  }

  @Override
  public void unlink(String path) throws PosixException {
    if (lstat(path).type() == 'd') {
      throw new PosixException(EISDIR, path);
    }
    act(() -> Files.delete(path(path)));
  }

  @Override
  public void rename(String from, String to, RenameMode mode) throws PosixException {
    CopyOption[] options = {StandardCopyOption.ATOMIC_MOVE};
    Path unused = call(() -> Files.move(path(from), path(to), options));
  }

  @Override
  public void link(String existing, String link) throws PosixException {
    Path unused = call(() -> Files.createLink(path(link), path(existing)));
  }

  @Override
  public void symlink(String target, String link) throws PosixException {
    Path unused =
        call(() -> Files.createSymbolicLink(path(link), root.getFileSystem().getPath(target)));
  }

  @Override
  public String readlink(String link) throws PosixException {
    return call(() -> Files.readSymbolicLink(path(link)).toString());
  }

  @Override
  public void chmod(String path, int mode) throws PosixException {
    Path unused = call(() -> Files.setAttribute(path(path), "unix:mode", mode));
  }

  @Override
  public void chown(String path, String owner, String group, boolean follow) throws PosixException {
    LinkOption[] options =
        follow ? new LinkOption[0] : new LinkOption[] {LinkOption.NOFOLLOW_LINKS};
    act(
        () -> {
          PosixFileAttributeView view =
              Files.getFileAttributeView(path(path), PosixFileAttributeView.class, options);
          if (owner != null) {
            view.setOwner(new Principals.User(owner));
          }
          if (group != null) {
            view.setGroup(new Principals.Group(group));
          }
        });
  }

  @Override
  public void setTimes(String path, long accessed, long modified) throws PosixException {
    act(
        () ->
            Files.getFileAttributeView(path(path), BasicFileAttributeView.class)
                .setTimes(
                    FileTime.from(modified, TimeUnit.NANOSECONDS),
                    FileTime.from(accessed, TimeUnit.NANOSECONDS),
                    null));
  }

  @Override
  public void truncate(String path, long length) throws PosixException {
    act(
        () -> {
          try (FileChannel channel = FileChannel.open(path(path), StandardOpenOption.WRITE)) {
            channel.truncate(length);
          }
        });
  }

  @Override
  public void concat(String target, String source) throws PosixException {
    throw new PosixException(EOPNOTSUPP, "concat");
  }

  @Override
  public List<String> list(String directory) throws PosixException {
    return call(
        () -> {
          List<String> names = new ArrayList<>();
          try (DirectoryStream<Path> entries = Files.newDirectoryStream(path(directory))) {
            entries.forEach(entry -> names.add(entry.getFileName().toString()));
          }
          return names;
        });
  }

  @Override
  public void createNamed(String directory, byte[] name) throws PosixException {
    throw new PosixException(EOPNOTSUPP, "createNamed");
  }

  @Override
  public List<byte[]> listNames(String directory) throws PosixException {
    throw new PosixException(EOPNOTSUPP, "listNames");
  }

  private static String inUser(String name) {
    return "user:" + name.substring("user.".length());
  }

  @Override
  public void setXattr(String path, String name, byte[] value, XattrMode mode)
      throws PosixException {
    Path unused = call(() -> Files.setAttribute(path(path), inUser(name), value));
  }

  @Override
  public void removeXattr(String path, String name) throws PosixException {
    act(() -> new XattrView((NioPath) path(path)).delete(name.substring("user.".length())));
  }

  @Override
  public byte[] xattr(String path, String name) throws PosixException {
    return (byte[]) call(() -> Files.getAttribute(path(path), inUser(name)));
  }

  @Override
  public SortedMap<String, byte[]> xattrs(String path) throws PosixException {
    return call(
        () -> {
          SortedMap<String, byte[]> found = new TreeMap<>();
          Files.readAttributes(path(path), "user:*")
              .forEach((name, value) -> found.put("user." + name, (byte[]) value));
          return found;
        });
  }

  @Override
  public void setAcl(String path, boolean ofDirectory, List<String> entries) throws PosixException {
    throw new PosixException(EOPNOTSUPP, "setAcl");
  }

  @Override
  public List<String> acl(String path) throws PosixException {
    throw new PosixException(EOPNOTSUPP, "acl");
  }

  @Override
  public void close() {
    // The file system is closed by who made it.
  }
}
