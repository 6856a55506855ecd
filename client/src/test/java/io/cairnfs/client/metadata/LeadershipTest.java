package io.cairnfs.client.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.id.HostPort;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LeadershipTest {
  private static final HostPort A = new HostPort("a", 1);
  private static final HostPort B = new HostPort("b", 1);
  private static final HostPort C = new HostPort("c", 1);
  private static final HostPort D = new HostPort("d", 1);

  private final Leadership leadership = new Leadership(List.of(A, B));

  @Test
  void rotationMovesOnceForAllWhoFailedAtTheSamePlace() {
    leadership.rotateFrom(A);
    leadership.rotateFrom(A);
    assertThat(leadership.believed()).isEqualTo(B);
    leadership.rotateFrom(B);
    assertThat(leadership.believed()).isEqualTo(A);
  }

  @Test
  void unknownLeadersAreLearnt() {
    leadership.hint(C);
    assertThat(leadership.believed()).isEqualTo(C);
    assertThat(leadership.addresses()).containsExactly(A, B, C);
  }

  @Test
  void presentMembersAreAskedBeforeThoseGivenAtTheStart() {
    leadership.hint(C);
    leadership.members(List.of(C, D));
    assertThat(leadership.addresses()).containsExactly(C, D, A, B);
    assertThat(leadership.believed()).isEqualTo(C);
    leadership.rotateFrom(C);
    assertThat(leadership.believed()).isEqualTo(D);
    leadership.members(List.of(C));
    assertThat(leadership.addresses()).containsExactly(C, A, B, D);
  }

  @Test
  void olderTermsAreNotBelieved() {
    assertThat(leadership.heard(B, 5)).isTrue();
    assertThat(leadership.heard(A, 4)).isFalse();
    assertThat(leadership.heard(B, 6)).isFalse();
    assertThat(leadership.believed()).isEqualTo(B);
  }

  @Test
  void aLeaderThatServesAtOneAddressIsNotLeftForAnotherOfItsAddresses() {
    assertThat(leadership.heard(A, 5)).as("the address that is believed says so").isFalse();
    assertThat(leadership.heard(C, 5)).isFalse();
    assertThat(leadership.believed()).isEqualTo(A);
    leadership.rotateFrom(A);
    assertThat(leadership.heard(C, 5)).as("it did not help any more").isTrue();
    assertThat(leadership.believed()).isEqualTo(C);
    leadership.hint(B);
    assertThat(leadership.heard(A, 6)).isTrue();
  }

  @Test
  void pausesGrowUpToTheirBound() {
    Backoff backoff = new Backoff(new SplittableRandom(1), 10, 200);
    for (int step = 0; step < 40; step++) {
      long most = Math.min(200, 10L << Math.min(step, 20));
      assertThat(backoff.nextMillis()).isBetween(most / 2, most);
    }
  }
}
