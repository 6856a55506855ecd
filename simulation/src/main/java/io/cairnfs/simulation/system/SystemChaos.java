package io.cairnfs.simulation.system;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.ReferenceTable;
import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.Keys;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.SetMembership;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.raft.simulation.FaultKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/**
 * Makes faults, one after the other and several at a time, and ends them. What destroys bytes on a
 * data server comes one at a time: the next one only when what the last one took is there again,
 * since more than that no promise covers.
 */
final class SystemChaos {
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1_000 * MILLI;
  private static final long PATIENCE_NANOS = 9 * SECOND;

  private final SystemRun run;
  private final SystemScenario scenario;
  private final RandomGenerator random;
  private final Set<Long> unsealedAtLoss = new TreeSet<>();
  private DataNode forcing;
  private int forcingLife;
  private DataNode flippedAt;
  private ChunkId flipped;
  private boolean flipSeen;
  private int roundsAtFlip;
  private SystemFault awaitingCalm;
  private long patientUntil;
  private boolean stopped;
  private int faults;
  private long calmSince;

  SystemChaos(SystemRun run, SystemScenario scenario, RandomGenerator random) {
    this.run = run;
    this.scenario = scenario;
    this.random = random;
  }

  int faults() {
    return faults;
  }

  void start() {
    run.events().after(2 * SECOND, this::next);
    run.events().after(SECOND, this::watchCalm);
  }

  private void next() {
    if (stopped) {
      return;
    }
    if (awaitingCalm != null && run.events().nowNanos() < patientUntil) {
      again();
      return;
    }
    Enum<?> kind = scenario.draw(random);
    boolean made =
        kind instanceof FaultKind ofGroup
            ? run.group().makeFault(ofGroup)
            : make((SystemFault) kind);
    if (made) {
      count(kind);
    } else if (kind instanceof SystemFault fault && destroys(fault)) {
      awaitCalm(fault);
    }
    again();
  }

  private void again() {
    run.events().after(100 * MILLI + random.nextLong(1_200 * MILLI), this::next);
  }

  /** Often nothing else is made meanwhile: calm would hardly ever come. */
  private void awaitCalm(SystemFault fault) {
    if (awaitingCalm == null && random.nextBoolean()) {
      patientUntil = run.events().nowNanos() + PATIENCE_NANOS;
    }
    awaitingCalm = fault;
  }

  private void count(Enum<?> kind) {
    faults++;
    if (kind instanceof SystemFault) {
      run.tally().count("fault." + kind);
    }
  }

  private static boolean destroys(SystemFault kind) {
    return switch (kind) {
      case DATA_SERVER_POWER_LOST,
          DATA_SERVERS_POWER_LOST_EVERYWHERE,
          DATA_FORCE_FAILED,
          DATA_BIT_FLIPPED,
          SERVER_STRUCK_OUT,
          SERVER_DRAINED ->
          true;
      default -> false;
    };
  }

  /** Ends everything that was done. */
  void heal() {
    stopped = true;
    run.group().heal();
    for (DataNode node : run.dataNodes()) {
      node.volumeDisk().limitCapacity(Long.MAX_VALUE);
      node.volumeDisk().failForces(0);
      node.slowDisk(MILLI);
      node.resume();
      node.start();
    }
    for (ClientNode client : run.clients()) {
      client.resume();
    }
  }

  // Calm.

  private void watchCalm() {
    if (stopped) {
      watchFlip();
      return;
    }
    lookForFlip();
    if (!isQuiet()) {
      calmSince = Long.MAX_VALUE;
    } else if (calmSince == Long.MAX_VALUE) {
      calmSince = run.events().nowNanos();
    } else if (awaitingCalm != null && isCalm()) {
      if (make(awaitingCalm)) {
        count(awaitingCalm);
      }
      awaitingCalm = null;
    }
    run.events().after(200 * MILLI, this::watchCalm);
  }

  private void watchFlip() {
    lookForFlip();
    if (flipped != null) {
      run.events().after(200 * MILLI, this::watchFlip);
    }
  }

  private void lookForFlip() {
    if (flipped != null && !flipSeen && flippedAt.isUp()) {
      flipSeen = flippedAt.store().isBad(flipped) || flippedAt.scrubRounds() > roundsAtFlip + 1;
    }
  }

