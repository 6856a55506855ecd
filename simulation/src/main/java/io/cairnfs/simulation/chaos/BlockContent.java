package io.cairnfs.simulation.chaos;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Blocks of {@value #BYTES} bytes that tell whose they are: a magic number, the writer, the version
 * of the file (unique for each writer), the offset in the file, filling that follows from these,
 * and a CRC-32C over all of it. So a byte that is served is known to be right, or known to be
 * another file's, another version's, misplaced or damaged.
 */
final class BlockContent {
  static final int BYTES = 4096;
  private static final long MAGIC = 0x436169726e626c6bL;
  private static final int FILLED_UNTIL = BYTES - Integer.BYTES;

  private BlockContent() {}

  /** The block of a version at an offset; position 0, limit {@value #BYTES}. */
  static ByteBuffer of(long writer, long version, long offset) {
    ByteBuffer block = ByteBuffer.allocate(BYTES);
    block.putLong(MAGIC).putLong(writer).putLong(version).putLong(offset);
    long state = mix(writer * 31 + version) + offset;
    while (block.position() + Long.BYTES <= FILLED_UNTIL) {
      state += 0x9e3779b97f4a7c15L;
      block.putLong(mix(state));
    }
    block.position(FILLED_UNTIL);
    block.putInt(checksum(block));
    return block.flip();
  }

  private static long mix(long value) {
    long mixed = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
    return mixed ^ (mixed >>> 31);
  }

  private static int checksum(ByteBuffer block) {
    CRC32C checksum = new CRC32C();
    checksum.update(block.slice(0, FILLED_UNTIL));
    return (int) checksum.getValue();
  }

  /** Whose block it is. */
  record Label(long writer, long version, long offset) {}

  /**
   * Reads a block's label.
   *
   * @param content at least {@value #BYTES} bytes from {@code from} on
   * @return empty if the bytes are no intact block
   */
  static Optional<Label> labelOf(byte[] content, int from) {
    ByteBuffer block = ByteBuffer.allocate(BYTES);
    block.put(content, from, BYTES).flip();
    if (block.getLong() != MAGIC || block.getInt(FILLED_UNTIL) != checksum(block)) {
      return Optional.empty();
    }
    return Optional.of(new Label(block.getLong(), block.getLong(), block.getLong()));
  }

  /**
   * What is wrong with the content of a file, if anything is.
   *
   * @param writer whose file it is
   * @param version 0 = any, but the same for all blocks
   */
  static Optional<String> fault(byte[] content, long writer, long version) {
    if (content.length % BYTES != 0) {
      return Optional.of("a length of " + content.length + " is no whole number of blocks");
    }
    long expected = version;
    for (int from = 0; from < content.length; from += BYTES) {
      Optional<Label> label = labelOf(content, from);
      if (label.isEmpty()) {
        return Optional.of("damaged block at " + from);
      }
      if (expected == 0) {
        expected = label.get().version();
      }
      Label wanted = new Label(writer, expected, from);
      if (!label.get().equals(wanted)) {
        return Optional.of(label.get() + " where " + wanted + " belongs");
      }
    }
    return Optional.empty();
  }
}
