package io.cairnfs.raft.core;

import static io.cairnfs.raft.core.CoreHarness.A;
import static io.cairnfs.raft.core.CoreHarness.ABC;
import static io.cairnfs.raft.core.CoreHarness.B;
import static io.cairnfs.raft.core.CoreHarness.C;
import static io.cairnfs.raft.core.CoreHarness.D;
import static io.cairnfs.raft.core.CoreHarness.entry;
import static io.cairnfs.raft.core.CoreHarness.voters;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.RaftRole;
import io.cairnfs.raft.core.RaftCore.Acceptance;
import io.cairnfs.raft.core.RaftMessage.AppendReply;
import io.cairnfs.raft.core.RaftMessage.AppendRequest;
import io.cairnfs.raft.core.RaftMessage.PreVoteRequest;
import io.cairnfs.raft.core.RaftMessage.TimeoutNow;
import io.cairnfs.raft.core.RaftMessage.VoteReply;
import io.cairnfs.raft.core.RaftMessage.VoteRequest;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RaftCoreElectionTest {
  private final CoreHarness a = new CoreHarness(ABC);

  @Test
  void aMemberAsksBeforeItStandsAndItsTermStays() {
    a.passUntilItAsks();
    assertThat(a.drain(PreVoteRequest.class)).hasSize(2);
    assertThat(a.core.role()).isEqualTo(RaftRole.PRE_CANDIDATE);
    assertThat(a.core.term()).isZero();
    assertThat(a.durableVote()).isEqualTo(VoteState.NONE);
  }

  @Test
  void whoeverRefusedIsAskedAgainSoon() {
    a.passUntilItAsks();
    a.sent.clear();
    a.step(new VoteReply(B, A, 0, false, true, 1));
    a.pass(100);
    assertThat(a.drain(PreVoteRequest.class)).hasSizeBetween(2, 4);
    a.step(new VoteReply(B, A, 0, true, true, 1));
    assertThat(a.core.role()).isEqualTo(RaftRole.CANDIDATE);
  }

  @Test
  void ofTwoThatAskEachOtherAtOnceOneGivesUp() {
    a.passUntilItAsks();
    a.sent.clear();
    a.step(new PreVoteRequest(B, A, 1, 0, 0));
    assertThat(a.drain(VoteReply.class)).noneMatch(VoteReply::granted);
    assertThat(a.core.role()).isEqualTo(RaftRole.PRE_CANDIDATE);

    MemberId before = new MemberId("0");
    CoreHarness other = new CoreHarness(voters(A, B, before));
    other.passUntilItAsks();
    other.sent.clear();
    other.step(new PreVoteRequest(before, A, 1, 0, 0));
    assertThat(other.drain(VoteReply.class)).hasSize(1).allMatch(VoteReply::granted);
    assertThat(other.core.role()).isEqualTo(RaftRole.FOLLOWER);
    // An answer to what it asked before is of no use any more.
    other.step(new VoteReply(B, A, 0, true, true, 1));
    assertThat(other.core.role()).isEqualTo(RaftRole.FOLLOWER);
    other.pass(100);
    assertThat(other.drain(PreVoteRequest.class)).isNotEmpty();
  }

  @Test
  void whoeverAsksGivesUpForOneWithALongerLog() {
    a.passUntilItAsks();
    a.sent.clear();
    a.step(new PreVoteRequest(B, A, 1, 1, 0));
    assertThat(a.drain(VoteReply.class)).allMatch(VoteReply::granted).hasSize(1);
    assertThat(a.core.role()).isEqualTo(RaftRole.FOLLOWER);
  }

  @Test
  void aCandidateWaitsForItsVotesAsLongAsForALeader() {
    a.passUntilItAsks();
    a.step(new VoteReply(B, A, 0, true, true, 1));
    a.sent.clear();
    a.pass(299);
    assertThat(a.sent).isEmpty();
    assertThat(a.core.role()).isEqualTo(RaftRole.CANDIDATE);
  }

  @Test
  void aMemberFarBehindInApplyingLetsTheOthersStandFirstButNotForEver() {
    catchUpOn(200);
    a.applied = 0;
    passUntilItsTime();
    assertThat(a.core.counters().of(CoreEvent.ELECTION_DEFERRED)).isEqualTo(1);
    a.pass(148);
    assertThat(a.drain(PreVoteRequest.class)).isEmpty();
    a.pass(2);
    assertThat(a.drain(PreVoteRequest.class)).isNotEmpty();
    assertThat(a.core.counters().of(CoreEvent.ELECTION_DEFERRED)).isEqualTo(1);
  }

  /** The promise ends 150 ms after the last sign of life; then at most 50 ms pass. */
  @Test
  void whoeverLosesTheConnectionToItsLeaderStandsAsSoonAsItsPromiseIsOver() {
    a.append(B, 1, 0, 0, 0, entry(1, 1));
    a.sent.clear();
    a.advance(10);
    a.core.disconnected(B, a.now());
    a.pass(140);
    assertThat(a.drain(PreVoteRequest.class)).isEmpty();
    a.pass(50);
    assertThat(a.drain(PreVoteRequest.class)).isNotEmpty();
  }

  @Test
  void aConnectionThatIsLostLateIsNotWaitedForOnceMore() {
    a.append(B, 1, 0, 0, 0, entry(1, 1));
    a.sent.clear();
    a.pass(299);
    a.core.disconnected(B, a.now());
    a.pass(51);
    assertThat(a.drain(PreVoteRequest.class)).isNotEmpty();
  }

  @Test
  void aLeaderThatIsHeardAgainAfterItsConnectionWasLostIsWaitedForAsBefore() {
    a.append(B, 1, 0, 0, 0, entry(1, 1));
    a.core.disconnected(B, a.now());
    a.pass(200);
    a.append(B, 1, 1, 1, 1);
    a.sent.clear();
    a.pass(299);
    assertThat(a.drain(PreVoteRequest.class)).isEmpty();
    assertThat(a.core.leader()).contains(B);
  }

  @Test
  void theConnectionOfAnotherFollowerIsNotMissed() {
    a.append(B, 1, 0, 0, 0, entry(1, 1));
    long deadline = a.core.nextDeadlineNanos();
    a.core.disconnected(C, a.now());
    assertThat(a.core.nextDeadlineNanos()).isEqualTo(deadline);
  }

  @Test
  void aMemberALittleBehindInApplyingStandsInTime() {
    catchUpOn(200);
    a.applied = 1;
    a.pass(601);
    assertThat(a.drain(PreVoteRequest.class)).isNotEmpty();
  }

  @Test
  void aMemberThatHeardALeaderAgainLetsTheOthersGoFirstAgain() {
    catchUpOn(200);
    a.pass(601);
    a.append(B, 1, 200, 1, 200);
    a.sent.clear();
    passUntilItsTime();
    assertThat(a.drain(PreVoteRequest.class)).isEmpty();
    assertThat(a.core.counters().of(CoreEvent.ELECTION_DEFERRED)).isEqualTo(2);
  }

  @Test
  void whoeverPromisesAVoteWaitsALittleBeforeItStandsItselfButNotForEver() {
    MemberId before = new MemberId("0");
    CoreHarness member = new CoreHarness(voters(A, B, before));
    member.passUntilItAsks();
    for (int round = 0; round < 3; round++) {
      member.sent.clear();
      member.step(new PreVoteRequest(before, A, 1, 0, 0));
      member.pass(49);
      assertThat(member.drain(PreVoteRequest.class)).isEmpty();
    }
    member.pass(51);
    assertThat(member.drain(PreVoteRequest.class)).isNotEmpty();
    long asksAgain = member.core.nextDeadlineNanos();
    member.step(new PreVoteRequest(before, A, 1, 0, 0));
    assertThat(member.core.nextDeadlineNanos()).isEqualTo(asksAgain);
  }

  /** Until it would stand, if nothing kept it from it. */
  private void passUntilItsTime() {
    a.pass((a.core.nextDeadlineNanos() - a.now()) / 1_000_000 + 1);
  }

  /** A follower of B in term 1 with committed entries. */
  private void catchUpOn(int entries) {
    for (int index = 1; index <= entries; index++) {
      a.append(B, 1, index - 1, index == 1 ? 0 : 1, index, entry(index, 1));
    }
    a.sent.clear();
  }

  @Test
  void whoeverRefusesAVoteForItsLongerLogStandsItself() {
    a.append(B, 1, 0, 0, 0, entry(1, 1), entry(2, 1));
    a.advance(301);
    a.sent.clear();
    a.step(new PreVoteRequest(C, A, 2, 1, 1));
    assertThat(a.sent)
        .contains(new VoteReply(A, C, 1, false, true, 2), new PreVoteRequest(A, C, 2, 2, 1));
    assertThat(a.core.role()).isEqualTo(RaftRole.PRE_CANDIDATE);
    a.sent.clear();
    a.step(new PreVoteRequest(C, A, 2, 1, 1));
    assertThat(a.drain(PreVoteRequest.class)).isEmpty();
  }

  @Test
  void whoeverHeardTheLeaderAMomentAgoStandsForNobody() {
    a.append(B, 1, 0, 0, 0, entry(1, 1), entry(2, 1));
    a.advance(149);
    a.sent.clear();
    a.step(new PreVoteRequest(C, A, 2, 1, 1));
    assertThat(a.drain(PreVoteRequest.class)).isEmpty();
    assertThat(a.core.role()).isEqualTo(RaftRole.FOLLOWER);
  }

  @Test
  void voteRequestsWaitForTheForceOfTheOwnVoteAndSoDoesTheOwnVote() {
    a.pass(601);
    a.holdDisk();
    a.sent.clear();
    a.step(new VoteReply(B, A, 0, true, true, 1));
    assertThat(a.core.role()).isEqualTo(RaftRole.CANDIDATE);
    assertThat(a.drain(VoteRequest.class)).isEmpty();
    a.force();
    assertThat(a.drain(VoteRequest.class)).hasSize(2);
    assertThat(a.core.role()).isEqualTo(RaftRole.CANDIDATE);
    a.step(new VoteReply(B, A, 1, true, false, 1));
    assertThat(a.core.role()).isEqualTo(RaftRole.LEADER);
  }

  @Test
  void aVoteIsAnsweredOnlyWhenItIsForced() {
    a.advance(301);
    a.holdDisk();
    assertThat(a.answerTo(new VoteRequest(B, A, 1, 0, 0, false))).isNull();
    a.force();
    assertThat(a.drain(VoteReply.class)).extracting(VoteReply::granted).containsExactly(true);
  }

  @Test
  void aVoteIsGivenOnceInATermEvenOverARestart() {
    a.advance(301);
    assertThat(a.answerTo(new VoteRequest(B, A, 1, 0, 0, false)).granted()).isTrue();
    assertThat(a.answerTo(new VoteRequest(C, A, 1, 0, 0, false)).granted()).isFalse();
    a.restart();
    a.advance(301);
    assertThat(a.answerTo(new VoteRequest(C, A, 1, 0, 0, false)).granted()).isFalse();
    assertThat(a.answerTo(new VoteRequest(B, A, 1, 0, 0, false)).granted()).isTrue();
  }

  @Test
  void anOlderLogGetsNeitherVoteNorPreVote() {
    a.append(B, 2, 0, 0, 0, entry(1, 1), entry(2, 2));
    a.advance(301);
    assertThat(a.answerTo(new PreVoteRequest(C, A, 3, 5, 1)).granted()).isFalse();
    assertThat(a.answerTo(new VoteRequest(C, A, 3, 1, 2, false)).granted()).isFalse();
    assertThat(a.answerTo(new VoteRequest(C, A, 4, 2, 2, false)).granted()).isTrue();
  }

  @Test
  void aPreVoteIsRefusedWithTheOwnTermWhenTheAskerIsBehind() {
    a.append(B, 5, 0, 0, 0);
    a.advance(301);
    VoteReply reply = a.answerTo(new PreVoteRequest(C, A, 3, 9, 9));
    assertThat(reply.granted()).isFalse();
    assertThat(reply.term()).isEqualTo(5);
  }

  @Test
  void aPreVoteOfAVoterInAnOlderTermCounts() {
    a.append(C, 7, 0, 0, 0);
    a.pass(901);
    a.step(new VoteReply(B, A, 3, true, true, 8));
    assertThat(a.core.role()).isEqualTo(RaftRole.CANDIDATE);
    assertThat(a.core.term()).isEqualTo(8);
  }

  @Test
  void hazardA12RestartedVoterDoesNotVoteWithinTheLease() {
    a.append(B, 1, 0, 0, 0);
    a.restart();
    a.advance(149);
    assertThat(a.answerTo(new PreVoteRequest(C, A, 2, 0, 0)).granted()).isFalse();
    assertThat(a.answerTo(new VoteRequest(C, A, 2, 0, 0, false))).isNull();
    assertThat(a.core.term()).isEqualTo(1);
    a.advance(2);
    assertThat(a.answerTo(new PreVoteRequest(C, A, 2, 0, 0)).granted()).isTrue();
    assertThat(a.answerTo(new VoteRequest(C, A, 2, 0, 0, false)).granted()).isTrue();
  }

  @Test
  void hazardA12VoterThatHearsALeaderVotesForNobodyButATransfersCandidate() {
    a.advance(400);
    a.append(B, 1, 0, 0, 0);
    a.advance(149);
    assertThat(a.answerTo(new VoteRequest(C, A, 2, 0, 0, false))).isNull();
    assertThat(a.core.term()).isEqualTo(1);
    assertThat(a.answerTo(new VoteRequest(C, A, 2, 0, 0, true)).granted()).isTrue();
    assertThat(a.core.counters().of(CoreEvent.VOTE_GRANTED_FOR_TRANSFER)).isEqualTo(1);
  }

  @Test
  void hazardA12LeaseRunsFromTheSendTimeOfWhatAMajorityAnswered() {
    a.lead();
    long sent = a.now();
    a.advance(100);
    a.ack(B, a.core.lastIndex(), sent, 0);
    assertThat(a.core.hasLease(a.now())).isTrue();
    assertThat(a.core.hasLease(sent + 134_999_999)).isTrue();
    assertThat(a.core.hasLease(sent + 135_000_000)).isFalse();
  }

  @Test
  void hazardA12ATransferGivesTheLeaseUpForTheRestOfTheTerm() {
    a.lead();
    assertThat(a.core.hasLease(a.now())).isTrue();
    assertThat(a.core.transferLeadership(B, a.now())).isEqualTo(Acceptance.ACCEPTED);
    a.take();
    assertThat(a.drain(TimeoutNow.class)).hasSize(1);
    assertThat(a.core.hasLease(a.now())).isFalse();
    assertThat(a.propose("refused")).isEqualTo(Acceptance.BUSY);
    for (int i = 0; i < 20; i++) {
      a.pass(50);
      a.ackAll(B);
    }
    assertThat(a.core.role()).isEqualTo(RaftRole.LEADER);
    assertThat(a.propose("accepted")).isEqualTo(Acceptance.ACCEPTED);
    assertThat(a.core.hasLease(a.now())).isFalse();
  }

  @Test
  void hazardA12AClockJumpDropsTheLeaseUntilLaterRequestsAreAnswered() {
    a.lead();
    long before = a.now();
    a.advance(10);
    a.core.clockJumped(a.now());
    assertThat(a.core.hasLease(a.now())).isFalse();
    a.ack(B, a.core.lastIndex(), before, 0);
    assertThat(a.core.hasLease(a.now())).isFalse();
    a.ack(B, a.core.lastIndex(), a.now(), 0);
    assertThat(a.core.hasLease(a.now())).isTrue();
  }

  @Test
  void aTransferWaitsUntilTheTargetHasEverything() {
    a.lead();
    a.propose("x");
    a.core.transferLeadership(C, a.now());
    a.take();
    assertThat(a.drain(TimeoutNow.class)).isEmpty();
    a.ackAll(C);
    assertThat(a.drain(TimeoutNow.class)).extracting(TimeoutNow::to).containsExactly(C);
  }

  @Test
  void aTransferToNobodyOrOneselfIsInvalid() {
    assertThat(a.core.transferLeadership(B, a.now())).isEqualTo(Acceptance.NOT_LEADER);
    a.lead();
    assertThat(a.core.transferLeadership(A, a.now())).isEqualTo(Acceptance.INVALID);
    assertThat(a.core.transferLeadership(D, a.now())).isEqualTo(Acceptance.INVALID);
    a.core.transferLeadership(B, a.now());
    assertThat(a.core.transferLeadership(C, a.now())).isEqualTo(Acceptance.BUSY);
  }

  @Test
  void whoIsToldToStandStandsAtOnceWithoutAsking() {
    a.append(B, 1, 0, 0, 0);
    a.sent.clear();
    a.step(new TimeoutNow(B, A, 1));
    assertThat(a.drain(VoteRequest.class)).hasSize(2).allMatch(VoteRequest::transfer);
    assertThat(a.core.term()).isEqualTo(2);
  }

  @Test
  void anOrderToStandFromAnOldTermIsIgnored() {
    a.append(B, 1, 0, 0, 0);
    a.append(C, 2, 0, 0, 0);
    a.step(new TimeoutNow(B, A, 1));
    assertThat(a.core.role()).isEqualTo(RaftRole.FOLLOWER);
    assertThat(a.core.term()).isEqualTo(2);
  }

  @Test
  void aLeaderThatNobodyAnswersStepsDown() {
    a.lead();
    a.propose("x");
    a.propose("queued behind the first");
    a.pass(700);
    assertThat(a.core.counters().of(CoreEvent.CHECK_QUORUM_STEP_DOWN)).isEqualTo(1);
    assertThat(a.core.role()).isEqualTo(RaftRole.FOLLOWER);
    assertThat(a.propose("y")).isEqualTo(Acceptance.NOT_LEADER);
  }

  @Test
  void aLeaderOfThePastStepsDownAndTellsWhatWasDropped() {
    a.lead();
    a.holdDisk();
    a.propose("placed");
    a.propose("dropped");
    Object read = a.core.read(new ReadRequest() {}, a.now() + 400_000_000);
    assertThat(read).isEqualTo(Acceptance.ACCEPTED);
    a.step(new AppendReply(B, A, 9, false, 0, 0, 0, 0, 0));
    Effects last = a.effects.get(a.effects.size() - 1);
    assertThat(last.dropped()).hasSize(1);
    assertThat(last.readsDropped()).hasSize(1);
    assertThat(a.core.term()).isEqualTo(9);
  }

  @Test
  void aStaleLeaderLearnsTheNewTerm() {
    a.append(B, 4, 0, 0, 0);
    a.sent.clear();
    a.append(C, 3, 0, 0, 0);
    AppendReply reply = a.lastReply().orElseThrow();
    assertThat(reply.success()).isFalse();
    assertThat(reply.term()).isEqualTo(4);
  }

  @Test
  void twoLeadersInOneTermStopTheProcess() {
    a.append(B, 1, 0, 0, 0);
    assertThatThrownBy(() -> a.append(C, 1, 0, 0, 0)).hasMessageContaining("two leaders");
  }

  @Test
  void aLearnerNeverStands() {
    Membership learner = voters(B, C).withLearner(CoreHarness.member(A));
    CoreHarness learning = new CoreHarness(learner);
    learning.pass(5_000);
    assertThat(learning.sent).isEmpty();
  }

  /** Its promotion was cut off its log; others whose logs have it cannot win without it. */
  @Test
  void aLearnerThatIsCountedOnAndHasTheLongerLogLeadsUntilThatIsCommitted() {
    CoreHarness learning = new CoreHarness(voters(B, C, D).withLearner(CoreHarness.member(A)));
    learning.append(C, 2, 0, 0, 0, entry(1, 2));
    learning.advance(301);
    learning.sent.clear();
    learning.step(new PreVoteRequest(B, A, 3, 5, 1));
    assertThat(learning.sent)
        .contains(
            new VoteReply(A, B, 2, false, true, 3),
            new PreVoteRequest(A, B, 3, 1, 2),
            new PreVoteRequest(A, D, 3, 1, 2));

    learning.pass(1_000);
    assertThat(learning.core.role()).as("not by itself").isEqualTo(RaftRole.FOLLOWER);
    learning.step(new PreVoteRequest(B, A, 3, 5, 1));
    for (MemberId voter : List.of(B, D)) {
      learning.step(new VoteReply(voter, A, 2, true, true, 3));
    }
    for (MemberId voter : List.of(B, D)) {
      learning.step(new VoteReply(voter, A, 3, true, false, 3));
    }
    assertThat(learning.core.role()).isEqualTo(RaftRole.LEADER);
    learning.ackAll(B);
    assertThat(learning.core.role()).as("its own answer does not count").isEqualTo(RaftRole.LEADER);
    learning.ackAll(D);
    assertThat(learning.core.commitIndex()).isEqualTo(2);
    assertThat(learning.core.role()).isEqualTo(RaftRole.FOLLOWER);
  }

  @Test
  void aLearnerDoesNotStandForOneThatIsNoVoterAnyMore() {
    CoreHarness learning = new CoreHarness(voters(B, C).withLearner(CoreHarness.member(A)));
    learning.append(C, 2, 0, 0, 0, entry(1, 2));
    learning.advance(301);
    learning.sent.clear();
    learning.step(new PreVoteRequest(D, A, 3, 5, 1));
    assertThat(learning.sent).containsExactly(new VoteReply(A, D, 2, false, true, 3));
    assertThat(learning.core.role()).isEqualTo(RaftRole.FOLLOWER);
  }

  @Test
  void aSingleVoterLeadsByItself() {
    CoreHarness alone = new CoreHarness(voters(A));
    alone.pass(601);
    assertThat(alone.core.role()).isEqualTo(RaftRole.LEADER);
    alone.propose("x");
    assertThat(alone.applyTo()).isEqualTo(2);
    assertThat(alone.core.hasLease(alone.now())).isTrue();
  }

  @Test
  void theTermIsForcedBeforeALeaderIsAnswered() {
    a.holdDisk();
    a.append(B, 3, 0, 0, 0);
    assertThat(a.sent).isEmpty();
    a.force();
    assertThat(a.lastReply().orElseThrow().term()).isEqualTo(3);
  }

  @Test
  void readsWaitForARoundThatBeganAfterThem() {
    a.lead();
    a.pass(40);
    a.advance(400);
    a.sent.clear();
    a.core.read(new ReadRequest() {}, a.now());
    a.take();
    List<AppendRequest> requests = a.drain(AppendRequest.class);
    assertThat(requests).hasSize(2);
    long round = requests.get(0).round();
    a.ack(B, a.core.lastIndex(), a.now(), round - 1);
    assertThat(a.effects.get(a.effects.size() - 1).readsReady()).isEmpty();
    a.ack(B, a.core.lastIndex(), a.now(), round);
    assertThat(a.effects.get(a.effects.size() - 1).readsReady()).hasSize(1);
    assertThat(a.core.counters().of(CoreEvent.READ_BY_ROUND)).isEqualTo(1);
  }

  @Test
  void readsAreServedByTheLeaseAtOnceAndAreBounded() {
    a.win();
    assertThat(a.core.read(new ReadRequest() {}, a.now())).isEqualTo(Acceptance.ACCEPTED);
    assertThat(a.core.read(new ReadRequest() {}, a.now())).isEqualTo(Acceptance.ACCEPTED);
    assertThat(a.core.read(new ReadRequest() {}, a.now())).isEqualTo(Acceptance.BUSY);
    assertThat(a.take().readsReady()).isEmpty();
    a.ackAll(B);
    a.core.read(new ReadRequest() {}, a.now());
    Effects last = a.take();
    assertThat(last.readsReady()).hasSize(1);
    assertThat(last.readsReady().get(0).byLease()).isTrue();
    assertThat(last.readsReady().get(0).index()).isEqualTo(a.core.commitIndex());
  }
}
