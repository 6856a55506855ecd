package io.cairnfs.raft;

import io.cairnfs.common.id.HostPort;

/** A member of a group and where it listens. */
public record Member(MemberId id, HostPort address) {
  @Override
  public String toString() {
    return id + "=" + address;
  }
}
