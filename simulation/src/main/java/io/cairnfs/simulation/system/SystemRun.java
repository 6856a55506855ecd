package io.cairnfs.simulation.system;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.dataserver.storage.ReplicaStatus;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.SettleChunk;
import io.cairnfs.proto.types.Member;
import io.cairnfs.raft.core.RaftOptions;
import io.cairnfs.raft.log.LogOptions;
import io.cairnfs.raft.simulation.EventQueue;
import io.cairnfs.raft.simulation.InvariantViolation;
import io.cairnfs.raft.simulation.Scenario;
import io.cairnfs.raft.simulation.SimulatedGroup;
import io.cairnfs.raft.simulation.SimulatedMember;
import io.cairnfs.raft.simulation.Tally;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** One cluster's life under one seed: trouble, then healing, then everything must be in order. */
final class SystemRun {
  static final String SUPERUSER = "root";
  static final String SUPERGROUP = "supergroup";
  static final long WALL_START_NANOS = 1_700_000_000_000_000_000L;
  private static final long SECOND = 1_000_000_000L;
  private static final int MIN_OPERATIONS = 300;
  private static final int MIN_FAULTS = 8;
  private static final int MORE_FAULTS = 16;
  private static final long MAX_TROUBLE_NANOS = 900 * SECOND;
  private static final long MAX_HEALING_NANOS = 400 * SECOND;
  private static final int EVENTS_BETWEEN_CHECKS = 3_000;
  private static final RaftOptions RAFT =
      new RaftOptions(
          Duration.ofMillis(100),
          Duration.ofMillis(500),
          Duration.ofMillis(1_000),
          0.05,
          20_000,
          4,
          60_000,
          200,
          200_000,
          100_000,
          50,
          30_000,
          20);
  private static final LogOptions LOG = new LogOptions(64 << 10, 512, 1 << 20);

  private final EventQueue events = new EventQueue();
  private final SplittableRandom random;
  private final Consumer<String> trace;
  private final Map<String, MetadataNode> metadataNodes = new TreeMap<>();
  private final List<DataNode> dataNodes = new ArrayList<>();
  private final List<ClientNode> clients = new ArrayList<>();
  private final SimulatedGroup group;
  private final SimulatedTransport transport;
  private final Oracle oracle;
  private final SystemChaos chaos;
  private final SystemChecks checks;
  private final boolean alwaysSyncs;
  private final boolean sharesFiles;
  private final boolean compacts;
  private final Optional<HazardScenario> hazard;
  private final boolean locking;
  private int operations;
  private long checkedAt;

  /**
   * @param trace gets one line for each thing that happens; null for none
   */
  SystemRun(long seed, SystemScenario scenario, Consumer<String> trace) {
    this(seed, scenario, Optional.empty(), trace);
  }

  /**
   * @param hazard what is played instead of faults that the seed draws
   */
  SystemRun(
      long seed, SystemScenario scenario, Optional<HazardScenario> hazard, Consumer<String> trace) {
    this.hazard = hazard;
    random = new SplittableRandom(seed);
    this.trace = trace;
    group =
        new SimulatedGroup(
            events,
            random,
            new SimulatedGroup.Settings(RAFT, LOG, new MetadataMachine.Metadata(), this::node),
            Scenario.EVERYTHING,
            trace);
    transport = new SimulatedTransport(events, group.network(), random);
    oracle = new Oracle(group.tally(), this::requireFenced);
    checks = new SystemChecks(this);
    SystemScenario resolved = scenario.resolve(random);
    locking = resolved == SystemScenario.LOCKS;
    compacts = resolved == SystemScenario.COMPACTION;
    sharesFiles = resolved == SystemScenario.SHARED_FILES || compacts;
    chaos = new SystemChaos(this, resolved, random);
    alwaysSyncs = random.nextInt(3) == 0;
    group.form(3);
    for (int left = 4 + random.nextInt(2); left > 0; left--) {
      addDataNode();
    }
    String[] users = {SUPERUSER, "ann", "ann", "bob"};
    for (int number = 1; number <= 3 + random.nextInt(2); number++) {
      clients.add(new ClientNode(number, users[number - 1], this, random));
    }
    trace("run", "scenario " + resolved + ", " + dataNodes.size() + " data servers");
  }

