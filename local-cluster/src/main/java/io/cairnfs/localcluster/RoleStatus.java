package io.cairnfs.localcluster;

import io.cairnfs.proto.admin.ServerStatusReply;
import java.util.Optional;

/**
 * What is known of a role at one moment.
 *
 * @param pid of its process, if one runs
 * @param reply what it answered, if it did
 */
record RoleStatus(Role role, Optional<Long> pid, Optional<ServerStatusReply> reply) {
  /** UP as it says itself, STARTING (a process that does not answer yet), or STOPPED. */
  String state() {
    if (reply.isPresent()) {
      return reply.get().getState().isEmpty() ? "UP" : reply.get().getState();
    }
    return pid.isPresent() ? "NOT_ANSWERING" : "STOPPED";
  }

  boolean isUp() {
    return reply.isPresent() && state().equals("UP");
  }

  boolean leads() {
    return reply.map(ServerStatusReply::getLeader).orElse(false);
  }
}
