package io.cairnfs.simulation.model;

import java.util.Map;
import java.util.TreeMap;

/** A file or directory of the model. Names are bytes, one a character. */
final class ModelNode {
  final long id;
  final boolean directory;
  final Map<String, ModelNode> children = new TreeMap<>();
  int mode;
  String owner;
  String group;
  long mtime;
  long atime;
  long ctime;
  int replication;
  long chunkBytes;
  byte[] content = {};
  ModelNode parent;
  boolean unlinked;
  long leaseSession;
  long leaseGrant;

  ModelNode(long id, boolean directory) {
    this.id = id;
    this.directory = directory;
  }

  /** A copy to go back to; children and parent are shared as they are now. */
  ModelNode copy() {
    ModelNode copy = new ModelNode(id, directory);
    copy.restore(this);
    return copy;
  }

  /** Becomes what a copy of it was. */
  void restore(ModelNode from) {
    children.clear();
    children.putAll(from.children);
    mode = from.mode;
    owner = from.owner;
    group = from.group;
    mtime = from.mtime;
    atime = from.atime;
    ctime = from.ctime;
    replication = from.replication;
    chunkBytes = from.chunkBytes;
    content = from.content;
    parent = from.parent;
    unlinked = from.unlinked;
    leaseSession = from.leaseSession;
    leaseGrant = from.leaseGrant;
  }

  /** Names of a file, or 2 and the directories in a directory. */
  int linkCount() {
    if (!directory) {
      return unlinked ? 0 : 1;
    }
    return 2 + (int) children.values().stream().filter(child -> child.directory).count();
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
