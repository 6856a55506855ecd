package io.cairnfs.simulation.model;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/** Names in a directory, in byte order. Remembers, if asked, how to go back to what it was. */
final class Children {
  private final TreeMap<String, ModelNode> byName = new TreeMap<>();
  private final Deque<Change> changes = new ArrayDeque<>();
  private boolean remembering;
  private int directories;

  /** What stood under a name; null = nothing. */
  private record Change(String name, ModelNode before) {}

  /** What changes from now on can be taken back. */
  void remember() {
    changes.clear();
    remembering = true;
  }

  /** What has changed stays. */
  void keep() {
    changes.clear();
    remembering = false;
  }

  void takeBack() {
    remembering = false;
    while (!changes.isEmpty()) {
      Change last = changes.pop();
      if (last.before == null) {
        remove(last.name);
      } else {
        put(last.name, last.before);
      }
    }
  }

  ModelNode get(String name) {
    return byName.get(name);
  }

  void put(String name, ModelNode node) {
    ModelNode old = byName.put(name, node);
    count(old, -1);
    count(node, 1);
    if (remembering) {
      changes.push(new Change(name, old));
    }
  }

  void remove(String name) {
    ModelNode old = byName.remove(name);
    count(old, -1);
    if (remembering) {
      changes.push(new Change(name, old));
    }
  }

  private void count(ModelNode node, int by) {
    if (node != null && node.directory) {
      directories += by;
    }
  }

  int directories() {
    return directories;
  }

  boolean isEmpty() {
    return byName.isEmpty();
  }

  Collection<ModelNode> values() {
    return byName.values();
  }

  void forEach(BiConsumer<String, ModelNode> action) {
    byName.forEach(action);
  }

  /** Those behind a name; all for the empty one. */
  SortedMap<String, ModelNode> after(String name) {
    return name.isEmpty() ? byName : byName.tailMap(name, false);
  }
}