  private MetadataNode node(SimulatedMember member) {
    MetadataNode node = new MetadataNode(this, member, random);
    metadataNodes.put(node.name(), node);
    return node;
  }

  DataNode addDataNode() {
    DataNode node = new DataNode(dataNodes.size() + 1, this, random);
    dataNodes.add(node);
    return node;
  }

  /** Runs to the end; throws {@link InvariantViolation}, or whatever the product threw. */
  Outcome run() {
    Watched.begin();
    group.members().forEach(SimulatedMember::start);
    dataNodes.forEach(DataNode::start);
    clients.forEach(ClientNode::start);
    group.startOperator();
    if (hazard.isPresent()) {
      hazard.get().play(new Play(this));
    } else {
      chaos.start();
      makeTrouble(MIN_FAULTS + random.nextInt(MORE_FAULTS));
    }
    trace("run", "---- everything is healed ----");
    chaos.heal();
    clients.forEach(ClientNode::drain);
    long deadline = events.nowNanos() + MAX_HEALING_NANOS;
    String missing = checks.whatIsMissing();
    while (!missing.isEmpty()) {
      long until = events.nowNanos() + SECOND;
      while (events.nowNanos() < until) {
        step();
      }
      missing = checks.whatIsMissing();
      if (events.nowNanos() > deadline) {
        Oracle.fail("no convergence after healing: %s%s", missing, group.describe());
      }
    }
    oracle.requirePromises();
    checks.replicas();
    readEverything();
    while (!group.hasConverged()) {
      step();
    }
    group.invariants().converged(group.inForce());
    for (SimulatedMember member : group.runningMembers()) {
      group.tally().add(member.core().counters());
    }
    return new Outcome(events.executed(), events.nowNanos(), operations, chaos.faults(), tally());
  }

  private void makeTrouble(int faults) {
    while (operations < MIN_OPERATIONS || chaos.faults() < faults) {
      step();
      if (events.nowNanos() > MAX_TROUBLE_NANOS) {
        Oracle.fail("only %d operations and %d faults were possible", operations, chaos.faults());
      }
    }
  }

  void step() {
    events.runNext();
    Watched.rethrow();
    group.checkLeases();
    if (events.executed() - checkedAt >= EVENTS_BETWEEN_CHECKS) {
      checkedAt = events.executed();
      checks.records();
    }
  }

  private void readEverything() {
    checks.records();
    Deque<String> left = new ArrayDeque<>(checks.files());
    ClientNode reader = clients.get(0);
    boolean[] done = {false};
    Runnable[] next = new Runnable[1];
    next[0] =
        () -> {
          String path = left.poll();
          if (path == null) {
            done[0] = true;
          } else {
            new FileRead(reader, path, true, next[0]).start();
          }
        };
    reader.start();
    next[0].run();
    long deadline = events.nowNanos() + 60 * SECOND;
    while (!done[0]) {
      step();
      if (events.nowNanos() > deadline) {
        Oracle.fail("not everything could be read: left are %s", left);
      }
    }
  }

  // What the parts of the run know of one another.

  EventQueue events() {
    return events;
  }

  SimulatedTransport transport() {
    return transport;
  }

  SimulatedGroup group() {
    return group;
  }

  SystemChaos chaos() {
    return chaos;
  }

  Oracle oracle() {
    return oracle;
  }

  Tally tally() {
    return group.tally();
  }

  /** Files have several writers. */
  boolean sharesFiles() {
    return sharesFiles;
  }

  /** Fragmented files are compacted. */
  boolean compacts() {
    return compacts;
  }

  boolean alwaysSyncs() {
    return alwaysSyncs;
  }

