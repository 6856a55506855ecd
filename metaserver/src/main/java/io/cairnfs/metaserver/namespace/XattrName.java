package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Name of an extended attribute: a namespace, a dot, and what its users call it; at most {@value
 * #MAX_BYTES} bytes without NUL. What each namespace is for and who may use it: xattr(7) of Linux.
 */
public final class XattrName {
  public static final int MAX_BYTES = 255;

  private static final String SYSTEM = "system.";

  /** To whom an attribute belongs. */
  public enum Space {
    /** To whoever may read and write the file or directory. */
    USER("user."),
    /** To the superuser; nobody else sees it. */
    TRUSTED("trusted."),
    /** To security modules: everybody reads, the superuser writes. */
    SECURITY("security.");

    private final String prefix;

    Space(String prefix) {
      this.prefix = prefix;
    }
  }

  private final byte[] bytes;
  private final Space space;

  private XattrName(byte[] bytes, Space space) {
    this.bytes = bytes;
    this.space = space;
  }

  /**
   * @throws CairnException NAME_TOO_LONG; UNSUPPORTED for another namespace (of {@code system} the
   *     file system itself is the user); INVALID_ARGUMENT for a namespace without a name, or NUL
   */
  public static XattrName of(byte[] bytes) throws CairnException {
    requireLength(bytes);
    for (Space space : Space.values()) {
      if (isOf(space.prefix, bytes)) {
        requireRest(bytes, space);
        return new XattrName(bytes.clone(), space);
      }
    }
    throw new CairnException(
        ErrorCode.UNSUPPORTED,
        "attribute '" + text(bytes) + "': its namespace is not user, trusted or security");
  }

  /**
   * @throws CairnException NAME_TOO_LONG
   */
  public static void requireLength(byte[] bytes) throws CairnException {
    if (bytes.length > MAX_BYTES) {
      throw new CairnException(
          ErrorCode.NAME_TOO_LONG,
          "attribute name of " + bytes.length + " bytes; at most " + MAX_BYTES + " are possible");
    }
  }

  /** Neither in a namespace that there is, nor in that of the file system itself. */
  static boolean isOfNoSpace(byte[] bytes) {
    return !isOf(SYSTEM, bytes)
        && Arrays.stream(Space.values()).noneMatch(space -> isOf(space.prefix, bytes));
  }

  private static boolean isOf(String prefix, byte[] name) {
    boolean same = name.length >= prefix.length();
    for (int i = 0; same && i < prefix.length(); i++) {
      same = name[i] == prefix.charAt(i);
    }
    return same;
  }

  private static void requireRest(byte[] bytes, Space space) throws CairnException {
    boolean good = bytes.length > space.prefix.length();
    for (byte b : bytes) {
      good &= b != 0;
    }
    if (!good) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "'" + text(bytes) + "' is no attribute name");
    }
  }

  public byte[] bytes() {
    return bytes.clone();
  }

  public int length() {
    return bytes.length;
  }

  public Space space() {
    return space;
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof XattrName name && Arrays.equals(bytes, name.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** For people: invalid UTF-8 is replaced. */
  @Override
  public String toString() {
    return text(bytes);
  }
}
