package io.cairnfs.client;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A path of the file system: bytes, not text; absolute or relative; immutable.
 *
 * <p>It is kept in normal form, as Hadoop's {@code Path} is: doubled and trailing slashes are gone,
 * {@code .} is gone, {@code ..} has removed the component before it (lexically, without looking at
 * symlinks), and {@code ..} at the root is the root. Only a relative path can begin with {@code
 * ..}. The empty relative path means "here". Whether a component is a legal name (at most 255
 * bytes, no NUL) is for the metaserver to say.
 */
public final class CairnPath implements Comparable<CairnPath> {
  /** The root directory. */
  public static final CairnPath ROOT = new CairnPath(new byte[] {'/'});

  /** The empty relative path. */
  public static final CairnPath HERE = new CairnPath(new byte[0]);

  private static final byte[] PARENT = {'.', '.'};

  private final byte[] bytes;
  private int hash;

  private CairnPath(byte[] bytes) {
    this.bytes = bytes;
  }

  /** The path that this text names, in UTF-8. The text is taken literally: nothing is decoded. */
  public static CairnPath of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The path that these bytes name. */
  public static CairnPath of(byte[] bytes) {
    boolean absolute = bytes.length > 0 && bytes[0] == '/';
    List<byte[]> names = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= bytes.length; i++) {
      if (i == bytes.length || bytes[i] == '/') {
        addName(names, Arrays.copyOfRange(bytes, start, i), absolute);
        start = i + 1;
      }
    }
    return join(names, absolute);
  }

  private static void addName(List<byte[]> names, byte[] name, boolean absolute) {
    if (name.length == 0 || (name.length == 1 && name[0] == '.')) {
      return;
    }
    if (!Arrays.equals(name, PARENT)) {
      names.add(name);
    } else if (!names.isEmpty() && !Arrays.equals(names.get(names.size() - 1), PARENT)) {
      names.remove(names.size() - 1);
    } else if (!absolute) {
      names.add(name);
    }
  }

  private static CairnPath join(List<byte[]> names, boolean absolute) {
    if (names.isEmpty()) {
      return absolute ? ROOT : HERE;
    }
    int length = absolute ? 0 : -1;
    for (byte[] name : names) {
      length += 1 + name.length;
    }
    byte[] joined = new byte[length];
    int at = 0;
    for (byte[] name : names) {
      if (absolute || at > 0) {
        joined[at++] = '/';
      }
      System.arraycopy(name, 0, joined, at, name.length);
      at += name.length;
    }
    return new CairnPath(joined);
  }

  public boolean isAbsolute() {
    return bytes.length > 0 && bytes[0] == '/';
  }

  public boolean isRoot() {
    return bytes.length == 1 && bytes[0] == '/';
  }

  /** A copy of the whole path in bytes: components separated by single slashes. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** Length of {@link #bytes()}. */
  public int length() {
    return bytes.length;
  }

  /** The last component's bytes; empty for the root and for the empty path. */
  public byte[] nameBytes() {
    return Arrays.copyOfRange(bytes, lastSlash() + 1, bytes.length);
  }

  /** The last component as text for people: invalid UTF-8 is replaced. */
  public String name() {
    return new String(nameBytes(), StandardCharsets.UTF_8);
  }

  /** The components' bytes, from the top. */
  public List<byte[]> names() {
    List<byte[]> names = new ArrayList<>();
    int start = isAbsolute() ? 1 : 0;
    for (int i = start; i <= bytes.length; i++) {
      if ((i == bytes.length || bytes[i] == '/') && i > start) {
        names.add(Arrays.copyOfRange(bytes, start, i));
        start = i + 1;
      }
    }
    return names;
  }

  /** Number of components: 0 for the root. */
  public int depth() {
    return names().size();
  }

  /**
   * The path without its last component; empty for the root and for the empty path. The parent of a
   * relative path of one component is {@link #HERE}.
   */
  public Optional<CairnPath> parent() {
    if (bytes.length == 0 || isRoot()) {
      return Optional.empty();
    }
    int slash = lastSlash();
    if (slash < 0) {
      return Optional.of(HERE);
    }
    return Optional.of(slash == 0 ? ROOT : new CairnPath(Arrays.copyOf(bytes, slash)));
  }

  private int lastSlash() {
    int at = bytes.length - 1;
    while (at >= 0 && bytes[at] != '/') {
      at--;
    }
    return at;
  }

  /**
   * This path with one more component.
   *
   * @throws IllegalArgumentException if the name is empty, {@code .}, {@code ..} or has a slash
   */
  public CairnPath child(byte[] name) {
    boolean dots =
        name.length > 0 && name.length <= 2 && name[0] == '.' && name[name.length - 1] == '.';
    if (name.length == 0 || dots) {
      throw new IllegalArgumentException("'" + text(name) + "' is not the name of a child");
    }
    for (byte b : name) {
      if (b == '/') {
        throw new IllegalArgumentException("name with a slash: '" + text(name) + "'");
      }
    }
    int gap = bytes.length == 0 || isRoot() ? 0 : 1;
    byte[] joined = Arrays.copyOf(bytes, bytes.length + gap + name.length);
    if (gap == 1) {
      joined[bytes.length] = '/';
    }
    System.arraycopy(name, 0, joined, bytes.length + gap, name.length);
    return new CairnPath(joined);
  }

  /** As {@link #child(byte[])}, with the name in UTF-8. */
  public CairnPath child(String name) {
    return child(name.getBytes(StandardCharsets.UTF_8));
  }

  /** {@code other} as seen from this directory: {@code other} itself if it is absolute. */
  public CairnPath resolve(CairnPath other) {
    if (other.isAbsolute()) {
      return other;
    }
    byte[] joined = Arrays.copyOf(bytes, bytes.length + 1 + other.bytes.length);
    joined[bytes.length] = '/';
    System.arraycopy(other.bytes, 0, joined, bytes.length + 1, other.bytes.length);
    return bytes.length == 0 ? other : of(joined);
  }

  /** As {@link #resolve(CairnPath)}, with the other path in UTF-8. */
  public CairnPath resolve(String other) {
    return resolve(of(other));
  }

  /** True if this path is {@code ancestor} or lies below it. */
  public boolean startsWith(CairnPath ancestor) {
    if (isAbsolute() != ancestor.isAbsolute()) {
      return false;
    }
    int length = ancestor.bytes.length;
    if (length == 0 || ancestor.isRoot()) {
      return true;
    }
    return bytes.length >= length
        && Arrays.equals(bytes, 0, length, ancestor.bytes, 0, length)
        && (bytes.length == length || bytes[length] == '/');
  }

  /**
   * What has to be resolved against {@code ancestor} to get this path.
   *
   * @throws IllegalArgumentException unless {@link #startsWith} {@code ancestor}
   */
  public CairnPath relativeTo(CairnPath ancestor) {
    if (!startsWith(ancestor)) {
      throw new IllegalArgumentException("'" + this + "' is not below '" + ancestor + "'");
    }
    int skip = ancestor.bytes.length;
    if (skip > 0 && skip < bytes.length && bytes[skip] == '/') {
      skip++;
    }
    return skip >= bytes.length
        ? HERE
        : new CairnPath(Arrays.copyOfRange(bytes, skip, bytes.length));
  }

  /** As unsigned bytes, which for UTF-8 is the order of code points. */
  @Override
  public int compareTo(CairnPath other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CairnPath path && Arrays.equals(bytes, path.bytes);
  }

  @Override
  public int hashCode() {
    if (hash == 0) {
      hash = Arrays.hashCode(bytes);
    }
    return hash;
  }

  /** For people: invalid UTF-8 is replaced. */
  @Override
  public String toString() {
    return text(bytes);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
