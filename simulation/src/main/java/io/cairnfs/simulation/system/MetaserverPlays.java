package io.cairnfs.simulation.system;

import io.cairnfs.raft.core.CoreEvent;
import io.cairnfs.raft.simulation.FaultKind;
import io.cairnfs.raft.simulation.SimulatedMember;
import io.cairnfs.raft.simulation.SimulatedMember.Installation;
import io.cairnfs.simulation.system.Play.Tail;
import java.util.List;

/** Plays about elections, leases, logs and checkpoints of the metaservers. */
final class MetaserverPlays {
  private MetaserverPlays() {}

  static void votersRestartWithinALease(Play play) {
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

  static void lateOrderToStand(Play play) {
    Tail unused = play.awaitTail(1);
    int late = 0;
    for (int round = 0; round < 12 && late < 4; round++) {
      SimulatedMember old = play.leader();
      SimulatedMember target = play.membersBut(old).get(round % 2);
      long term = old.core().term();
      play.holdBackOrdersToStand();
      play.transfer(old, target);
      play.await("an order to stand", play::hasHeldBack);
      long givenUp = play.count(old, CoreEvent.TRANSFER_GIVEN_UP);
      play.await(
          "a transfer that is given up",
          () -> play.count(old, CoreEvent.TRANSFER_GIVEN_UP) > givenUp);
      long byLease = play.count(old, CoreEvent.READ_BY_LEASE);
      long byRound = play.count(old, CoreEvent.READ_BY_ROUND);
      play.await(
          "reads",
          () ->
              play.count(old, CoreEvent.READ_BY_ROUND) > byRound + 3
                  || play.count(old, CoreEvent.READ_BY_LEASE) > byLease);
      play.require(
          play.count(old, CoreEvent.READ_BY_LEASE) == byLease,
          "a leader that gave a transfer up reads by lease");
      play.muffle(old);
      play.letGoOn();
      play.awaitLeaderOtherThan(old);
      if (old.isLeader() && old.core().term() == term) {
        late++;
      }
      play.seconds(1);
      play.joinAll();
      play.seconds(2);
    }
    play.require(late > 0, "no order arrived while its leader still led");
  }

  static void suspendedLeader(Play play) {
    for (int round = 0; round < 4; round++) {
      SimulatedMember leader = play.leader();
      leader.suspend();
      play.awaitLeaderOtherThan(leader);
      play.seconds(2);
      leader.resume();
      play.seconds(2);
    }
  }

  static void freshLeadersChangeMembers(Play play) {
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

  static void powerCutOfAllMetaservers(Play play) {
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

  static void committedBeforeTheOwnDiskHasIt(Play play) {
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

  static void powerCutInAnInstallation(Play play) {
    for (Installation stage :
        List.of(Installation.FETCHING, Installation.FETCHED, Installation.NONE)) {
      SimulatedMember behind = play.membersBut(play.leader()).get(0);
      behind.kill();
      play.awaitCutLog();
      behind.start();
      play.await("a checkpoint fetched", () -> behind.installation() == Installation.FETCHING);
      if (stage != Installation.FETCHING) {
        play.await("a checkpoint fetched", () -> behind.installation() == Installation.FETCHED);
      }
      if (stage == Installation.NONE) {
        play.await("a log reset", () -> behind.installation() == Installation.NONE);
      }
      play.require(behind.isUp(), "it died of itself");
      behind.losePower();
      play.millis(50);
      behind.start();
      play.await("a member that has caught up", () -> play.hasCaughtUp(behind));
    }
  }

  static void readsAtADeposedLeader(Play play) {
    for (int round = 0; round < 6; round++) {
      SimulatedMember deposed = play.leader();
      play.cutFromMetaservers(deposed);
      play.awaitLeaderOtherThan(deposed);
      play.seconds(1);
      play.joinAll();
      play.seconds(1);
    }
  }
}
