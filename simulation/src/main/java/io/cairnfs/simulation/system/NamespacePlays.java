package io.cairnfs.simulation.system;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.proto.metadata.ChunkQuery;
import io.cairnfs.proto.metadata.ChunkReference;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.CreateResult;
import io.cairnfs.proto.metadata.DeleteTree;
import io.cairnfs.proto.metadata.MutateReply;
import io.cairnfs.proto.metadata.OpenForRead;
import io.cairnfs.proto.metadata.OpenForWrite;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.metadata.Unlink;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.NodeRef;
import io.cairnfs.simulation.system.Play.Tail;
import io.cairnfs.simulation.system.PlayCalls.Call;
import java.util.List;
import java.util.Optional;

/** Plays about names, calls and times. */
final class NamespacePlays {
  private NamespacePlays() {}

  /** Nothing that was unlinked goes while its holder lives, whoever leads and whatever he knows. */
  static void leaderLostWithOpenFiles(Play play) {
    PlayCalls calls = play.calls();
    int held = 0;
    for (int round = 0; round < 20 && held < 3; round++) {
      Tail tail = play.awaitTail(1, each -> each.writer() != play.superuser());
      Optional<String> path = play.pathOf(tail.inode());
      Optional<MutateReply> unlinked =
          path.flatMap(
              name ->
                  calls
                      .call(
                          play.superuser(),
                          Operation.newBuilder()
                              .setUnlink(Unlink.newBuilder().setTarget(ClientNode.path(name))))
                      .reply());
      if (unlinked.isEmpty() || !tail.writer().holds(tail.inode())) {
        continue;
      }
      long index = unlinked.get().getLogIndex();
      long session = tail.writer().session();
      tail.writer().pause();
      play.guarding(
          () -> !tail.writer().holds(tail.inode()) || play.isThereFor(session, tail.inode(), index),
          tail.inode() + " is gone while its writer has it open",
          () -> {
            play.replaceLeader();
            play.millis(5_300);
            tail.writer().resume();
            play.seconds(2);
          });
      held++;
      play.await("the purge", () -> play.isPurged(tail.inode(), index));
    }
    play.require(held > 0, "nothing was unlinked while it was open");
  }

  static void lateDuplicates(Play play) {
    play.network().duplicate(60);
    play.network().reorder(60);
    play.network().delay(800_000_000L);
    for (int round = 0; round < 4; round++) {
      play.seconds(4);
      play.replaceLeader();
    }
    play.network().duplicate(0);
    play.network().reorder(0);
    play.network().delay(0);
  }

  static void leadersClockJumps(Play play) {
    for (int round = 0; round < 4; round++) {
      long hour = 3_600_000_000_000L;
      play.leadersNode().jumpWallClock(round % 2 == 0 ? hour : -hour);
      play.seconds(4);
      play.replaceLeader();
    }
  }

  /** A new leader's clock is behind its predecessor's: times and ids go on all the same. */
  static void leadersClockIsBehind(Play play) {
    PlayCalls calls = play.calls();
    Attributes before = calls.create(play.superuser(), "/tmp/before");
    for (int round = 0; round < 4; round++) {
      play.othersThanTheLeader().forEach(node -> node.jumpWallClock(-3_600_000_000_000L));
      play.replaceLeader();
      Attributes after = calls.create(play.superuser(), "/tmp/after" + round);
      play.require(
          play.leadersNode().clock().wallNanos() < before.getCtimeNanos(),
          "the leader's clock is not behind");
      play.require(
          after.getCtimeNanos() > before.getCtimeNanos() && after.getInode() > before.getInode(),
          "time or ids went back: " + before + after);
      before = after;
    }
  }

