package io.cairnfs.simulation.system;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.proto.dataserver.PacketFlag;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.CloseChunks;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.CreateResult;
import io.cairnfs.proto.metadata.MutateReply;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.SetMembership;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.simulation.system.PlayCalls.Call;
import java.util.Optional;

/** Plays about data servers that an operator stops, empties and takes away. */
final class ServerPlays {
  /** Longer than a silent server is waited for. */
  private static final int SECONDS_UNTIL_OUT = 20;

  private static final int TRIES = 400;
  private static final int BYTES = 5_000;

  private ServerPlays() {}

  /**
   * A server in maintenance is stopped for longer than others would be waited for and keeps its
   * place, also under another leader; when its time is over it is like the others.
   */
  static void serverInMaintenance(Play play) {
    play.join();
    play.join();
    DataNode stopped = play.awaitTail(2).members().get(0);
    int id = stopped.server().orElseThrow();
    play.change(stopped, ServerMembership.MAINTENANCE);
    stopped.kill();
    play.seconds(SECONDS_UNTIL_OUT);
    play.replaceLeader();
    play.seconds(SECONDS_UNTIL_OUT);
    play.require(
        play.membershipOf(id).equals(Optional.of(ServerMembership.MAINTENANCE)),
        "a server in maintenance is " + play.membershipOf(id));
    stopped.start();
    play.await("registration of " + stopped.name(), stopped::isRegistered);
    play.require(stopped.server().equals(Optional.of(id)), "it came back as a new one");
    play.change(stopped, ServerMembership.IN);

    maintain(play, stopped, 5_000);
    stopped.kill();
    play.await(
        "the end of what happens after its time",
        () -> play.membershipOf(id).filter(now -> now != ServerMembership.OUT).isEmpty());
    stopped.start();
    play.await("registration of " + stopped.name(), stopped::isRegistered);
    play.require(!stopped.server().equals(Optional.of(id)), "it came back as the one that is out");
  }

  private static void maintain(Play play, DataNode server, long millis) {
    MutateReply unused =
        play.calls()
            .mutate(
                play.superuser(),
                Operation.newBuilder()
                    .setSetMembership(
                        SetMembership.newBuilder()
                            .setServer(server.server().orElseThrow())
                            .setMembership(ServerMembership.MAINTENANCE)
                            .setMaintenanceMillis(millis)));
  }

  /**
   * A server is emptied while clients write and leaders change, stopped when no slot names it, and
   * forgotten. What comes with its identity is a new one.
   */
  static void serverIsRemoved(Play play) {
    play.join();
    play.join();
    DataNode removed = play.awaitTail(2).members().get(0);
    int id = removed.server().orElseThrow();
    play.calls().requireRefused(play.superuser(), ErrorCode.INVALID_ARGUMENT, removal(id));
    play.change(removed, ServerMembership.DRAINING);
    play.awaitMovingSlots();
    play.replaceLeader();
    play.await("slots without it", () -> !play.isNamed(id));
    removed.kill();
    Call<MutateReply> removal = play.calls().call(play.superuser(), removal(id));
    for (int i = 0; i < TRIES && removal.isRefusedWith(ErrorCode.RETRY); i++) {
      play.millis(200);
      removal = play.calls().call(play.superuser(), removal(id));
    }
    play.require(removal.reply().isPresent(), "an empty server was not removed: " + removal);
    play.require(play.membershipOf(id).isEmpty(), "there is a row of it");
    removed.start();
    play.await("registration of " + removed.name(), removed::isRegistered);
    play.require(!removed.server().equals(Optional.of(id)), "an id was given again");
  }

  private static Operation.Builder removal(int id) {
    return Operation.newBuilder()
        .setSetMembership(SetMembership.newBuilder().setServer(id).setRemove(true));
  }

  /**
   * Two writers who commit nothing for long keep a joiner waiting. They are told, leave their
   * chunks, and have them held; under another leader one commits what it has, and the other dies.
   */
  static void writersWhoKeepAJoinerWaiting(Play play) {
    play.join();
    play.join();
    Attributes unused = play.calls().mkdir(play.superuser(), "/held", 0777);
    Writing kept = Writing.begin(play, play.superuser(), "/held/kept");
    Writing lost = Writing.begin(play, play.anyClientBut(play.superuser()), "/held/lost");
    DataNode drained =
        play.dataNodes().stream()
            .filter(node -> node.server().filter(kept::isOn).isPresent())
            .findFirst()
            .orElseThrow();
    play.change(drained, ServerMembership.DRAINING);
    kept.giveWay(play);
    int id = drained.server().orElseThrow();
    play.await("a slot without the drained one", () -> !play.membersOf(kept.chunk()).contains(id));
    play.replaceLeader();
    kept.commit(play);
    lost.hold(play);
    play.require(
        play.record(lost.chunk()).filter(ChunkRecord::isSealed).isPresent(),
        lost.chunk() + " is not held");
    lost.by.kill();
    play.await(
        "the end of what was held",
        () -> play.record(lost.chunk()).filter(ChunkRecord::isSealed).isEmpty());
    lost.by.start();
  }

  /** A file that has some bytes in a chunk, and none of them committed. */
  private record Writing(
      ClientNode by, long writer, long inode, long lease, ChunkStream stream, String path) {
    static Writing begin(Play play, ClientNode by, String path) {
      CreateResult created =
          play.calls()
              .mutate(
                  by,
                  Operation.newBuilder()
                      .setCreate(
                          Create.newBuilder()
                              .setTarget(ClientNode.path(path))
                              .setMode(0644)
                              .setReplication(3)))
              .getResult()
              .getCreate();
      long inode = created.getAttributes().getInode();
      by.opened(inode);
      MutateReply allocated =
          play.calls()
              .mutate(
                  by,
                  Operation.newBuilder()
                      .setAllocate(Allocate.newBuilder().setInode(inode).setCount(1)));
      ChunkStream stream =
          new ChunkStream(by, allocated.getResult().getAllocate().getChunks(0), 0, () -> {});
      stream.open();
      long writer = by.nextWriter();
      play.await("a pipeline", stream::isReady);
      stream.send(Bytes.of(writer, 0, BYTES), PacketFlag.PACKET_SYNC_VALUE);
      play.await("an acknowledgement", stream::isAllAcknowledged);
      return new Writing(by, writer, inode, created.getLease(), stream, path);
    }

    ChunkId chunk() {
      return new ChunkId(stream.location().getChunk());
    }

    boolean isOn(int server) {
      return stream.location().getMembersList().stream()
          .anyMatch(member -> member.getServer() == server);
    }

    void giveWay(Play play) {
      play.await(path + " is in the way", () -> by.isWanted(chunk()));
      hold(play);
    }

    void hold(Play play) {
      stream.send(new byte[0], PacketFlag.PACKET_CLOSE_VALUE);
      play.await("the end of the stream", stream::isClosed);
      MutateReply unused =
          play.calls()
              .mutate(
                  by,
                  Operation.newBuilder()
                      .setCloseChunks(
                          CloseChunks.newBuilder().setHold(true).addChunks(stream.progress())));
    }

    void commit(Play play) {
      MutateReply unused =
          play.calls()
              .mutate(
                  by,
                  Operation.newBuilder()
                      .setCommit(
                          CommitExtents.newBuilder()
                              .setInode(inode)
                              .setLease(lease)
                              .setSequence(1)
                              .setClose(true)
                              .setLength(BYTES)
                              .addExtents(stream.news())
                              .addChunks(stream.progress())),
                  writer);
      by.closed(inode);
    }
  }
}
