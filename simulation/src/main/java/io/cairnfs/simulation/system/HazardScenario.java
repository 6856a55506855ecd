package io.cairnfs.simulation.system;

import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.raft.simulation.FaultKind;
import io.cairnfs.raft.simulation.SimulatedMember;
import io.cairnfs.simulation.system.Play.Tail;
import java.util.List;

/**
 * Sequences of events that break systems of this kind, each played step by step while clients work:
 * what has to happen is waited for, so that a play that never met its situation fails. The
 * invariants are those of every run.
 */
public enum HazardScenario {
  /** A1: a writer stops for longer than any age, and the leader that gave it its chunk is gone. */
  SLOW_WRITER {
    @Override
    void play(Play play) {
      Tail tail = play.awaitTail(1);
      tail.writer().pause();
      for (int i = 0; i < 3; i++) {
        play.replaceLeader();
        play.seconds(24);
      }
      tail.writer().resume();
      play.awaitEndOf(tail);
    }
  },

  /**
   * A2: the last of a pipeline loses power and comes back shorter, the writer dies, and nobody else
   * can be reached: the length must wait for a member that knows it.
   */
  SHORTEST_MEMBER {
    @Override
    void play(Play play) {
      Tail tail = play.awaitTailBeyondTheDisk(2);
      tail.writer().pause();
      DataNode restarted = tail.members().get(tail.members().size() - 1);
      restarted.losePower();
      play.seconds(1);
      restarted.start();
      play.await("registration", restarted::isRegistered);
      List<DataNode> continuous =
          tail.members().stream().filter(node -> node != restarted).toList();
      continuous.forEach(play::cutFromMetaservers);
      boolean undecided = play.chunk(tail).filter(ChunkRecord::isOpen).isPresent();
      tail.writer().kill();
      if (undecided) {
        play.await(
            "the end of the writer's session",
            () -> play.chunk(tail).filter(ChunkRecord::isOpen).isEmpty());
        play.seconds(4);
        play.require(
            play.chunk(tail).filter(chunk -> chunk.isSealed() && chunk.hasOpenTail()).isEmpty(),
            "the length of the restarted member alone was taken");
      }
      play.joinAll();
      play.awaitEndOf(tail);
    }
  },

  /** A3: the leader that fenced a dead writer's chunk is cut off before the length is logged. */
  LENGTH_TOLD_BEFORE_THE_LOG {
    @Override
    void play(Play play) {
      for (int round = 0; round < 3; round++) {
        Tail tail = play.awaitTail(2);
        tail.writer().kill();
        play.await(
            "a chunk that is settled",
            () -> play.chunk(tail).filter(ChunkRecord::isOpen).isEmpty());
        SimulatedMember deposed = play.leader();
        play.cutFromMetaservers(deposed);
        play.awaitLeaderOtherThan(deposed);
        play.seconds(3);
        play.joinAll();
        play.awaitEndOf(tail);
        tail.writer().start();
      }
    }
  },

  /** A4: the connections inside a pipeline break and come back while packets arrive twice. */
  PIPELINE_RESETS {
    @Override
    void play(Play play) {
      play.network().duplicate(40);
      for (int round = 0; round < 8; round++) {
        Tail tail = play.awaitTail(2);
        play.cut(tail.members().get(0).name(), tail.members().get(1).name());
        play.millis(100 + 80 * round);
        play.joinAll();
        play.millis(500);
      }
      play.network().duplicate(0);
    }
  },

  /** A7: a member joins slots whose chunks are being written, and the leader changes meanwhile. */
  JOINER_AMID_OPEN_CHUNKS {
    @Override
    void play(Play play) {
      play.join();
      play.join();
      Tail tail = play.awaitTail(2);
      play.change(tail.members().get(0), ServerMembership.DRAINING);
      play.awaitMovingSlots();
      for (int i = 0; i < 3; i++) {
        play.replaceLeader();
        play.millis(900);
      }
    }
  },

