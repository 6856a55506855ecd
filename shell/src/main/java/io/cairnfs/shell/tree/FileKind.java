package io.cairnfs.shell.tree;

/** What a name stands for. */
public enum FileKind {
  FILE,
  DIRECTORY,
  SYMLINK,
  /** A device, a socket or a pipe of the local tree: nothing that can be copied. */
  SPECIAL
}
