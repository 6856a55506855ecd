package io.cairnfs.shell.copy;

import io.cairnfs.client.CairnPath;
import io.cairnfs.shell.tree.FileTree;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Temporary files that are being written, so that whoever ends the process early can remove them.
 * Safe for any thread.
 */
public final class UnfinishedFiles {
  private record Unfinished(FileTree tree, CairnPath path) {}

  private final Set<Unfinished> files = ConcurrentHashMap.newKeySet();

  void add(FileTree tree, CairnPath path) {
    files.add(new Unfinished(tree, path));
  }

  void remove(FileTree tree, CairnPath path) {
    files.remove(new Unfinished(tree, path));
  }

  /** Removes what is there; what cannot be removed is left, nobody can be told any more. */
  public void deleteAll() {
    for (Unfinished file : files) {
      discard(file.tree(), file.path());
    }
  }

  /** Removes one file, whatever happened to it. */
  static boolean discard(FileTree tree, CairnPath path) {
    try {
      tree.delete(path, false);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  public boolean isEmpty() {
    return files.isEmpty();
  }
}
