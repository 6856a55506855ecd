package io.cairnfs.simulation.system;

import io.cairnfs.common.id.HostPort;
import io.cairnfs.metaserver.store.StoreView;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;

/** One cluster's life under one seed: trouble, then healing, then everything must be in order. */
final class SystemRun {
  static final String SUPERUSER = "root";
  static final String SUPERGROUP = "supergroup";
  static final long WALL_START_NANOS = 1_700_000_000_000_000_000L;
  private static final long SECOND = 1_000_000_000L;
  private static final int MIN_OPERATIONS = 300;
  private static final int MIN_FAULTS = 5;
  private static final int MORE_FAULTS = 12;
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
  private final Optional<HazardScenario> hazard;
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
    oracle = new Oracle(group.tally());
    checks = new SystemChecks(this);
    SystemScenario resolved = scenario.resolve(random);
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

  Oracle oracle() {
    return oracle;
  }

  Tally tally() {
    return group.tally();
  }

  boolean alwaysSyncs() {
    return alwaysSyncs;
  }

  List<DataNode> dataNodes() {
    return List.copyOf(dataNodes);
  }

  List<ClientNode> clients() {
    return List.copyOf(clients);
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

  boolean isTraced() {
    return trace != null;
  }

  void trace(String who, String what) {
    group.trace(who, what);
  }

  /** What a run that kept all invariants met. */
  record Outcome(long events, long virtualNanos, int operations, int faults, Tally tally) {}
}
