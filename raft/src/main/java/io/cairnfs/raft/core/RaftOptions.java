package io.cairnfs.raft.core;

import java.time.Duration;

/**
 * The engine's times and bounds. All members of a group have the same times.
 *
 * @param heartbeatInterval pause between a leader's heartbeats
 * @param minElectionTimeout the shortest silence of a leader after which a follower stands; half of
 *     it is the {@link #promise}
 * @param maxElectionTimeout followers stand after a random time from minElectionTimeout to this; a
 *     leader that a majority has not answered for this long steps down
 * @param driftBound by how much of the time two members' clocks may go apart, in [0, 1)
 * @param maxAppendBytes payload of one append request, unless a single entry is larger
 * @param maxAppendsInFlight append requests to one follower that are not yet answered
 * @param maxBytesInFlight payload of them
 * @param maxQueuedProposals proposals waiting for the force of the ones before; beyond: BUSY
 * @param maxQueuedBytes payload of them
 * @param maxUncommittedBytes payload in the leader's log that is not committed; beyond it proposals
 *     wait in the queue
 * @param maxQueuedReads reads waiting for a round of heartbeats; beyond: BUSY
 * @param cacheBytes payload of forced entries kept in memory
 * @param trailingEntries entries kept below a checkpoint for followers that are a little behind
 */
public record RaftOptions(
    Duration heartbeatInterval,
    Duration minElectionTimeout,
    Duration maxElectionTimeout,
    double driftBound,
    int maxAppendBytes,
    int maxAppendsInFlight,
    int maxBytesInFlight,
    int maxQueuedProposals,
    int maxQueuedBytes,
    int maxUncommittedBytes,
    int maxQueuedReads,
    int cacheBytes,
    int trailingEntries) {
  public static final RaftOptions DEFAULT =
      new RaftOptions(
          Duration.ofMillis(40),
          Duration.ofMillis(250),
          Duration.ofMillis(400),
          0.05,
          1 << 20,
          64,
          8 << 20,
          16_384,
          32 << 20,
          64 << 20,
          65_536,
          32 << 20,
          100_000);

  public RaftOptions {
    if (heartbeatInterval.compareTo(minElectionTimeout) >= 0
        || minElectionTimeout.compareTo(maxElectionTimeout) >= 0) {
      throw new IllegalArgumentException(
          "need heartbeat "
              + heartbeatInterval
              + " < least election time-out "
              + minElectionTimeout
              + " < greatest "
              + maxElectionTimeout);
    }
    if (driftBound < 0 || driftBound >= 1) {
      throw new IllegalArgumentException("drift bound " + driftBound + " outside [0, 1)");
    }
  }

  /**
   * A voter that heard the leader, or started, less than this ago votes for nobody; the lease is
   * this less the drift. Long enough for three heartbeats where times are chosen well, and no
   * longer: a leader that died is not replaced before it is over, however soon that is known, and
   * one whose lease ran out only asks a majority before it answers a read.
   */
  public Duration promise() {
    return minElectionTimeout.dividedBy(2);
  }

  /** The same bounds with other times. */
  public RaftOptions withTimes(Duration heartbeat, Duration minElection, Duration maxElection) {
    return new RaftOptions(
        heartbeat,
        minElection,
        maxElection,
        driftBound,
        maxAppendBytes,
        maxAppendsInFlight,
        maxBytesInFlight,
        maxQueuedProposals,
        maxQueuedBytes,
        maxUncommittedBytes,
        maxQueuedReads,
        cacheBytes,
        trailingEntries);
  }
}
