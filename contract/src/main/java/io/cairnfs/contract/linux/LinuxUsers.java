package io.cairnfs.contract.linux;

import java.util.Map;
import java.util.TreeMap;

/**
 * Users that exist in the kernel only, by number: each with a group of its own name, which is what
 * a metaserver takes for granted of a user that its host does not know. Or, for who is not root,
 * the process' user alone.
 */
public final class LinuxUsers {
  private static final int FIRST = 41_001;

  private final Map<String, Integer> users = new TreeMap<>();
  private final Map<String, Integer> groups = new TreeMap<>();
  private final boolean othersToo;

  /**
   * @param names besides {@code root}
   */
  public LinuxUsers(Iterable<String> names) {
    othersToo = true;
    add("root", 0, 0);
    int next = FIRST;
    for (String name : names) {
      add(name, next, next);
      next++;
    }
  }

  private LinuxUsers(String name, int user, int group) {
    othersToo = false;
    add(name, user, group);
    add("root", 0, 0);
  }

  /** The user of this process, under a name, with its first group, which gets the name as well. */
  public static LinuxUsers ofProcess(String name) {
    return new LinuxUsers(name, LinuxFace.processUser(), LinuxFace.processGroup());
  }

  private void add(String name, int user, int group) {
    users.put(name, user);
    groups.put(name, group);
  }

  /** Whether the identity of another user can be taken on. */
  boolean othersToo() {
    return othersToo;
  }

  public int user(String name) {
    return id(users, name);
  }

  public int group(String name) {
    return id(groups, name);
  }

  private static int id(Map<String, Integer> ids, String name) {
    Integer id = ids.get(name);
    if (id == null) {
      throw new IllegalArgumentException("'" + name + "' is not known");
    }
    return id;
  }

  String userName(int id) {
    return name(users, id);
  }

  String groupName(int id) {
    return name(groups, id);
  }

  private static String name(Map<String, Integer> ids, int id) {
    for (Map.Entry<String, Integer> each : ids.entrySet()) {
      if (each.getValue() == id) {
        return each.getKey();
      }
    }
    return Integer.toString(id);
  }
}
