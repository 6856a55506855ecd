package io.cairnfs.metaserver.service;

import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.RaftStatus;

/** What people are told of a metaserver that is none of the cluster's members. */
final class Remarks {
  private Remarks() {}

  /** Why this process does not serve and what to do; empty for a member. */
  static String of(RaftStatus status) {
    MemberId self = status.self();
    return switch (status.standing().belonging()) {
      case MEMBER -> "";
      case JOINING ->
          self
              + " is not a member yet: 'cairn admin metaserver add "
              + self
              + " HOST:PORT' adds it";
      case REFUSED ->
          "%s. It takes part only as a new member: 'cairn admin metaserver remove %s', empty its directory, 'cairn format --join', start it, 'cairn admin metaserver add %s HOST:PORT'"
              .formatted(status.standing().reason(), self, self);
      case REMOVED ->
          "%s was removed from the cluster and serves nobody: stop it. To bring it back empty its directory, 'cairn format --join', start it, 'cairn admin metaserver add %s HOST:PORT'"
              .formatted(self, self);
    };
  }
}
