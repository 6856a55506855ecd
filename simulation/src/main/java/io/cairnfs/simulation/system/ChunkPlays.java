package io.cairnfs.simulation.system;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.proto.dataserver.PacketFlag;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.CloseChunks;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.CreateResult;
import io.cairnfs.proto.metadata.ExtentContent;
import io.cairnfs.proto.metadata.MutateReply;
import io.cairnfs.proto.metadata.OpenForWrite;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.Release;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.metadata.Stat;
import io.cairnfs.proto.metadata.Unlink;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.ChunkState;
import io.cairnfs.proto.types.Extent;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.raft.simulation.SimulatedMember;
import io.cairnfs.simulation.system.Play.Tail;
import io.cairnfs.simulation.system.PlayCalls.Call;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Plays about chunks, their writers, and the servers that hold them. */
final class ChunkPlays {
  private static final int CELL = 4_096;

  private ChunkPlays() {}

  static void slowWriter(Play play) {
    Tail tail = play.awaitTail(1);
    tail.writer().pause();
    for (int i = 0; i < 3; i++) {
      play.replaceLeader();
      play.seconds(24);
    }
    tail.writer().resume();
    play.awaitEndOf(tail);
  }

  static void shortestMember(Play play) {
    Tail tail = play.awaitTailBeyondTheDisk(2);
    tail.writer().pause();
    DataNode restarted = tail.members().get(tail.members().size() - 1);
    restarted.losePower();
    play.seconds(1);
    restarted.start();
    play.await("registration", restarted::isRegistered);
    List<DataNode> continuous = tail.members().stream().filter(node -> node != restarted).toList();
    continuous.forEach(play::cutFromMetaservers);
    boolean undecided = play.chunk(tail).filter(ChunkRecord::isOpen).isPresent();
    tail.writer().kill();
    if (undecided) {
      play.await(
          "the end of the writer's session",
          () -> play.chunk(tail).filter(ChunkRecord::isOpen).isEmpty());
      play.seconds(4);
      play.require(
          play.chunk(tail).filter(chunk -> chunk.isSealed() && chunk.hasOpenTail()).isEmpty(),
          "the length of the restarted member alone was taken");
    }
    play.joinAll();
    play.awaitEndOf(tail);
  }

  static void lengthToldBeforeTheLog(Play play) {
    for (int round = 0; round < 3; round++) {
      Tail tail = play.awaitTail(2);
      tail.writer().kill();
      play.await(
          "a chunk that is settled", () -> play.chunk(tail).filter(ChunkRecord::isOpen).isEmpty());
      SimulatedMember deposed = play.leader();
      play.cutFromMetaservers(deposed);
      play.awaitLeaderOtherThan(deposed);
      play.seconds(3);
      play.joinAll();
      play.awaitEndOf(tail);
      tail.writer().start();
    }
  }

  static void pipelineResets(Play play) {
    play.network().duplicate(40);
    for (int round = 0; round < 8; round++) {
      Tail tail = play.awaitTail(2);
      play.cut(tail.members().get(0).name(), tail.members().get(1).name());
      play.millis(100 + 80 * round);
      play.joinAll();
      play.millis(500);
    }
    play.network().duplicate(0);
  }

  static void joinerAmidOpenChunks(Play play) {
    play.join();
    play.join();
    Tail tail = play.awaitTail(2);
    play.change(tail.members().get(0), ServerMembership.DRAINING);
    play.awaitMovingSlots();
    for (int i = 0; i < 3; i++) {
      play.replaceLeader();
      play.millis(900);
    }
  }

  static void ordersOfADeposedLeader(Play play) {
    play.join();
    play.join();
    DataNode replaced = play.awaitTail(2).members().get(0);
    play.change(replaced, ServerMembership.DRAINING);
    play.awaitMovingSlots();
    play.seconds(2);
    SimulatedMember deposed = play.leader();
    play.cutFromMetaservers(deposed);
    play.cutFromMetaserversBut(replaced, deposed);
    play.awaitLeaderOtherThan(deposed);
    play.change(replaced, ServerMembership.IN);
    play.seconds(15);
    play.joinAll();
    play.seconds(5);
  }

  static void powerCutOfAGrowingCell(Play play) {
    play.awaitCase(SystemSighting.TAIL_SYNCED);
    Tail tail = play.awaitTail(2);
    DataNode middle = tail.members().get(tail.members().size() / 2);
    middle.losePower();
    play.seconds(2);
    middle.start();
    play.await("registration", middle::isRegistered);
    tail.writer().kill();
    play.awaitEndOf(tail);
  }

