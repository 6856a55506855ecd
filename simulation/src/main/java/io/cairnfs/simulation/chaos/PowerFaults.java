package io.cairnfs.simulation.chaos;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts the power of machines: the process dies and its volume loses what was not forced. Any
 * metaservers at any moment, all of them at once too; data servers one at a time, the next when
 * what the last one lost has been made good (docs/reliability.md says why).
 */
final class PowerFaults implements FaultSource {
  private static final long LONGEST_MILLIS = 8_000;

  private final Stage stage;
  private final List<String> dark = new ArrayList<>();

  PowerFaults(Stage stage) {
    this.stage = stage;
  }

  @Override
  public void strike(long leftMillis) throws IOException, InterruptedException {
    List<String> victims = victims();
    long millis = stage.duration(LONGEST_MILLIS, leftMillis);
    stage
        .say()
        .accept("power cut of %s for %d ms".formatted(String.join(" and ", victims), millis));
    dark.addAll(victims);
    for (String victim : victims) {
      stage.cluster().processes().kill(victim);
    }
    for (String victim : victims) {
      stage.cluster().volume(victim).cutPower();
      stage.tally().add(Tally.Count.POWER_CUTS, 1);
    }
    Thread.sleep(millis);
    finish();
  }

  private List<String> victims() throws IOException {
    List<String> victims = new ArrayList<>();
    int draw = stage.random().nextInt(12);
    boolean dataServer = draw >= 5 && stage.isWell();
    switch (draw) {
      case 0, 1, 2, 10 -> victims.add(stage.leader());
      case 3, 11 -> victims.add(stage.follower());
      case 4 -> victims.addAll(stage.cluster().metaservers());
      default -> {
        if (!dataServer) {
          victims.add(stage.pick(stage.cluster().metaservers()));
        }
      }
    }
    if (dataServer) {
      victims.add(stage.pick(stage.cluster().dataServers()));
    }
    return victims;
  }

  @Override
  public void finish() throws IOException {
    for (String victim : dark) {
      stage.cluster().volume(victim).mountAgain();
    }
    if (!dark.isEmpty()) {
      dark.clear();
      stage.cluster().processes().startAll();
    }
  }
}
