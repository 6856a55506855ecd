package io.cairnfs.raft;

import io.cairnfs.common.id.HostPort;

/**
 * A member of a group and where it listens.
 *
 * @param instance which life of its directory is meant: random, made at the first start; 0 = not
 *     known yet, which fits any. A directory that was emptied and formatted again under the same id
 *     has another one, and is another member
 */
public record Member(MemberId id, HostPort address, long instance) {
  /** A member whose instance is not known yet. */
  public Member(MemberId id, HostPort address) {
    this(id, address, 0);
  }

  /** The same with its instance. */
  public Member withInstance(long known) {
    return new Member(id, address, known);
  }

  /** Whether a process with this instance can be this member. */
  public boolean fits(long other) {
    return instance == 0 || instance == other;
  }

  @Override
  public String toString() {
    return id + "=" + address;
  }
}