  static void stalledLeaderAndClient(Play play) {
    for (int round = 0; round < 3; round++) {
      SimulatedMember leader = play.leader();
      Tail tail = play.awaitTail(1);
      leader.pause();
      tail.writer().pause();
      play.seconds(12);
      leader.resume();
      tail.writer().resume();
      play.seconds(4);
    }
  }

  static void leaderWithoutDataServers(Play play) {
    SimulatedMember leader = play.leader();
    play.cutFromDataServers(leader);
    play.seconds(60);
    play.require(play.serversOut() <= 1, "more than one server was struck out");
    play.joinAll();
    play.seconds(5);
  }

  /** Whether the tail's file was opened: somebody may have moved another one to its name. */
  private static boolean isGranted(Call<MutateReply> open, Tail tail) {
    return open.reply()
        .filter(reply -> reply.getResult().getCreate().getAttributes().getInode() == tail.inode())
        .isPresent();
  }

  /** Who opens a file with an open tail waits until its length is decided. */
  static void secondWriterAtAnOpenTail(Play play) {
    PlayCalls calls = play.calls();
    int met = 0;
    for (int round = 0; round < 12 && met < 2; round++) {
      Tail tail = play.awaitTail(2, each -> each.writer() != play.superuser());
      Optional<String> path = play.pathOf(tail.inode());
      if (path.isEmpty()) {
        continue;
      }
      Operation.Builder open =
          Operation.newBuilder()
              .setOpenForWrite(OpenForWrite.newBuilder().setTarget(ClientNode.path(path.get())));
      tail.writer().pause();
      tail.members().forEach(play::cutFromMetaservers);
      if (calls.call(play.superuser(), open).isRefusedWith(ErrorCode.BEING_WRITTEN)) {
        play.await("a chunk that settles", () -> !play.hasState(tail, ChunkState.OPEN));
        if (play.hasState(tail, ChunkState.SETTLING)) {
          Call<MutateReply> early = calls.call(play.superuser(), open);
          play.require(!isGranted(early, tail), "a writer beside an open tail: " + early);
          met += early.isRefusedWith(ErrorCode.RETRY) ? 1 : 0;
        }
      }
      play.joinAll();
      Call<MutateReply> opened = calls.call(play.superuser(), open);
      while (opened.isRefusedWith(ErrorCode.RETRY)
          || opened.isRefusedWith(ErrorCode.BEING_WRITTEN)) {
        play.millis(40);
        opened = calls.call(play.superuser(), open);
      }
      if (opened.reply().isPresent()) {
        play.require(
            !isGranted(opened, tail) || !play.hasState(tail, ChunkState.SETTLING),
            "a writer beside an open tail");
        CreateResult granted = opened.reply().get().getResult().getCreate();
        MutateReply unused =
            calls.mutate(
                play.superuser(),
                Operation.newBuilder()
                    .setRelease(
                        Release.newBuilder()
                            .setInode(granted.getAttributes().getInode())
                            .setLease(granted.getLease())));
      }
      tail.writer().resume();
      play.awaitEndOf(tail);
    }
    play.require(met > 0, "no second writer came while a tail was settled");
  }

  /** The replication of files changes while their slots are on the move. */
  static void replicationOnAMovingSlot(Play play) {
    play.join();
    play.join();
    DataNode drained = play.awaitTail(2).members().get(0);
    play.change(drained, ServerMembership.DRAINING);
    int met = 0;
    for (int round = 0; round < 200 && met < 8; round++) {
      Optional<String> path = play.fileOnAMovingSlot();
      if (path.isEmpty()) {
        play.millis(50);
        continue;
      }
      SetAttributes.Builder change =
          SetAttributes.newBuilder()
              .setTarget(ClientNode.path(path.get()))
              .setReplication(1 + round % 3);
      if (play.calls()
          .call(play.superuser(), Operation.newBuilder().setSetAttributes(change))
          .reply()
          .isPresent()) {
        met++;
      }
      if (met == 4) {
        play.replaceLeader();
      }
    }
    play.require(met > 0, "no file lay on a slot that moved");
  }

