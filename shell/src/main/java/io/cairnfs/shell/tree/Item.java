package io.cairnfs.shell.tree;

import io.cairnfs.client.CairnPath;
import io.cairnfs.shell.text.ByteText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * A path that a user named, or one below it: how it was typed, where it is, and what was there when
 * it was looked up.
 *
 * @param text as typed, or as it follows from what was typed: what messages and listings show
 */
public record Item(FileTree tree, String text, CairnPath path, Optional<Facts> found) {
  private static final String SEPARATOR = "/";

  /** The most bytes of a name, in the cluster and on this machine. */
  private static final int NAME_BYTES = 255;

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

  /** A fifo, socket or device of a cluster, where it has no content; a local one may be read. */
  public boolean hasNoContent() {
    return found.isPresent() && found.get().isSpecial() && tree.local(path).isEmpty();
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

  /**
   * Where a file may lie until it is complete: a sibling whose name goes on with {@code suffix}. A
   * name that is too long for that is cut, and a checksum of it tells it from others. Nothing is
   * known of the sibling.
   */
  public Item temporary(String suffix) {
    byte[] name = path.nameBytes();
    byte[] end = suffix.getBytes(StandardCharsets.UTF_8);
    int keep = name.length;
    if (name.length + end.length > NAME_BYTES) {
      CRC32 checksum = new CRC32();
      checksum.update(name);
      end = "~%08x%s".formatted(checksum.getValue(), suffix).getBytes(StandardCharsets.UTF_8);
      keep = NAME_BYTES - end.length;
    }
    byte[] other = Arrays.copyOf(name, keep + end.length);
    System.arraycopy(end, 0, other, keep, end.length);
    CairnPath sibling = path.parent().orElse(CairnPath.ROOT).child(other);
    return new Item(tree, text + suffix, sibling, Optional.empty());
  }

  @Override
  public String toString() {
    return text;
  }
}
