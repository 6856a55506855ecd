package io.cairnfs.shell.tree;

import io.cairnfs.client.CairnPath;
import io.cairnfs.shell.text.ByteText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A path that a user named, or one below it: how it was typed, where it is, and what was there when
 * it was looked up.
 *
 * @param text as typed, or as it follows from what was typed: what messages and listings show
 */
public record Item(FileTree tree, String text, CairnPath path, Optional<Facts> found) {
  private static final String SEPARATOR = "/";

  public boolean exists() {
    return found.isPresent();
  }

  /** Attributes of an item that exists. */
  public Facts facts() {
    return found.orElseThrow(() -> new IllegalStateException("nothing was found at " + text));
  }

  public boolean isDirectory() {
    return found.isPresent() && found.get().isDirectory();
  }

  /** The last component of the path. */
  public String name() {
    return ByteText.decode(path.nameBytes());
  }

  /** The typed text ends as only a directory's does. */
  public boolean looksLikeDirectory() {
    String last = text.substring(text.lastIndexOf('/') + 1);
    return last.isEmpty() || last.equals(".") || last.equals("..");
  }

  /** Whether the directory that this should be made in exists. */
  public boolean parentExists() throws IOException {
    if (looksLikeDirectory()) {
      return tree.find(path).isPresent();
    }
    Optional<CairnPath> parent = path.parent();
    return parent.isEmpty() || tree.find(parent.get()).isPresent();
  }

  /** What is there now. */
  public Item refreshed() throws IOException {
    return new Item(tree, text, path, tree.find(path));
  }

  /** What this directory holds. */
  public List<Item> children() throws IOException {
    List<Item> children = new ArrayList<>();
    for (Entry entry : tree.list(path)) {
      String name = ByteText.decode(entry.path().nameBytes());
      children.add(new Item(tree, childText(name), entry.path(), Optional.of(entry.facts())));
    }
    return children;
  }

  /** A name in this directory, not looked up. */
  public Item child(String name, Optional<Facts> found) {
    return new Item(tree, childText(name), path.child(ByteText.encode(name)), found);
  }

  private String childText(String name) {
    if (text.equals(".")) {
      return name;
    }
    return text.endsWith(SEPARATOR) ? text + name : text + SEPARATOR + name;
  }

  /** A sibling whose name goes on with {@code suffix}; nothing is known of it. */
  public Item withSuffix(String suffix) {
    byte[] name = ByteText.encode(name() + suffix);
    CairnPath other = path.parent().orElse(CairnPath.ROOT).child(name);
    return new Item(tree, text + suffix, other, Optional.empty());
  }

  @Override
  public String toString() {
    return text;
  }
}
