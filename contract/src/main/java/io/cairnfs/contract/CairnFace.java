package io.cairnfs.contract;

import io.cairnfs.client.AclChange;
import io.cairnfs.client.AclEntry;
import io.cairnfs.client.AttributeChange;
import io.cairnfs.client.CairnFile;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.Symlinks;
import io.cairnfs.client.CairnLock;
import io.cairnfs.client.CairnLocks;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.FileType;
import io.cairnfs.client.OpenOptions;
import io.cairnfs.client.RemoteIterator;
import io.cairnfs.common.error.CairnException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** The Java API as a face. Closing it closes the connection. */
public final class CairnFace implements Face {
  private static final int EIO = 5;
  private static final int ENXIO = 6;
  private static final int EAGAIN = 11;
  private static final int EACCES = 13;
  private static final int ENOTDIR = 20;
  private static final int MAX_CONTENT_BYTES = 64 << 20;

  private final CairnFileSystem client;
  private final CairnPath root;

  private interface Work<T> {
    T run() throws IOException;
  }

  private interface Action {
    void run() throws IOException;
  }

  /**
   * @param root where the face's paths begin
   */
  public CairnFace(CairnFileSystem client, CairnPath root) {
    this.client = client;
    this.root = root;
  }

  @Override
  public Set<Feature> features() {
    return EnumSet.allOf(Feature.class);
  }

  /** Trailing slashes and dots are gone, as everywhere in the API. */
  private CairnPath path(String text) {
    return CairnPath.of(root + "/" + text);
  }

