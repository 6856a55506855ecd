package io.cairnfs.shell.tree;

import io.cairnfs.client.AclChange;
import io.cairnfs.client.AclEntry;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * A tree of files: a cluster's, or the local one. Paths are absolute. Safe for any thread. Refusals
 * are {@link io.cairnfs.common.error.CairnException}s; other trouble is any {@link IOException}.
 */
public interface FileTree extends Closeable {
  /** Scheme and authority, such as {@code cairn://127.0.0.1:7700} or {@code file://}. */
  String uri();

  /** Scheme, authority and path, as HDFS shows a qualified path. */
  String qualified(CairnPath path);

  /** What relative paths are relative to; a cluster makes it when it is first asked for. */
  CairnPath home() throws IOException;

  /**
   * The file system of a cluster, for what only clusters have.
   *
   * @throws IOException for the tree of this machine
   */
  default CairnFileSystem fileSystem() throws IOException {
    throw new IOException(uri() + ": Only files in a cluster have this");
  }

  /** Whether a file with {@code WHEN_COMPLETE} appears in one step however long it is. */
  boolean appearsWhole();

  /** What a path names; empty when there is nothing of that name. */
  Optional<Facts> find(CairnPath path) throws IOException;

  /** What a directory holds, in byte order of the names. */
  List<Entry> list(CairnPath directory) throws IOException;

  /** Opens a file at an offset. */
  InputStream open(CairnPath path, long offset) throws IOException;

  /**
   * The whole content of a small file.
   *
   * @throws io.cairnfs.common.error.CairnException {@code TOO_LARGE} when it has more than {@code
   *     maxBytes}
   */
  byte[] readSmall(CairnPath path, int maxBytes) throws IOException;

  Sink create(CairnPath path, WriteOptions options) throws IOException;

  /** Creates a file with its content; in one step if {@link #appearsWhole()}. */
  void createSmall(CairnPath path, byte[] content, WriteOptions options) throws IOException;

  /** Makes a directory; with {@code parents} also what is missing above, and none is no error. */
  void mkdir(CairnPath path, boolean parents) throws IOException;

  /** Deletes a file, symlink or empty directory; with {@code recursive} a tree. */
  void delete(CairnPath path, boolean recursive) throws IOException;

  /**
   * Moves what the path names to the user's trash, and answers where it is; empty, with nothing
   * done, where there is no trash, or if it lies there already.
   */
  default Optional<CairnPath> moveToTrash(CairnPath path) throws IOException {
    return Optional.empty();
  }

  /** Renames; an existing target is refused unless {@code replace}. */
  void rename(CairnPath source, CairnPath target, boolean replace) throws IOException;

  /** Writes on at the end of a file that exists. */
  Sink append(CairnPath path) throws IOException;

  /** Makes a file so long. */
  void truncate(CairnPath path, long length) throws IOException;

  /** Moves what the sources hold to the end of the target, and removes them. */
  void concat(CairnPath target, List<CairnPath> sources) throws IOException;

  /** Makes a copy that shares all data of a file. */
  void share(CairnPath source, CairnPath target, WriteOptions options) throws IOException;

  /** Gives a file one more name. */
  void link(CairnPath existing, CairnPath link) throws IOException;

  /** Makes a symlink; its target is kept as it is. */
  void symlink(byte[] target, CairnPath link) throws IOException;

  /** Sets an extended attribute, whether it exists or not. */
  void setAttribute(CairnPath path, String name, byte[] value) throws IOException;

  void removeAttribute(CairnPath path, String name) throws IOException;

  byte[] attribute(CairnPath path, String name) throws IOException;

  /** All extended attributes by name. */
  SortedMap<String, byte[]> attributes(CairnPath path) throws IOException;

  /** Changes the access control lists. */
  void setAcl(CairnPath path, AclChange change) throws IOException;

  /** All entries of the access control lists. */
  List<AclEntry> acl(CairnPath path) throws IOException;

  void update(CairnPath path, AttributeUpdate update) throws IOException;

  void setReplication(CairnPath path, int replication) throws IOException;

  /** Fewest copies that a byte of the file has now at servers that are up. */
  int presentReplicas(CairnPath path) throws IOException;

  boolean mayRead(CairnPath path) throws IOException;

  boolean mayWrite(CairnPath path) throws IOException;

  /**
   * The erasure code that counts for a file or directory, by its name; empty where files are
   * replicated.
   */
  Optional<String> codingPolicy(CairnPath path) throws IOException;

  Totals totals(CairnPath path) throws IOException;

  Space space() throws IOException;

  /** CRC-32C of a file's whole content. */
  int crc32c(CairnPath path) throws IOException;

  /** Where on the local machine a path is; empty for a cluster's. */
  Optional<java.nio.file.Path> local(CairnPath path);
}
