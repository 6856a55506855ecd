package io.cairnfs.client;

/** What a name in a directory stands for. */
public enum FileType {
  FILE,
  DIRECTORY,
  SYMLINK
}