  private static <T> T call(Work<T> work) throws PosixException {
    try {
      return work.run();
    } catch (PosixException e) {
      throw e;
    } catch (CairnException e) {
      throw new PosixException(e.code().errno(), e.code() + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new PosixException(EIO, e.toString(), e);
    }
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
  public Handle open(String path, Set<OpenFlag> flags, int mode) throws PosixException {
    OpenOptions options = options(flags).withMode(mode);
    return new OpenFile(client, call(() -> client.openFile(path(path), options)));
  }

  private static OpenOptions options(Set<OpenFlag> flags) {
    boolean write = flags.contains(OpenFlag.WRITE);
    OpenOptions options = OpenOptions.forReading();
    if (write) {
      options =
          flags.contains(OpenFlag.READ)
              ? OpenOptions.forReadingAndWriting()
              : OpenOptions.forWriting();
    }
    options = options.withFreshness(OpenOptions.Freshness.EACH_READ);
    if (flags.contains(OpenFlag.APPEND)) {
      options = options.appending();
    }
    if (flags.contains(OpenFlag.TRUNCATE)) {
      options = options.truncating();
    }
    if (flags.contains(OpenFlag.NO_FOLLOW)) {
      options = options.noFollow();
    }
    if (flags.contains(OpenFlag.CREATE)) {
      options = flags.contains(OpenFlag.EXCLUSIVE) ? options.createNew() : options.orCreate();
    }
    return options;
  }

  @Override
  public LockOwner lockOwner(String path, LockScope scope) throws PosixException {
    if (scope == LockScope.WHOLE_FILE) {
      requireReadOrWrite(path);
      return new Party(client.locks(), path(path), Optional.empty(), new ArrayList<>());
    }
    CairnFile file = call(() -> client.openFile(path(path), OpenOptions.forReadingAndWriting()));
    return new Party(client.locks(), path(path), Optional.of(file), new ArrayList<>());
  }

  private void requireReadOrWrite(String path) throws PosixException {
    try {
      access(path, 4);
    } catch (PosixException e) {
      // A directory has to be readable, as it cannot be opened for writing.
      if (e.errno() != EACCES || stat(path).type() == 'd') {
        throw e;
      }
      access(path, 2);
    }
  }

  /**
   * A party of the session, and what it has taken, the last one at the end.
   *
   * @param ranged the file of which it takes ranges, not the whole
   */
  private record Party(
      CairnLocks locks, CairnPath path, Optional<CairnFile> ranged, List<Taken> taken)
      implements LockOwner {

    record Taken(CairnLock lock, long start, long length) {}

    @Override
    public void lock(LockMode mode, Patience patience, long start, long length)
        throws PosixException {
      CairnLock.Mode how = CairnLock.Mode.valueOf(mode.name());
      CairnLock lock =
          ranged.isEmpty()
              ? locks.of(path, how)
              : call(() -> locks.ofRange(ranged.get(), how, start, length));
      boolean isTaken =
          call(
              () -> {
                if (patience == Patience.TRY) {
                  return lock.tryLock();
                }
                lock.lock();
                return true;
              });
      if (!isTaken) {
        throw new PosixException(EAGAIN, "locked");
      }
      taken.add(new Taken(lock, start, length));
    }

    /** Of a range exactly as it was taken. */
    @Override
    public void unlock(long start, long length) throws PosixException {
      for (Taken each : List.copyOf(taken)) {
        if (ranged.isEmpty() || (each.start == start && each.length == length)) {
          act(each.lock::unlock);
          boolean unused = taken.remove(each);
        }
      }
    }

    @Override
    public void close() throws PosixException {
      act(locks::close);
      if (ranged.isPresent()) {
        act(ranged.get()::close);
      }
    }
  }

  @Override
  public void create(String path, int mode, byte[] content) throws PosixException {
    FileStatus unused =
        call(
            () ->
                client.createWithContent(
                    path(path), ByteBuffer.wrap(content), CreateOptions.defaults().withMode(mode)));
  }

  @Override
  public void concat(String target, String source) throws PosixException {
    FileStatus unused = call(() -> client.concat(path(target), List.of(path(source))));
  }

  @Override
  public byte[] content(String path) throws PosixException {
    return call(() -> client.readFully(path(path), MAX_CONTENT_BYTES));
  }

  private record OpenFile(CairnFileSystem client, CairnFile file) implements Handle {
    @Override
    public byte[] read(long position, int length) throws PosixException {
      return call(
          () -> {
            ByteBuffer buffer = ByteBuffer.allocate(length);
            while (buffer.hasRemaining() && file.read(position + buffer.position(), buffer) > 0) {
              // Until it is full or the file ends.
            }
            return Arrays.copyOf(buffer.array(), buffer.position());
          });
    }

    @Override
    public void write(long position, byte[] bytes) throws PosixException {
      act(
          () -> {
            int unused = file.write(position, ByteBuffer.wrap(bytes));
          });
    }

    @Override
    public void append(byte[] bytes) throws PosixException {
      act(
          () -> {
            long unused = file.append(ByteBuffer.wrap(bytes));
          });
    }

    @Override
    public void truncate(long length) throws PosixException {
      act(() -> file.truncate(length));
    }

    @Override
    public void sync() throws PosixException {
      act(file::sync);
    }

    @Override
    public Stat stat() throws PosixException {
      return call(() -> stat(file.status()));
    }

    private static Stat stat(FileStatus status) {
      return CairnFace.stat(status);
    }

    private void change(AttributeChange change) throws PosixException {
      FileStatus unused = call(() -> client.nodes().setAttributes(file.status().inode(), change));
    }

    @Override
    public void chmod(int mode) throws PosixException {
      change(AttributeChange.none().mode(mode));
    }

    @Override
    public void changeGroup(String group) throws PosixException {
      change(AttributeChange.none().group(group));
    }

    @Override
    public void setTimes(long accessed, long modified) throws PosixException {
      change(AttributeChange.none().accessTimeNanos(accessed).modificationTimeNanos(modified));
    }

    @Override
    public Handle reopen(Set<OpenFlag> flags) throws PosixException {
      OpenOptions options = options(flags);
      return new OpenFile(
          client, call(() -> client.nodes().open(file.status().inode(), options).file()));
    }

    @Override
    public long copyRange(long offset, Handle target, long targetOffset, long length)
        throws PosixException {
      CairnFile to = ((OpenFile) target).file;
      return call(() -> client.copyRange(file, offset, to, targetOffset, length));
    }

    @Override
    public void punch(long offset, long length) throws PosixException {
      act(() -> file.punchHole(offset, length));
    }

    @Override
    public void allocate(long offset, long length, Growth growth) throws PosixException {
      act(() -> file.allocate(offset, length, CairnFile.Allocate.valueOf(growth.name())));
    }

    @Override
    public long seekData(long offset) throws PosixException {
      return found(call(() -> file.seekData(offset)));
    }

    @Override
    public long seekHole(long offset) throws PosixException {
      return found(call(() -> file.seekHole(offset)));
    }

    private static long found(long position) throws PosixException {
      if (position < 0) {
        throw new PosixException(ENXIO, "nothing there");
      }
      return position;
    }

    @Override
    public void flush() throws PosixException {
      act(file::flush);
    }

    @Override
    public void close() throws PosixException {
      act(file::close);
    }
  }

  private static Stat stat(FileStatus status) {
    char type =
        switch (status.type()) {
          case FILE -> 'f';
          case DIRECTORY -> 'd';
          case SYMLINK -> 'l';
          case FIFO -> 'p';
          case SOCKET -> 's';
          case CHARACTER_DEVICE -> 'c';
          case BLOCK_DEVICE -> 'b';
        };
    return new Stat(
        type,
        status.mode(),
        status.owner(),
        status.group(),
        status.length(),
        status.linkCount(),
        status.inode(),
        status.modificationTimeNanos(),
        status.accessTimeNanos(),
        status.changeTimeNanos());
  }

  @Override
  public Stat stat(String path) throws PosixException {
    return call(() -> stat(client.stat(path(path), Symlinks.FOLLOW)));
  }

  @Override
  public Stat lstat(String path) throws PosixException {
    return call(() -> stat(client.stat(path(path))));
  }

  @Override
  public void access(String path, int rights) throws PosixException {
    FileStatus unused = call(() -> client.access(path(path), rights));
  }

  @Override
  public void mkdir(String path, int mode) throws PosixException {
    FileStatus unused = call(() -> client.mkdir(path(path), mode));
  }

  @Override
  public void makeNode(String path, char type, int mode, int device) throws PosixException {
    FileType made =
        switch (type) {
          case 'p' -> FileType.FIFO;
          case 's' -> FileType.SOCKET;
          case 'c' -> FileType.CHARACTER_DEVICE;
          case 'b' -> FileType.BLOCK_DEVICE;
          default -> throw new IllegalArgumentException("type " + type);
        };
    CairnPath at = path(path);
    FileStatus unused =
        call(
            () -> {
              CairnPath parent = at.parent().orElse(CairnPath.ROOT);
              long directory = client.stat(parent, Symlinks.FOLLOW).inode();
              return client.nodes().makeNode(directory, at.nameBytes(), made, mode, 0, device);
            });
  }

  @Override
  public int device(String path) throws PosixException {
    return call(() -> client.stat(path(path)).device());
  }

  @Override
  public void rmdir(String path) throws PosixException {
    act(() -> client.rmdir(path(path)));
  }

  @Override
  public void unlink(String path) throws PosixException {
    act(() -> client.unlink(path(path)));
  }

  @Override
  public void rename(String from, String to, RenameMode mode) throws PosixException {
    CairnFileSystem.RenameMode how = CairnFileSystem.RenameMode.valueOf(mode.name());
    FileStatus unused = call(() -> client.rename(path(from), path(to), how));
  }

  @Override
  public void link(String existing, String link) throws PosixException {
    FileStatus unused = call(() -> client.link(path(existing), path(link)));
  }

  @Override
  public void symlink(String target, String link) throws PosixException {
    byte[] bytes = target.getBytes(StandardCharsets.UTF_8);
    FileStatus unused = call(() -> client.symlink(bytes, path(link)));
  }

  @Override
  public String readlink(String link) throws PosixException {
    return new String(call(() -> client.readLink(path(link))), StandardCharsets.UTF_8);
  }

  private void change(String path, AttributeChange change, Symlinks symlinks)
      throws PosixException {
    FileStatus unused = call(() -> client.setAttributes(path(path), change, symlinks));
  }

  @Override
  public void chmod(String path, int mode) throws PosixException {
    change(path, AttributeChange.none().mode(mode), Symlinks.FOLLOW);
  }

  @Override
  public void chown(String path, String owner, String group, boolean follow) throws PosixException {
    AttributeChange change = AttributeChange.none();
    if (owner != null) {
      change = change.owner(owner);
    }
    if (group != null) {
      change = change.group(group);
    }
    change(path, change, follow ? Symlinks.FOLLOW : Symlinks.NO_FOLLOW);
  }

  @Override
  public void setTimes(String path, long accessed, long modified) throws PosixException {
    change(
        path,
        AttributeChange.none().accessTimeNanos(accessed).modificationTimeNanos(modified),
        Symlinks.FOLLOW);
  }

  @Override
  public void truncate(String path, long length) throws PosixException {
    FileStatus unused = call(() -> client.truncate(path(path), length));
  }

  @Override
  public List<String> list(String directory) throws PosixException {
    return call(
        () -> {
          if (!client.stat(path(directory), Symlinks.FOLLOW).isDirectory()) {
            throw new PosixException(ENOTDIR, directory);
          }
          List<String> names = new ArrayList<>();
          RemoteIterator<FileStatus> entries = client.list(path(directory));
          while (entries.hasNext()) {
            names.add(new String(entries.next().nameBytes(), StandardCharsets.UTF_8));
          }
          return names;
        });
  }

  @Override
  public void createNamed(String directory, byte[] name) throws PosixException {
    FileStatus unused =
        call(
            () ->
                client.createWithContent(
                    path(directory).child(name), ByteBuffer.allocate(0), CreateOptions.defaults()));
  }

  @Override
  public List<byte[]> listNames(String directory) throws PosixException {
    return call(() -> client.listAll(path(directory)).stream().map(FileStatus::nameBytes).toList());
  }

  @Override
  public void setXattr(String path, String name, byte[] value, XattrMode mode)
      throws PosixException {
    CairnFileSystem.XattrMode how = CairnFileSystem.XattrMode.valueOf(mode.name());
    act(() -> client.setXattr(path(path), name, value, how));
  }

  @Override
  public void removeXattr(String path, String name) throws PosixException {
    act(() -> client.removeXattr(path(path), name));
  }

  @Override
  public byte[] xattr(String path, String name) throws PosixException {
    return call(() -> client.xattr(path(path), name));
  }

  @Override
  public SortedMap<String, byte[]> xattrs(String path) throws PosixException {
    return call(
        () -> {
          SortedMap<String, byte[]> found = new TreeMap<>();
          for (Map.Entry<String, byte[]> each : client.xattrs(path(path)).entrySet()) {
            if (each.getKey().startsWith("user.")) {
              found.put(each.getKey(), each.getValue());
            }
          }
          return found;
        });
  }

  @Override
  public void setAcl(String path, boolean ofDirectory, List<String> entries) throws PosixException {
    String prefix = ofDirectory ? "default:" : "";
    List<AclEntry> parsed = entries.stream().map(entry -> AclEntry.parse(prefix + entry)).toList();
    AclChange change =
        ofDirectory && entries.isEmpty() ? AclChange.removeDefault() : AclChange.replace(parsed);
    FileStatus unused = call(() -> client.setAcl(path(path), change));
  }

  @Override
  public List<String> acl(String path) throws PosixException {
    return call(() -> client.acl(path(path)).stream().map(AclEntry::toString).toList());
  }

  @Override
  public void close() {
    client.close();
  }
}
