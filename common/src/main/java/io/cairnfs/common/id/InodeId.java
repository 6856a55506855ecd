package io.cairnfs.common.id;

/** Identity of a file, directory or symlink; never reused. The root directory is {@link #ROOT}. */
public record InodeId(long value) implements Comparable<InodeId> {
  public static final InodeId ROOT = new InodeId(1);

  public InodeId {
    if (value <= 0) {
      throw new IllegalArgumentException("inode id " + value + " is not positive");
    }
  }

  @Override
  public int compareTo(InodeId other) {
    return Long.compare(value, other.value);
  }

  @Override
  public String toString() {
    return "inode=" + value;
  }
}