  /**
   * A8: a leader and a data server that is being replaced are cut off together; the others take the
   * server back; then the old leader's orders and the server meet again.
   */
  ORDERS_OF_A_DEPOSED_LEADER {
    @Override
    void play(Play play) {
      play.join();
      play.join();
      DataNode replaced = play.awaitTail(2).members().get(0);
      play.change(replaced, ServerMembership.DRAINING);
      play.awaitMovingSlots();
      play.seconds(2);
      SimulatedMember deposed = play.leader();
      play.cutFromMetaservers(deposed);
      play.cutFromMetaserversBut(replaced, deposed);
      play.awaitLeaderOtherThan(deposed);
      play.change(replaced, ServerMembership.IN);
      play.seconds(15);
      play.joinAll();
      play.seconds(5);
    }
  },

  /** A9, A10: a member of a pipeline loses power while the last cell of its replica grows. */
  POWER_CUT_OF_A_GROWING_CELL {
    @Override
    void play(Play play) {
      play.awaitCase(SystemSighting.TAIL_SYNCED);
      Tail tail = play.awaitTail(2);
      DataNode middle = tail.members().get(tail.members().size() / 2);
      middle.losePower();
      play.seconds(2);
      middle.start();
      play.await("registration", middle::isRegistered);
      tail.writer().kill();
      play.awaitEndOf(tail);
    }
  },

  /** A12: voters restart, and must not forget that a leader may still hold its lease. */
  VOTERS_RESTART_WITHIN_A_LEASE {
    @Override
    void play(Play play) {
      for (int round = 0; round < 6; round++) {
        SimulatedMember leader = play.leader();
        play.cutFromMetaservers(leader);
        for (SimulatedMember voter : play.membersBut(leader)) {
          voter.kill();
          voter.start();
        }
        play.awaitLeaderOtherThan(leader);
        play.millis(400);
        play.joinAll();
        play.seconds(2);
      }
    }
  },

  /** A12: an order to stand that arrives when its leader has long given the transfer up. */
  LATE_ORDER_TO_STAND {
    @Override
    void play(Play play) {
      for (int round = 0; round < 6; round++) {
        SimulatedMember unused = play.leader();
        play.network().delay(1_500_000_000L);
        play.fault(FaultKind.LEADERSHIP_TRANSFERRED);
        play.seconds(3);
        play.network().delay(0);
        play.seconds(2);
      }
    }
  },

  /** A12: the machine of a leader stands still, and so does its clock. */
  SUSPENDED_LEADER {
    @Override
    void play(Play play) {
      for (int round = 0; round < 4; round++) {
        SimulatedMember leader = play.leader();
        leader.suspend();
        play.awaitLeaderOtherThan(leader);
        play.seconds(2);
        leader.resume();
        play.seconds(2);
      }
    }
  },

  /** A13: each new leader changes the members at once, and is cut off while it does. */
  FRESH_LEADERS_CHANGE_MEMBERS {
    @Override
    void play(Play play) {
      int cuts = 0;
      for (int round = 0; round < 20 && cuts < 5; round++) {
        SimulatedMember leader = play.leader();
        play.fault(FaultKind.MEMBERSHIP_CHANGED);
        play.millis(30);
        if (!play.canSpare(leader)) {
          play.seconds(1);
          continue;
        }
        cuts++;
        play.cutFromMetaservers(leader);
        play.awaitLeaderOtherThan(leader);
        play.fault(FaultKind.MEMBERSHIP_CHANGED);
        play.millis(30);
        play.joinAll();
        play.seconds(2);
      }
      play.require(cuts > 0, "no leader could ever be spared");
    }
  },

  /** A14: the power of all metaservers at once, again and again: nothing may look like damage. */
  POWER_CUT_OF_ALL_METASERVERS {
    @Override
    void play(Play play) {
      for (int round = 0; round < 8; round++) {
        SimulatedMember unused = play.leader();
        play.millis(200 + 37 * round);
        play.members().forEach(SimulatedMember::losePower);
        play.millis(20);
        play.members().forEach(SimulatedMember::start);
      }
      SimulatedMember unused = play.leader();
      play.require(!play.sawDamage(), "a power cut looked like damage");
    }
  },

