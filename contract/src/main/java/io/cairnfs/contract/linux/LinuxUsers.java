package io.cairnfs.contract.linux;

import java.util.Map;
import java.util.TreeMap;

/**
 * Users that exist in the kernel only, by number: each with a group of its own name, which is what
 * a metaserver takes for granted of a user that its host does not know.
 */
public final class LinuxUsers {
  private static final int FIRST = 41_001;

  private final Map<String, Integer> ids = new TreeMap<>();

  /**
   * @param names besides {@code root}
   */
  public LinuxUsers(Iterable<String> names) {
    ids.put("root", 0);
    int next = FIRST;
    for (String name : names) {
      ids.put(name, next++);
    }
  }

  int id(String name) {
    Integer id = ids.get(name);
    if (id == null) {
      throw new IllegalArgumentException("user '" + name + "' is not known");
    }
    return id;
  }

  String name(int id) {
    for (Map.Entry<String, Integer> each : ids.entrySet()) {
      if (each.getValue() == id) {
        return each.getKey();
      }
    }
    return Integer.toString(id);
  }
}
