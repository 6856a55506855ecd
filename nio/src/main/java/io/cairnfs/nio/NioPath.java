package io.cairnfs.nio;

import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CairnUri;
import java.io.IOException;
import java.net.URI;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A path of one cluster: bytes, as the names in it. Doubled and trailing slashes are gone; {@code
 * .} and {@code ..} stay until somebody normalizes, as on Unix. Immutable.
 */
final class NioPath implements Path {
  private static final byte[] HERE = {'.'};
  private static final byte[] PARENT = {'.', '.'};

  private final NioFileSystem fileSystem;
  private final boolean absolute;

  /** Without the root; a single empty name for the empty path. */
  private final List<byte[]> names;

  private final byte[] bytes;

  private NioPath(NioFileSystem fileSystem, boolean absolute, List<byte[]> names) {
    this.fileSystem = fileSystem;
    this.absolute = absolute;
    this.names = !absolute && names.isEmpty() ? List.of(new byte[0]) : List.copyOf(names);
    this.bytes = joined(absolute, this.names);
  }

  static NioPath of(NioFileSystem fileSystem, byte[] bytes) {
    List<byte[]> names = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= bytes.length; i++) {
      if (i == bytes.length || bytes[i] == '/') {
        if (i > start) {
          names.add(Arrays.copyOfRange(bytes, start, i));
        }
        start = i + 1;
      }
    }
    return new NioPath(fileSystem, bytes.length > 0 && bytes[0] == '/', names);
  }

  static NioPath of(NioFileSystem fileSystem, String text) {
    return of(fileSystem, PathText.encode(text));
  }

  /**
   * @throws ProviderMismatchException if the path is not ours
   */
  static NioPath require(Path path) {
    Objects.requireNonNull(path, "path");
    if (path instanceof NioPath ours) {
      return ours;
    }
    throw new ProviderMismatchException("not a path of Cairn: " + path);
  }

  private static byte[] joined(boolean absolute, List<byte[]> names) {
    int length = absolute ? 1 : 0;
    for (byte[] name : names) {
      length += name.length + 1;
    }
    byte[] joined = new byte[names.isEmpty() ? length : length - 1];
    int at = 0;
    if (absolute) {
      joined[at++] = '/';
    }
    for (byte[] name : names) {
      if (at > 0 && joined[at - 1] != '/') {
        joined[at++] = '/';
      }
      System.arraycopy(name, 0, joined, at, name.length);
      at += name.length;
    }
    return joined;
  }

  /** As the client knows it: absolute, with {@code .} and {@code ..} resolved by their text. */
  CairnPath toCairn() {
    return CairnPath.of(toAbsolutePath().bytes);
  }

  /** Exactly what the path says, for targets of symlinks. */
  byte[] bytes() {
    return bytes.clone();
  }

  private boolean isEmpty() {
    return bytes.length == 0;
  }

  NioPath child(byte[] name) {
    List<byte[]> all = new ArrayList<>(isEmpty() ? List.of() : names);
    all.add(name);
    return new NioPath(fileSystem, absolute, all);
  }

  @Override
  public NioFileSystem getFileSystem() {
    return fileSystem;
  }

  @Override
  public boolean isAbsolute() {
    return absolute;
  }

  @Override
  public NioPath getRoot() {
    return absolute ? new NioPath(fileSystem, true, List.of()) : null;
  }

  @Override
  public NioPath getFileName() {
    return names.isEmpty()
        ? null
        : new NioPath(fileSystem, false, List.of(names.get(names.size() - 1)));
  }

  @Override
  public NioPath getParent() {
    if (names.isEmpty() || (names.size() == 1 && !absolute)) {
      return null;
    }
    return new NioPath(fileSystem, absolute, names.subList(0, names.size() - 1));
  }

  @Override
  public int getNameCount() {
    return names.size();
  }

  @Override
  public NioPath getName(int index) {
    return subpath(index, index + 1);
  }

  @Override
  public NioPath subpath(int beginIndex, int endIndex) {
    if (beginIndex < 0 || endIndex > names.size() || beginIndex >= endIndex) {
      throw new IllegalArgumentException(
          "names " + beginIndex + " to " + endIndex + " of a path of " + names.size());
    }
    return new NioPath(fileSystem, false, names.subList(beginIndex, endIndex));
  }

  @Override
  public boolean startsWith(Path other) {
    return other instanceof NioPath prefix
        && prefix.fileSystem.equals(fileSystem)
        && prefix.absolute == absolute
        && prefix.isEmpty() == isEmpty()
        && prefix.names.size() <= names.size()
        && sameNames(prefix.names, names.subList(0, prefix.names.size()));
  }

  @Override
  public boolean endsWith(Path other) {
    if (!(other instanceof NioPath suffix)
        || !suffix.fileSystem.equals(fileSystem)
        || suffix.isEmpty() != isEmpty()
        || suffix.names.size() > names.size()) {
      return false;
    }
    if (suffix.absolute) {
      return equals(suffix);
    }
    return sameNames(suffix.names, names.subList(names.size() - suffix.names.size(), names.size()));
  }

  private static boolean sameNames(List<byte[]> one, List<byte[]> other) {
    for (int i = 0; i < one.size(); i++) {
      if (!Arrays.equals(one.get(i), other.get(i))) {
        return false;
      }
    }
    return one.size() == other.size();
  }

  @Override
  public NioPath normalize() {
    List<byte[]> kept = new ArrayList<>();
    for (byte[] name : names) {
      boolean up = Arrays.equals(name, PARENT);
      boolean removes = up && !kept.isEmpty() && !Arrays.equals(kept.get(kept.size() - 1), PARENT);
      if (removes) {
        kept.remove(kept.size() - 1);
      } else if (up ? !absolute : !Arrays.equals(name, HERE) && name.length > 0) {
        kept.add(name);
      }
    }
    return new NioPath(fileSystem, absolute, kept);
  }

  @Override
  public NioPath resolve(Path other) {
    NioPath rest = require(other);
    if (rest.absolute || isEmpty()) {
      return rest;
    }
    if (rest.isEmpty()) {
      return this;
    }
    List<byte[]> all = new ArrayList<>(names);
    all.addAll(rest.names);
    return new NioPath(fileSystem, absolute, all);
  }

  @Override
  public NioPath resolve(String other) {
    return resolve(of(fileSystem, other));
  }

  @Override
  public NioPath relativize(Path other) {
    NioPath target = require(other);
    if (target.absolute != absolute || !target.fileSystem.equals(fileSystem)) {
      throw new IllegalArgumentException(
          "'" + target + "' and '" + this + "' are not both absolute or both relative");
    }
    List<byte[]> from = plainNames(this);
    List<byte[]> to = plainNames(target);
    int common = 0;
    while (common < from.size()
        && common < to.size()
        && Arrays.equals(from.get(common), to.get(common))) {
      common++;
    }
    List<byte[]> result = new ArrayList<>();
    for (byte[] name : from.subList(common, from.size())) {
      if (Arrays.equals(name, PARENT)) {
        throw new IllegalArgumentException("'" + this + "' begins above what can be known");
      }
      result.add(PARENT);
    }
    result.addAll(to.subList(common, to.size()));
    return new NioPath(fileSystem, false, result);
  }

  private static List<byte[]> plainNames(NioPath path) {
    NioPath normal = path.normalize();
    return normal.isEmpty() ? List.of() : normal.names;
  }

  @Override
  public URI toUri() {
    String authority = fileSystem.authority();
    return new CairnUri(
            authority.isEmpty() ? Optional.empty() : Optional.of(authority),
            CairnPath.of(toAbsolutePath().bytes))
        .toUri();
  }

  @Override
  public NioPath toAbsolutePath() {
    if (absolute) {
      return this;
    }
    return new NioPath(fileSystem, true, isEmpty() ? List.of() : names);
  }

  @Override
  public NioPath toRealPath(LinkOption... options) throws IOException {
    return fileSystem.realPath(this, LinkChoice.of(options));
  }

  @Override
  public WatchKey register(
      WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
    throw new UnsupportedOperationException("Cairn's directories cannot be watched yet");
  }

  /** The names from the top, none for the root and the empty path. */
  List<byte[]> components() {
    return isEmpty() ? List.of() : names;
  }

  @Override
  public int compareTo(Path other) {
    return Arrays.compareUnsigned(bytes, ((NioPath) other).bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NioPath path
        && path.fileSystem.equals(fileSystem)
        && Arrays.equals(path.bytes, bytes);
  }

  @Override
  public int hashCode() {
    return 31 * System.identityHashCode(fileSystem) + Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return PathText.decode(bytes);
  }
}