  /** Where a bit rots that nobody has come past yet, or empty. */
  Optional<String> unseenDamage(StoreView view) {
    if (flipped == null || flipSeen || ChunkTable.find(view, flipped).isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(flippedAt.name() + " has not come past the damage of " + flipped);
  }

  private boolean isCalm() {
    return calmSince != Long.MAX_VALUE && run.events().nowNanos() - calmSince > SECOND && isQuiet();
  }

  /** Every byte that was ever acknowledged is where it should be. */
  private boolean isQuiet() {
    if (forcing != null && forcing.life() == forcingLife) {
      return false;
    }
    for (DataNode node : run.dataNodes()) {
      if (!node.isRegistered() || node.isPaused() || !node.store().badReplicas(1).isEmpty()) {
        return false;
      }
    }
    Optional<StoreView> leaders = run.leadersView();
    if (leaders.isEmpty()) {
      return false;
    }
    try (StoreView view = leaders.get()) {
      if (Counter.REPAIR_ENTRIES.in(view) != 0
          || Counter.SLOTS_MOVING.in(view) != 0
          || Counter.CHUNKS_SETTLING.in(view) != 0) {
        return false;
      }
      unsealedAtLoss.removeIf(
          chunk ->
              ChunkTable.find(view, new ChunkId(chunk)).filter(ChunkRecord::isUnsealed).isEmpty());
      if (flipped != null
          && (ChunkTable.find(view, flipped).isEmpty()
              || (flipSeen && !flippedAt.store().isBad(flipped)))) {
        flipped = null;
      }
      return unsealedAtLoss.isEmpty() && flipped == null;
    }
  }

  private void bytesAreLost() {
    calmSince = Long.MAX_VALUE;
    try (StoreView view = run.leadersView().orElseThrow();
        RecordCursor rows = view.scanPrefix(Table.CHUNK, Keys.live())) {
      while (rows.next()) {
        ChunkId chunk = new ChunkId(KeyBuilder.longAt(rows.key(), 1));
        if (ChunkTable.require(view, chunk).isUnsealed()) {
          unsealedAtLoss.add(chunk.value());
        }
      }
    }
  }

  // Faults.

  private boolean make(SystemFault kind) {
    DataNode server = run.dataNodes().get(random.nextInt(run.dataNodes().size()));
    ClientNode client = run.clients().get(random.nextInt(run.clients().size()));
    return switch (kind) {
      case NODE_ISOLATED -> isolate(true, true);
      case NODE_DEAF_OR_MUTE -> {
        boolean deaf = random.nextBoolean();
        yield isolate(deaf, !deaf);
      }
      case HALVES -> halves(false);
      case BRIDGE -> halves(true);
      case RING -> ring();
      case DATA_SERVER_KILLED -> killed(server);
      case DATA_SERVER_POWER_LOST -> powerLost(server);
      case DATA_SERVERS_POWER_LOST_EVERYWHERE -> powerLostEverywhere();
      case DATA_SERVER_PAUSED -> paused(server);
      case DATA_DISK_SLOW -> {
        server.slowDisk(random.nextLong(500 * MILLI) + MILLI);
        run.events().after(duration(), () -> server.slowDisk(MILLI));
        yield true;
      }
      case DATA_DISK_FULL -> {
        trace(server, "disk full");
        server.volumeDisk().limitCapacity(server.volumeDisk().usedBytes() + random.nextInt(60_000));
        run.events().after(duration(), () -> server.volumeDisk().limitCapacity(Long.MAX_VALUE));
        yield true;
      }
      case DATA_FORCE_FAILED -> forceFailed(server);
      case DATA_BIT_FLIPPED -> flip(server);
      case SERVER_STRUCK_OUT -> membership(server, ServerMembership.OUT);
      case SERVER_DRAINED -> membership(server, ServerMembership.DRAINING);
      case SERVER_JOINED -> join();
      case CLIENT_KILLED -> {
        boolean alive = client.isUp();
        client.kill();
        run.events().after(duration(), client::start);
        yield alive;
      }
      case CLIENT_PAUSED -> {
        client.pause();
        run.events().after(random.nextLong(12 * SECOND), client::resume);
        yield true;
      }
      case WALL_CLOCK_JUMPED -> {
        List<MetadataNode> nodes = run.metadataNodes();
        nodes
            .get(random.nextInt(nodes.size()))
            .jumpWallClock(random.nextLong(120 * SECOND) - 60 * SECOND);
        yield true;
      }
    };
  }

  private void trace(SimulatedNode node, String what) {
    run.trace(node.name(), "FAULT " + what);
  }

  private long duration() {
    return 200 * MILLI + random.nextLong(6 * SECOND);
  }

  private List<String> names() {
    List<String> names = new ArrayList<>();
    run.metadataNodes().forEach(node -> names.add(node.name()));
    run.dataNodes().forEach(node -> names.add(node.name()));
    run.clients().forEach(node -> names.add(node.name()));
    return names;
  }

  private void cut(String from, String to, long duration) {
    run.group().network().cut(from, to);
    run.events().after(duration, () -> run.group().network().join(from, to));
  }

  private boolean isolate(boolean deaf, boolean mute) {
    List<String> names = names();
    String victim = names.get(random.nextInt(names.size()));
    run.trace(victim, "FAULT isolated: deaf " + deaf + ", mute " + mute);
    long duration = duration();
    for (String other : names) {
      if (!other.equals(victim)) {
        if (deaf) {
          cut(other, victim, duration);
        }
        if (mute) {
          cut(victim, other, duration);
        }
      }
    }
    return true;
  }

  private boolean halves(boolean bridged) {
    List<String> names = names();
    List<String> one = new ArrayList<>();
    List<String> other = new ArrayList<>();
    String bridge = bridged ? names.remove(random.nextInt(names.size())) : "";
    names.forEach(name -> (random.nextBoolean() ? one : other).add(name));
    run.trace("run", "FAULT halves: " + one + " | " + other + " bridge " + bridge);
    long duration = duration();
    for (String left : one) {
      for (String right : other) {
        cut(left, right, duration);
        cut(right, left, duration);
      }
    }
    return true;
  }

  private boolean ring() {
    List<String> names = names();
    run.trace("run", "FAULT ring");
    long duration = duration();
    for (int i = 0; i < names.size(); i++) {
      for (int j = 0; j < names.size(); j++) {
        int distance = Math.floorMod(i - j, names.size());
        if (distance > 1 && distance < names.size() - 1) {
          cut(names.get(i), names.get(j), duration);
        }
      }
    }
    return true;
  }

  private boolean killed(DataNode server) {
    if (!server.isUp()) {
      return false;
    }
    trace(server, "kill");
    server.kill();
    run.events().after(duration(), server::start);
    return true;
  }

  private boolean powerLost(DataNode server) {
    if (!isCalm()) {
      return false;
    }
    trace(server, "power");
    bytesAreLost();
    server.losePower();
    run.events().after(duration(), server::start);
    return true;
  }

  /** Only where nobody relies on bytes that are in memory alone. */
  private boolean powerLostEverywhere() {
    if (!run.alwaysSyncs() || !isCalm()) {
      return false;
    }
    run.trace("run", "FAULT power of all data servers");
    bytesAreLost();
    for (DataNode server : run.dataNodes()) {
      server.losePower();
      run.events().after(duration(), server::start);
    }
    return true;
  }

  private boolean paused(DataNode server) {
    if (!server.isUp() || server.isPaused()) {
      return false;
    }
    trace(server, "pause");
    server.pause();
    run.events().after(duration(), server::resume);
    return true;
  }

  private boolean forceFailed(DataNode server) {
    if (!isCalm()) {
      return false;
    }
    trace(server, "next force fails");
    bytesAreLost();
    forcing = server;
    forcingLife = server.life();
    server.volumeDisk().failForces(1);
    return true;
  }

  private boolean flip(DataNode server) {
    if (!isCalm()) {
      return false;
    }
    return SealedFiles.pick(server, chunk -> isRead(server, chunk), random)
        .map(
            chosen -> {
              trace(server, "bit flip in " + chosen);
              bytesAreLost();
              flippedAt = server;
              flipped = chosen.chunk();
              flipSeen = false;
              roundsAtFlip = server.scrubRounds();
              try {
                server.volumeDisk().flipBit(chosen.file(), chosen.bit());
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
              run.clients().forEach(client -> readAll(client, new ArrayDeque<>(run.files())));
              return true;
            })
        .orElse(false);
  }

  /** A file that has a name refers to it, and the server is one of those that are asked for it. */
  private boolean isRead(DataNode server, ChunkId chunk) {
    try (StoreView view = run.leadersView().orElseThrow()) {
      List<Long> named =
          run.oracle().model().tree().values().stream().map(Attributes::getInode).toList();
      return ReferenceTable.ofChunk(view, chunk, Integer.MAX_VALUE).stream()
              .anyMatch(reference -> named.contains(reference.inode().value()))
          && SlotTable.members(view, ChunkTable.require(view, chunk))
              .contains(server.server().orElse(0));
    }
  }

  /** Before the server itself comes past the damage. */
  private static void readAll(ClientNode client, Deque<String> paths) {
    String path = paths.poll();
    if (path != null && client.isUp()) {
      new FileRead(client, path, false, () -> readAll(client, paths)).start();
    }
  }

  private boolean membership(DataNode server, ServerMembership wanted) {
    Optional<ClientNode> administrator =
        run.clients().stream().filter(client -> client.number() == 1 && client.isUp()).findFirst();
    if (!isCalm() || administrator.isEmpty() || server.server().isEmpty() || inRing() < 5) {
      return false;
    }
    trace(server, "becomes " + wanted);
    bytesAreLost();
    int id = server.server().get();
    administrator
        .get()
        .mutate(
            Operation.newBuilder()
                .setSetMembership(SetMembership.newBuilder().setServer(id).setMembership(wanted)),
            0,
            (reply, refusal) -> {});
    return true;
  }

  private int inRing() {
    try (StoreView view = run.leadersView().orElseThrow()) {
      return (int) ServerTable.all(view).stream().filter(ServerRecord::isInRing).count();
    }
  }

  private boolean join() {
    if (run.dataNodes().size() >= 7) {
      return false;
    }
    DataNode joined = run.addDataNode();
    trace(joined, "joins");
    joined.start();
    return true;
  }
}