  /** The rights of a file are taken away while somebody writes it: who has it open goes on. */
  static void rightsTakenFromAWriter(Play play) {
    PlayCalls calls = play.calls();
    int committed = 0;
    for (int round = 0; round < 30 && committed < 3; round++) {
      Tail tail = play.awaitTail(1, each -> !each.writer().user().equals(play.superuser().user()));
      Optional<String> path = play.pathOf(tail.inode());
      if (path.isEmpty()) {
        continue;
      }
      NodeRef target = ClientNode.path(path.get());
      Optional<MutateReply> changed =
          calls
              .call(
                  play.superuser(),
                  Operation.newBuilder()
                      .setSetAttributes(
                          SetAttributes.newBuilder()
                              .setTarget(target)
                              .setMode(0)
                              .setOwner(play.superuser().user())))
              .reply();
      if (changed.isEmpty()
          || changed.get().getResult().getAttributes().getInode() != tail.inode()) {
        continue;
      }
      long length = play.lengthOf(tail.inode());
      ClientNode other = play.anyClientBut(play.superuser());
      Call<MutateReply> opened =
          calls.call(
              other,
              Operation.newBuilder().setOpenForWrite(OpenForWrite.newBuilder().setTarget(target)));
      play.require(
          opened.isRefusedWith(ErrorCode.PERMISSION_DENIED)
              || opened.isRefusedWith(ErrorCode.NOT_FOUND)
              || play.pathOf(tail.inode()).filter(path.get()::equals).isEmpty(),
          "opened without a right to: " + opened);
      play.await("the writer's end", () -> !tail.writer().holds(tail.inode()));
      if (play.lengthOf(tail.inode()) > length) {
        committed++;
      }
    }
    play.require(committed > 0, "no writer without rights committed");
  }

  /** A chunk of several files names them, whatever was renamed and deleted and whoever leads. */
  static void chunksKnowTheirFiles(Play play) {
    PlayCalls calls = play.calls();
    int named = 0;
    for (int round = 0; round < 60 && named < 3; round++) {
      Optional<ChunkId> shared = play.chunkOfSeveralFiles();
      if (shared.isEmpty()) {
        play.millis(200);
        continue;
      }
      List<Long> files = play.filesOf(shared.get());
      boolean kept = calls.moveAway(play.superuser(), files.get(0), "/tmp/kept" + round);
      Optional<String> other = play.pathOf(files.get(1));
      boolean deleted =
          other.isPresent()
              && calls
                  .call(
                      play.superuser(),
                      Operation.newBuilder()
                          .setUnlink(Unlink.newBuilder().setTarget(ClientNode.path(other.get()))))
                  .reply()
                  .isPresent();
      if (!kept || !deleted || play.pathOf(files.get(1)).isPresent()) {
        continue;
      }
      play.replaceLeader();
      play.await("the purge", () -> play.isPurged(files.get(1), 0));
      List<Long> found =
          calls
              .read(
                  play.superuser(),
                  ReadRequest.newBuilder()
                      .setChunk(ChunkQuery.newBuilder().setChunk(shared.get().value())))
              .reply()
              .orElseThrow()
              .getChunk()
              .getReferencesList()
              .stream()
              .map(ChunkReference::getInode)
              .toList();
      play.require(
          found.contains(files.get(0)) && !found.contains(files.get(1)),
          shared.get() + " names " + found + " after " + files);
      named++;
    }
    play.require(named > 0, "no chunk had several files");
  }

  /**
   * Somebody works in a directory whose tree is deleted: what is acknowledged there is not lost.
   */
  static void createBelowADeletedTree(Play play) {
    PlayCalls calls = play.calls();
    for (int round = 0; round < 5; round++) {
      String top = "/tmp/tree" + round;
      long below = calls.mkdir(play.superuser(), top + "/below", 0755).getInode();
      Call<MutateReply> deleted =
          calls.send(
              play.superuser(),
              Operation.newBuilder()
                  .setDeleteTree(DeleteTree.newBuilder().setTarget(ClientNode.path(top))));
      play.await("the deletion", deleted::isAnswered);
      play.require(
          play.isThere(below, deleted.reply().orElseThrow().getLogIndex()),
          "the tree was purged at once");
      if (round % 2 == 1) {
        play.replaceLeader();
      }
      calls.requireRefused(
          play.superuser(),
          ErrorCode.NOT_FOUND,
          Operation.newBuilder()
              .setCreate(
                  Create.newBuilder()
                      .setTarget(
                          NodeRef.newBuilder()
                              .setBase(below)
                              .setPath(ByteString.copyFromUtf8("lost")))
                      .setMode(0644)));
      play.require(
          play.isThere(below, deleted.reply().orElseThrow().getLogIndex()),
          "it was refused after the purge");
    }
  }

