package io.cairnfs.metaserver.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.service.HostGroups.Superuser;
import java.util.ArrayList;
import java.util.List;
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

  @Test
  void oddNamesAreNeverGivenToAProgram() {
    for (String name : new String[] {"", "-x", "--help", "a b", "a;b", "$(id)", "a\nb"}) {
      assertThat(principal(name).groups()).containsExactly(name);
    }
  }
}
