package io.cairnfs.client;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;

/**
 * A path with the cluster it belongs to: {@code cairn://authority/path}, or a path alone.
 *
 * @param authority {@code host:port[,host:port...]} of metaservers, or the name of a cluster; empty
 *     when the path was given alone or as {@code cairn:///path}
 */
public record CairnUri(Optional<String> authority, CairnPath path) {
  public static final String SCHEME = "cairn";

  private static final byte[] PREFIX = "cairn:".getBytes(StandardCharsets.US_ASCII);

  public CairnUri {
    Objects.requireNonNull(authority, "authority");
    Objects.requireNonNull(path, "path");
  }

  /**
   * Reads what a user typed. As in Hadoop, nothing is percent-decoded: {@code a%20b} is a name of
   * five characters. Text without the scheme {@code cairn} is a path.
   *
   * @throws IllegalArgumentException naming the text, when another scheme stands before {@code ://}
   */
  public static CairnUri parse(String text) {
    return parse(text.getBytes(StandardCharsets.UTF_8));
  }

  /** As {@link #parse(String)}, for arguments whose names need not be valid UTF-8. */
  public static CairnUri parse(byte[] text) {
    if (!startsWith(text, PREFIX)) {
      refuseOtherScheme(text);
      return new CairnUri(Optional.empty(), CairnPath.of(text));
    }
    byte[] rest = Arrays.copyOfRange(text, PREFIX.length, text.length);
    if (rest.length < 2 || rest[0] != '/' || rest[1] != '/') {
      return new CairnUri(Optional.empty(), CairnPath.of(rest));
    }
    int end = 2;
    while (end < rest.length && rest[end] != '/') {
      end++;
    }
    String authority = new String(rest, 2, end - 2, StandardCharsets.UTF_8);
    byte[] path = Arrays.copyOfRange(rest, end, rest.length);
    return new CairnUri(
        authority.isEmpty() ? Optional.empty() : Optional.of(authority),
        path.length == 0 ? CairnPath.ROOT : CairnPath.of(path));
  }

  /**
   * Takes a {@code java.net.URI}, whose path is percent-decoded into bytes.
   *
   * @throws IllegalArgumentException if the scheme is neither absent nor {@code cairn}
   */
  public static CairnUri of(URI uri) {
    if (uri.getScheme() != null && !uri.getScheme().equalsIgnoreCase(SCHEME)) {
      throw new IllegalArgumentException("'" + uri + "' does not have the scheme " + SCHEME);
    }
    String raw = uri.getRawPath() == null ? "" : uri.getRawPath();
    byte[] path = percentDecoded(raw);
    boolean bareAuthority = path.length == 0 && uri.getRawAuthority() != null;
    return new CairnUri(
        Optional.ofNullable(uri.getRawAuthority()),
        bareAuthority ? CairnPath.ROOT : CairnPath.of(path));
  }

  /** Percent-encoded, so that any bytes survive. */
  public URI toUri() {
    StringBuilder text = new StringBuilder();
    if (path.isAbsolute()) {
      text.append(SCHEME).append("://").append(authority.orElse(""));
    }
    for (byte b : path.bytes()) {
      int c = b & 0xff;
      if (c == '/' || isUnreserved(c)) {
        text.append((char) c);
      } else {
        text.append('%')
            .append(Character.toUpperCase(Character.forDigit(c >> 4, 16)))
            .append(Character.toUpperCase(Character.forDigit(c & 15, 16)));
      }
    }
    return URI.create(text.toString());
  }

  /** As the user would type it; invalid UTF-8 is replaced. */
  @Override
  public String toString() {
    return authority.map(name -> SCHEME + "://" + name + path).orElseGet(path::toString);
  }

  private static boolean isUnreserved(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || "-._~".indexOf(c) >= 0;
  }

  private static byte[] percentDecoded(String raw) {
    byte[] encoded = raw.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream decoded = new ByteArrayOutputStream(encoded.length);
    for (int i = 0; i < encoded.length; i++) {
      if (encoded[i] == '%') {
        // java.net.URI has checked that two hexadecimal digits follow.
        decoded.write(
            Character.digit(encoded[i + 1], 16) << 4 | Character.digit(encoded[i + 2], 16));
        i += 2;
      } else {
        decoded.write(encoded[i]);
      }
    }
    return decoded.toByteArray();
  }

  private static void refuseOtherScheme(byte[] text) {
    int at = 0;
    while (at < text.length && (Character.isLetterOrDigit(text[at]) || text[at] == '+')) {
      at++;
    }
    if (at > 0
        && at + 2 < text.length
        && text[at] == ':'
        && text[at + 1] == '/'
        && text[at + 2] == '/') {
      throw new IllegalArgumentException(
          "'" + new String(text, StandardCharsets.UTF_8) + "' does not have the scheme " + SCHEME);
    }
  }

  private static boolean startsWith(byte[] text, byte[] prefix) {
    return text.length >= prefix.length
        && Arrays.equals(text, 0, prefix.length, prefix, 0, prefix.length);
  }
}
