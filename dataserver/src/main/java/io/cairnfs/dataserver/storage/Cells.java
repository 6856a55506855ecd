package io.cairnfs.dataserver.storage;

/** Arithmetic of the 4 KiB cells that checksums belong to. */
public final class Cells {
  public static final int SIZE = 4096;

  private Cells() {}

  /** Cells that hold at least one byte of a replica of this length. */
  public static int count(long length) {
    return Math.toIntExact((length + SIZE - 1) / SIZE);
  }

  /** The cell that holds the byte at the offset. */
  public static int indexOf(long offset) {
    return Math.toIntExact(offset / SIZE);
  }

  /** Bytes of the cell in a replica of this length. */
  public static int bytesIn(int cell, long length) {
    return (int) Math.min(SIZE, length - (long) cell * SIZE);
  }

  /** Pieces that cell borders cut the range into. */
  public static int pieces(long offset, long length) {
    return length == 0 ? 0 : Math.toIntExact((offset + length - 1) / SIZE - offset / SIZE + 1);
  }
}
