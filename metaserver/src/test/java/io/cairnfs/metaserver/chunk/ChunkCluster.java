package io.cairnfs.metaserver.chunk;

import static io.cairnfs.metaserver.operation.TestCluster.ROOT_USER;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.operation.TestCluster;
import io.cairnfs.metaserver.store.MemoryStore;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.command.AdvanceJoin;
import io.cairnfs.proto.command.BeginJoin;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.FenceChunk;
import io.cairnfs.proto.command.GarbageDone;
import io.cairnfs.proto.command.PipelineChoice;
import io.cairnfs.proto.command.Promote;
import io.cairnfs.proto.command.RegisterServer;
import io.cairnfs.proto.command.ReleaseGarbage;
import io.cairnfs.proto.command.RepairDone;
import io.cairnfs.proto.command.RepairNeeded;
import io.cairnfs.proto.command.ReplicaFound;
import io.cairnfs.proto.command.ReplicasFound;
import io.cairnfs.proto.command.SetServer;
import io.cairnfs.proto.command.SettleChunk;
import io.cairnfs.proto.command.Tick;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.ChunkProgress;
import io.cairnfs.proto.metadata.CloseChunks;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.types.Extent;
import io.cairnfs.proto.types.ServerMembership;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A cluster of the state machine's commands with data servers, chunks and slots. */
public final class ChunkCluster {
  public static final long GRACE = 1_200_000;

  public final TestCluster names;
  private final Map<Long, Long> commits = new HashMap<>();
  private final Map<Long, Long> leases = new HashMap<>();

  /** With so many data servers, ids from 1. */
  public ChunkCluster(int servers) {
    this(servers, new ChunkExtents());
  }

  ChunkCluster(int servers, ChunkExtents extents) {
    names = new TestCluster(extents);
    for (int i = 0; i < servers; i++) {
      addServer();
    }
  }

  public MemoryStore store() {
    return names.store();
  }

  private int added;

  public int addServer() {
    added++;
    CommandReply reply = ok(run(Command.newBuilder().setRegisterServer(registration(added))));
    return reply.getServer();
  }

  public static RegisterServer.Builder registration(int number) {
    return RegisterServer.newBuilder()
        .setName("d" + number)
        .setHost("host" + number)
        .setPort(7000 + number)
        .addVolumes("v" + number)
        .setNonce(ByteString.copyFromUtf8("nonce" + number));
  }

  /** A command of the cluster itself. */
  public CommandReply run(Command.Builder command) {
    return names.run(ROOT_USER, command);
  }

  public CommandReply run(Command command) {
    return names.run(ROOT_USER, command.toBuilder());
  }

  public CommandReply set(int server, ServerMembership membership) {
    return run(
        Command.newBuilder()
            .setSetServer(SetServer.newBuilder().setServer(server).setMembership(membership)));
  }

  /** A new file under the write lease of its user. */
  public InodeId open(String user, String name, int replication) {
    CommandReply reply =
        ok(
            names.run(
                user,
                Operation.newBuilder()
                    .setCreate(
                        Create.newBuilder()
                            .setTarget(path("/tmp/" + name))
                            .setMode(0644)
                            .setReplication(replication)
                            .setOverwrite(true))));
    long inode = reply.getResult().getCreate().getAttributes().getInode();
    leased(inode, reply);
    return new InodeId(inode);
  }

  /** Takes the lease of an existing file. */
  public CommandReply reopen(String user, String name) {
    CommandReply reply = names.openForWrite(user, "/tmp/" + name);
    if (reply.getErrorCode() == 0) {
      leased(reply.getResult().getCreate().getAttributes().getInode(), reply);
    }
    return reply;
  }

  private void leased(long inode, CommandReply reply) {
    leases.put(inode, reply.getResult().getCreate().getLease());
    commits.put(inode, 0L);
  }

  public long lease(InodeId inode) {
    return leases.get(inode.value());
  }

  /** A chunk for a file (shared for inode null), on the slot's first members. */
  public ChunkId allocate(String user, InodeId inode, int slot, int replication) {
    List<Integer> writers = slot(slot).writers();
    return allocateOn(
        user, inode, slot, replication, writers.subList(0, Math.min(replication, writers.size())));
  }

  public ChunkId allocateOn(
      String user, InodeId inode, int slot, int replication, List<Integer> pipeline) {
    CommandReply reply = ok(tryAllocate(user, inode, slot, replication, pipeline));
    return new ChunkId(reply.getResult().getAllocate().getChunks(0).getChunk());
  }

