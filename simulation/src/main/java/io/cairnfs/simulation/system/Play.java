package io.cairnfs.simulation.system;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.dataserver.storage.ReplicaStore;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.ReferenceTable;
import io.cairnfs.metaserver.chunk.RepairTable;
import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.chunk.SlotJoins;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.Keys;
import io.cairnfs.metaserver.namespace.LeaseRecord;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.SetMembership;
import io.cairnfs.proto.types.ChunkState;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.core.CoreEvent;
import io.cairnfs.raft.core.RaftMessage;
import io.cairnfs.raft.simulation.FaultKind;
import io.cairnfs.raft.simulation.Sighting;
import io.cairnfs.raft.simulation.SimulatedMember;
import io.cairnfs.raft.simulation.SimulatedNetwork;
import io.cairnfs.simulation.model.ModelRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** What a {@link HazardScenario} does with a run: it looks, waits, and makes things go wrong. */
final class Play {
  private static final long MILLI = 1_000_000;
  private static final long PATIENCE_NANOS = 240_000 * MILLI;
  private static final int SERVERS_NEEDED_TO_DRAIN = 5;

  private final SystemRun run;
  private final List<Cut> cuts = new ArrayList<>();
  private Optional<Guard> guard = Optional.empty();

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
  record Tail(ChunkId chunk, long inode, ClientNode writer, List<DataNode> members) {}

  /** What must hold after each event. */
  private record Guard(BooleanSupplier holds, String otherwise) {}

  // Time.

  private void step() {
    run.step();
    guard.ifPresent(watched -> require(watched.holds().getAsBoolean(), watched.otherwise()));
  }

  /** Goes on with the play while something must hold. */
  void guarding(BooleanSupplier holds, String otherwise, Runnable during) {
    guard = Optional.of(new Guard(holds, otherwise));
    during.run();
    guard = Optional.empty();
  }

  void millis(long millis) {
    long until = run.events().nowNanos() + millis * MILLI;
    while (run.events().nowNanos() < until) {
      step();
    }
  }

  void seconds(long seconds) {
    millis(1_000 * seconds);
  }

