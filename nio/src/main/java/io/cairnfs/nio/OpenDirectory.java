package io.cairnfs.nio;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.Symlinks;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.FileStatus;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;

/**
 * A directory opened for reading, which programs do in order to force it: a Unix system needs that
 * for a new name to be durable. Here every change of a name was durable when it was answered, so
 * there is nothing left to force. It cannot be read.
 */
final class OpenDirectory extends RestrictedFile {
  private final CairnFileSystem client;
  private final CairnPath path;

  OpenDirectory(CairnFileSystem client, CairnPath path) {
    super(ErrorCode.IS_A_DIRECTORY, path + " is a directory");
    this.client = client;
    this.path = path;
  }

  @Override
  public long length() {
    return 0;
  }

  @Override
  public FileStatus status() throws CairnException {
    return client.stat(path, Symlinks.FOLLOW);
  }

  @Override
  public void flush() {
    // Nothing is ever on its way.
  }

  @Override
  public void sync() {
    // Durable since it was answered.
  }

  @Override
  public void close() {
    // Nothing is held.
  }
}
