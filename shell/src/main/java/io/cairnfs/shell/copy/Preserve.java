package io.cairnfs.shell.copy;

/** An attribute that a copy takes over from its source. */
public enum Preserve {
  TIMESTAMPS,
  OWNERSHIP,
  PERMISSION
}
