package io.cairnfs.nio;

import io.cairnfs.client.FileSystemStatus;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileStoreAttributeView;

/** A whole cluster: bytes are raw ones of all data servers, before replication. */
final class ClusterFileStore extends FileStore {
  private final NioFileSystem fileSystem;

  ClusterFileStore(NioFileSystem fileSystem) {
    this.fileSystem = fileSystem;
  }

  @Override
  public String name() {
    return fileSystem.toString();
  }

  @Override
  public String type() {
    return CairnFileSystemProvider.SCHEME;
  }

  @Override
  public boolean isReadOnly() {
    return false;
  }

  @Override
  public long getTotalSpace() throws IOException {
    return status().capacityBytes();
  }

  @Override
  public long getUsableSpace() throws IOException {
    return status().availableBytes();
  }

  @Override
  public long getUnallocatedSpace() throws IOException {
    FileSystemStatus status = status();
    return status.capacityBytes() - status.usedBytes();
  }

  private FileSystemStatus status() throws IOException {
    return fileSystem.client().status();
  }

  @Override
  public boolean supportsFileAttributeView(Class<? extends FileAttributeView> type) {
    return AttributeViews.isKnown(type);
  }

  @Override
  public boolean supportsFileAttributeView(String name) {
    return NioFileSystem.VIEWS.contains(name);
  }

  @Override
  public <V extends FileStoreAttributeView> V getFileStoreAttributeView(Class<V> type) {
    return null;
  }

  /**
   * @throws UnsupportedOperationException for anything but the three sizes
   */
  @Override
  public Object getAttribute(String attribute) throws IOException {
    return switch (attribute) {
      case "totalSpace" -> getTotalSpace();
      case "usableSpace" -> getUsableSpace();
      case "unallocatedSpace" -> getUnallocatedSpace();
      default -> throw new UnsupportedOperationException("'" + attribute + "' is not known");
    };
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ClusterFileStore store && store.fileSystem.equals(fileSystem);
  }

  @Override
  public int hashCode() {
    return fileSystem.hashCode();
  }

  @Override
  public String toString() {
    return name();
  }
}
