package io.cairnfs.common.disk.simulated;

import io.cairnfs.common.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Optional;

/** An open file: valid until it is closed or its process dies. */
final class SimulatedFile implements DiskFile {
  private final SimulatedDisk disk;
  private final String name;
  private final SimulatedContent content;
  private final boolean writable;
  private final long openedIn;
  private boolean closed;

  SimulatedFile(
      SimulatedDisk disk, String name, SimulatedContent content, boolean writable, long openedIn) {
    this.disk = disk;
    this.name = name;
    this.content = content;
    this.writable = writable;
    this.openedIn = openedIn;
  }

  @Override
  public int read(ByteBuffer target, long position) throws IOException {
    synchronized (disk) {
      requireOpen();
      return content.read(target, position);
    }
  }

  @Override
  public void write(ByteBuffer source, long position) throws IOException {
    synchronized (disk) {
      requireWritable();
      disk.grow(name, Math.max(0, position + source.remaining() - content.size()));
      content.write(source, position);
    }
  }

  @Override
  public void force() throws IOException {
    synchronized (disk) {
      requireOpen();
      disk.force(name, content);
    }
  }

  @Override
  public long size() throws IOException {
    synchronized (disk) {
      requireOpen();
      return content.size();
    }
  }

  @Override
  public void truncate(long size) throws IOException {
    synchronized (disk) {
      requireWritable();
      if (size < content.size()) {
        disk.grow(name, size - content.size());
        content.truncate(size);
      }
    }
  }

  @Override
  public Optional<FileChannel> channel() {
    return Optional.empty();
  }

  @Override
  public void close() {
    synchronized (disk) {
      closed = true;
    }
  }

  private void requireWritable() throws IOException {
    requireOpen();
    if (!writable) {
      throw new IOException(name + " is open for reading only");
    }
  }

  private void requireOpen() throws IOException {
    if (closed) {
      throw new IOException(name + " is closed");
    }
    disk.requireOpen(openedIn, name);
  }
}
