package io.cairnfs.metaserver.chunk;

import static io.cairnfs.metaserver.chunk.ChunkCluster.extent;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.repair.CopyPlanner;
import io.cairnfs.metaserver.repair.DeletePlanner;
import io.cairnfs.metaserver.repair.JoinPlanner;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.dataserver.CopyTask;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.ExtentContent;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.ServerMembership;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random writers, deaths, repairs, servers that come and go: after every command the records agree
 * with each other, no byte of a file is without a holder as long as the planners have their way,
 * and in the end everything comes to rest.
 */
class RandomChunkCommandsTest {
  private static final String[] USERS = {"ann", "bob", "eve"};

  private RandomGenerator random;
  private ChunkCluster cluster;
  private final Map<InodeId, String> writing = new HashMap<>();
  private final Map<InodeId, List<ChunkId>> chunksOf = new HashMap<>();
  private final Map<String, List<ChunkId>> shared = new HashMap<>();

  /** What servers really hold: a replica appears by a commit or a copy, and goes by a delete. */
  private final Map<Integer, Set<ChunkId>> disks = new HashMap<>();

  /** What they found bad, and have not deleted or replaced. */
  private final Map<Integer, Set<ChunkId>> bad = new HashMap<>();

  /** Servers that were struck out before, and list what they brought along. */
  private final Set<Integer> reborn = new HashSet<>();

  private int files;

  /** Those of which each once found a fault that the others did not. */
  private static final long[] FAULTS = {115, 118, 148, 162, 163, 224, 239, 250, 254, 328, 685, 704};

