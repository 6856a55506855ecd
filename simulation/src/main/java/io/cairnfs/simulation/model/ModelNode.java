package io.cairnfs.simulation.model;

import com.google.protobuf.ByteString;
import io.cairnfs.proto.types.FileType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** A file, directory, symlink or special node of the model. Names are bytes, one a character. */
final class ModelNode {
  final long id;
  final boolean directory;

  /** Where a symlink leads to; empty for anything else. */
  final String symlink;

  /** What it is, where it is a fifo, a socket or a device; a file otherwise. */
  final FileType special;

  int device;

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

  /** There was never a byte of it: it is one hole. */
  boolean bare;

  TreeMap<Long, ModelRange> ranges = new TreeMap<>();

  /** The chunk in which it may be longer than was committed, and how much of it was. */
  long tailChunk;

  long tailEnd;
  long commits;

  /** The directory of its first name. */
  ModelNode parent;

  /** Names of a file beside its first, in the order of the directories' ids and of their bytes. */
  List<ModelName> further = List.of();

  /** Extended attributes, in the order of their names; never changed, only replaced. */
  TreeMap<String, ByteString> attributes = new TreeMap<>();

  /** Permissions by tag (a digit, in POSIX' order) and name, if the mode does not say it all. */
  SortedMap<String, Integer> acl = new TreeMap<>();

  /** What is made in the directory begins with. */
  SortedMap<String, Integer> defaultAcl = new TreeMap<>();

  boolean unlinked;
  long leaseSession;
  long leaseGrant;

  /** The session that has leased the directory, and the number of that lease. */
  long heldBy;

  long heldAs;

  /** A name in a directory. */
  record ModelName(ModelNode directory, String name) {}

  ModelNode(long id, boolean directory) {
    this(id, directory, "", FileType.FILE);
  }

  private ModelNode(long id, boolean directory, String symlink, FileType special) {
    this.id = id;
    this.directory = directory;
    this.symlink = symlink;
    this.special = special;
  }

  static ModelNode symlink(long id, String target) {
    return new ModelNode(id, false, target, FileType.FILE);
  }

  static ModelNode special(long id, FileType type, int device) {
    ModelNode node = new ModelNode(id, false, "", type);
    node.device = device;
    return node;
  }

  boolean isSymlink() {
    return !symlink.isEmpty();
  }

  boolean isSpecial() {
    return special != FileType.FILE;
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
    bare = from.bare;
    ranges = from.ranges;
    tailChunk = from.tailChunk;
    tailEnd = from.tailEnd;
    commits = from.commits;
    parent = from.parent;
    further = from.further;
    attributes = from.attributes;
    acl = from.acl;
    defaultAcl = from.defaultAcl;
    unlinked = from.unlinked;
    leaseSession = from.leaseSession;
    leaseGrant = from.leaseGrant;
    heldBy = from.heldBy;
    heldAs = from.heldAs;
  }

  long length() {
    if (isSymlink()) {
      return symlink.length();
    }
    return inChunks ? chunkedLength : content.length;
  }

  /** Has this content, inline, and nothing in chunks. */
  void setInline(byte[] bytes) {
    content = bytes;
    inChunks = false;
    chunkedLength = 0;
    bare = false;
    ranges = new TreeMap<>();
    tailChunk = 0;
  }

  /** A range has other bytes from now on. */
  void write(ModelRange range) {
    clear(range.start(), range.end());
    ranges.put(range.start(), range);
  }

  /** A range is a hole from now on. */
  void clear(long from, long to) {
    TreeMap<Long, ModelRange> changed = new TreeMap<>();
    for (ModelRange old : ranges.values()) {
      old.before(from).ifPresent(left -> changed.put(left.start(), left));
      old.after(to).ifPresent(left -> changed.put(left.start(), left));
    }
    ranges = changed;
  }

  /** What stands in a range, without what is around it. */
  List<ModelRange> part(long from, long to) {
    List<ModelRange> part = new ArrayList<>();
    for (ModelRange range : ranges.values()) {
      range.after(from).flatMap(rest -> rest.before(to)).ifPresent(part::add);
    }
    return part;
  }

  /** Has its bytes, if it has any, in the metadata. */
  boolean isInline() {
    return !inChunks && content.length > 0;
  }

  /** Every byte up to an offset was written. */
  boolean covers(long end) {
    long at = 0;
    for (ModelRange range : ranges.values()) {
      if (range.start() > at) {
        return false;
      }
      at = range.end();
    }
    return at >= end;
  }

  /** Has bytes in chunks, and is so long. */
  void setInChunks(long length) {
    content = new byte[0];
    inChunks = true;
    bare = false;
    chunkedLength = length;
  }

  /** Names of a file, or 2 and the directories in a directory. */
  int linkCount() {
    if (!directory) {
      return unlinked ? 0 : 1 + further.size();
    }
    return 2 + children.directories();
  }

  void addName(ModelNode directory, String name) {
    List<ModelName> more = new ArrayList<>(further);
    more.add(new ModelName(directory, name));
    more.sort(
        Comparator.comparingLong((ModelName each) -> each.directory.id)
            .thenComparing(ModelName::name));
    further = List.copyOf(more);
  }

  /** Another name is the first if that one goes; without any the file is unlinked. */
  void dropName(ModelNode directory, String name) {
    List<ModelName> left = new ArrayList<>(further);
    if (!left.remove(new ModelName(directory, name))) {
      if (left.isEmpty()) {
        unlinked = true;
        return;
      }
      parent = left.remove(0).directory;
    }
    further = List.copyOf(left);
  }

  void moveName(ModelNode from, String fromName, ModelNode to, String toName) {
    List<ModelName> left = new ArrayList<>(further);
    if (left.remove(new ModelName(from, fromName))) {
      further = List.copyOf(left);
      addName(to, toName);
    } else {
      parent = to;
    }
  }

  /** Names in directories that were deleted are gone for good, unless all are. */
  void dropCutOffNames() {
    List<ModelName> left = new ArrayList<>(further);
    left.removeIf(each -> each.directory.isCutOff());
    if (parent != null && !left.isEmpty() && parent.isCutOff()) {
      parent = left.remove(0).directory;
    }
    further = List.copyOf(left);
  }

  /** It was deleted, or every directory that has a name of it, or those above them. */
  boolean isCutOff() {
    for (ModelNode at = this; at != null; at = at.parent) {
      if (at.unlinked) {
        return further.stream().allMatch(each -> each.directory.isCutOff());
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
