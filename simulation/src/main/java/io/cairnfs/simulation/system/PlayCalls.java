package io.cairnfs.simulation.system;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.dataserver.ChunkLengthReply;
import io.cairnfs.proto.dataserver.ChunkLengthRequest;
import io.cairnfs.proto.dataserver.ReportBadReplicaReply;
import io.cairnfs.proto.dataserver.ReportBadReplicaRequest;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.MutateReply;
import io.cairnfs.proto.metadata.MutateRequest;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.Rename;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.simulation.system.Play.Tail;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/** Calls that a play makes itself, in the sessions of the run's clients. */
final class PlayCalls {
  private static final long UNUSED_CALL = 1_000_000;

  private final Play play;
  private long forged;

  PlayCalls(Play play) {
    this.play = play;
  }

  /** What became of a call: exactly one of the two, once it is answered. */
  static final class Call<T> {
    private T reply;
    private CairnException refusal;

    private void answered(T given, CairnException refused) {
      reply = given;
      refusal = refused;
    }

    boolean isAnswered() {
      return reply != null || refusal != null;
    }

    Optional<T> reply() {
      return Optional.ofNullable(reply);
    }

    boolean isRefusedWith(ErrorCode code) {
      return refusal != null && refusal.code() == code;
    }

    @Override
    public String toString() {
      return refusal == null ? String.valueOf(reply) : refusal.toString();
    }
  }

  /** On its way; several may be. */
  Call<MutateReply> send(ClientNode by, Operation.Builder operation) {
    return send(by, operation, 0);
  }

  private static Call<MutateReply> send(ClientNode by, Operation.Builder operation, long writer) {
    Call<MutateReply> call = new Call<>();
    by.mutate(operation, writer, call::answered);
    return call;
  }

  Call<MutateReply> call(ClientNode by, Operation.Builder operation) {
    return awaited(send(by, operation));
  }

  /** It must be done. */
  MutateReply mutate(ClientNode by, Operation.Builder operation) {
    return mutate(by, operation, 0);
  }

  /** It must be done; whose bytes it makes part of a file. */
  MutateReply mutate(ClientNode by, Operation.Builder operation, long writer) {
    Call<MutateReply> call = awaited(send(by, operation, writer));
    play.require(call.reply().isPresent(), operation + " was refused: " + call);
    return call.reply().orElseThrow();
  }

  void requireRefused(ClientNode by, ErrorCode code, Operation.Builder operation) {
    Call<MutateReply> call = call(by, operation);
    play.require(
        call.isRefusedWith(code), operation + " is to be refused with " + code + ": " + call);
  }

  static Operation.Builder creationOf(String path) {
    return Operation.newBuilder()
        .setCreate(
            Create.newBuilder()
                .setTarget(ClientNode.path(path))
                .setMode(0644)
                .setInline(ByteString.copyFromUtf8(path)));
  }

  /** A new file with a few bytes, closed. */
  Attributes create(ClientNode by, String path) {
    return mutate(by, creationOf(path)).getResult().getCreate().getAttributes();
  }

  Attributes mkdir(ClientNode by, String path, int mode) {
    return mutate(
            by,
            Operation.newBuilder()
                .setMkdir(
                    Mkdir.newBuilder()
                        .setTarget(ClientNode.path(path))
                        .setMode(mode)
                        .setParents(true)))
        .getResult()
        .getAttributes();
  }

  /** Gives an inode a name that nobody else uses; false if its name is another's by now. */
  boolean moveAway(ClientNode by, long inode, String path) {
    return play.pathOf(inode)
        .flatMap(
            from ->
                call(
                        by,
                        Operation.newBuilder()
                            .setRename(
                                Rename.newBuilder()
                                    .setSource(ClientNode.path(from))
                                    .setTarget(ClientNode.path(path))))
                    .reply())
        .filter(reply -> reply.getResult().getRename().getAttributes().getInode() == inode)
        .isPresent();
  }

  Call<ReadReply> read(ClientNode by, ReadRequest.Builder request) {
    Call<ReadReply> call = new Call<>();
    by.read(request, call::answered);
    return awaited(call);
  }

  /** A mutation under the number of somebody else's session, and one that he does not use. */
  Call<MutateReply> forge(ClientNode by, long session, Operation.Builder operation) {
    Call<MutateReply> call = new Call<>();
    by.leader()
        .callUntilAnswered(
            Method.MUTATE,
            MutateRequest.newBuilder()
                .setSession(session)
                .setCall(UNUSED_CALL + forged++)
                .setLowWater(1)
                .setOperation(operation)
                .build(),
            MutateReply.parser(),
            () -> {},
            call::answered);
    return awaited(call);
  }

  void reportEveryReplicaBad(ClientNode by, ChunkId chunk) {
    for (int server : play.membersOf(chunk)) {
      Call<ReportBadReplicaReply> call = new Call<>();
      by.leader()
          .callUntilAnswered(
              Method.REPORT_BAD_REPLICA,
              ReportBadReplicaRequest.newBuilder()
                  .setChunk(chunk.value())
                  .setServer(server)
                  .setProblem("bad: slander")
                  .build(),
              ReportBadReplicaReply.parser(),
              () -> {},
              call::answered);
      play.require(awaited(call).reply().isPresent(), "a report was refused: " + call);
    }
  }

  /** What the head of a pipeline shows to readers; empty if it refers them to others. */
  OptionalLong lengthAtHead(ClientNode by, Tail tail) {
    Call<ChunkLengthReply> call = new Call<>();
    var unused =
        by.rpc()
            .call(
                new HostPort(tail.members().get(0).name(), 1),
                Method.CHUNK_LENGTH,
                ChunkLengthRequest.newBuilder().setChunk(tail.chunk().value()).build(),
                ChunkLengthReply.parser(),
                Duration.ofSeconds(1))
            .whenComplete(
                Watched.then(
                    (reply, failure) ->
                        call.answered(
                            reply, failure == null ? null : LeaderFinder.refusal(failure))));
    return awaited(call)
        .reply()
        .filter(ChunkLengthReply::getContinuous)
        .map(reply -> OptionalLong.of(reply.getLength()))
        .orElse(OptionalLong.empty());
  }

  private <T> Call<T> awaited(Call<T> call) {
    play.await("an answer", call::isAnswered);
    return call;
  }
}
