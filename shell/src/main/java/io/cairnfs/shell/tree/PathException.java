package io.cairnfs.shell.tree;

import java.io.IOException;

/** Why an operand was refused, worded as HDFS does: {@code `path' to `target': reason}. */
public final class PathException extends IOException {
  private static final long serialVersionUID = 1;

  private PathException(String message) {
    super(message);
  }

  public static PathException of(String path, String reason) {
    return new PathException("`" + path + "': " + reason);
  }

  public static PathException between(String path, String target, String reason) {
    return new PathException("`" + path + "' to `" + target + "': " + reason);
  }

  public static PathException notFound(String path) {
    return of(path, "No such file or directory");
  }

  /** The missing path with its place in the tree, as HDFS says it for targets. */
  public static PathException notFound(Item item) {
    return of(
        item.text(), "No such file or directory: `" + item.tree().qualified(item.path()) + "'");
  }

  public static PathException exists(String path) {
    return of(path, "File exists");
  }

  public static PathException notRegular(String path) {
    return of(path, "Is not a regular file");
  }

  public static PathException isDirectory(String path) {
    return of(path, "Is a directory");
  }

  public static PathException notDirectory(String path) {
    return of(path, "Is not a directory");
  }
}