  /** A client names another one's chunk and session, and calls good replicas bad. */
  static void somebodyElsesBytes(Play play) {
    PlayCalls calls = play.calls();
    ClientNode thief = play.anyClientBut(play.superuser());
    for (int round = 0; round < 4; round++) {
      Tail tail = play.awaitTail(1, each -> each.writer() == play.superuser());
      String loot = "/tmp/loot" + round;
      calls.requireRefused(
          thief,
          ErrorCode.PERMISSION_DENIED,
          Operation.newBuilder()
              .setCreate(
                  Create.newBuilder()
                      .setTarget(ClientNode.path(loot))
                      .setMode(0666)
                      .setExtents(
                          ExtentContent.newBuilder()
                              .setLength(1)
                              .addExtents(
                                  Extent.newBuilder()
                                      .setLength(1)
                                      .setChunk(tail.chunk().value())))));
      play.require(
          calls
              .read(
                  play.superuser(),
                  ReadRequest.newBuilder()
                      .setStat(Stat.newBuilder().setTarget(ClientNode.path(loot))))
              .isRefusedWith(ErrorCode.NOT_FOUND),
          "a refused create left something");
      Call<MutateReply> forged =
          calls.forge(
              thief,
              play.superuser().session(),
              Operation.newBuilder()
                  .setUnlink(Unlink.newBuilder().setTarget(ClientNode.path("/tmp/f1"))));
      play.require(
          forged.isRefusedWith(ErrorCode.PERMISSION_DENIED)
              || forged.isRefusedWith(ErrorCode.SESSION_EXPIRED),
          "a call in another one's session: " + forged);
      ChunkId slandered = play.awaitWholeChunk();
      calls.reportEveryReplicaBad(thief, slandered);
      play.seconds(5);
      play.require(play.lackingMembers(slandered).isEmpty(), slandered + ": a client was believed");
    }
  }

  /** With two servers of many chunks are written, with one none is. */
  static void twoServersAreLeft(Play play) {
    Tail unused = play.awaitTail(2);
    List<DataNode> nodes = play.dataNodes();
    nodes.subList(2, nodes.size()).forEach(DataNode::kill);
    play.await("a chunk of three replicas on two servers", () -> play.hasOpenChunk(3, 2));
    play.awaitCase(SystemSighting.FILE_SYNCED);
    nodes.get(1).kill();
    play.seconds(3);
    play.calls()
        .requireRefused(
            play.superuser(),
            ErrorCode.TOO_FEW_SERVERS,
            Operation.newBuilder()
                .setAllocate(Allocate.newBuilder().setReplication(3).setCount(1)));
    play.require(!play.hasOpenChunk(3, 1), "a chunk on one server only");
    nodes.forEach(DataNode::start);
    play.await("a chunk on all members", () -> play.hasOpenChunk(3, 3));
  }

  /** What readers of an open tail have seen stays, though its writer and a member end. */
  static void lengthSeenByReaders(Play play) {
    int beyond = 0;
    for (int round = 0; round < 16 && beyond < 3; round++) {
      Tail tail = play.awaitTail(2);
      long committed = play.chunk(tail).map(ChunkRecord::length).orElse(0L);
      long seen = 0;
      for (int look = 0; look < 60 && seen <= committed; look++) {
        OptionalLong length = play.calls().lengthAtHead(play.anyClientBut(tail.writer()), tail);
        if (length.isPresent()) {
          play.require(
              length.getAsLong() >= seen, tail.chunk() + " shrank to " + length + " from " + seen);
          seen = length.getAsLong();
        }
        committed = play.chunk(tail).map(ChunkRecord::length).orElse(Long.MAX_VALUE);
      }
      if (seen <= committed) {
        continue;
      }
      beyond++;
      long promised = seen;
      tail.writer().kill();
      DataNode last = tail.members().get(tail.members().size() - 1);
      last.losePower();
      play.seconds(1);
      last.start();
      play.awaitEndOf(tail);
      play.require(
          play.chunk(tail).stream().allMatch(chunk -> chunk.length() >= promised),
          tail.chunk() + " ends before " + promised + ", which a reader saw");
      tail.writer().start();
    }
    play.require(beyond > 0, "no reader saw more than was committed");
  }

