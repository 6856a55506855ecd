package io.cairnfs.metaserver.namespace;

import java.util.List;

/**
 * Who asks: as the leader established it.
 *
 * @param groups the first one is the primary group
 * @param superuser no permission is checked
 */
public record Principal(String user, List<String> groups, boolean superuser) {
  public Principal {
    groups = List.copyOf(groups);
  }

  public boolean isIn(String group) {
    return groups.contains(group);
  }
}
