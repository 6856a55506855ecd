package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.id.SessionId;

/**
 * Who has locks: one party of a session, such as a process behind a mount.
 *
 * @param number chosen by the client; means something within its session only
 */
public record LockOwner(SessionId session, long number) {
  @Override
  public String toString() {
    return session + " owner=" + Long.toUnsignedString(number);
  }
}
