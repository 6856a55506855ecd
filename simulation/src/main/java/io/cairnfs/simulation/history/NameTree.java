package io.cairnfs.simulation.history;

import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Paths that exist, with what stands there: the state of {@link OrderSearch}. Never changed, only
 * replaced. Paths have no leading slash.
 */
final class NameTree {
  static final NameTree EMPTY = new NameTree(new TreeMap<>());

  private final SortedMap<String, Node> nodes;
  private final int hash;

  /**
   * What stands under a path.
   *
   * @param inode 0 = not known yet: nobody was told
   */
  record Node(boolean directory, long inode) {
    /** Whether what was seen may be this. */
    boolean mayBe(boolean seenDirectory, long seenInode) {
      return directory == seenDirectory && (inode == 0 || inode == seenInode);
    }
  }

  private NameTree(SortedMap<String, Node> nodes) {
    this(nodes, nodes.hashCode());
  }

  /**
   * @param hash of the nodes: the sum of the entries' hashes, which is quick to keep
   */
  private NameTree(SortedMap<String, Node> nodes, int hash) {
    this.nodes = nodes;
    this.hash = hash;
  }

  private static int hashOf(String path, Node node) {
    return node == null ? 0 : path.hashCode() ^ node.hashCode();
  }

  /** Null where nothing is. The root always is. */
  Node get(String path) {
    return path.isEmpty() ? new Node(true, 1) : nodes.get(path);
  }

  /** Everything below a directory, by path. */
  SortedMap<String, Node> below(String path) {
    return path.isEmpty()
        ? Collections.unmodifiableSortedMap(nodes)
        : nodes.subMap(path + "/", path + "0");
  }

  NameTree with(String path, Node node) {
    Node before = nodes.get(path);
    if (node.equals(before)) {
      return this;
    }
    TreeMap<String, Node> changed = new TreeMap<>(nodes);
    changed.put(path, node);
    return new NameTree(changed, hash - hashOf(path, before) + hashOf(path, node));
  }

  /** Without a path and all below it. */
  NameTree without(String path) {
    TreeMap<String, Node> changed = new TreeMap<>(nodes);
    changed.remove(path);
    changed.subMap(path + "/", path + "0").clear();
    return new NameTree(changed);
  }

  /** A path, with all below it, under another one, which is replaced. */
  NameTree moved(String from, String to) {
    TreeMap<String, Node> changed = new TreeMap<>(nodes);
    TreeMap<String, Node> moved = new TreeMap<>(changed.subMap(from + "/", from + "0"));
    changed.keySet().removeAll(moved.keySet());
    Node node = changed.remove(from);
    changed.put(to, node);
    for (Map.Entry<String, Node> entry : moved.entrySet()) {
      changed.put(to + entry.getKey().substring(from.length()), entry.getValue());
    }
    return new NameTree(changed);
  }

  @Override
  public boolean equals(Object other) {
    return this == other
        || (other instanceof NameTree that && hash == that.hash && hasSameNodes(that));
  }

  /** Both in order, side by side: trees that are much alike share their paths and nodes. */
  private boolean hasSameNodes(NameTree that) {
    if (nodes.size() != that.nodes.size()) {
      return false;
    }
    Iterator<Map.Entry<String, Node>> others = that.nodes.entrySet().iterator();
    for (Map.Entry<String, Node> entry : nodes.entrySet()) {
      if (!entry.equals(others.next())) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public String toString() {
    return nodes.toString();
  }
}
