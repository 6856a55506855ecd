package io.cairnfs.common.disk;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A directory of the machine's own file system. */
public final class SystemDisk implements Disk {
  private final Path root;

  /** The root must exist. */
  public SystemDisk(Path root) {
    this.root = root;
  }

  public Path root() {
    return root;
  }

  @Override
  public DiskFile open(String name, OpenMode mode) throws IOException {
    Path path = root.resolve(name);
    FileChannel channel =
        switch (mode) {
          case READ -> FileChannel.open(path, StandardOpenOption.READ);
          case WRITE -> FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
          case CREATE ->
              FileChannel.open(
                  path,
                  StandardOpenOption.READ,
                  StandardOpenOption.WRITE,
                  StandardOpenOption.CREATE_NEW);
        };
    return new SystemFile(channel);
  }

  /** Memory file systems, and some others, have no other way than through memory. */
  @Override
  public DiskFile openUncached(String name) throws IOException {
    Path path = root.resolve(name);
    FileChannel channel;
    try {
      channel = FileChannel.open(path, StandardOpenOption.READ, ExtendedOpenOption.DIRECT);
    } catch (NoSuchFileException e) {
      throw e;
    } catch (UnsupportedOperationException | FileSystemException e) {
      return open(name, OpenMode.READ);
    }
    boolean good = false;
    try {
      int block = Math.toIntExact(Files.getFileStore(path).getBlockSize());
      good = true;
      return new UncachedFile(channel, block);
    } finally {
      if (!good) {
        channel.close();
      }
    }
  }

  @Override
  public boolean exists(String name) {
    return Files.exists(root.resolve(name));
  }

  @Override
  public List<String> list(String directory) throws IOException {
    try (Stream<Path> entries = Files.list(root.resolve(directory))) {
      return entries.map(path -> path.getFileName().toString()).sorted().toList();
    } catch (NoSuchFileException e) {
      return List.of();
    }
  }

  @Override
  public boolean isDirectory(String name) {
    return Files.isDirectory(root.resolve(name));
  }

  @Override
  public void createDirectories(String directory) throws IOException {
    Files.createDirectories(root.resolve(directory));
  }

  @Override
  public void rename(String source, String target) throws IOException {
    Files.move(
        root.resolve(source),
        root.resolve(target),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void delete(String name) throws IOException {
    Files.delete(root.resolve(name));
  }

  @Override
  public void forceDirectory(String directory) throws IOException {
    try (FileChannel channel = FileChannel.open(root.resolve(directory), StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public boolean isSameFile(String first, String second) throws IOException {
    return Files.isSameFile(root.resolve(first), root.resolve(second));
  }

  @Override
  public long usableBytes() throws IOException {
    return Files.getFileStore(root).getUsableSpace();
  }

  @Override
  public String describe(String name) {
    return root.resolve(name).toString();
  }

  private record SystemFile(FileChannel file) implements DiskFile {
    @Override
    public int read(ByteBuffer target, long position) throws IOException {
      int total = 0;
      while (target.hasRemaining()) {
        int bytes = file.read(target, position + total);
        if (bytes < 0) {
          break;
        }
        total += bytes;
      }
      return total;
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      long at = position;
      while (source.hasRemaining()) {
        at += file.write(source, at);
      }
    }

    @Override
    public void force() throws IOException {
      file.force(false);
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public void truncate(long size) throws IOException {
      file.truncate(size);
    }

    @Override
    public Optional<FileChannel> channel() {
      return Optional.of(file);
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
