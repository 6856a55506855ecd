package io.cairnfs.simulation.model;

import java.util.TreeMap;

/** A file or directory of the model. Names are bytes, one a character. */
final class ModelNode {
  final long id;
  final boolean directory;
  final Children children = new Children();
  int mode;
  String owner;
  String group;
  long mtime;
  long atime;
  long ctime;
  int replication;
  long chunkBytes;
  byte[] content = {};

  /** Its bytes lie in chunks, and are of these writers; never changed, only replaced. */
  boolean inChunks;

  long chunkedLength;
  TreeMap<Long, ModelRange> ranges = new TreeMap<>();

  /** The chunk in which it may be longer than was committed, and how much of it was. */
  long tailChunk;

  long tailEnd;
  long commits;
  ModelNode parent;
  boolean unlinked;
  long leaseSession;
  long leaseGrant;

  ModelNode(long id, boolean directory) {
    this.id = id;
    this.directory = directory;
  }

  /** A copy to go back to with its children; the parent is shared as it is now. */
  ModelNode copy() {
    ModelNode copy = new ModelNode(id, directory);
    copy.restore(this);
    children.remember();
    return copy;
  }

  /** Becomes what a copy of it was, and has the children that it had then. */
  void restore(ModelNode from) {
    children.takeBack();
    mode = from.mode;
    owner = from.owner;
    group = from.group;
    mtime = from.mtime;
    atime = from.atime;
    ctime = from.ctime;
    replication = from.replication;
    chunkBytes = from.chunkBytes;
    content = from.content;
    inChunks = from.inChunks;
    chunkedLength = from.chunkedLength;
    ranges = from.ranges;
    tailChunk = from.tailChunk;
    tailEnd = from.tailEnd;
    commits = from.commits;
    parent = from.parent;
    unlinked = from.unlinked;
    leaseSession = from.leaseSession;
    leaseGrant = from.leaseGrant;
  }

  long length() {
    return inChunks ? chunkedLength : content.length;
  }

  /** Has this content, inline, and nothing in chunks. */
  void setInline(byte[] bytes) {
    content = bytes;
    inChunks = false;
    chunkedLength = 0;
    ranges = new TreeMap<>();
    tailChunk = 0;
  }

  /** A range has other bytes from now on. */
  void write(ModelRange range) {
    TreeMap<Long, ModelRange> changed = new TreeMap<>();
    for (ModelRange old : ranges.values()) {
      old.before(range.start()).ifPresent(left -> changed.put(left.start(), left));
      old.after(range.end()).ifPresent(left -> changed.put(left.start(), left));
    }
    changed.put(range.start(), range);
    ranges = changed;
  }

  /** Names of a file, or 2 and the directories in a directory. */
  int linkCount() {
    if (!directory) {
      return unlinked ? 0 : 1;
    }
    return 2 + children.directories();
  }

  /** The directory, or one of those above it, was deleted. */
  boolean isCutOff() {
    for (ModelNode at = this; at != null; at = at.parent) {
      if (at.unlinked) {
        return true;
      }
    }
    return false;
  }

  boolean isBelowOrSame(ModelNode other) {
    for (ModelNode at = this; at != null; at = at.parent) {
      if (at == other) {
        return true;
      }
    }
    return false;
  }
}
