package io.cairnfs.shell.tree;

import io.cairnfs.client.CairnPath;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Names of local files as bytes. A {@code Path} of the platform holds the bytes of its names, but
 * its text does not: what is no character of the locale is lost in it, and cannot be made from it.
 * Only URIs carry all bytes, percent-encoded, so names that are not plain ASCII go through them.
 */
final class LocalNames {
  private LocalNames() {}

  /** The local path of these bytes. */
  static Path toPath(CairnPath path) {
    byte[] bytes = path.bytes();
    if (isAscii(bytes)) {
      return Path.of(new String(bytes, StandardCharsets.US_ASCII));
    }
    return Path.of(URI.create("file://" + encoded(bytes)));
  }

  /** The bytes of a path's last component. */
  static byte[] nameBytes(Path path) {
    Path name = path.getFileName();
    if (name == null) {
      return new byte[0];
    }
    String text = name.toString();
    if (isAscii(text)) {
      return text.getBytes(StandardCharsets.US_ASCII);
    }
    String raw = path.toUri().getRawPath();
    int end = raw.endsWith("/") ? raw.length() - 1 : raw.length();
    return decoded(raw.substring(raw.lastIndexOf('/', end - 1) + 1, end));
  }

  /** The bytes of a whole absolute path. */
  static CairnPath ofPath(Path path) {
    String text = path.toString();
    return isAscii(text) ? CairnPath.of(text) : CairnPath.of(decoded(path.toUri().getRawPath()));
  }

  private static String encoded(byte[] bytes) {
    StringBuilder text = new StringBuilder(bytes.length + 16);
    for (byte b : bytes) {
      int c = b & 0xff;
      if (c < 0x80 && (c == '/' || Character.isLetterOrDigit(c))) {
        text.append((char) c);
      } else {
        text.append('%')
            .append(Character.forDigit(c >> 4, 16))
            .append(Character.forDigit(c & 15, 16));
      }
    }
    return text.toString();
  }

  private static byte[] decoded(String raw) {
    byte[] encoded = raw.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream(encoded.length);
    for (int i = 0; i < encoded.length; i++) {
      if (encoded[i] == '%') {
        out.write(Character.digit(encoded[i + 1], 16) << 4 | Character.digit(encoded[i + 2], 16));
        i += 2;
      } else {
        out.write(encoded[i]);
      }
    }
    return out.toByteArray();
  }

  private static boolean isAscii(byte[] bytes) {
    for (byte b : bytes) {
      if (b < 0) {
        return false;
      }
    }
    return true;
  }

  private static boolean isAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 0x80) {
        return false;
      }
    }
    return true;
  }
}