  static LongStream seeds() {
    return Boolean.getBoolean("cairn.long")
        ? LongStream.rangeClosed(1, 1_000)
        : LongStream.concat(LongStream.rangeClosed(1, 50), LongStream.of(FAULTS));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void recordsAgreeAfterEveryCommandAndEverythingComesToRest(long seed) {
    random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    cluster = new ChunkCluster(3 + random.nextInt(3));
    for (int step = 0; step < 400; step++) {
      step();
      if (step % 5 == 0) {
        ChunkInvariants.require(cluster.store());
      }
      requireHeld("seed " + seed + " step " + step);
    }
    comeToRest();
    ChunkInvariants.require(cluster.store());
    requireHeld("seed " + seed + " at rest");
  }

  private void step() {
    switch (random.nextInt(16)) {
      case 0, 1 -> open();
      case 2, 3, 4, 5 -> write();
      case 6 -> createSmall();
      case 7 -> closeFile();
      case 8 -> unlink();
      case 9 -> setReplication();
      case 10 -> release();
      case 11 -> changeServers();
      case 12 -> fence();
      case 13 -> turnBad();
      default -> work();
    }
  }

  private String user() {
    return USERS[random.nextInt(USERS.length)];
  }

  private void open() {
    String user = user();
    String name = "f" + files++;
    InodeId inode = cluster.open(user, name, 1 + random.nextInt(3));
    writing.put(inode, user);
    chunksOf.put(inode, new ArrayList<>());
  }

  private <T> Optional<T> any(Iterable<T> from) {
    List<T> all = new ArrayList<>();
    from.forEach(all::add);
    all.sort((a, b) -> a.toString().compareTo(b.toString()));
    return all.isEmpty() ? Optional.empty() : Optional.of(all.get(random.nextInt(all.size())));
  }

  /** A pipeline of members that are not out, now and then without one of them. */
  private List<Integer> pipeline(int slot, int replication) {
    List<Integer> writers = new ArrayList<>(cluster.slot(slot).writers());
    List<Integer> pipeline =
        new ArrayList<>(writers.subList(0, Math.min(replication, writers.size())));
    pipeline.removeIf(server -> ServerTable.isGone(cluster.store(), server));
    if (pipeline.size() > 2 && random.nextInt(4) == 0) {
      pipeline.remove(random.nextInt(pipeline.size()));
    }
    return pipeline;
  }

  private Optional<ChunkId> allocate(String user, InodeId inode, int replication) {
    int slot = random.nextInt(16);
    CommandReply reply =
        cluster.tryAllocate(user, inode, slot, replication, pipeline(slot, replication));
    return reply.getErrorCode() != 0
        ? Optional.empty()
        : Optional.of(new ChunkId(reply.getResult().getAllocate().getChunks(0).getChunk()));
  }

  private void write() {
    Optional<InodeId> file = any(writing.keySet());
    if (file.isEmpty()) {
      return;
    }
    InodeId inode = file.get();
    String user = writing.get(inode);
    List<ChunkId> own = chunksOf.get(inode);
    own.removeIf(chunk -> !cluster.exists(chunk));
    if (own.isEmpty() || random.nextInt(3) == 0) {
      allocate(user, inode, 3).ifPresent(own::add);
    }
    if (own.isEmpty()) {
      return;
    }
    ChunkId chunk = own.get(own.size() - 1);
    if (isBroken(chunk)) {
      return;
    }
    long at = cluster.chunk(chunk).length();
    long length = random.nextLong(1, 5000);
    long end = fileLength(inode);
    long offset = random.nextInt(3) == 0 ? random.nextLong(end + 1) : end;
    boolean tail = offset == end && random.nextBoolean();
    CommandReply reply =
        cluster.commit(
            user,
            cluster
                .commitOf(inode)
                .setOpenTail(tail)
                .addExtents(extent(offset, length, chunk, at))
                .addChunks(
                    cluster
                        .progress(chunk, at + length)
                        .setClosed(!tail && random.nextInt(4) == 0)));
    if (reply.getErrorCode() == 0) {
      store(chunk);
    }
  }

  private long fileLength(InodeId inode) {
    List<ExtentRecord> extents = cluster.extents(inode);
    return extents.isEmpty() ? 0 : extents.get(extents.size() - 1).end();
  }

  /** A member of the pipeline was struck out, or lost it: it acknowledges nothing any more. */
  private boolean isBroken(ChunkId chunk) {
    return cluster.chunk(chunk).pipeline().stream()
        .anyMatch(
            server ->
                ServerTable.isGone(cluster.store(), server)
                    || bad.getOrDefault(server, Set.of()).contains(chunk));
  }

  private void store(ChunkId chunk) {
    for (int server : cluster.chunk(chunk).pipeline()) {
      disks.computeIfAbsent(server, id -> new HashSet<>()).add(chunk);
    }
  }

  private void createSmall() {
    String user = user();
    List<ChunkId> chunks = shared.computeIfAbsent(user, name -> new ArrayList<>());
    if (chunks.isEmpty() || random.nextInt(4) == 0) {
      allocate(user, null, 2).ifPresent(chunks::add);
    }
    if (chunks.isEmpty() || !cluster.exists(chunks.get(chunks.size() - 1))) {
      return;
    }
    ChunkId chunk = chunks.get(chunks.size() - 1);
    if (isBroken(chunk)) {
      return;
    }
    long from = (cluster.chunk(chunk).length() + 4095) / 4096 * 4096;
    long length = random.nextLong(1, 9000);
    CommandReply reply =
        cluster.names.create(
            user,
            Create.newBuilder()
                .setTarget(path("/tmp/f" + files++))
                .setMode(0644)
                .setReplication(2)
                .setExtents(
                    ExtentContent.newBuilder()
                        .setLength(length)
                        .addExtents(extent(0, length, chunk, from))
                        .addChunks(cluster.progress(chunk, from + length))));
    if (reply.getErrorCode() == 0) {
      store(chunk);
    }
    if (random.nextInt(4) == 0) {
      cluster.close(user, cluster.progress(chunk, 0));
    }
  }

  private void closeFile() {
    any(writing.keySet())
        .ifPresent(
            inode -> {
              String user = writing.remove(inode);
              cluster.commit(user, cluster.commitOf(inode).setClose(true));
            });
  }

  private void unlink() {
    if (files > 0) {
      cluster.names.unlink("hdfs", "/tmp/f" + random.nextInt(files));
    }
    cluster.names.purge(1 + random.nextInt(20));
  }

  private void setReplication() {
    if (files > 0) {
      cluster.names.setAttributes(
          "hdfs",
          "/tmp/f" + random.nextInt(files),
          SetAttributes.newBuilder().setReplication(1 + random.nextInt(4)));
    }
  }

  private void release() {
    cluster.tick(random.nextInt(3) == 0 ? ChunkCluster.GRACE : 1000);
    cluster.releaseGarbage(1 + random.nextInt(50));
  }

  private List<Integer> servers(ServerMembership membership) {
    return ServerTable.all(cluster.store()).stream()
        .filter(server -> server.membership() == membership)
        .map(ServerRecord::id)
        .toList();
  }

  /** Only one server is struck out at a time, when every slot is at rest: nothing is lost then. */
  private void changeServers() {
    List<Integer> in = servers(ServerMembership.IN);
    if (in.size() < 8 && random.nextInt(3) == 0) {
      cluster.addServer();
    } else if (in.size() > 4) {
      int victim = in.get(random.nextInt(in.size()));
      boolean safe = random.nextInt(4) == 0 && isRedundant(victim);
      boolean returns = in.size() < 8 && random.nextInt(6) == 0;
      cluster.set(victim, safe || returns ? ServerMembership.OUT : ServerMembership.DRAINING);
      if (returns) {
        comeBack(victim);
      } else if (safe) {
        disks.remove(victim);
        bad.remove(victim);
      }
    }
    any(servers(ServerMembership.DRAINING))
        .filter(server -> random.nextInt(4) == 0)
        .ifPresent(server -> cluster.set(server, ServerMembership.IN));
  }

  /** With all that it had, under another id. */
  private void comeBack(int server) {
    int id = cluster.addServer();
    reborn.add(id);
    disks.put(id, disks.getOrDefault(server, new HashSet<>()));
    bad.put(id, bad.getOrDefault(server, new HashSet<>()));
    disks.remove(server);
    bad.remove(server);
    report(id);
  }

  /** What heartbeats and inventories tell. */
  private boolean report(int server) {
    boolean news = false;
    for (ChunkId chunk : List.copyOf(bad.getOrDefault(server, Set.of()))) {
      if (!cluster.exists(chunk)) {
        bad.get(server).remove(chunk);
      } else if (ChunkRepairs.isNews(cluster.store(), cluster.chunk(chunk), server)) {
        news |= cluster.bad(chunk, server);
      }
    }
    if (reborn.contains(server)) {
      for (ChunkId chunk : List.copyOf(disks.get(server))) {
        if (!cluster.exists(chunk)) {
          disks.get(server).remove(chunk);
        } else if (ChunkRepairs.isUnknown(cluster.store(), cluster.chunk(chunk), server)) {
          news |= cluster.found(chunk, server, cluster.chunk(chunk).length());
        }
      }
    }
    return news;
  }

  /** Each chunk that the server holds is on another disk, too, and the cluster knows it. */
  private boolean isRedundant(int server) {
    for (ChunkId chunk : disks.getOrDefault(server, Set.of())) {
      if (cluster.exists(chunk)
          && knownHolders(cluster.chunk(chunk)).stream()
              .noneMatch(other -> other != server && holds(other, chunk))) {
        return false;
      }
    }
    return true;
  }

  private Set<Integer> knownHolders(ChunkRecord chunk) {
    return Holders.all(cluster.store(), SlotTable.of(cluster.store(), chunk.id()), chunk);
  }

  private void fence() {
    any(chunksOf.values().stream().flatMap(List::stream).toList())
        .filter(cluster::exists)
        .ifPresent(chunk -> cluster.fence(chunk, cluster.chunk(chunk).epoch()));
    for (ChunkRecord chunk : ChunkTable.settling(cluster.store(), 3)) {
      List<Integer> holders =
          chunk.pipeline().stream()
              .filter(s -> disks.getOrDefault(s, Set.of()).contains(chunk.id()))
              .toList();
      if (!holders.isEmpty()) {
        cluster.settle(
            chunk.id(),
            chunk.epoch(),
            Math.min(chunk.maxLength(), chunk.length() + random.nextInt(1000)),
            holders.toArray(Integer[]::new));
      }
    }
  }

  /** A replica goes bad where another good one is left. */
  private void turnBad() {
    any(disks.keySet())
        .ifPresent(
            server ->
                any(disks.get(server))
                    .filter(cluster::exists)
                    .filter(chunk -> goodHolders(chunk) > 1 && holds(server, chunk))
                    .ifPresent(
                        chunk -> {
                          if (cluster.bad(chunk, server)) {
                            disks.get(server).remove(chunk);
                            bad.computeIfAbsent(server, id -> new HashSet<>()).add(chunk);
                          }
                        }));
  }

  private boolean holds(int server, ChunkId chunk) {
    return disks.getOrDefault(server, Set.of()).contains(chunk);
  }

  private long goodHolders(ChunkId chunk) {
    return disks.values().stream().filter(disk -> disk.contains(chunk)).count();
  }

  /** The leader and the data servers do their work. */
  private boolean work() {
    boolean busy = false;
    for (Command command :
        new JoinPlanner(cluster.store(), server -> ServerHealth.UP, 4, 200).next(5)) {
      CommandReply reply = cluster.run(command);
      assertThat(reply.getErrorCode()).as("%s: %s", command, reply.getErrorMessage()).isZero();
      busy = true;
    }
    for (ServerRecord server : ServerTable.all(cluster.store())) {
      busy |= !server.isOut() && workOf(server.id());
    }
    return busy;
  }

  private boolean workOf(int server) {
    Set<ChunkId> disk = disks.computeIfAbsent(server, id -> new HashSet<>());
    boolean reported = report(server);
    CopyPlanner planner = new CopyPlanner(cluster.store(), id -> ServerHealth.UP);
    List<CopyTask> tasks = planner.plan(server, Optional.empty(), Set.of(), 5).tasks();
    boolean copied = false;
    for (CopyTask task : tasks) {
      ChunkId chunk = new ChunkId(task.getChunk());
      boolean possible =
          holds(server, chunk)
              || task.getSourcesList().stream()
                  .anyMatch(source -> holds(source.getServer(), chunk));
      if (!possible && GarbageTable.isGoodHolder(cluster.store(), chunk, server)) {
        // It has deleted the replica, and the report of it is under way.
        cluster.bad(chunk, server);
      }
      if (possible) {
        disk.add(chunk);
        bad.getOrDefault(server, new HashSet<>()).remove(chunk);
        assertThat(cluster.repaired(chunk, server, task.getSince(), task.getLength())).isTrue();
        copied = true;
      }
    }
    List<ChunkId> deletes = new DeletePlanner(cluster.store()).deletes(server, 5);
    if (!deletes.isEmpty()) {
      disk.removeAll(deletes);
      bad.getOrDefault(server, new HashSet<>()).removeAll(deletes);
      cluster.deleted(server, deletes.toArray(ChunkId[]::new));
    }
    return reported || copied || !deletes.isEmpty();
  }

  /** Every chunk with committed bytes that a file refers to is on a disk. */
  private void requireHeld(String when) {
    for (List<ChunkId> chunks : List.copyOf(chunksOf.values())) {
      for (ChunkId chunk : chunks) {
        requireHeld(chunk, when);
      }
    }
    for (List<ChunkId> chunks : shared.values()) {
      for (ChunkId chunk : chunks) {
        requireHeld(chunk, when);
      }
    }
  }

  private void requireHeld(ChunkId chunk, String when) {
    if (!ReferenceTable.isReferenced(cluster.store(), chunk)) {
      return;
    }
    assertThat(goodHolders(chunk)).as("%s: holders of %s", when, chunk).isPositive();
    ChunkRecord row = cluster.chunk(chunk);
    if (row.isSealed()) {
      // A member that is not known to lack it has it.
      SlotRecord slot = SlotTable.of(cluster.store(), chunk);
      for (int server : Holders.members(cluster.store(), slot, row)) {
        assertThat(holds(server, chunk)).as("%s: %s on %d", when, row, server).isTrue();
      }
    }
  }

  private void comeToRest() {
    for (String user : USERS) {
      cluster.names.closeSession(user);
    }
    for (ChunkRecord chunk : ChunkTable.settling(cluster.store(), 10_000)) {
      List<Integer> holders =
          chunk.pipeline().stream().filter(server -> holds(server, chunk.id())).toList();
      cluster.settle(chunk.id(), chunk.epoch(), chunk.length(), holders.toArray(Integer[]::new));
    }
    for (int server : servers(ServerMembership.DRAINING)) {
      cluster.set(server, ServerMembership.IN);
    }
    for (int round = 0; round < 2_000; round++) {
      boolean busy = work();
      cluster.tick(ChunkCluster.GRACE);
      busy |= cluster.releaseGarbage(1_000) > 0;
      busy |= cluster.names.purge(1_000).getCount() > 0;
      if (!busy) {
        break;
      }
    }
    assertThat(unfinished()).isEmpty();
    assertThat(Counter.SLOTS_MOVING.in(cluster.store())).as("slots moving").isZero();
    assertThat(Counter.REPAIR_ENTRIES.in(cluster.store())).as("repair entries").isZero();
    assertThat(Counter.GARBAGE_ENTRIES.in(cluster.store())).as("deletes").isZero();
    assertThat(Counter.CHUNKS_GARBAGE.in(cluster.store())).as("garbage").isZero();
    assertThat(Counter.CHUNKS_OPEN.in(cluster.store())).as("open chunks").isZero();
    disks.forEach((server, disk) -> requireWanted(server, disk));
    bad.forEach((server, disk) -> assertThat(disk).as("bad on %d", server).isEmpty());
  }

  /** No disk has what nobody will ever delete. */
  private void requireWanted(int server, Set<ChunkId> disk) {
    for (ChunkId chunk : disk) {
      assertThat(cluster.exists(chunk)).as("%s on %d", chunk, server).isTrue();
      assertThat(SlotTable.members(cluster.store(), cluster.chunk(chunk)))
          .as("%s", cluster.chunk(chunk))
          .contains(server);
    }
  }

  /** Slots that move and replicas that are missing or surplus, with what is known of each. */
  private List<String> unfinished() {
    List<String> found = new ArrayList<>();
    for (int slot = 0; slot < 16; slot++) {
      if (cluster.slot(slot).isMoving()) {
        found.add(cluster.slot(slot).toString());
      }
    }
    for (ServerRecord server : ServerTable.all(cluster.store())) {
      for (RepairTable.Entry entry : RepairTable.ofServer(cluster.store(), server.id(), 1000)) {
        found.add(entry + " " + describe(entry.chunk()));
      }
      for (ChunkId chunk : GarbageTable.deletesOf(cluster.store(), server.id(), 1000)) {
        found.add("delete of " + chunk + " on " + server.id() + " " + describe(chunk));
      }
    }
    if (!found.isEmpty()) {
      found.add(
          "servers "
              + ServerTable.all(cluster.store()).stream()
                  .map(server -> server.id() + " " + server.membership())
                  .toList());
    }
    return found;
  }

  private String describe(ChunkId chunk) {
    return cluster.chunk(chunk)
        + " on disks "
        + disks.keySet().stream().filter(server -> holds(server, chunk)).toList()
        + " in "
        + SlotTable.of(cluster.store(), chunk);
  }
}
