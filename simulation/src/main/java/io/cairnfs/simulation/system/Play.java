package io.cairnfs.simulation.system;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.dataserver.storage.ReplicaStore;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.Keys;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.SetMembership;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.simulation.FaultKind;
import io.cairnfs.raft.simulation.Sighting;
import io.cairnfs.raft.simulation.SimulatedMember;
import io.cairnfs.raft.simulation.SimulatedNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What a {@link HazardScenario} does with a run: it looks, waits, and makes things go wrong. */
final class Play {
  private static final long MILLI = 1_000_000;
  private static final long PATIENCE_NANOS = 240_000 * MILLI;
  private static final int SERVERS_NEEDED_TO_DRAIN = 5;

  private final SystemRun run;
  private final List<Cut> cuts = new ArrayList<>();

  Play(SystemRun run) {
    this.run = run;
  }

  /** One direction between two processes. */
  private record Cut(String from, String to) {}

  /**
   * A chunk that is being written, whose file ends somewhere in it.
   *
   * @param members of its pipeline, in order, all of them up
   */
  record Tail(ChunkId chunk, ClientNode writer, List<DataNode> members) {}

  // Time.

  void millis(long millis) {
    long until = run.events().nowNanos() + millis * MILLI;
    while (run.events().nowNanos() < until) {
      run.step();
    }
  }

  void seconds(long seconds) {
    millis(1_000 * seconds);
  }

  void await(String what, BooleanSupplier happened) {
    long deadline = run.events().nowNanos() + PATIENCE_NANOS;
    while (!happened.getAsBoolean()) {
      run.step();
      if (run.events().nowNanos() > deadline) {
        Oracle.fail("the play waits in vain for %s%s", what, run.group().describe());
      }
    }
  }

  void require(boolean holds, String otherwise) {
    if (!holds) {
      Oracle.fail("%s", otherwise);
    }
  }

  // Metaservers.

  List<SimulatedMember> members() {
    return run.group().members().stream().filter(member -> !member.isGone()).toList();
  }

  List<SimulatedMember> membersBut(SimulatedMember one) {
    return members().stream().filter(member -> member != one).toList();
  }

  /** Whoever leads, when its state can be seen. */
  SimulatedMember leader() {
    await("a leader", () -> run.group().leader().isPresent());
    return run.group().leader().orElseThrow();
  }

  /** Whether the others can elect one of them, whichever of the memberships they know. */
  boolean canSpare(SimulatedMember leader) {
    Set<MemberId> voters = leader.core().membership().voterIds();
    return members().stream()
        .filter(member -> voters.contains(member.id()))
        .allMatch(
            member ->
                member.isUp()
                    && member.core().membership().voterIds().size() > 2
                    && member.core().membership().voterIds().containsAll(voters));
  }

  void awaitLeaderOtherThan(SimulatedMember old) {
    await(
        "another leader than " + old.id(),
        () -> run.group().leader().filter(leader -> leader != old).isPresent());
  }

