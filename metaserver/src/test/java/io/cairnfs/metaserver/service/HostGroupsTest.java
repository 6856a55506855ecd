package io.cairnfs.metaserver.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.service.HostGroups.Superuser;
import io.cairnfs.proto.metadata.OnBehalf;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class HostGroupsTest {
  private final List<Runnable> asked = new ArrayList<>();
  private final HostGroups groups =
      new HostGroups(asked::add, GroupSource.HOST, () -> new Superuser("boss", "supergroup"));

  private Principal principal(String user) {
    var future = groups.principal(user);
    asked.forEach(Runnable::run);
    asked.clear();
    return future.join();
  }

  @Test
  void theHostIsAskedOnceAndNotOnTheCallersThread() {
    var first = groups.principal("root");
    assertThat(first).isNotDone();
    assertThat(asked).hasSize(1);
    asked.remove(0).run();
    assertThat(first.join().groups()).contains("root");
    assertThat(first.join().superuser()).isFalse();
    assertThat(groups.principal("root")).isDone();
    assertThat(asked).isEmpty();
  }

  @Test
  void whomTheHostDoesNotKnowIsAloneInAGroup() {
    assertThat(principal("no-such-user-here").groups()).containsExactly("no-such-user-here");
  }

  @Test
  void whoFormattedIsTheSuperuser() {
    assertThat(principal("boss").superuser()).isTrue();
    assertThat(principal("no-such-user-here").superuser()).isFalse();
  }

  @Test
  void aNameOfTheSupergroupIsNotTheSupergroup() {
    assertThat(principal("supergroup").superuser()).isFalse();
  }

  private Principal acting(String caller, String user, String... claimed) {
    OnBehalf other = OnBehalf.newBuilder().setUser(user).addAllGroups(List.of(claimed)).build();
    var future = groups.principal(caller, Optional.of(other));
    while (!asked.isEmpty()) {
      asked.remove(0).run();
    }
    return future.join();
  }

  @Test
  void theSuperuserActsForOthersWithTheirRights() {
    Principal known = acting("boss", "no-such-user-here");
    assertThat(known)
        .isEqualTo(new Principal("no-such-user-here", List.of("no-such-user-here"), false, "boss"));
    assertThat(acting("boss", "no-such-user-here", "staff", "wheel").groups())
        .containsExactly("staff", "wheel");
    assertThat(acting("boss", "boss", "staff").superuser()).isTrue();
  }

  @Test
  void groupsThatAreClaimedMakeNoSuperuser() {
    assertThat(acting("boss", "no-such-user-here", "supergroup").superuser()).isFalse();
  }

  @Test
  void nobodyElseActsForOthers() {
    for (String user : new String[] {"boss", "root", "no-such-user-here", ""}) {
      assertThatThrownBy(() -> acting("no-such-user-here", user))
          .cause()
          .isInstanceOfSatisfying(
              CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_PERMITTED));
    }
    assertThatThrownBy(() -> acting("boss", "")).hasCauseInstanceOf(CairnException.class);
  }

  @Test
  void oddNamesAreNeverGivenToAProgram() {
    for (String name : new String[] {"", "-x", "--help", "a b", "a;b", "$(id)", "a\nb"}) {
      assertThat(principal(name).groups()).containsExactly(name);
    }
  }
}
