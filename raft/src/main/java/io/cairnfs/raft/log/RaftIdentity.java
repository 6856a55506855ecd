package io.cairnfs.raft.log;

import java.nio.charset.StandardCharsets;

/**
 * Whose directory this is.
 *
 * @param group id of the Raft group, the same at all members
 * @param member id of this member within the group
 */
public record RaftIdentity(String group, String member) {
  private static final int MAX_BYTES = 255;

  public RaftIdentity {
    requireId("group", group);
    requireId("member", member);
  }

  private static void requireId(String what, String id) {
    int bytes = id.getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > MAX_BYTES) {
      throw new IllegalArgumentException(
          what + " id must have 1 to " + MAX_BYTES + " bytes: '" + id + "'");
    }
  }
}
