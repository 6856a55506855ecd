package io.cairnfs.common.disk;

import java.io.IOException;
import java.util.List;

/**
 * A directory tree on stable storage, as a constructor argument. Names are relative to its root,
 * with {@code /} between components. Creating, renaming or deleting a file is durable only after
 * {@link #forceDirectory} of its directory; bytes are durable only after {@link DiskFile#force}.
 * Safe for any thread; a file's users agree among themselves.
 */
public interface Disk {
  /** What {@link #open} does about a file that is, or is not, there. */
  enum OpenMode {
    /** Must exist; only reads. */
    READ,
    /** Must exist; reads and writes. */
    WRITE,
    /** Must not exist; reads and writes. */
    CREATE
  }

  /**
   * @throws java.nio.file.NoSuchFileException if it must exist and does not
   * @throws java.nio.file.FileAlreadyExistsException if it must not exist and does
   */
  DiskFile open(String name, OpenMode mode) throws IOException;

  /**
   * Opens a file to read what the disk itself keeps, and not what memory does; as {@link
   * OpenMode#READ} where it cannot tell the difference.
   *
   * @throws java.nio.file.NoSuchFileException if it does not exist
   */
  default DiskFile openUncached(String name) throws IOException {
    return open(name, OpenMode.READ);
  }

  boolean exists(String name) throws IOException;

  /**
   * Names (not paths) of the files and directories in a directory, sorted; empty for a missing
   * directory.
   */
  List<String> list(String directory) throws IOException;

  boolean isDirectory(String name) throws IOException;

  /** Creates the directory and missing parents; does nothing where it exists. */
  void createDirectories(String directory) throws IOException;

  /** Replaces {@code target} atomically. */
  void rename(String source, String target) throws IOException;

  /**
   * Deletes a file or an empty directory.
   *
   * @throws java.nio.file.NoSuchFileException if it is not there
   */
  void delete(String name) throws IOException;

  /** Makes the directory's entries durable. */
  void forceDirectory(String directory) throws IOException;

  /**
   * Whether both names are links to one file, so that both have the same bytes. False where the
   * disk cannot tell.
   */
  default boolean isSameFile(String first, String second) throws IOException {
    return false;
  }

  /** Bytes that can still be written. */
  long usableBytes() throws IOException;

  /** The root and name for messages. */
  String describe(String name);
}
