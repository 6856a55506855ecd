package io.cairnfs.nio;

import io.cairnfs.client.CairnFileSystem.Symlinks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.attribute.AclEntry;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Attributes by name, {@code VIEW:NAME}, as {@code Files.getAttribute} and its kin ask for them.
 */
final class NamedAttributes {
  private final NioPath path;
  private final Symlinks symlinks;
  private final String view;
  private final String names;

  /**
   * @throws UnsupportedOperationException for a view that is not known
   */
  NamedAttributes(NioPath path, Symlinks symlinks, String text) {
    int colon = text.indexOf(':');
    this.path = path;
    this.symlinks = symlinks;
    this.view = colon < 0 ? "basic" : text.substring(0, colon);
    this.names = text.substring(colon + 1);
    if (!NioFileSystem.VIEWS.contains(view)) {
      throw new UnsupportedOperationException("view '" + view + "'");
    }
  }

  /**
   * @throws IllegalArgumentException for a name that the view does not have
   */
  Map<String, Object> read() throws IOException {
    Map<String, Object> all = all();
    Map<String, Object> asked = new LinkedHashMap<>();
    for (String name : names.split(",", -1)) {
      if (name.equals("*")) {
        asked.putAll(all);
      } else if (all.containsKey(name)) {
        asked.put(name, all.get(name));
      } else {
        throw new IllegalArgumentException("'" + name + "' is not known to view '" + view + "'");
      }
    }
    return asked;
  }

  private Map<String, Object> all() throws IOException {
    Map<String, Object> all = new LinkedHashMap<>();
    if (view.equals("user")) {
      XattrView attributes = new XattrView(path);
      for (String name : names.equals("*") ? attributes.list() : List.of(names.split(","))) {
        all.put(name, attributes.value(name));
      }
      return all;
    }
    if (view.equals("acl")) {
      all.put("acl", new AclView(path).getAcl());
    }
    NioFileAttributes found = AttributeViews.read(path, symlinks);
    if (!view.equals("basic")) {
      all.put("owner", found.owner());
    }
    if (view.equals("owner") || view.equals("acl")) {
      return all;
    }
    all.put("lastModifiedTime", found.lastModifiedTime());
    all.put("lastAccessTime", found.lastAccessTime());
    all.put("creationTime", found.creationTime());
    all.put("size", found.size());
    all.put("isRegularFile", found.isRegularFile());
    all.put("isDirectory", found.isDirectory());
    all.put("isSymbolicLink", found.isSymbolicLink());
    all.put("isOther", found.isOther());
    all.put("fileKey", found.fileKey());
    if (!view.equals("basic")) {
      all.put("permissions", found.permissions());
      all.put("group", found.group());
    }
    if (view.equals("unix")) {
      all.put("mode", typeBits(found) | found.status().mode());
      all.put("ino", found.status().inode());
      all.put("nlink", found.status().linkCount());
      all.put("ctime", NioFileAttributes.time(found.status().changeTimeNanos()));
    }
    return all;
  }

  /** S_IFREG and its like. */
  private static int typeBits(NioFileAttributes found) {
    return switch (found.status().type()) {
      case FILE -> 0100000;
      case DIRECTORY -> 0040000;
      case SYMLINK -> 0120000;
      case FIFO -> 0010000;
      case SOCKET -> 0140000;
      case CHARACTER_DEVICE -> 0020000;
      case BLOCK_DEVICE -> 0060000;
    };
  }

  /**
   * @throws IllegalArgumentException for a name that the view does not have or that cannot be set
   */
  void set(Object value) throws IOException {
    AttributeViews.Posix posix = new AttributeViews.Posix(path, symlinks, view);
    switch (view + ":" + names) {
      case "basic:lastModifiedTime", "posix:lastModifiedTime", "unix:lastModifiedTime" ->
          posix.setTimes((FileTime) value, null, null);
      case "basic:lastAccessTime", "posix:lastAccessTime", "unix:lastAccessTime" ->
          posix.setTimes(null, (FileTime) value, null);
      case "basic:creationTime", "posix:creationTime", "unix:creationTime" ->
          posix.setTimes(null, null, (FileTime) value);
      case "posix:permissions", "unix:permissions" -> posix.setPermissions(permissions(value));
      case "unix:mode" -> posix.setMode((Integer) value & 07777);
      case "posix:owner", "unix:owner", "owner:owner", "acl:owner" ->
          posix.setOwner((UserPrincipal) value);
      case "posix:group", "unix:group" -> posix.setGroup((GroupPrincipal) value);
      case "acl:acl" -> new AclView(path).setAcl(entries(value));
      default -> setOther(value);
    }
  }

  private static Set<PosixFilePermission> permissions(Object value) {
    Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
    for (Object each : (Set<?>) value) {
      permissions.add((PosixFilePermission) each);
    }
    return permissions;
  }

  private static List<AclEntry> entries(Object value) {
    List<AclEntry> entries = new ArrayList<>();
    for (Object each : (List<?>) value) {
      entries.add((AclEntry) each);
    }
    return entries;
  }

  private void setOther(Object value) throws IOException {
    if (!view.equals("user")) {
      throw new IllegalArgumentException("'" + view + ":" + names + "' cannot be set");
    }
    ByteBuffer bytes = value instanceof byte[] array ? ByteBuffer.wrap(array) : (ByteBuffer) value;
    int unused = new XattrView(path).write(names, bytes);
  }
}