  public CommandReply tryAllocate(
      String user, InodeId inode, int slot, int replication, List<Integer> pipeline) {
    Allocate.Builder allocate =
        Allocate.newBuilder()
            .setInode(inode == null ? 0 : inode.value())
            .setReplication(replication)
            .setCount(1);
    return names.run(
        user,
        names
            .call(user, Operation.newBuilder().setAllocate(allocate))
            .addChosenSlots(slot)
            .addPipelines(PipelineChoice.newBuilder().addAllServers(pipeline)));
  }

  public SlotRecord slot(int slot) {
    return SlotTable.get(store(), 0, slot);
  }

  public ChunkRecord chunk(ChunkId id) {
    return ChunkTable.find(store(), id).orElseThrow(() -> new AssertionError(id + " has no row"));
  }

  public boolean exists(ChunkId id) {
    return ChunkTable.find(store(), id).isPresent();
  }

  /** Acknowledged by the whole pipeline. */
  public ChunkProgress.Builder progress(ChunkId id, long length) {
    ChunkRecord row = chunk(id);
    return ChunkProgress.newBuilder()
        .setChunk(id.value())
        .setEpoch(row.epoch())
        .setLength(length)
        .addAllAcknowledgedServers(row.pipeline());
  }

  public ChunkProgress.Builder progress(ChunkId id, long length, Integer... acknowledged) {
    return progress(id, length)
        .clearAcknowledgedServers()
        .addAllAcknowledgedServers(Arrays.asList(acknowledged));
  }

  public static Extent extent(long fileOffset, long length, ChunkId chunk, long chunkOffset) {
    return Extent.newBuilder()
        .setFileOffset(fileOffset)
        .setLength(length)
        .setChunk(chunk.value())
        .setChunkOffset(chunkOffset)
        .build();
  }

  /** The next commit of a file under its lease. */
  public CommitExtents.Builder commitOf(InodeId inode) {
    return CommitExtents.newBuilder()
        .setInode(inode.value())
        .setLease(leases.getOrDefault(inode.value(), 0L))
        .setSequence(commits.getOrDefault(inode.value(), 0L) + 1);
  }

  public CommandReply commit(String user, CommitExtents.Builder commit) {
    CommandReply reply = names.run(user, Operation.newBuilder().setCommit(commit));
    if (reply.getErrorCode() == 0) {
      commits.put(commit.getInode(), commit.getSequence());
    }
    return reply;
  }

  /** Appends what lies in [from, to) of a chunk, acknowledged by all, at an offset of the file. */
  public void append(String user, InodeId inode, long at, ChunkId chunk, long from, long to) {
    ok(
        commit(
            user,
            commitOf(inode)
                .addExtents(extent(at, to - from, chunk, from))
                .addChunks(progress(chunk, to))));
  }

  public void appendOpenTail(
      String user, InodeId inode, long at, ChunkId chunk, long from, long to) {
    ok(
        commit(
            user,
            commitOf(inode)
                .setOpenTail(true)
                .addExtents(extent(at, to - from, chunk, from))
                .addChunks(progress(chunk, to))));
  }

  /** A file of one sealed chunk of so many bytes, closed. */
  public ChunkId sealedFile(String user, String name, int slot, int replication, long length) {
    InodeId inode = open(user, name, replication);
    ChunkId chunk = allocate(user, inode, slot, replication);
    ok(
        commit(
            user,
            commitOf(inode)
                .setClose(true)
                .addExtents(extent(0, length, chunk, 0))
                .addChunks(progress(chunk, length).setClosed(true))));
    return chunk;
  }

  public CommandReply close(String user, ChunkProgress.Builder... progress) {
    CloseChunks.Builder close = CloseChunks.newBuilder();
    for (ChunkProgress.Builder one : progress) {
      close.addChunks(one);
    }
    return names.run(user, Operation.newBuilder().setCloseChunks(close));
  }

  public CommandReply fence(ChunkId chunk, int epoch) {
    return run(
        Command.newBuilder()
            .setFenceChunk(
                FenceChunk.newBuilder().setChunk(chunk.value()).setExpectedEpoch(epoch)));
  }

  public CommandReply settle(ChunkId chunk, int epoch, long length, Integer... holders) {
    return run(
        Command.newBuilder()
            .setSettleChunk(
                SettleChunk.newBuilder()
                    .setChunk(chunk.value())
                    .setEpoch(epoch)
                    .setLength(length)
                    .addAllHolders(Arrays.asList(holders))));
  }