  /** All files of an open chunk are deleted and purged: it is no garbage, and takes more. */
  static void garbageWhileOpen(Play play) {
    PlayCalls calls = play.calls();
    ClientNode writer = play.superuser();
    Tail unused = play.awaitTail(2);
    for (int round = 0; round < 2; round++) {
      ChunkLocation chunk =
          calls
              .mutate(
                  writer,
                  Operation.newBuilder()
                      .setAllocate(Allocate.newBuilder().setReplication(2).setCount(1)))
              .getResult()
              .getAllocate()
              .getChunks(0);
      ChunkStream stream = new ChunkStream(writer, chunk, 0, () -> {});
      stream.open();
      play.await("a pipeline", stream::isReady);
      long first = writer.nextWriter();
      long second = writer.nextWriter();
      stream.send(Bytes.of(first, 0, CELL), PacketFlag.PACKET_SYNC_VALUE);
      stream.send(Bytes.of(second, 0, CELL), PacketFlag.PACKET_SYNC_VALUE);
      play.await("acknowledged bytes", stream::isAllAcknowledged);
      ChunkId id = new ChunkId(chunk.getChunk());
      MutateReply created = calls.mutate(writer, smallFile("/tmp/first" + round, stream, 0), first);
      long inode = created.getResult().getCreate().getAttributes().getInode();
      play.require(play.filesOf(id).equals(List.of(inode)), id + " has " + play.filesOf(id));
      MutateReply deleted =
          calls.mutate(
              writer,
              Operation.newBuilder()
                  .setUnlink(Unlink.newBuilder().setTarget(ClientNode.path("/tmp/first" + round))));
      play.await("the purge", () -> play.isPurged(inode, deleted.getLogIndex()));
      play.require(play.filesOf(id).isEmpty(), id + " has " + play.filesOf(id));
      play.seconds(4);
      play.require(
          play.record(id).filter(ChunkRecord::isOpen).isPresent(),
          id + " was open, and is " + play.record(id));
      MutateReply again =
          calls.mutate(writer, smallFile("/tmp/second" + round, stream, CELL), second);
      play.require(again.getLogIndex() > deleted.getLogIndex(), "in another order");
      stream.cancel();
      MutateReply closed =
          calls.mutate(
              writer,
              Operation.newBuilder()
                  .setCloseChunks(CloseChunks.newBuilder().addChunks(stream.progress())));
      play.require(closed.getLogIndex() > again.getLogIndex(), "in another order");
    }
  }

  /**
   * A leader stands still; another one gives out a chunk, which only a server that hears the old
   * one takes. Its writer has gone when the old one goes on, knows no such chunk, and is asked
   * about it.
   */
  static void strangeToADeposedLeader(Play play) {
    PlayCalls calls = play.calls();
    ClientNode writer = play.superuser();
    int met = 0;
    for (int round = 0; round < 3; round++) {
      SimulatedMember deposed = play.leader();
      DataNode server = play.awaitTail(1).members().get(0);
      play.cutFromMetaserversBut(server, deposed);
      deposed.pause();
      play.awaitLeaderOtherThan(deposed);
      Optional<ChunkLocation> alone = onlyAt(play, server);
      if (alone.isPresent()) {
        ChunkStream stream = new ChunkStream(writer, alone.get(), 0, () -> {});
        stream.open();
        play.await("a pipeline", stream::isReady);
        long content = writer.nextWriter();
        stream.send(Bytes.of(content, 0, CELL), PacketFlag.PACKET_SYNC_VALUE);
        play.await("acknowledged bytes", stream::isAllAcknowledged);
        MutateReply created =
            calls.mutate(writer, smallFile("/tmp/strange" + round, stream, 0), content);
        play.require(created.getLogIndex() > 0, "a file without an index");
        stream.cancel();
        play.seconds(4);
        met++;
      }
      deposed.resume();
      play.seconds(2);
      play.joinAll();
      play.require(
          alone.isEmpty() || server.store().status(new ChunkId(alone.get().getChunk())).isPresent(),
          server.name() + " has deleted what only it had: " + alone);
      play.seconds(6);
    }
    play.require(met > 0, "no chunk came to the server that hears the old leader");
  }

  /** A new chunk whose only member is this server, if the leader still gives it any. */
  private static Optional<ChunkLocation> onlyAt(Play play, DataNode server) {
    Allocate.Builder allocate = Allocate.newBuilder().setReplication(1).setCount(16);
    for (int attempt = 0; attempt < 4; attempt++) {
      Optional<ChunkLocation> found =
          play
              .calls()
              .mutate(play.superuser(), Operation.newBuilder().setAllocate(allocate))
              .getResult()
              .getAllocate()
              .getChunksList()
              .stream()
              .filter(
                  chunk ->
                      chunk.getMembersCount() == 1
                          && server.server().equals(Optional.of(chunk.getMembers(0).getServer())))
              .findFirst();
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  private static Operation.Builder smallFile(String path, ChunkStream stream, long offset) {
    return Operation.newBuilder()
        .setCreate(
            Create.newBuilder()
                .setTarget(ClientNode.path(path))
                .setMode(0666)
                .setReplication(2)
                .setExtents(
                    ExtentContent.newBuilder()
                        .setLength(CELL)
                        .addExtents(
                            Extent.newBuilder()
                                .setLength(CELL)
                                .setChunk(stream.location().getChunk())
                                .setChunkOffset(offset))
                        .addChunks(stream.progress())));
  }
}
