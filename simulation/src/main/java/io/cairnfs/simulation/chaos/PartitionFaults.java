package io.cairnfs.simulation.chaos;

import io.cairnfs.simulation.chaos.FaultyProxy.Mode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Cuts links between processes, and troubles connections that go through a proxy. Without network
 * namespaces a cut is a proxy that passes nothing on.
 */
final class PartitionFaults implements FaultSource {
  private static final long USUALLY_LONGEST_MILLIS = 6_000;
  private static final long LONGEST_MILLIS = 20_000;

  /** How the cut lies. */
  enum Shape {
    ONE_SERVER,
    HALVES,
    BRIDGE,
    RING,
    DATA_SERVER_FROM_LEADER,
    DATA_SERVER_FROM_ANOTHER,
    CLIENT_FROM_DATA_SERVER
  }

  private final Stage stage;

  PartitionFaults(Stage stage) {
    this.stage = stage;
  }

  @Override
  public void strike(long leftMillis) throws IOException, InterruptedException {
    boolean mayBeLong = stage.random().nextInt(8) == 0;
    long millis = stage.duration(mayBeLong ? LONGEST_MILLIS : USUALLY_LONGEST_MILLIS, leftMillis);
    Optional<Namespaces> network = stage.cluster().network();
    if (network.isPresent() && stage.random().nextBoolean()) {
      cut(network.get(), millis);
    } else {
      trouble(network.isPresent(), millis);
    }
  }

  private void cut(Namespaces network, long millis) throws IOException, InterruptedException {
    Shape shape = stage.pick(List.of(Shape.values()));
    List<String> servers = new ArrayList<>(stage.cluster().metaservers());
    servers.addAll(stage.cluster().dataServers());
    String leader = stage.leader();
    Set<Cut> cuts = cuts(shape, servers, leader);
    String way = "";
    if (stage.random().nextInt(3) == 0) {
      cuts.removeIf(cut -> cut.from().compareTo(cut.to()) > 0);
      way = ", one way only";
      stage.tally().add(Tally.Count.ONE_WAY_CUTS, 1);
    }
    stage
        .say()
        .accept(
            "cut %s for %d ms%s (leader %s): %s"
                .formatted(shape, millis, way, leader, cuts.size() > 8 ? cuts.size() : cuts));
    stage.tally().add(Tally.Count.CUTS, 1);
    try {
      network.cut(cuts);
      Thread.sleep(millis);
    } finally {
      network.heal();
    }
  }

  private Set<Cut> cuts(Shape shape, List<String> servers, String leader) {
    List<String> shuffled = new ArrayList<>(servers);
    for (int i = shuffled.size() - 1; i > 0; i--) {
      Collections.swap(shuffled, i, stage.random().nextInt(i + 1));
    }
    List<String> dataServers =
        shuffled.stream().filter(stage.cluster().dataServers()::contains).toList();
    Set<Cut> cuts = new LinkedHashSet<>();
    switch (shape) {
      case ONE_SERVER -> {
        String alone = stage.random().nextInt(3) == 0 ? leader : shuffled.get(0);
        servers.forEach(other -> both(cuts, alone, other));
        if (stage.random().nextBoolean()) {
          both(cuts, alone, Namespaces.CLIENT);
        }
      }
      case HALVES, BRIDGE -> {
        int bridge = shape == Shape.BRIDGE ? 1 : 0;
        int half = bridge + (shuffled.size() - bridge) / 2;
        for (String one : shuffled.subList(bridge, half)) {
          for (String other : shuffled.subList(half, shuffled.size())) {
            both(cuts, one, other);
          }
        }
      }
      case RING -> {
        int size = shuffled.size();
        for (int i = 0; i < size; i++) {
          for (int j = i + 2; j < size; j++) {
            if (i != 0 || j != size - 1) {
              both(cuts, shuffled.get(i), shuffled.get(j));
            }
          }
        }
      }
      case DATA_SERVER_FROM_LEADER -> both(cuts, leader, dataServers.get(0));
      case DATA_SERVER_FROM_ANOTHER -> both(cuts, dataServers.get(0), dataServers.get(1));
      case CLIENT_FROM_DATA_SERVER -> both(cuts, Namespaces.CLIENT, dataServers.get(0));
    }
    return cuts;
  }

  private static void both(Set<Cut> cuts, String one, String other) {
    if (!one.equals(other)) {
      cuts.add(new Cut(one, other));
      cuts.add(new Cut(other, one));
    }
  }

  private void trouble(boolean otherCuts, long millis) throws InterruptedException {
    FaultyProxy proxy = stage.pick(stage.cluster().proxies());
    Mode mode =
        switch (stage.random().nextInt(otherCuts ? 4 : 6)) {
          case 0 -> Mode.delay(1 + stage.random().nextInt(300));
          case 1 -> Mode.slow(20_000 + stage.random().nextInt(2_000_000));
          case 2 -> Mode.truncate(1 + stage.random().nextInt(100_000));
          case 3 -> Mode.DUPLICATE;
          default -> Mode.BLACK_HOLE;
        };
    stage.say().accept("connections to %s: %s for %d ms".formatted(proxy, mode, millis));
    stage.tally().add(Tally.Count.TROUBLED_LINKS, 1);
    try {
      proxy.mode(mode);
      Thread.sleep(millis);
    } finally {
      proxy.mode(Mode.CLEAR);
    }
  }

  @Override
  public void finish() throws IOException {
    if (stage.cluster().network().isPresent()) {
      stage.cluster().network().get().heal();
    }
  }
}
