package io.cairnfs.shell.command;

import io.cairnfs.shell.tree.Item;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;

/**
 * {@code text}: files made readable. Gzip is known by its first bytes, zlib by the suffix {@code
 * .deflate}; formats that need a library are refused by name rather than shown as bytes.
 */
final class Text extends Cat {
  private static final byte[] GZIP = {0x1f, (byte) 0x8b};
  private static final byte[] SEQUENCE_FILE = "SEQ".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] AVRO = "Obj\u0001".getBytes(StandardCharsets.US_ASCII);
  private static final int LONGEST_MARK = 4;

  @Override
  protected InputStream open(Item item) throws IOException {
    PushbackInputStream in = new PushbackInputStream(super.open(item), LONGEST_MARK);
    try {
      byte[] first = in.readNBytes(LONGEST_MARK);
      in.unread(first);
      return decoded(item, in, first);
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  private static InputStream decoded(Item item, InputStream in, byte[] first) throws IOException {
    if (begins(first, GZIP)) {
      return new GZIPInputStream(in, 1 << 16);
    }
    if (begins(first, SEQUENCE_FILE)) {
      throw new IOException("`" + item + "': SequenceFile is not supported, use cat or get");
    }
    if (begins(first, AVRO)) {
      throw new IOException("`" + item + "': Avro is not supported, use cat or get");
    }
    String name = item.name();
    if (name.endsWith(".deflate")) {
      return new InflaterInputStream(in);
    }
    for (String suffix : new String[] {".bz2", ".lz4", ".snappy", ".zst"}) {
      if (name.endsWith(suffix)) {
        throw new IOException(
            "`" + item + "': " + suffix + " compression is not supported, use cat or get");
      }
    }
    return in;
  }

  private static boolean begins(byte[] first, byte[] mark) {
    return first.length >= mark.length
        && Arrays.equals(first, 0, mark.length, mark, 0, mark.length);
  }
}
