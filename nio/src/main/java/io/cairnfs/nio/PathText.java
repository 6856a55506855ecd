package io.cairnfs.nio;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;

/**
 * Names are bytes, Java's are text. What is valid UTF-8 is that text; every other byte {@code b} is
 * the lone surrogate {@code U+DC00 + b}, which no valid text contains. So each name has a text of
 * its own, and the way back gives the same bytes.
 */
final class PathText {
  private static final char ESCAPE_BASE = '\uDC00';
  private static final char FIRST_ESCAPE = '\uDC80';
  private static final char LAST_ESCAPE = '\uDCFF';

  private PathText() {}

  static String decode(byte[] bytes) {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    while (true) {
      CoderResult result = decoder.decode(in, out, true);
      if (!result.isError()) {
        break;
      }
      for (int i = 0; i < result.length(); i++) {
        out.put((char) (ESCAPE_BASE + (in.get() & 0xff)));
      }
      decoder.reset();
    }
    return out.flip().toString();
  }

  /**
   * @throws InvalidPathException for NUL, and for half a surrogate pair that stands for no byte
   */
  static byte[] encode(String text) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(text.length() + 8);
    int at = 0;
    while (at < text.length()) {
      int point = text.codePointAt(at);
      if (point == 0) {
        throw new InvalidPathException(text, "NUL character", at);
      } else if (point >= FIRST_ESCAPE && point <= LAST_ESCAPE) {
        out.write(point - ESCAPE_BASE);
      } else if (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE) {
        throw new InvalidPathException(text, "half a surrogate pair", at);
      } else {
        out.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
      }
      at += Character.charCount(point);
    }
    return out.toByteArray();
  }
}
