package io.cairnfs.client;

import java.util.Locale;
import java.util.Objects;

/**
 * One entry of an access control list, in the form of POSIX 1003.1e (draft 17).
 *
 * @param name of a user or group; empty for the file's owner and group, the mask and the others
 * @param permissions a sum of 4 (read), 2 (write) and 1 (execute, search)
 */
public record AclEntry(Scope scope, Tag tag, String name, int permissions) {
  private static final String DEFAULT_PREFIX = "default:";
  private static final String LETTERS = "rwx";

  /** Which list it is of. */
  public enum Scope {
    /** Who may do what. */
    ACCESS,
    /** Of a directory: what is made in it begins with. */
    DEFAULT
  }

  /** Whom it is about. */
  public enum Tag {
    USER,
    GROUP,
    /** The most that users and groups get, save the owner. */
    MASK,
    OTHER
  }

  public AclEntry {
    Objects.requireNonNull(scope, "scope");
    Objects.requireNonNull(tag, "tag");
    Objects.requireNonNull(name, "name");
    if (permissions < 0 || permissions > 7) {
      throw new IllegalArgumentException("permissions " + permissions + " outside 0..7");
    }
  }

  /**
   * Reads an entry such as {@code user:bob:rw-} or {@code default:group::r-x}.
   *
   * @throws IllegalArgumentException naming what is wrong
   */
  public static AclEntry parse(String text) {
    return parse(text, true);
  }

  /** As {@link #parse(String)}, without permissions, as for entries that are to be removed. */
  public static AclEntry parseWithoutPermissions(String text) {
    return parse(text, false);
  }

  private static AclEntry parse(String text, boolean withPermissions) {
    boolean isDefault = text.startsWith(DEFAULT_PREFIX);
    String rest = isDefault ? text.substring(DEFAULT_PREFIX.length()) : text;
    String[] fields = rest.split(":", -1);
    int expected = withPermissions ? 3 : 2;
    if (fields.length != expected && !(fields.length == 3 && fields[2].isEmpty())) {
      throw new IllegalArgumentException("Invalid <aclSpec> : " + text);
    }
    Tag tag;
    try {
      tag = Tag.valueOf(fields[0].toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("Invalid type of acl in <aclSpec> :" + text, e);
    }
    if (!fields[1].isEmpty() && (tag == Tag.MASK || tag == Tag.OTHER)) {
      throw new IllegalArgumentException("Invalid <aclSpec> : " + text);
    }
    return new AclEntry(
        isDefault ? Scope.DEFAULT : Scope.ACCESS,
        tag,
        fields[1],
        withPermissions ? permissions(fields[2], text) : 0);
  }

  private static int permissions(String letters, String text) {
    if (letters.length() != LETTERS.length()) {
      throw new IllegalArgumentException("Invalid permission in <aclSpec> : " + text);
    }
    int permissions = 0;
    for (int i = 0; i < LETTERS.length(); i++) {
      if (letters.charAt(i) == LETTERS.charAt(i)) {
        permissions |= 4 >> i;
      } else if (letters.charAt(i) != '-') {
        throw new IllegalArgumentException("Invalid permission in <aclSpec> : " + text);
      }
    }
    return permissions;
  }

  /** {@code rw-}. */
  public static String letters(int permissions) {
    StringBuilder text = new StringBuilder(LETTERS.length());
    for (int i = 0; i < LETTERS.length(); i++) {
      text.append((permissions & 4 >> i) != 0 ? LETTERS.charAt(i) : '-');
    }
    return text.toString();
  }

  /** {@code default:user:bob:rw-}. */
  @Override
  public String toString() {
    return (scope == Scope.DEFAULT ? DEFAULT_PREFIX : "")
        + tag.name().toLowerCase(Locale.ROOT)
        + ":"
        + name
        + ":"
        + letters(permissions);
  }
}
