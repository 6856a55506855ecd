package io.cairnfs.raft.core;

import static io.cairnfs.raft.core.CoreHarness.A;
import static io.cairnfs.raft.core.CoreHarness.ABC;
import static io.cairnfs.raft.core.CoreHarness.B;
import static io.cairnfs.raft.core.CoreHarness.C;
import static io.cairnfs.raft.core.CoreHarness.entry;
import static io.cairnfs.raft.core.CoreHarness.member;
import static io.cairnfs.raft.core.CoreHarness.voters;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.raft.RaftRole;
import io.cairnfs.raft.RaftStatus.Follower;
import io.cairnfs.raft.core.Effects.Install;
import io.cairnfs.raft.core.RaftCore.Acceptance;
import io.cairnfs.raft.core.RaftMessage.AppendReply;
import io.cairnfs.raft.core.RaftMessage.AppendRequest;
import io.cairnfs.raft.core.RaftMessage.CheckpointOffer;
import io.cairnfs.raft.core.RaftMessage.CheckpointReply;
import io.cairnfs.raft.core.RaftMessage.VoteReply;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class RaftCoreReplicationTest {
  private final CoreHarness a = new CoreHarness(ABC);

  @Test
  void aFollowerAcknowledgesOnlyWhatIsForced() {
    a.append(B, 1, 0, 0, 0);
    a.sent.clear();
    a.holdDisk();
    a.append(B, 1, 0, 0, 0, entry(1, 1), entry(2, 1));
    assertThat(a.sent).isEmpty();
    a.append(B, 1, 0, 0, 0);
    assertThat(a.lastReply().orElseThrow().matchIndex()).isZero();
    a.force();
    assertThat(a.lastReply().orElseThrow().matchIndex()).isEqualTo(2);
  }

  @Test
  void hazardA15NothingIsAppliedBeforeItIsForced() {
    a.append(B, 1, 0, 0, 0);
    a.holdDisk();
    a.append(B, 1, 0, 0, 2, entry(1, 1), entry(2, 1));
    assertThat(a.core.commitIndex()).isEqualTo(2);
    assertThat(a.applyTo()).isZero();
    a.force();
    assertThat(a.applyTo()).isEqualTo(2);
    assertThat(a.core.applicable(1, 1_000)).containsExactly(entry(1, 1), entry(2, 1));
  }

  @Test
  void hazardA15TheLogIsCutOnlyUpToACompletedCheckpoint() {
    a.append(B, 1, 0, 0, 3, entry(1, 1), entry(2, 1), entry(3, 1), entry(4, 1));
    a.core.checkpointed(2);
    assertThat(a.take().compactTo()).isEqualTo(2);
    assertThat(a.core.firstIndex()).isEqualTo(3);
    a.core.checkpointed(1);
    assertThat(a.take().compactTo()).isZero();
    assertThatThrownBy(() -> a.core.checkpointed(5)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aLeaderCountsItselfOnlyWhenItsOwnForceIsDone() {
    a.lead();
    a.holdDisk();
    a.propose("x");
    long index = a.core.lastIndex();
    a.ackAll(B);
    assertThat(a.core.commitIndex()).isEqualTo(index - 1);
    a.force();
    assertThat(a.core.commitIndex()).isEqualTo(index);
  }

  private void answerEveryone(long millis) {
    for (long passed = 0; passed < millis; passed += 50) {
      a.pass(50);
      a.ackAll(B);
      a.ackAll(C);
    }
  }

  @Test
  void aLeaderWhoseDiskStandsStillWhileTheOthersGoOnStepsDown() {
    a.lead();
    a.holdDisk();
    a.propose("x");
    answerEveryone(500);
    assertThat(a.core.role()).isEqualTo(RaftRole.LEADER);
    answerEveryone(300);
    assertThat(a.core.role()).isEqualTo(RaftRole.FOLLOWER);
    assertThat(a.core.counters().of(CoreEvent.STALLED_DISK_STEP_DOWN)).isEqualTo(1);
  }

  @Test
  void aDiskThatIsSlowButMovesKeepsItsLeader() {
    a.lead();
    a.holdDisk();
    for (int i = 0; i < 10; i++) {
      a.propose("x" + i);
      answerEveryone(400);
      a.force();
    }
    assertThat(a.core.role()).isEqualTo(RaftRole.LEADER);
  }

  @Test
  void aLeaderForWhoseDiskTheGroupWaitsLeadsOn() {
    a.lead();
    a.holdDisk();
    a.propose("x");
    for (int i = 0; i < 30; i++) {
      // C is slow, too: nobody would do better.
      a.pass(50);
      a.ackAll(B);
      a.ack(C, a.core.commitIndex(), a.now(), 0);
    }
    assertThat(a.core.role()).isEqualTo(RaftRole.LEADER);
    assertThat(a.core.commitIndex()).isEqualTo(a.core.lastIndex() - 1);
  }

  @Test
  void twoFollowersCommitWithoutTheLeadersForceButItAppliesOnlyAfterIt() {
    a.lead();
    a.holdDisk();
    a.propose("x");
    long index = a.core.lastIndex();
    a.ackAll(B);
    a.ackAll(C);
    assertThat(a.core.commitIndex()).isEqualTo(index);
    assertThat(a.applyTo()).isEqualTo(index - 1);
    a.force();
    assertThat(a.applyTo()).isEqualTo(index);
  }

  @Test
  void anEntryOfAnOlderTermIsNotCommittedByCounting() {
    a.append(B, 1, 0, 0, 0, entry(1, 1));
    a.win();
    a.ack(B, 1, a.now(), 0);
    assertThat(a.core.commitIndex()).isZero();
    assertThat(a.core.counters().of(CoreEvent.OLDER_TERM_NOT_COUNTED)).isEqualTo(1);
    a.ackAll(B);
    assertThat(a.core.commitIndex()).isEqualTo(2);
  }

  @Test
  void proposalsGatherWhileAForceIsInFlightAndGoOutAsOneBatch() {
    a.lead();
    a.ackAll(C);
    a.holdDisk();
    a.sent.clear();
    a.propose("1");
    assertThat(a.drain(AppendRequest.class)).hasSize(2);
    a.propose("2");
    a.propose("3");
    assertThat(a.sent).isEmpty();
    assertThat(a.waitingForces()).isEqualTo(1);
    a.force();
    assertThat(a.drain(AppendRequest.class)).hasSize(2).allMatch(m -> m.entries().size() == 2);
    assertThat(a.waitingForces()).isEqualTo(1);
    Effects last = a.effects.get(a.effects.size() - 1);
    assertThat(last.placed()).hasSize(2);
    assertThat(last.placedFrom()).isEqualTo(3);
  }

  @Test
  void theProposalQueueIsBounded() {
    a.lead();
    a.holdDisk();
    a.propose("in flight");
    for (int i = 0; i < 4; i++) {
      assertThat(a.propose("queued")).isEqualTo(Acceptance.ACCEPTED);
    }
    assertThat(a.propose("too many")).isEqualTo(Acceptance.BUSY);
  }

  @Test
  void uncommittedEntriesAreBoundedInBytes() {
    a.lead();
    for (int i = 0; i < 30; i++) {
      a.propose("x".repeat(100));
    }
    assertThat(a.core.lastIndex()).isEqualTo(11);
    assertThat(a.propose("x".repeat(100))).isEqualTo(Acceptance.BUSY);
    a.ackAll(B);
    a.take();
    assertThat(a.core.lastIndex()).isGreaterThan(11);
  }

  @Test
  void appendsArePipelinedWithinAWindowAndHeartbeatsDoNotWaitForIt() {
    a.lead();
    for (int i = 0; i < 5; i++) {
      a.propose("x");
    }
    List<AppendRequest> toB =
        a.drain(AppendRequest.class).stream().filter(m -> m.to().equals(B)).toList();
    assertThat(toB).hasSize(3);
    assertThat(toB).extracting(AppendRequest::previousIndex).containsExactly(1L, 2L, 3L);
    a.pass(50);
    assertThat(a.drain(AppendRequest.class)).anyMatch(m -> m.entries().isEmpty());
    a.ack(B, 4, a.now(), 0);
    assertThat(a.drain(AppendRequest.class).get(0).entries()).hasSize(2);
  }

  @Test
  void aRefusalBringsBackProbingFromWhereTheLogsMayAgree() {
    a.append(B, 3, 0, 0, 0, entry(1, 1), entry(2, 1), entry(3, 1), entry(4, 3), entry(5, 3));
    a.win();
    a.drain(AppendRequest.class);
    // B has 1@1 2@1 3@2 4@2: it lacks 5, and where it ends it has term 2.
    a.refuse(B, 5, 4, 2);
    AppendRequest probe = a.drain(AppendRequest.class).get(0);
    assertThat(probe.previousIndex()).isEqualTo(3);
    a.refuse(B, 3, 2, 1);
    probe = a.drain(AppendRequest.class).get(0);
    assertThat(probe.previousIndex()).isEqualTo(2);
    a.refuse(B, 3, 0, 0);
    assertThat(a.drain(AppendRequest.class)).as("a late refusal is ignored").isEmpty();
    a.ack(B, 6, a.now(), 0);
    assertThat(a.core.commitIndex()).isEqualTo(6);
  }

  @Test
  void aFollowerSaysWhereItsLogMayAgree() {
    a.append(B, 2, 0, 0, 0, entry(1, 1), entry(2, 2), entry(3, 2));
    a.sent.clear();
    a.append(C, 3, 9, 3, 0, entry(10, 3));
    AppendReply reply = a.lastReply().orElseThrow();
    assertThat(reply.success()).isFalse();
    assertThat(reply.matchIndex()).isEqualTo(3);
    assertThat(reply.conflictTerm()).isEqualTo(2);
    a.append(C, 3, 3, 1, 0, entry(4, 3));
    reply = a.lastReply().orElseThrow();
    assertThat(reply.matchIndex()).as("2@2 and 3@2 cannot be in a log with 3@1").isEqualTo(1);
    assertThat(reply.conflictTerm()).isEqualTo(1);
    assertThat(reply.previousIndex()).isEqualTo(3);
  }

  @Test
  void conflictingEntriesAreCutAndEqualOnesStay() {
    a.append(B, 1, 0, 0, 1, entry(1, 1), entry(2, 1), entry(3, 1));
    a.append(C, 2, 1, 1, 1, entry(2, 1), entry(3, 2));
    assertThat(a.core.lastIndex()).isEqualTo(3);
    assertThat(a.core.termAt(3)).isEqualTo(2);
    assertThat(a.log.term(3)).isEqualTo(2);
    a.append(C, 2, 1, 1, 1, entry(2, 1));
    assertThat(a.core.lastIndex()).as("a late, shorter append cuts nothing").isEqualTo(3);
  }

  @Test
  void cuttingWhatIsCommittedStopsTheProcess() {
    a.append(B, 1, 0, 0, 2, entry(1, 1), entry(2, 1));
    RaftLog broken = new RaftLog(a.log, 0, new CoreCounters());
    broken.commitTo(2);
    assertThatThrownBy(() -> broken.truncate(2)).hasMessageContaining("undo commit 2");
  }

  @Test
  void aForceOfWhatWasCutSinceDoesNotCount() {
    a.append(B, 1, 0, 0, 0);
    a.holdDisk();
    a.append(B, 1, 0, 0, 0, entry(1, 1), entry(2, 1));
    a.append(C, 2, 1, 1, 0, entry(2, 2));
    a.sent.clear();
    a.force();
    assertThat(a.core.forcedIndex()).isEqualTo(1);
    a.force();
    assertThat(a.core.forcedIndex()).isEqualTo(2);
    assertThat(a.core.counters().of(CoreEvent.STALE_FORCE)).isEqualTo(1);
  }

  @Test
  void aStalledFollowerIsAskedOnceForEachHeartbeat() {
    a.lead();
    a.propose("lost on the way");
    a.drain(AppendRequest.class);
    for (int heartbeat = 0; heartbeat < 2; heartbeat++) {
      a.pass(50);
      a.drain(AppendRequest.class);
      for (int i = 0; i < 3; i++) {
        a.ack(B, 1, a.now(), 0);
      }
    }
    List<AppendRequest> questions = a.drain(AppendRequest.class);
    assertThat(questions).hasSize(1);
    assertThat(questions.get(0).previousIndex()).isEqualTo(2);
    a.refuse(B, 2, 1, 1);
    assertThat(a.drain(AppendRequest.class).get(0).entries()).hasSize(1);
  }

  @Test
  void aFollowerIsReachableAsLongAsItAnsweredWithinTheLongestElectionTimeout() {
    assertThat(a.core.followers(a.now())).isEmpty();
    a.lead();
    long match = a.core.lastIndex();
    a.pass(400);
    a.ackAll(B);
    a.pass(200);
    assertThat(a.core.followers(a.now()))
        .containsExactly(new Follower(B, true, match), new Follower(C, true, 0));
    a.pass(1);
    assertThat(a.core.followers(a.now()))
        .containsExactly(new Follower(B, true, match), new Follower(C, false, 0));
    a.refuse(C, match, 0, 0);
    assertThat(a.core.followers(a.now())).contains(new Follower(C, true, 0));
    a.append(B, a.core.term() + 1, 0, 0, 0);
    assertThat(a.core.followers(a.now())).isEmpty();
  }

  @Test
  void aFollowerThatNeedsCompactedEntriesIsOfferedTheCheckpoint() {
    a.lead();
    a.propose("x");
    a.ackAll(B);
    a.core.checkpointed(2);
    a.take();
    a.propose("y");
    a.sent.clear();
    a.refuse(C, 0, 0, 0);
    a.pass(50);
    a.ack(C, 0, a.now(), 0);
    a.refuse(C, a.core.lastIndex() - 1, 0, 0);
    a.refuse(C, 1, 0, 0);
    CheckpointOffer offer = a.drain(CheckpointOffer.class).get(0);
    assertThat(offer.index()).isEqualTo(2);
    assertThat(offer.membership()).isEqualTo(ABC);
    a.step(new CheckpointReply(C, A, a.core.term(), 2, true));
    assertThat(a.drain(AppendRequest.class).get(0).previousIndex()).isEqualTo(2);
  }

  @Test
  void anOfferedCheckpointIsInstalledAndCarriesItsMembership() {
    a.append(B, 1, 0, 0, 0, entry(1, 1));
    a.step(new CheckpointOffer(B, A, 1, 10, 1, voters(A, B)));
    Install install = a.effects.get(a.effects.size() - 1).install().orElseThrow();
    assertThat(install).isEqualTo(new Install(B, 10, 1, voters(A, B)));
    a.append(B, 1, 1, 1, 1, entry(2, 1));
    assertThat(a.core.lastIndex()).as("the log stands still meanwhile").isEqualTo(1);
    a.log.reset(10, 1, voters(A, B));
    a.core.installed(10, 1, voters(A, B), a.now());
    a.sent.clear();
    a.take();
    assertThat(a.drain(CheckpointReply.class)).allMatch(CheckpointReply::installed).hasSize(1);
    assertThat(a.core.membership()).isEqualTo(voters(A, B));
    assertThat(a.applyTo()).isEqualTo(10);
    a.append(B, 1, 10, 1, 11, entry(11, 1));
    assertThat(a.applyTo()).isEqualTo(11);
  }

  @Test
  void aCheckpointThatCannotBeFetchedIsReportedAndMayBeOfferedAgain() {
    a.step(new CheckpointOffer(B, A, 1, 10, 1, ABC));
    a.core.installFailed(a.now());
    a.sent.clear();
    a.take();
    assertThat(a.drain(CheckpointReply.class)).noneMatch(CheckpointReply::installed).hasSize(1);
    a.step(new CheckpointOffer(B, A, 1, 10, 1, ABC));
    assertThat(a.effects).anyMatch(e -> e.install().isPresent());
    assertThatThrownBy(() -> a.core.installed(9, 1, ABC, a.now()))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void anOfferOfWhatIsThereAlreadyOnlyCommitsIt() {
    a.append(B, 1, 0, 0, 0, entry(1, 1), entry(2, 1));
    a.sent.clear();
    a.step(new CheckpointOffer(B, A, 1, 2, 1, ABC));
    assertThat(a.effects.get(a.effects.size() - 1).install()).isEmpty();
    assertThat(a.drain(CheckpointReply.class)).extracting(CheckpointReply::index).contains(2L);
    assertThat(a.applyTo()).isEqualTo(2);
  }

  @Test
  void aRestartKeepsTheLogAndWaitsToHearWhatIsCommitted() {
    a.append(B, 1, 0, 0, 2, entry(1, 1), entry(2, 1), entry(3, 1));
    a.restart();
    assertThat(a.core.lastIndex()).isEqualTo(3);
    assertThat(a.core.commitIndex()).isZero();
    a.append(B, 1, 3, 1, 3);
    assertThat(a.applyTo()).isEqualTo(3);
    assertThat(a.core.applicable(1, 1)).containsExactly(entry(1, 1));
  }

  @Test
  void entriesThatDoNotFollowOneAnotherAreNoAppend() {
    assertThatThrownBy(() -> a.append(B, 1, 0, 0, 0, entry(1, 1), entry(3, 1)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> a.append(B, 1, 0, 0, 0, entry(1, 2)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aLogAheadOfTheVoteStateStopsTheProcess() {
    a.append(B, 3, 0, 0, 0, entry(1, 3));
    assertThatThrownBy(
            () ->
                new RaftCore(
                    A,
                    CoreHarness.OPTIONS,
                    new VoteState(2, Optional.empty()),
                    a.log,
                    new java.util.SplittableRandom(1),
                    () -> 0,
                    0))
        .hasMessageContaining("term 2");
  }

  // Membership.

  @Test
  void hazardA13AFreshLeaderChangesNothingBeforeItsFirstEntryIsCommitted() {
    a.win();
    assertThat(change(voters(A, B))).isEqualTo(Acceptance.RETRY);
    a.ackAll(B);
    assertThat(change(voters(A, B))).isEqualTo(Acceptance.ACCEPTED);
    assertThat(a.core.membership()).isEqualTo(voters(A, B));
  }

  @Test
  void hazardA13ASecondChangeWaitsUntilTheFirstIsCommitted() {
    a.lead();
    assertThat(change(voters(A, B))).isEqualTo(Acceptance.ACCEPTED);
    assertThat(change(voters(A))).isEqualTo(Acceptance.RETRY);
    a.ackAll(B);
    assertThat(change(voters(A))).isEqualTo(Acceptance.ACCEPTED);
  }

  @Test
  void hazardA13AMembershipIsInForceFromAppendAndUndoneWithIt() {
    LogEntry change =
        new LogEntry(1, 1, EntryKind.MEMBERSHIP, MembershipCodec.encode(voters(A, B)));
    a.append(B, 1, 0, 0, 0, change);
    assertThat(a.core.membership()).isEqualTo(voters(A, B));
    a.restart();
    assertThat(a.core.membership()).isEqualTo(voters(A, B));
    a.append(C, 2, 0, 0, 0, entry(1, 2));
    assertThat(a.core.membership()).isEqualTo(ABC);
    assertThat(a.core.counters().of(CoreEvent.MEMBERSHIP_ROLLED_BACK)).isEqualTo(1);
  }

  @Test
  void onlyOneVoterJoinsOrLeavesAtATime() {
    a.lead();
    assertThat(change(voters(A))).isEqualTo(Acceptance.INVALID);
    assertThat(change(voters(A, B, CoreHarness.D))).isEqualTo(Acceptance.INVALID);
    assertThat(change(new io.cairnfs.raft.Membership(List.of(), ABC.voters())))
        .isEqualTo(Acceptance.INVALID);
  }

  @Test
  void aVoterJoinsAsALearnerThatHasCaughtUp() {
    a.lead();
    assertThat(change(voters(A, B, C, CoreHarness.D))).isEqualTo(Acceptance.RETRY);
    assertThat(change(ABC.withLearner(member(CoreHarness.D)))).isEqualTo(Acceptance.ACCEPTED);
    a.ackAll(CoreHarness.D);
    assertThat(a.core.commitIndex()).as("a learner's answer does not count").isEqualTo(1);
    a.ackAll(B);
    assertThat(a.core.commitIndex()).isEqualTo(2);
    a.propose("x");
    a.ackAll(B);
    assertThat(change(voters(A, B, C, CoreHarness.D))).isEqualTo(Acceptance.RETRY);
    a.ackAll(CoreHarness.D);
    assertThat(change(voters(A, B, C, CoreHarness.D))).isEqualTo(Acceptance.ACCEPTED);
  }

  @Test
  void aLeaderThatRemovesItselfLeadsUntilThatIsCommittedAndDoesNotCountItself() {
    a.lead();
    assertThat(change(voters(B, C))).isEqualTo(Acceptance.ACCEPTED);
    a.ackAll(B);
    assertThat(a.core.commitIndex()).isEqualTo(1);
    a.ackAll(C);
    assertThat(a.core.commitIndex()).isEqualTo(2);
    assertThat(a.core.role()).isEqualTo(io.cairnfs.raft.RaftRole.FOLLOWER);
    a.sent.clear();
    a.pass(2_000);
    assertThat(a.sent).as("it never stands again").isEmpty();
  }

  @Test
  void aVoterWhoseRemovalIsNotCommittedMayStandAndLeadsWithoutCountingItself() {
    LogEntry removal =
        new LogEntry(1, 1, EntryKind.MEMBERSHIP, MembershipCodec.encode(voters(B, C)));
    a.append(B, 1, 0, 0, 0, removal);
    a.pass(901);
    a.step(new VoteReply(B, A, 1, true, true, 2));
    assertThat(a.core.role()).isEqualTo(io.cairnfs.raft.RaftRole.PRE_CANDIDATE);
    a.step(new VoteReply(C, A, 1, true, true, 2));
    a.step(new VoteReply(B, A, 2, true, false, 2));
    a.step(new VoteReply(C, A, 2, true, false, 2));
    assertThat(a.core.role()).isEqualTo(io.cairnfs.raft.RaftRole.LEADER);
    a.ackAll(B);
    a.ackAll(C);
    assertThat(a.core.commitIndex()).isEqualTo(2);
    assertThat(a.core.role()).isEqualTo(io.cairnfs.raft.RaftRole.FOLLOWER);
  }

  @Test
  void aVoteOfANonMemberDoesNotCount() {
    a.pass(601);
    a.step(new VoteReply(CoreHarness.D, A, 0, true, true, 1));
    assertThat(a.core.role()).isEqualTo(io.cairnfs.raft.RaftRole.PRE_CANDIDATE);
  }

  private Acceptance change(io.cairnfs.raft.Membership membership) {
    Acceptance acceptance =
        a.core.changeMembers(membership, () -> MembershipCodec.encode(membership), a.now());
    a.take();
    return acceptance;
  }
}
