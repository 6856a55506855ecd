package io.cairnfs.fuse.vfs;

import java.util.List;

/** Users and groups of this machine: names where there are some, numbers otherwise. Any thread. */
public interface Identities {
  /** The name of a user, or the number in digits. */
  String userName(int uid);

  /** The name of a group, or the number in digits. */
  String groupName(int gid);

  /** The number of a name, of a number in digits itself, and nobody's for any other text. */
  int uid(String user);

  /** As {@link #uid}, for a group. */
  int gid(String group);

  /** All groups of a process, the one for files first. */
  List<String> groupNames(Caller caller);
}
