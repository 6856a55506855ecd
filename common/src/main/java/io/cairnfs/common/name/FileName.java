package io.cairnfs.common.name;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Name of a directory entry: 1 to 255 bytes, neither {@code /} nor NUL in it, not {@code .} or
 * {@code ..}. Bytes, not text; ordered as unsigned bytes.
 */
public final class FileName implements Comparable<FileName> {
  public static final int MAX_BYTES = 255;

  private final byte[] bytes;

  private FileName(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * @throws CairnException {@code NAME_TOO_LONG} or {@code INVALID_ARGUMENT}
   */
  public static FileName of(byte[] bytes) throws CairnException {
    if (bytes.length == 0) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, "empty file name");
    }
    if (bytes.length > MAX_BYTES) {
      throw new CairnException(
          ErrorCode.NAME_TOO_LONG,
          "file name of " + bytes.length + " bytes; at most " + MAX_BYTES + " are possible");
    }
    for (byte b : bytes) {
      if (b == '/' || b == 0) {
        throw new CairnException(
            ErrorCode.INVALID_ARGUMENT, "file name with " + (b == 0 ? "a NUL byte" : "'/'"));
      }
    }
    if (bytes[0] == '.' && (bytes.length == 1 || (bytes.length == 2 && bytes[1] == '.'))) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "'.' and '..' are not names of directory entries");
    }
    return new FileName(bytes.clone());
  }

  public static FileName of(String text) throws CairnException {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  public byte[] bytes() {
    return bytes.clone();
  }

  public int length() {
    return bytes.length;
  }

  @Override
  public int compareTo(FileName other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FileName name && Arrays.equals(bytes, name.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** For people: invalid UTF-8 is replaced. */
  @Override
  public String toString() {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
