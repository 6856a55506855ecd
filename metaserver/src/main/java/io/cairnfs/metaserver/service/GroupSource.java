package io.cairnfs.metaserver.service;

import java.util.List;

/** Knows which groups a user is in; may block. */
@FunctionalInterface
public interface GroupSource {
  /** The metaserver's own host. */
  GroupSource HOST = HostGroups::ask;

  List<String> groupsOf(String user);
}
