package io.cairnfs.simulation.system;

import com.google.errorprone.annotations.Immutable;

/**
 * Sequences of events that break systems of this kind, each played step by step while clients work:
 * what has to happen is waited for, so that a play that never met its situation fails. The
 * invariants are those of every run.
 */
public enum HazardScenario {
  /** A1: a writer stops for longer than any age, and the leader that gave it its chunk is gone. */
  SLOW_WRITER(ChunkPlays::slowWriter),

  /** A1: a leader that stood still is asked about a chunk that only its successor knows. */
  STRANGE_TO_A_DEPOSED_LEADER(ChunkPlays::strangeToADeposedLeader),

  /**
   * A2: the last of a pipeline loses power and comes back shorter, the writer dies, and nobody else
   * can be reached: the length must wait for a member that knows it.
   */
  SHORTEST_MEMBER(ChunkPlays::shortestMember),

  /** A3: the leader that fenced a dead writer's chunk is cut off before the length is logged. */
  LENGTH_TOLD_BEFORE_THE_LOG(ChunkPlays::lengthToldBeforeTheLog),

  /** A4: the connections inside a pipeline break and come back while packets arrive twice. */
  PIPELINE_RESETS(ChunkPlays::pipelineResets),

  /** A5: somebody opens a file for writing while its tail is open and its writer gone. */
  SECOND_WRITER_AT_AN_OPEN_TAIL(ChunkPlays::secondWriterAtAnOpenTail),

  /** A6: files get more and fewer replicas while the members of their slots change. */
  REPLICATION_ON_A_MOVING_SLOT(ChunkPlays::replicationOnAMovingSlot),

  /** A7: a member joins slots whose chunks are being written, and the leader changes meanwhile. */
  JOINER_AMID_OPEN_CHUNKS(ChunkPlays::joinerAmidOpenChunks),

  /**
   * A8: a leader and a data server that is being replaced are cut off together; the others take the
   * server back; then the old leader's orders and the server meet again.
   */
  ORDERS_OF_A_DEPOSED_LEADER(ChunkPlays::ordersOfADeposedLeader),

  /** A9, A10: a member of a pipeline loses power while the last cell of its replica grows. */
  POWER_CUT_OF_A_GROWING_CELL(ChunkPlays::powerCutOfAGrowingCell),

  /** A11: a client names chunks and sessions of another one, and slanders good replicas. */
  SOMEBODY_ELSES_BYTES(ChunkPlays::somebodyElsesBytes),

  /** A12: voters restart, and must not forget that a leader may still hold its lease. */
  VOTERS_RESTART_WITHIN_A_LEASE(MetaserverPlays::votersRestartWithinALease),

  /** A12: an order to stand that arrives when its leader has long given the transfer up. */
  LATE_ORDER_TO_STAND(MetaserverPlays::lateOrderToStand),

  /** A12: the machine of a leader stands still, and so does its clock. */
  SUSPENDED_LEADER(MetaserverPlays::suspendedLeader),

  /** A13: each new leader changes the members at once, and is cut off while it does. */
  FRESH_LEADERS_CHANGE_MEMBERS(MetaserverPlays::freshLeadersChangeMembers),

  /** A14: the power of all metaservers at once, again and again: nothing may look like damage. */
  POWER_CUT_OF_ALL_METASERVERS(MetaserverPlays::powerCutOfAllMetaservers),

  /** A15: what is committed reaches a member whose own disk does not have it; its power fails. */
  COMMITTED_BEFORE_THE_OWN_DISK_HAS_IT(MetaserverPlays::committedBeforeTheOwnDiskHasIt),

  /** A15: the power of a member fails at each stage of the installation of a checkpoint. */
  POWER_CUT_IN_AN_INSTALLATION(MetaserverPlays::powerCutInAnInstallation),

  /** A16: the clock of each new leader is an hour behind the last one's. */
  LEADERS_CLOCK_IS_BEHIND(NamespacePlays::leadersClockIsBehind),

  /** A17: clients go on at a deposed leader's side: nothing older than they have seen is read. */
  READS_AT_A_DEPOSED_LEADER(MetaserverPlays::readsAtADeposedLeader),

  /** B1: all data servers but two are down, then all but one. */
  TWO_SERVERS_ARE_LEFT(ChunkPlays::twoServersAreLeft),

  /** B2: a reader looks at an open tail; then its writer dies and a member loses its end. */
  LENGTH_SEEN_BY_READERS(ChunkPlays::lengthSeenByReaders),

  /** B3: leaders end while files are open that somebody deletes. */
  LEADER_LOST_WITH_OPEN_FILES(NamespacePlays::leaderLostWithOpenFiles),

  /** B4: a file's mode and owner change while somebody writes it. */
  RIGHTS_TAKEN_FROM_A_WRITER(NamespacePlays::rightsTakenFromAWriter),

  /** B5: files that share a chunk are renamed and deleted, and the leader ends. */
  CHUNKS_KNOW_THEIR_FILES(NamespacePlays::chunksKnowTheirFiles),

  /** B6: a file is made in a directory of a tree that was deleted and is not purged yet. */
  CREATE_BELOW_A_DELETED_TREE(NamespacePlays::createBelowADeletedTree),

  /** B7: a tree is deleted while somebody else fills a directory of his in it. */
  TREE_WITH_A_FOREIGN_DIRECTORY(NamespacePlays::treeWithAForeignDirectory),

  /** B8: calls arrive twice, late and in another order, at one leader after the other. */
  LATE_DUPLICATES(NamespacePlays::lateDuplicates),

  /** B9: the wall clocks of leaders jump by an hour, ahead and back. */
  LEADERS_CLOCK_JUMPS(NamespacePlays::leadersClockJumps),

  /** B10: a leader stands still for longer than sessions live, and goes on; so does a client. */
  STALLED_LEADER_AND_CLIENT(ChunkPlays::stalledLeaderAndClient),

  /** B11: what one client has closed is opened by another, and the leader changes between. */
  CLOSE_TO_OPEN(NamespacePlays::closeToOpen),

  /** B12: a leader that only the other metaservers can reach strikes no data server out. */
  LEADER_WITHOUT_DATA_SERVERS(ChunkPlays::leaderWithoutDataServers),

  /** B13: all files in a chunk are deleted while it is open. */
  GARBAGE_WHILE_OPEN(ChunkPlays::garbageWhileOpen),

  /** B14: the commits of one file arrive in another order than they were sent. */
  COMMITS_OVERTAKE(NamespacePlays::commitsOvertake),

  /** A5: somebody changes a file, or recovers its lease, while its writer lives. */
  LEASE_OF_A_LIVE_WRITER(LeasePlays::leaseOfALiveWriter),

  /** A7: chunks that are open for long, and hold no committed bytes, keep a joiner waiting. */
  WRITERS_WHO_KEEP_A_JOINER_WAITING(ServerPlays::writersWhoKeepAJoinerWaiting),

  /** A server is stopped for longer than others are waited for. */
  SERVER_IN_MAINTENANCE(ServerPlays::serverInMaintenance),

  /** A server is emptied, stopped and forgotten, and comes back. */
  SERVER_IS_REMOVED(ServerPlays::serverIsRemoved);

  private final Steps steps;

  @Immutable
  private interface Steps {
    void play(Play play);
  }

  HazardScenario(Steps steps) {
    this.steps = steps;
  }

  void play(Play play) {
    steps.play(play);
  }
}