  MetadataNode leadersNode() {
    String name = leader().id().value();
    return run.metadataNodes().stream()
        .filter(node -> node.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** The leader is killed, and comes back when another one leads. */
  void replaceLeader() {
    SimulatedMember old = leader();
    old.kill();
    awaitLeaderOtherThan(old);
    old.start();
    fault("leader " + old.id() + " replaced");
  }

  void fault(FaultKind kind) {
    if (run.group().makeFault(kind)) {
      fault(kind.name());
    }
  }

  private void fault(String what) {
    run.trace("play", what);
  }

  boolean sawDamage() {
    return run.tally().counts().getOrDefault("case." + Sighting.CORRUPTION_DETECTED, 0L) > 0;
  }

  /** What is committed by now is no longer in the leader's log. */
  void awaitCutLog() {
    long last = leader().core().commitIndex();
    await("a log cut beyond " + last, () -> leader().core().firstIndex() > last + 1);
  }

  boolean hasCaughtUp(SimulatedMember member) {
    return member.isUp()
        && member.machine() != null
        && run.group()
            .leader()
            .filter(leader -> leader.core().commitIndex() <= member.core().commitIndex() + 20)
            .isPresent();
  }

  // Chunks and data servers.

  private Optional<StoreView> view() {
    return run.leadersView();
  }

  Optional<ChunkRecord> chunk(Tail tail) {
    Optional<StoreView> leaders = view();
    if (leaders.isEmpty()) {
      return Optional.empty();
    }
    try (StoreView view = leaders.get()) {
      return ChunkTable.find(view, tail.chunk());
    }
  }

  /** A chunk with an open tail and at least so many members. */
  Tail awaitTail(int members) {
    List<Tail> found = new ArrayList<>();
    await(
        "an open tail on " + members + " members",
        () -> {
          found.addAll(tails(members));
          return !found.isEmpty();
        });
    Tail tail = found.get(0);
    fault("tail " + tail.chunk() + " of " + tail.writer().name());
    return tail;
  }

  /** The last member's cache was written back, and has taken more since. */
  Tail awaitTailBeyondTheDisk(int members) {
    List<Tail> found = new ArrayList<>();
    await(
        "a tail that goes on",
        () -> {
          Tail tail = awaitTail(members);
          ReplicaStore store = tail.members().get(tail.members().size() - 1).store();
          long written = writeBack(store, tail.chunk());
          for (int waited = 0; found.isEmpty() && waited < 2_000; waited += 5) {
            millis(5);
            if (store.status(tail.chunk()).filter(now -> now.length() > written).isPresent()) {
              found.add(tail);
            }
          }
          return !found.isEmpty();
        });
    millis(10);
    return found.get(0);
  }

  private static long writeBack(ReplicaStore store, ChunkId chunk) {
    try {
      return store.sync(chunk, 0);
    } catch (CairnException e) {
      return Long.MAX_VALUE;
    }
  }

  private List<Tail> tails(int members) {
    Map<Long, ClientNode> writers =
        run.clients().stream()
            .filter(client -> client.isUp() && !client.isPaused() && client.session() != 0)
            .collect(Collectors.toMap(ClientNode::session, Function.identity()));
    Map<Integer, DataNode> servers =
        run.dataNodes().stream()
            .filter(node -> node.isRegistered() && !node.isPaused())
            .collect(Collectors.toMap(node -> node.server().orElseThrow(), Function.identity()));
    List<Tail> tails = new ArrayList<>();
    Optional<StoreView> leaders = view();
    if (leaders.isEmpty()) {
      return tails;
    }
    try (StoreView view = leaders.get();
        RecordCursor rows = view.scanPrefix(Table.CHUNK, Keys.live())) {
      while (rows.next()) {
        ChunkId id = new ChunkId(KeyBuilder.longAt(rows.key(), 1));
        ChunkRecord chunk = ChunkTable.require(view, id);
        if (chunk.isOpen()
            && chunk.hasOpenTail()
            && chunk.pipeline().size() >= members
            && writers.containsKey(chunk.session())
            && servers.keySet().containsAll(chunk.pipeline())) {
          tails.add(
              new Tail(
                  id,
                  writers.get(chunk.session()),
                  chunk.pipeline().stream().map(servers::get).toList()));
        }
      }
    }
    return tails;
  }

  /** The chunk's length is decided, or it is gone. */
  void awaitEndOf(Tail tail) {
    await(
        "the end of " + tail.chunk(),
        () -> {
          Optional<StoreView> leaders = view();
          if (leaders.isEmpty()) {
            return false;
          }
          try (StoreView view = leaders.get()) {
            return ChunkTable.find(view, tail.chunk()).filter(ChunkRecord::isUnsealed).isEmpty();
          }
        });
  }

  void awaitCase(SystemSighting sighting) {
    String name = "case." + sighting;
    long before = run.tally().counts().getOrDefault(name, 0L);
    await(name, () -> run.tally().counts().getOrDefault(name, 0L) > before);
  }

  void join() {
    DataNode joined = run.addDataNode();
    joined.start();
    await("registration of " + joined.name(), joined::isRegistered);
    fault(joined.name() + " joined");
  }

  void change(DataNode server, ServerMembership wanted) {
    await(
        "enough servers",
        () -> {
          Optional<StoreView> leaders = view();
          if (leaders.isEmpty()) {
            return false;
          }
          try (StoreView view = leaders.get()) {
            return ServerTable.all(view).stream().filter(ServerRecord::isInRing).count()
                >= (wanted == ServerMembership.IN ? 1 : SERVERS_NEEDED_TO_DRAIN);
          }
        });
    boolean[] answered = {false};
    run.clients()
        .get(0)
        .mutate(
            Operation.newBuilder()
                .setSetMembership(
                    SetMembership.newBuilder()
                        .setServer(server.server().orElseThrow())
                        .setMembership(wanted)),
            0,
            (reply, refusal) -> answered[0] = true);
    await(server.name() + " " + wanted, () -> answered[0]);
    fault(server.name() + " " + wanted);
  }

  void awaitMovingSlots() {
    await(
        "slots that move",
        () -> {
          Optional<StoreView> leaders = view();
          if (leaders.isEmpty()) {
            return false;
          }
          try (StoreView view = leaders.get()) {
            return Counter.SLOTS_MOVING.in(view) > 0;
          }
        });
  }

  long serversOut() {
    SimulatedMember unused = leader();
    try (StoreView view = view().orElseThrow()) {
      return ServerTable.all(view).stream().filter(server -> !server.isInRing()).count();
    }
  }

  // The network.

  SimulatedNetwork network() {
    return run.group().network();
  }

  /** Both directions. */
  void cut(String one, String other) {
    for (Cut cut : List.of(new Cut(one, other), new Cut(other, one))) {
      network().cut(cut.from(), cut.to());
      cuts.add(cut);
    }
    fault(one + " and " + other + " cut off from each other");
  }

  void joinAll() {
    cuts.forEach(cut -> network().join(cut.from(), cut.to()));
    cuts.clear();
    fault("all joined");
  }

  void cutFromMetaservers(SimulatedMember one) {
    membersBut(one).forEach(other -> cut(one.id().value(), other.id().value()));
  }

  void cutFromMetaservers(DataNode server) {
    members().forEach(member -> cut(server.name(), member.id().value()));
  }

  void cutFromMetaserversBut(DataNode server, SimulatedMember one) {
    membersBut(one).forEach(member -> cut(server.name(), member.id().value()));
  }

  void cutFromDataServers(SimulatedMember one) {
    run.dataNodes().forEach(node -> cut(node.name(), one.id().value()));
  }
}