  void await(String what, BooleanSupplier happened) {
    long deadline = run.events().nowNanos() + PATIENCE_NANOS;
    while (!happened.getAsBoolean()) {
      step();
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

  PlayCalls calls() {
    return new PlayCalls(this);
  }

  ClientNode superuser() {
    return run.clients().get(0);
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

  List<MetadataNode> othersThanTheLeader() {
    MetadataNode leads = leadersNode();
    return run.metadataNodes().stream().filter(node -> node != leads).toList();
  }

  /** The leader is killed, and comes back when another one leads. */
  void replaceLeader() {
    SimulatedMember old = leader();
    old.kill();
    awaitLeaderOtherThan(old);
    old.start();
    fault("leader " + old.id() + " replaced");
  }

  void transfer(SimulatedMember from, SimulatedMember to) {
    fault("transfer from " + from.id() + " to " + to.id());
    from.input(() -> from.core().transferLeadership(to.id(), from.localNanos()));
  }

  long count(SimulatedMember member, CoreEvent event) {
    return member.core().counters().of(event);
  }

  void holdBackOrdersToStand() {
    run.group().holdBack(message -> message instanceof RaftMessage.TimeoutNow);
  }

  boolean hasHeldBack() {
    return !run.group().heldBack().isEmpty();
  }

  void letGoOn() {
    run.group().letGoOn();
    fault("what was held back goes on");
  }

  /** Hears no other metaserver any more; they hear it. */
  void muffle(SimulatedMember member) {
    membersBut(member)
        .forEach(
            other -> {
              cutOneWay(other.id().value(), member.id().value());
            });
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

  // Names.

  /** Where the file is, as far as the log has come anywhere. */
  Optional<String> pathOf(long inode) {
    return run.oracle().model().tree().entrySet().stream()
        .filter(entry -> entry.getValue().getInode() == inode)
        .map(entry -> "/" + entry.getKey().toStringUtf8())
        .findFirst();
  }

  private boolean everywhereSince(long index, Predicate<Namespace> holds) {
    return run.metadataNodes().stream()
        .filter(MetadataNode::isUp)
        .allMatch(
            node -> {
              try (StoreView view = node.view()) {
                return view.applied().index() < index || holds.test(new Namespace(view));
              }
            });
  }

  /** Where the session lives, so does the inode, at each member that has come so far. */
  boolean isThereFor(long session, long inode, long sinceIndex) {
    return everywhereSince(
        sinceIndex,
        namespace ->
            namespace.session(new SessionId(session)).isEmpty()
                || namespace.inode(new InodeId(inode)).isPresent());
  }

  boolean isThere(long inode, long sinceIndex) {
    return everywhereSince(
        sinceIndex, namespace -> namespace.inode(new InodeId(inode)).isPresent());
  }

  long lengthOf(long inode) {
    return run.oracle().model().ranges(inode).stream().mapToLong(ModelRange::end).max().orElse(0);
  }

  boolean isPurged(long inode, long sinceIndex) {
    return everywhereSince(sinceIndex, namespace -> namespace.inode(new InodeId(inode)).isEmpty());
  }

  // Chunks and data servers.

  private Optional<StoreView> view() {
    return run.leadersView();
  }

  /** What the leader's state says, or something else without a leader. */
  private <T> T look(T otherwise, Function<StoreView, T> question) {
    Optional<StoreView> leaders = view();
    if (leaders.isEmpty()) {
      return otherwise;
    }
    try (StoreView view = leaders.get()) {
      return question.apply(view);
    }
  }

  Optional<ChunkRecord> record(ChunkId chunk) {
    return look(Optional.empty(), view -> ChunkTable.find(view, chunk));
  }

  Optional<ChunkRecord> chunk(Tail tail) {
    return record(tail.chunk());
  }

  boolean hasState(Tail tail, ChunkState state) {
    return chunk(tail).filter(chunk -> chunk.state() == state).isPresent();
  }

  private static List<ChunkRecord> chunks(StoreView view) {
    List<ChunkRecord> chunks = new ArrayList<>();
    try (RecordCursor rows = view.scanPrefix(Table.CHUNK, Keys.live())) {
      while (rows.next()) {
        chunks.add(ChunkTable.require(view, new ChunkId(KeyBuilder.longAt(rows.key(), 1))));
      }
    }
    return chunks;
  }

  private static List<Long> files(StoreView view, ChunkId chunk) {
    return ReferenceTable.ofChunk(view, chunk, 1_000).stream()
        .map(reference -> reference.inode().value())
        .distinct()
        .toList();
  }

  List<Long> filesOf(ChunkId chunk) {
    return look(List.of(), view -> files(view, chunk));
  }

  Optional<ChunkId> chunkOfSeveralFiles() {
    return look(
        Optional.empty(),
        view ->
            chunks(view).stream()
                .map(ChunkRecord::id)
                .filter(
                    chunk ->
                        files(view, chunk).size() > 1
                            && files(view, chunk).stream()
                                .limit(2)
                                .allMatch(inode -> pathOf(inode).isPresent()))
                .findFirst());
  }

  Optional<String> fileOnAMovingSlot() {
    return look(
        Optional.empty(),
        view ->
            chunks(view).stream()
                .filter(chunk -> SlotTable.of(view, chunk.id()).isMoving())
                .flatMap(chunk -> files(view, chunk.id()).stream())
                .flatMap(inode -> pathOf(inode).stream())
                .findFirst());
  }

  boolean hasOpenChunk(int replication, int members) {
    return look(
        false,
        view ->
            chunks(view).stream()
                .anyMatch(
                    chunk ->
                        chunk.isOpen()
                            && chunk.replication() == replication
                            && chunk.pipeline().size() == members));
  }

  /** A sealed chunk that no member lacks. */
  ChunkId awaitWholeChunk() {
    List<ChunkId> found = new ArrayList<>();
    await(
        "a whole chunk",
        () -> {
          found.addAll(
              look(
                  List.of(),
                  view ->
                      chunks(view).stream()
                          .filter(ChunkRecord::isSealed)
                          .map(ChunkRecord::id)
                          .filter(chunk -> RepairTable.ofChunk(view, chunk).isEmpty())
                          .toList()));
          return !found.isEmpty();
        });
    return found.get(0);
  }

  Set<Integer> membersOf(ChunkId chunk) {
    return look(
        Set.of(),
        view ->
            ChunkTable.find(view, chunk)
                .map(record -> SlotTable.members(view, record))
                .orElse(Set.of()));
  }

  Set<Integer> lackingMembers(ChunkId chunk) {
    return look(Set.of(), view -> RepairTable.ofChunk(view, chunk).keySet());
  }

  private Map<Long, ClientNode> writers() {
    return run.clients().stream()
        .filter(client -> client.isUp() && !client.isPaused() && client.session() != 0)
        .collect(Collectors.toMap(ClientNode::session, Function.identity()));
  }

  /** One that is up and not halted. */
  ClientNode anyClientBut(ClientNode one) {
    return run.clients().stream()
        .filter(client -> client != one && client.isUp() && !client.isPaused())
        .findFirst()
        .orElseThrow();
  }

  List<DataNode> dataNodes() {
    return run.dataNodes();
  }

  /** A chunk with an open tail and at least so many members. */
  Tail awaitTail(int members) {
    return awaitTail(members, tail -> true);
  }

  Tail awaitTail(int members, Predicate<Tail> which) {
    List<Tail> found = new ArrayList<>();
    await(
        "an open tail on " + members + " members",
        () -> {
          tails(members).stream().filter(which).forEach(found::add);
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
    Map<Long, ClientNode> writers = writers();
    Map<Integer, DataNode> servers =
        run.dataNodes().stream()
            .filter(node -> node.isRegistered() && !node.isPaused())
            .collect(Collectors.toMap(node -> node.server().orElseThrow(), Function.identity()));
    return look(List.<ChunkRecord>of(), Play::chunks).stream()
        .filter(
            chunk ->
                chunk.isOpen()
                    && chunk.hasOpenTail()
                    && chunk.pipeline().size() >= members
                    && writers.containsKey(chunk.session())
                    && servers.keySet().containsAll(chunk.pipeline()))
        .map(
            chunk ->
                new Tail(
                    chunk.id(),
                    chunk.inode(),
                    writers.get(chunk.session()),
                    chunk.pipeline().stream().map(servers::get).toList()))
        .toList();
  }

  /** The chunk's length is decided, or it is gone. */
  void awaitEndOf(Tail tail) {
    await(
        "the end of " + tail.chunk(),
        () ->
            look(
                false,
                view ->
                    ChunkTable.find(view, tail.chunk()).filter(ChunkRecord::isUnsealed).isEmpty()));
  }

  long count(SystemSighting sighting) {
    return run.tally().counts().getOrDefault("case." + sighting, 0L);
  }

  /** The write lease of a file as the leader's state says; 0 without one. */
  long leaseOf(long inode) {
    return look(
        0L,
        view -> new Namespace(view).lease(new InodeId(inode)).map(LeaseRecord::grant).orElse(0L));
  }

  void awaitCase(SystemSighting sighting) {
    long before = count(sighting);
    await("case." + sighting, () -> count(sighting) > before);
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
        () ->
            look(0L, view -> ServerTable.all(view).stream().filter(ServerRecord::isInRing).count())
                >= (wanted == ServerMembership.IN ? 1 : SERVERS_NEEDED_TO_DRAIN));
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

  /** Empty without a row. */
  Optional<ServerMembership> membershipOf(int server) {
    SimulatedMember unused = leader();
    return look(
        Optional.empty(), view -> ServerTable.find(view, server).map(ServerRecord::membership));
  }

  /** Some slot has the server, is to have it, or is being let go of by it. */
  boolean isNamed(int server) {
    return look(
        true,
        view ->
            SlotJoins.slotsLettingGo(view, server) > 0
                || SlotTable.all(view).stream()
                    .anyMatch(
                        slot ->
                            slot.acting().contains(server)
                                || slot.target().contains(server)
                                || slot.joining()
                                    .filter(join -> join.server() == server)
                                    .isPresent()));
  }

  void awaitMovingSlots() {
    await("slots that move", () -> look(0L, Counter.SLOTS_MOVING::in) > 0);
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
    cutOneWay(one, other);
    cutOneWay(other, one);
  }

  private void cutOneWay(String from, String to) {
    network().cut(from, to);
    cuts.add(new Cut(from, to));
    fault("nothing from " + from + " reaches " + to);
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
