package io.cairnfs.raft.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.RaftRole;
import io.cairnfs.raft.RaftStatus.Belonging;
import io.cairnfs.raft.RaftStatus.Standing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A member is one life of its directory: what was emptied and formatted anew under the same id does
 * not count as that member, and may come back only as a new one.
 */
final class MemberInstanceTest {
  private static final MemberId M1 = TestCluster.id(1);
  private static final MemberId M2 = TestCluster.id(2);
  private static final MemberId M3 = TestCluster.id(3);

  @TempDir Path root;
  private TestCluster cluster;

  @BeforeEach
  void startThree() throws IOException {
    start("three", 3);
  }

  private void start(String name, int members) throws IOException {
    cluster = new TestCluster(root.resolve(name), TestCluster.OPTIONS, members);
    cluster.giveInstances();
  }

  @AfterEach
  void stop() throws IOException {
    cluster.close();
  }

  /** Has the group say which instances its members are; m1 leads it. */
  private void begin() throws IOException {
    cluster.startAll();
    lead(M1);
    assertThat(cluster.submit("first").join()).isPositive();
    change(
        cluster
            .engine(M1)
            .status()
            .membership()
            .withInstances(id -> cluster.engine(id).status().standing().instance()));
    cluster.await(
        "the membership everywhere",
        () -> membership().voters().stream().map(Member::id).allMatch(this::isBound));
  }

  private boolean isBound(MemberId at) {
    return cluster.engine(at).status().membership().members().allMatch(m -> m.instance() != 0);
  }

  private void lead(MemberId wanted) {
    cluster.await(
        wanted + " leads",
        () -> {
          MemberId leader = cluster.awaitLeader();
          if (!leader.equals(wanted)) {
            var unused = cluster.engine(leader).transferLeadership(wanted);
          }
          return cluster.engine(wanted).status().ready();
        });
  }

  /** A change of the members at m1, tried again while it is only too early. */
  private void change(Membership next) {
    cluster.await(
        next + " in force",
        () -> {
          CompletableFuture<Void> change = cluster.engine(M1).changeMembers(next);
          try {
            change.join();
            return true;
          } catch (RuntimeException e) {
            assertThat(e.getCause())
                .isInstanceOfSatisfying(
                    CairnException.class,
                    refusal -> assertThat(refusal.code().isRetryable()).as("" + refusal).isTrue());
            return false;
          }
        });
  }

  private Membership membership() {
    return cluster.engine(M1).status().membership();
  }

  private Standing standing(MemberId member) {
    return cluster.engine(member).status().standing();
  }

  private void replaceM2() throws IOException {
    cluster.stop(M2);
    cluster.wipe(M2, Membership.NONE);
    change(membership().withFormer(M2));
    cluster.start(M2);
    assertThat(standing(M2).belonging()).isEqualTo(Belonging.JOINING);
    Member fresh = TestCluster.member(2).withInstance(standing(M2).instance());
    change(membership().withLearner(fresh));
    change(membership().withVoter(fresh));
  }

  @Test
  void anEmptiedVoterUnderItsOldIdCountsForNothing() throws IOException {
    begin();
    long old = standing(M2).instance();
    Membership first = membership();
    cluster.stop(M2);
    // As the operator of a lost disk might: the format of the first day, the same id.
    cluster.wipe(
        M2,
        Membership.ofVoters(
            List.of(TestCluster.member(1), TestCluster.member(2), TestCluster.member(3))));
    cluster.start(M2);
    assertThat(standing(M2).instance()).isNotEqualTo(old);
    cluster.await("a refusal", () -> standing(M2).belonging() == Belonging.REFUSED);
    assertThat(standing(M2).reason()).contains("m2", "%016x".formatted(old));
    cluster.await(
        "who leads",
        () -> cluster.engine(M2).status().leader().map(Member::id).equals(Optional.of(M1)));

    // Two of three would be a majority: this one is none, for entries or for votes.
    cluster.stop(M3);
    CompletableFuture<Integer> lonely =
        cluster.engine(M1).submit("lonely".getBytes(StandardCharsets.UTF_8));
    cluster.await(
        "no majority", () -> cluster.engine(M1).status().role() == RaftRole.PRE_CANDIDATE);
    assertThatThrownBy(lonely::join).hasCauseInstanceOf(CairnException.class);
    assertThat(cluster.engine(M2).status().lastIndex()).isZero();
    assertThat(membership()).isEqualTo(first);
    cluster.start(M3);
    cluster.submitSurely("after");
  }

  @Test
  void theEmptiedOneComesBackAsANewMember() throws IOException {
    begin();
    replaceM2();
    assertThat(standing(M2).belonging()).isEqualTo(Belonging.MEMBER);
    // It counts: m3 is not needed any more.
    cluster.stop(M3);
    cluster.submitSurely("with the new one");
    assertThat(membership().former()).hasSize(1);
  }

  /** The voter that missed the change is needed for a majority, in votes and in entries. */
  @Test
  void aMemberThatKnowsOnlyTheOldOneFollowsTheNewOne() throws IOException {
    cluster.close();
    start("four", 4);
    begin();
    Membership before = membership();
    cluster.network().isolate(M3);
    replaceM2();
    cluster.submitSurely("known to m1, m4 and the new m2");
    assertThat(cluster.engine(M3).status().membership()).isEqualTo(before);
    cluster.stop(M1);
    cluster.network().reconnect(M3);
    cluster.submitSurely("known to m2, m3 and m4");
    cluster.await(
        "m2 leads",
        () -> {
          MemberId leader = cluster.awaitLeader();
          if (!leader.equals(M2)) {
            var unused = cluster.engine(leader).transferLeadership(M2);
          }
          return cluster.engine(M2).status().ready();
        });
    cluster.submitSurely("after");
    cluster.await(
        "m3 knows the new member",
        () ->
            cluster
                .engine(M3)
                .status()
                .membership()
                .equals(cluster.engine(M2).status().membership()));
  }

  @Test
  void aRemovedMemberIsToldAndKnowsWhoLeads() throws IOException {
    begin();
    change(membership().withFormer(M3));
    cluster.await("told", () -> standing(M3).belonging() == Belonging.REMOVED);
    assertThat(cluster.engine(M3).status().leader().map(Member::id)).contains(M1);
    assertThat(cluster.engine(M3).status().membership()).isEqualTo(membership());
    // Again after a restart, which has forgotten it.
    cluster.stop(M3);
    cluster.start(M3);
    cluster.await("told again", () -> standing(M3).belonging() == Belonging.REMOVED);
    cluster.submitSurely("after");
  }

  @Test
  void whatWasRemovedNeverReturnsAndAnInstanceIsNeverChanged() throws IOException {
    begin();
    Member third = membership().member(M3).orElseThrow();
    expectInvalid(membership().withVoter(third.withInstance(third.instance() + 1)));
    expectInvalid(membership().withVoter(third.withInstance(0)));
    change(membership().withFormer(M3));
    expectInvalid(membership().withLearner(third));
    change(membership().withLearner(third.withInstance(third.instance() + 1)));
    expectInvalid(membership().withLearner(third.withInstance(third.instance() + 2)));
  }

  private void expectInvalid(Membership next) {
    assertThatThrownBy(() -> cluster.engine(M1).changeMembers(next).join())
        .cause()
        .isInstanceOfSatisfying(
            CairnException.class,
            refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
  }
}
