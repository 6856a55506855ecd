package io.cairnfs.common.disk;

import java.io.IOException;
import java.util.List;

/**
 * Does what another disk does; who extends it changes some of that. Files for reading past the page
 * cache are opened by {@link #open} unless that is changed, too.
 */
public abstract class ForwardingDisk implements Disk {
  private final Disk disk;

  protected ForwardingDisk(Disk disk) {
    this.disk = disk;
  }

  protected final Disk disk() {
    return disk;
  }

  @Override
  public DiskFile open(String name, OpenMode mode) throws IOException {
    return disk.open(name, mode);
  }

  @Override
  public boolean exists(String name) throws IOException {
    return disk.exists(name);
  }

  @Override
  public List<String> list(String directory) throws IOException {
    return disk.list(directory);
  }

  @Override
  public boolean isDirectory(String name) throws IOException {
    return disk.isDirectory(name);
  }

  @Override
  public void createDirectories(String directory) throws IOException {
    disk.createDirectories(directory);
  }

  @Override
  public void rename(String source, String target) throws IOException {
    disk.rename(source, target);
  }

  @Override
  public void delete(String name) throws IOException {
    disk.delete(name);
  }

  @Override
  public void forceDirectory(String directory) throws IOException {
    disk.forceDirectory(directory);
  }

  @Override
  public boolean isSameFile(String first, String second) throws IOException {
    return disk.isSameFile(first, second);
  }

  @Override
  public long usableBytes() throws IOException {
    return disk.usableBytes();
  }

  @Override
  public String describe(String name) {
    return disk.describe(name);
  }
}