  List<DataNode> dataNodes() {
    return List.copyOf(dataNodes);
  }

  /** The lives of these data servers: who has another one later was restarted. */
  Map<DataNode, Integer> lives(List<Member> members) {
    Map<DataNode, Integer> lives = new HashMap<>();
    for (DataNode node : dataNodes) {
      if (members.stream()
          .anyMatch(member -> node.server().equals(Optional.of(member.getServer())))) {
        lives.put(node, node.life());
      }
    }
    return lives;
  }

  /** True for as long as one of the data servers has not been restarted since now. */
  BooleanSupplier untilRestarted(List<Member> members) {
    Map<DataNode, Integer> lives = lives(members);
    return () ->
        lives.entrySet().stream().anyMatch(life -> life.getKey().life() == life.getValue());
  }

  /** Whose answers decided on the length take nothing more of the writer, and were not told yet. */
  private void requireFenced(SettleChunk settled) {
    ChunkId chunk = new ChunkId(settled.getChunk());
    for (DataNode node : dataNodes) {
      boolean answered = node.server().filter(settled.getHoldersList()::contains).isPresent();
      Optional<ReplicaStatus> status =
          answered && node.isUp() ? node.store().status(chunk) : Optional.empty();
      boolean bad =
          status
              .filter(
                  replica ->
                      replica.state() == ReplicaStatus.State.SEALED
                          || replica.epoch() < settled.getEpoch())
              .isPresent();
      if (bad) {
        Oracle.fail("%s has %s before its end is known:\n%s", node.name(), status, settled);
      }
    }
  }

  /** What was acknowledged is at every member that did not restart and has not sealed it. */
  void requireHeld(ChunkId chunk, long length, Map<DataNode, Integer> lives) {
    lives.forEach(
        (node, life) -> {
          if (node.life() != life || !node.isUp()) {
            return;
          }
          node.store()
              .status(chunk)
              .filter(status -> status.state() != ReplicaStatus.State.SEALED)
              .filter(status -> status.length() < length)
              .ifPresent(
                  status ->
                      Oracle.fail(
                          "%s was acknowledged at %d, %s has %s",
                          chunk, length, node.name(), status));
        });
    tally().count(SystemSighting.ACKNOWLEDGEMENT_COMPARED);
  }

  /** A replica may go for good only where the newest state does not know of its chunk. */
  void requireDead(DataNode node, ChunkId chunk) {
    for (SimulatedMember member : group.runningMembers()) {
      if (member.machine() == null || member.machine().index() != oracle.index()) {
        continue;
      }
      try (StoreView view = ((MetadataMachine) member.machine()).view()) {
        if (ChunkTable.find(view, chunk).isPresent()) {
          Oracle.fail(
              "%s is told that %s is dead, %s knows of it", node.name(), chunk, member.id());
        }
      }
      tally().count("case.DEATH_COMPARED");
      return;
    }
  }

  List<ClientNode> clients() {
    return List.copyOf(clients);
  }

  List<String> files() {
    return checks.files();
  }

  List<MetadataNode> metadataNodes() {
    return List.copyOf(metadataNodes.values());
  }

  List<HostPort> metaservers() {
    return group.members().stream()
        .filter(member -> !member.isGone())
        .map(member -> member.address().address())
        .toList();
  }

  /** The state of whoever leads the highest term. */
  Optional<StoreView> leadersView() {
    return group.leader().map(leader -> ((MetadataMachine) leader.machine()).view());
  }

  List<String> groupsOf(String user) {
    return user.equals(SUPERUSER) ? List.of(SUPERGROUP) : List.of("staff", user);
  }

  void operationBegun() {
    operations++;
  }

  /** Clients lock, too. */
  boolean isLocking() {
    return locking;
  }

  boolean isTraced() {
    return trace != null;
  }

  void trace(String who, String what) {
    group.trace(who, what);
  }

  /** What a run that kept all invariants met. */
  record Outcome(long events, long virtualNanos, int operations, int faults, Tally tally) {}
}
