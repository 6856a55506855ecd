package io.cairnfs.simulation.system;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.MutateReply;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.RecoverLease;
import io.cairnfs.proto.metadata.SetLength;
import io.cairnfs.proto.types.ChunkState;
import io.cairnfs.simulation.system.Play.Tail;
import io.cairnfs.simulation.system.PlayCalls.Call;
import java.util.Optional;

/** Plays about write leases that somebody else wants. */
final class LeasePlays {
  private static final int ROUNDS = 90;
  private static final int TRIES = 400;

  private LeasePlays() {}

  /**
   * A writer that lives is asked for its lease and gives it back, though the leader that asked is
   * gone; one that stands still loses it; and of a third it is taken without a question. Whatever
   * they had flushed is in their files.
   */
  static void leaseOfALiveWriter(Play play) {
    int given = 0;
    int revoked = 0;
    int recovered = 0;
    for (int round = 0; round < ROUNDS && given * revoked * recovered == 0; round++) {
      Tail tail = play.awaitTail(1, each -> each.writer() != play.superuser());
      long lease = play.leaseOf(tail.inode());
      Optional<FileRef> file =
          play.pathOf(tail.inode())
              .map(path -> FileRef.newBuilder().setTarget(ClientNode.path(path)).build());
      if (lease == 0 || file.isEmpty()) {
        play.millis(20);
      } else if (given == 0) {
        given += isGivenBack(play, tail, file.get(), lease) ? 1 : 0;
      } else if (revoked == 0) {
        revoked += isRevoked(play, tail, file.get(), lease) ? 1 : 0;
      } else {
        recovered += isRecovered(play, tail, file.get(), lease) ? 1 : 0;
      }
    }
    play.require(given > 0, "no lease was given back");
    play.require(revoked > 0, "no lease was revoked");
    play.require(recovered > 0, "no lease was recovered");
  }

  private static boolean isGivenBack(Play play, Tail tail, FileRef file, long lease) {
    long before = play.count(SystemSighting.LEASE_GIVEN_BACK);
    if (!isInTheWay(play, file)) {
      return false;
    }
    play.replaceLeader();
    return isLengthened(play, tail, file, lease)
        && play.count(SystemSighting.LEASE_GIVEN_BACK) > before;
  }

  private static boolean isRevoked(Play play, Tail tail, FileRef file, long lease) {
    long before = play.count(SystemSighting.LEASE_REVOKED);
    tail.writer().pause();
    boolean changed = isInTheWay(play, file) && isLengthened(play, tail, file, lease);
    boolean revoked = changed && play.count(SystemSighting.LEASE_REVOKED) > before;
    tail.writer().resume();
    play.awaitEndOf(tail);
    return revoked;
  }

  /** Whether a change is refused because of the lease; so the leader asks for it. */
  private static boolean isInTheWay(Play play, FileRef file) {
    return play.calls().call(play.superuser(), lengthening(file)).isRefusedWith(ErrorCode.RETRY);
  }

  /** Beyond what any writer writes: nothing is cut. */
  private static Operation.Builder lengthening(FileRef file) {
    return Operation.newBuilder()
        .setSetLength(SetLength.newBuilder().setFile(file).setLength(1_000_000));
  }

  private static boolean isLengthened(Play play, Tail tail, FileRef file, long lease) {
    Call<MutateReply> change = play.calls().call(play.superuser(), lengthening(file));
    for (int i = 0; i < TRIES && change.isRefusedWith(ErrorCode.RETRY); i++) {
      play.millis(100);
      change = play.calls().call(play.superuser(), lengthening(file));
    }
    play.require(!change.isRefusedWith(ErrorCode.RETRY), "a lease was in the way for ever");
    boolean changed =
        change
            .reply()
            .filter(
                reply -> reply.getResult().getRange().getAttributes().getInode() == tail.inode())
            .isPresent();
    play.require(
        !changed || play.leaseOf(tail.inode()) != lease, "a change beside the lease " + lease);
    return changed;
  }

  private static boolean isRecovered(Play play, Tail tail, FileRef file, long lease) {
    if (!tail.writer().isUp() || !play.hasState(tail, ChunkState.OPEN)) {
      return false;
    }
    Operation.Builder recovery =
        Operation.newBuilder().setRecoverLease(RecoverLease.newBuilder().setFile(file));
    Call<MutateReply> call = play.calls().call(play.superuser(), recovery);
    for (int i = 0; i < TRIES && isUnsettled(call); i++) {
      play.millis(20);
      call = play.calls().call(play.superuser(), recovery);
    }
    play.require(!isUnsettled(call), "a file whose lease was recovered is not settled");
    boolean recovered =
        call.reply()
            .filter(
                reply ->
                    reply.getResult().getRecoverLease().getAttributes().getInode() == tail.inode())
            .isPresent();
    play.require(
        !recovered || play.leaseOf(tail.inode()) != lease, lease + " was recovered and is there");
    play.awaitEndOf(tail);
    return recovered;
  }

  private static boolean isUnsettled(Call<MutateReply> call) {
    return call.reply()
        .filter(reply -> !reply.getResult().getRecoverLease().getClosed())
        .isPresent();
  }
}
