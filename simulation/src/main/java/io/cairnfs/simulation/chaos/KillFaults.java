package io.cairnfs.simulation.chaos;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** SIGKILL with a restart, SIGSTOP with SIGCONT. */
final class KillFaults implements FaultSource {
  private final Stage stage;

  KillFaults(Stage stage) {
    this.stage = stage;
  }

  @Override
  public void strike(long leftMillis) throws IOException, InterruptedException {
    Fault fault = Fault.draw(stage.random(), Duration.ofMillis(leftMillis));
    if (fault.target() == Fault.Target.EVERYTHING) {
      stage.say().accept("kill -9 of everything");
      stage.cluster().processes().killAll();
      stage.cluster().processes().startAll();
    } else {
      strike(fault, victims(fault));
    }
  }

  private List<String> victims(Fault fault) throws IOException {
    List<String> victims = new ArrayList<>();
    switch (fault.target()) {
      case LEADER, LEADER_AND_DATA_SERVER -> victims.add(stage.leader());
      case FOLLOWER -> victims.add(stage.follower());
      case DATA_SERVER, EVERYTHING -> {
        // No metaserver.
      }
    }
    if (fault.target() == Fault.Target.DATA_SERVER
        || fault.target() == Fault.Target.LEADER_AND_DATA_SERVER) {
      victims.add(stage.pick(stage.cluster().dataServers()));
    }
    return victims;
  }

  private void strike(Fault fault, List<String> victims) throws IOException, InterruptedException {
    boolean kill = fault.kind() == Fault.Kind.KILL;
    stage
        .say()
        .accept(
            "%s %s for %d ms"
                .formatted(
                    kill ? "kill -9" : "freeze",
                    String.join(" and ", victims),
                    fault.duration().toMillis()));
    for (String victim : victims) {
      if (kill) {
        stage.cluster().processes().kill(victim);
      } else {
        stage.cluster().processes().signal(victim, "STOP");
      }
    }
    try {
      Thread.sleep(fault.duration().toMillis());
    } finally {
      for (String victim : victims) {
        if (kill) {
          stage.cluster().processes().restart(victim);
        } else {
          stage.cluster().processes().signal(victim, "CONT");
        }
      }
    }
  }

  @Override
  public void finish() {
    // Each strike ends by itself.
  }
}
