package io.cairnfs.shell.tree;

import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * How a file is written.
 *
 * @param replace an existing file's content is replaced, else it is refused
 * @param visibility when others see the file
 * @param mode permission bits; absent = what the tree gives new files
 * @param modifiedNanos with {@link Visibility#WHEN_COMPLETE} only: the time to set
 */
public record WriteOptions(
    boolean replace, Visibility visibility, OptionalInt mode, OptionalLong modifiedNanos) {

  /** When others see a file. */
  public enum Visibility {
    AT_ONCE,
    /** With its whole content in one step, or never. */
    WHEN_COMPLETE
  }

  public static WriteOptions visible(boolean replace) {
    return new WriteOptions(replace, Visibility.AT_ONCE, OptionalInt.empty(), OptionalLong.empty());
  }
}