  /** A tree with somebody else's directory in it is deleted while that one fills it. */
  static void treeWithAForeignDirectory(Play play) {
    PlayCalls calls = play.calls();
    ClientNode owner = play.anyClientBut(play.superuser());
    int refused = 0;
    int removed = 0;
    for (int round = 0; round < 40 && (refused == 0 || removed == 0); round++) {
      String top = "/tmp/mine" + round;
      Attributes unused = calls.mkdir(owner, top, 0777);
      Attributes foreign = calls.mkdir(play.superuser(), top + "/foreign", 0755);
      Operation.Builder create = PlayCalls.creationOf(top + "/foreign/file");
      Operation.Builder delete =
          Operation.newBuilder()
              .setDeleteTree(DeleteTree.newBuilder().setTarget(ClientNode.path(top)));
      // Their order is the network's.
      Call<MutateReply> filled = calls.send(play.superuser(), create);
      Call<MutateReply> deleted = calls.send(owner, delete);
      play.await("both answers", () -> filled.isAnswered() && deleted.isAnswered());
      if (deleted.reply().isPresent()) {
        removed++;
        play.require(
            filled.isRefusedWith(ErrorCode.NOT_FOUND),
            "a file of somebody else was deleted with " + foreign);
      } else {
        refused++;
        play.require(
            deleted.isRefusedWith(ErrorCode.PERMISSION_DENIED) && filled.reply().isPresent(),
            "neither was done: " + filled + ", " + deleted);
      }
    }
    play.require(refused > 0 && removed > 0, "refused " + refused + ", removed " + removed);
  }

  /** What was closed is there for whoever opens it next, wherever, whoever leads by then. */
  static void closeToOpen(Play play) {
    PlayCalls calls = play.calls();
    ClientNode reader = play.anyClientBut(play.superuser());
    for (int round = 0; round < 12; round++) {
      String path = "/tmp/closed" + round;
      Attributes made = calls.create(play.superuser(), path);
      if (round % 3 == 1) {
        play.replaceLeader();
      } else if (round % 3 == 2) {
        play.cutFromMetaservers(play.leader());
      }
      Call<ReadReply> opened =
          calls.read(
              reader,
              ReadRequest.newBuilder()
                  .setOpen(OpenForRead.newBuilder().setTarget(ClientNode.path(path))));
      play.require(
          opened
              .reply()
              .filter(reply -> reply.getOpen().getAttributes().getInode() == made.getInode())
              .isPresent(),
          path + " was closed and is not there: " + opened);
      play.joinAll();
    }
  }

  /** Commits of one file overtake each other on their way. */
  static void commitsOvertake(Play play) {
    PlayCalls calls = play.calls();
    play.network().reorder(50);
    int overtaken = 0;
    for (int round = 0; round < 10; round++) {
      MutateReply created =
          calls.mutate(
              play.superuser(),
              Operation.newBuilder()
                  .setCreate(
                      Create.newBuilder()
                          .setTarget(ClientNode.path("/tmp/ordered" + round))
                          .setMode(0644)));
      CreateResult file = created.getResult().getCreate();
      Call<MutateReply> second = calls.send(play.superuser(), commit(file, 2, "second", false));
      Call<MutateReply> first = calls.send(play.superuser(), commit(file, 1, "first", false));
      play.await("both answers", () -> first.isAnswered() && second.isAnswered());
      play.require(first.reply().isPresent(), "the first was refused: " + first);
      if (second.isRefusedWith(ErrorCode.RETRY)) {
        overtaken++;
        MutateReply unused = calls.mutate(play.superuser(), commit(file, 2, "second", false));
      }
      calls.requireRefused(
          play.superuser(), ErrorCode.INVALID_ARGUMENT, commit(file, 1, "first", false));
      MutateReply unused = calls.mutate(play.superuser(), commit(file, 3, "third", true));
    }
    play.network().reorder(0);
    play.require(overtaken > 0, "no commit overtook another");
  }

  private static Operation.Builder commit(
      CreateResult file, long sequence, String content, boolean close) {
    return Operation.newBuilder()
        .setCommit(
            CommitExtents.newBuilder()
                .setInode(file.getAttributes().getInode())
                .setLease(file.getLease())
                .setSequence(sequence)
                .setHasInline(true)
                .setInline(ByteString.copyFromUtf8(content))
                .setLength(content.length())
                .setClose(close));
  }
}
