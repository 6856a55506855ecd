package io.cairnfs.client;

/** What a name in a directory stands for. */
public enum FileType {
  FILE,
  DIRECTORY,
  SYMLINK,
  FIFO,
  /** The name of a Unix domain socket. */
  SOCKET,
  CHARACTER_DEVICE,
  BLOCK_DEVICE
}
