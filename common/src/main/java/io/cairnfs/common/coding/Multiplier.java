package io.cairnfs.common.coding;

/** One way to multiply many bytes by the same factor. All ways give the same bytes. */
interface Multiplier {
  /**
   * Adds {@code coefficient} times each byte of the source to the byte at the same place of the
   * target. The ranges lie inside the arrays, and do not overlap in one array.
   *
   * @param coefficient 1 to 255
   */
  void multiplyAdd(
      int coefficient, byte[] source, int sourceAt, byte[] target, int targetAt, int length);
}
