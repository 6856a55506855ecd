package io.cairnfs.metaserver.store;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;

/**
 * An ordered map of byte strings that never changes: {@link #with} and {@link #without} give a new
 * map that shares all but a path of nodes. A treap whose priorities are hashes of the keys, so its
 * shape depends on its content only.
 */
final class PersistentTree {
  static final PersistentTree EMPTY = new PersistentTree(null);

  private static final class Node {
    private final byte[] key;
    private final byte[] value;
    private final int priority;
    private final Node left;
    private final Node right;

    Node(byte[] key, byte[] value, int priority, Node left, Node right) {
      this.key = key;
      this.value = value;
      this.priority = priority;
      this.left = left;
      this.right = right;
    }

    Node withLeft(Node newLeft) {
      return new Node(key, value, priority, newLeft, right);
    }

    Node withRight(Node newRight) {
      return new Node(key, value, priority, left, newRight);
    }
  }

  private final Node root;

  private PersistentTree(Node root) {
    this.root = root;
  }

  Optional<byte[]> get(byte[] key) {
    Node node = root;
    while (node != null) {
      int order = Arrays.compareUnsigned(key, node.key);
      if (order == 0) {
        return Optional.of(node.value);
      }
      node = order < 0 ? node.left : node.right;
    }
    return Optional.empty();
  }

  PersistentTree with(byte[] key, byte[] value) {
    return new PersistentTree(put(root, key, value, priority(key)));
  }

  PersistentTree without(byte[] key) {
    return new PersistentTree(remove(root, key));
  }

  private static Node put(Node node, byte[] key, byte[] value, int priority) {
    if (node == null) {
      return new Node(key, value, priority, null, null);
    }
    int order = Arrays.compareUnsigned(key, node.key);
    if (order == 0) {
      return new Node(key, value, priority, node.left, node.right);
    }
    if (order < 0) {
      Node left = put(node.left, key, value, priority);
      return isAbove(left, node) ? left.withRight(node.withLeft(left.right)) : node.withLeft(left);
    }
    Node right = put(node.right, key, value, priority);
    return isAbove(right, node)
        ? right.withLeft(node.withRight(right.left))
        : node.withRight(right);
  }

  private static Node remove(Node node, byte[] key) {
    if (node == null) {
      return null;
    }
    int order = Arrays.compareUnsigned(key, node.key);
    if (order == 0) {
      return join(node.left, node.right);
    }
    return order < 0
        ? node.withLeft(remove(node.left, key))
        : node.withRight(remove(node.right, key));
  }

  private static Node join(Node left, Node right) {
    if (left == null) {
      return right;
    }
    if (right == null) {
      return left;
    }
    return isAbove(left, right)
        ? left.withRight(join(left.right, right))
        : right.withLeft(join(left, right.left));
  }

  private static boolean isAbove(Node a, Node b) {
    return a.priority != b.priority
        ? a.priority > b.priority
        : Arrays.compareUnsigned(a.key, b.key) > 0;
  }

  private static int priority(byte[] key) {
    return Bytes.hash(key);
  }

  RecordCursor scan(byte[] from, byte[] to) {
    return new Cursor(root, from, to);
  }

  private static final class Cursor implements RecordCursor {
    private final Deque<Node> path = new ArrayDeque<>();
    private final byte[] to;
    private Node current;

    Cursor(Node root, byte[] from, byte[] to) {
      this.to = to;
      Node node = root;
      while (node != null) {
        if (Arrays.compareUnsigned(node.key, from) >= 0) {
          path.push(node);
          node = node.left;
        } else {
          node = node.right;
        }
      }
    }

    @Override
    public boolean next() {
      current = path.poll();
      if (current == null || !Bytes.isBefore(current.key, to)) {
        current = null;
        path.clear();
        return false;
      }
      for (Node node = current.right; node != null; node = node.left) {
        path.push(node);
      }
      return true;
    }

    @Override
    public byte[] key() {
      return current.key;
    }

    @Override
    public byte[] value() {
      return current.value;
    }

    @Override
    public void close() {
      path.clear();
    }
  }
}