  public boolean repaired(ChunkId chunk, int server, long since, long length) {
    return ok(run(
            Command.newBuilder()
                .setRepairDone(
                    RepairDone.newBuilder()
                        .setChunk(chunk.value())
                        .setServer(server)
                        .setSince(since)
                        .setLength(length))))
        .getChanged();
  }

  public boolean bad(ChunkId chunk, int server) {
    return ok(run(
            Command.newBuilder()
                .setRepairNeeded(
                    RepairNeeded.newBuilder().setChunk(chunk.value()).setServer(server))))
        .getChanged();
  }

  /** The server lists a replica. */
  public boolean found(ChunkId chunk, int server, long length) {
    return ok(run(
            Command.newBuilder()
                .setReplicasFound(
                    ReplicasFound.newBuilder()
                        .setServer(server)
                        .addReplicas(
                            ReplicaFound.newBuilder().setChunk(chunk.value()).setLength(length)))))
        .getChanged();
  }

  /** Every repair of a server succeeds. */
  public void repairAll(int server) {
    for (RepairTable.Entry entry : RepairTable.ofServer(store(), server, 10_000)) {
      assertThat(repaired(entry.chunk(), server, entry.since(), chunk(entry.chunk()).length()))
          .isTrue();
    }
  }

  public List<Integer> lacking(ChunkId chunk) {
    return List.copyOf(RepairTable.ofChunk(store(), chunk).keySet());
  }

  /** Replicas that servers are still to delete. */
  public long garbageEntries() {
    return Counter.GARBAGE_ENTRIES.in(store());
  }

  public void tick(long millis) {
    ok(run(Command.newBuilder().setTick(Tick.newBuilder().setElapsedMillis(millis))));
  }

  public int releaseGarbage(int limit) {
    return ok(run(
            Command.newBuilder()
                .setReleaseGarbage(
                    ReleaseGarbage.newBuilder().setLimit(limit).setGraceMillis(GRACE))))
        .getCount();
  }

  public void deleted(int server, ChunkId... chunks) {
    GarbageDone.Builder done = GarbageDone.newBuilder().setServer(server);
    for (ChunkId chunk : chunks) {
      done.addChunks(chunk.value());
    }
    ok(run(Command.newBuilder().setGarbageDone(done)));
  }

  public CommandReply beginJoin(int slot, int position, int server) {
    return run(
        Command.newBuilder()
            .setBeginJoin(
                BeginJoin.newBuilder().setSlot(slot).setPosition(position).setServer(server)));
  }

  public CommandReply advanceJoin(int slot, int position, int server) {
    return run(
        Command.newBuilder()
            .setAdvanceJoin(
                AdvanceJoin.newBuilder()
                    .setSlot(slot)
                    .setPosition(position)
                    .setServer(server)
                    .setAtEnd(true)));
  }

  public CommandReply promote(int slot, int position, int server) {
    return promote(slot, position, server, slot(slot).epoch());
  }

  public CommandReply promote(int slot, int position, int server, int epoch) {
    return run(
        Command.newBuilder()
            .setPromote(
                Promote.newBuilder()
                    .setSlot(slot)
                    .setPosition(position)
                    .setServer(server)
                    .setSlotEpoch(epoch)));
  }

  public CommandReply replicate(String user, String name, int replication) {
    return names.setAttributes(
        user, "/tmp/" + name, SetAttributes.newBuilder().setReplication(replication));
  }

  public long length(String name) {
    return names.attributes("/tmp/" + name).getLength();
  }

  public List<ExtentRecord> extents(InodeId inode) {
    return ExtentMap.overlapping(store(), inode, 0, Long.MAX_VALUE, 100_000);
  }

  /** Damages the store: the chunk's references are gone. */
  public void loseReferences(ChunkId chunk) {
    names.damage(namespace -> deleteAll(namespace, Table.REFERENCE, ChunkKeys.chunk(chunk)));
  }

  /** Damages the store: the chunk's row is gone. */
  public void loseChunk(ChunkId chunk) {
    names.damage(namespace -> deleteAll(namespace, Table.CHUNK, ChunkKeys.chunk(chunk)));
  }

  private static void deleteAll(NamespaceEditor namespace, Table table, byte[] prefix) {
    try (RecordCursor cursor = namespace.transaction().scanPrefix(table, prefix)) {
      while (cursor.next()) {
        namespace.transaction().delete(table, cursor.key());
      }
    }
  }
}
