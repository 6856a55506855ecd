package io.cairnfs.dataserver.storage;

/** Where appended bytes must be before the append returns. */
public enum Durability {
  /** With the operating system. */
  WRITTEN,
  /** On the disk. */
  FORCED
}