  /** A15: what is committed reaches a member whose own disk does not have it; its power fails. */
  COMMITTED_BEFORE_THE_OWN_DISK_HAS_IT {
    @Override
    void play(Play play) {
      for (int round = 0; round < 6; round++) {
        SimulatedMember slow = play.membersBut(play.leader()).get(round % 2);
        slow.slowDisk(400_000_000L);
        play.seconds(2);
        slow.losePower();
        slow.slowDisk(1_000_000);
        play.millis(50);
        slow.start();
        play.seconds(1);
      }
    }
  },

  /** A15: the power of a member fails at each stage of the installation of a checkpoint. */
  POWER_CUT_IN_AN_INSTALLATION {
    @Override
    void play(Play play) {
      SimulatedMember behind = play.membersBut(play.leader()).get(0);
      behind.kill();
      play.awaitCutLog();
      for (int round = 0; round < 12; round++) {
        behind.start();
        play.millis(20 + 35L * round);
        behind.losePower();
      }
      behind.start();
      play.await("a member that has caught up", () -> play.hasCaughtUp(behind));
    }
  },

  /** A17: clients go on at a deposed leader's side: nothing older than they have seen is read. */
  READS_AT_A_DEPOSED_LEADER {
    @Override
    void play(Play play) {
      for (int round = 0; round < 6; round++) {
        SimulatedMember deposed = play.leader();
        play.cutFromMetaservers(deposed);
        play.awaitLeaderOtherThan(deposed);
        play.seconds(1);
        play.joinAll();
        play.seconds(1);
      }
    }
  },

  /** B3: leaders end while files are open that somebody deletes. */
  LEADER_LOST_WITH_OPEN_FILES {
    @Override
    void play(Play play) {
      for (int round = 0; round < 6; round++) {
        Tail unused = play.awaitTail(1);
        play.replaceLeader();
        play.seconds(3);
      }
    }
  },

  /** B8: calls arrive twice, late and in another order, at one leader after the other. */
  LATE_DUPLICATES {
    @Override
    void play(Play play) {
      play.network().duplicate(60);
      play.network().reorder(60);
      play.network().delay(800_000_000L);
      for (int round = 0; round < 4; round++) {
        play.seconds(4);
        play.replaceLeader();
      }
      play.network().duplicate(0);
      play.network().reorder(0);
      play.network().delay(0);
    }
  },

  /** B9: the wall clocks of leaders jump by an hour, ahead and back. */
  LEADERS_CLOCK_JUMPS {
    @Override
    void play(Play play) {
      for (int round = 0; round < 4; round++) {
        long hour = 3_600_000_000_000L;
        play.leadersNode().jumpWallClock(round % 2 == 0 ? hour : -hour);
        play.seconds(4);
        play.replaceLeader();
      }
    }
  },

  /** B10: a leader stands still for longer than sessions live, and goes on; so does a client. */
  STALLED_LEADER_AND_CLIENT {
    @Override
    void play(Play play) {
      for (int round = 0; round < 3; round++) {
        SimulatedMember leader = play.leader();
        Tail tail = play.awaitTail(1);
        leader.pause();
        tail.writer().pause();
        play.seconds(12);
        leader.resume();
        tail.writer().resume();
        play.seconds(4);
      }
    }
  },

  /** B12: a leader that only the other metaservers can reach strikes no data server out. */
  LEADER_WITHOUT_DATA_SERVERS {
    @Override
    void play(Play play) {
      SimulatedMember leader = play.leader();
      play.cutFromDataServers(leader);
      play.seconds(60);
      play.require(play.serversOut() <= 1, "more than one server was struck out");
      play.joinAll();
      play.seconds(5);
    }
  };

  abstract void play(Play play);
}
