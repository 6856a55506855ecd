package io.cairnfs.metaserver.namespace;

import java.util.List;

/**
 * Who asks: as the leader established it.
 *
 * @param user whose rights count
 * @param groups the first one is the primary group
 * @param superuser no permission is checked
 * @param caller whose sessions and handles these are: the user, or a superuser who acts for him
 */
public record Principal(String user, List<String> groups, boolean superuser, String caller) {
  public Principal {
    groups = List.copyOf(groups);
  }

  /** Somebody who acts for himself. */
  public Principal(String user, List<String> groups, boolean superuser) {
    this(user, groups, superuser, user);
  }

  public boolean isIn(String group) {
    return groups.contains(group);
  }
}
