package io.cairnfs.simulation.system;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.metadata.AwaitLockReply;
import io.cairnfs.proto.metadata.AwaitLockRequest;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.Fence;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.Lock;
import io.cairnfs.proto.metadata.LockClaim;
import io.cairnfs.proto.metadata.LockMode;
import io.cairnfs.proto.metadata.LockResult;
import io.cairnfs.proto.metadata.MutateReply;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.metadata.StopWaiting;
import io.cairnfs.proto.metadata.Unlock;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;

/**
 * A client that locks one of a few files, works under the lock's token, gives it up, and sends
 * something under the old token, which must do nothing. Whoever waits is told, by one leader or the
 * next.
 */
final class LockLane {
  private static final int FILES = 3;
  private static final int PATIENCE_MILLIS = 900;
  private static final int MAX_ASKED = 5;

  private final ClientNode node;
  private final RandomGenerator random;
  private final Runnable done;
  private final String file;
  private final long owner;
  private final LockMode mode;
  private long session;
  private long inode;
  private long token;

  LockLane(ClientNode node, Runnable done) {
    this.node = node;
    this.random = node.random();
    this.done = done;
    this.file = "/tmp/lock" + random.nextInt(FILES);
    this.owner = random.nextInt(2);
    this.mode = random.nextInt(3) == 0 ? LockMode.SHARED_LOCK : LockMode.EXCLUSIVE_LOCK;
  }

  void start() {
    Create.Builder create =
        Create.newBuilder()
            .setTarget(ClientNode.path(file))
            .setMode(0666)
            .setInline(ByteString.EMPTY);
    node.mutate(Operation.newBuilder().setCreate(create), 0, (reply, refusal) -> lock());
  }

  private void lock() {
    Lock.Builder lock =
        Lock.newBuilder()
            .setFile(FileRef.newBuilder().setTarget(ClientNode.path(file)))
            .setOwner(owner)
            .setMode(mode)
            .setWait(random.nextInt(3) > 0);
    node.mutate(
        Operation.newBuilder().setLock(lock),
        0,
        (reply, refusal) -> {
          if (refusal != null) {
            done.run();
            return;
          }
          session = node.session();
          LockResult result = reply.getResult().getLock();
          inode = result.getInode();
          if (result.getToken() != 0) {
            locked(result.getToken());
          } else {
            await(result.getTicket(), 0);
          }
        });
  }

  private LockClaim claim(long ticket) {
    return LockClaim.newBuilder()
        .setInode(inode)
        .setOwner(owner)
        .setMode(mode)
        .setTicket(ticket)
        .build();
  }

  private void await(long ticket, int asked) {
    if (asked >= MAX_ASKED) {
      stop(ticket);
      return;
    }
    node.leader()
        .callUntilAnswered(
            Method.AWAIT_LOCK,
            AwaitLockRequest.newBuilder()
                .setSession(session)
                .setClaim(claim(ticket))
                .setPatienceMillis(PATIENCE_MILLIS)
                .build(),
            AwaitLockReply.parser(),
            () -> node.run().tally().count(SystemSighting.OPERATION_RETRIED),
            (reply, refusal) -> {
              if (refusal != null) {
                requireOneOf(refusal, ErrorCode.SESSION_EXPIRED, ErrorCode.CANCELLED);
                done.run();
              } else if (reply.getToken() != 0) {
                node.run().tally().count(SystemSighting.LOCK_WAITED_FOR);
                locked(reply.getToken());
              } else if (reply.getWaiting()) {
                await(ticket, asked + 1);
              } else {
                done.run();
              }
            });
  }

  private static void requireOneOf(CairnException refusal, ErrorCode... codes) {
    for (ErrorCode code : codes) {
      if (refusal.code() == code) {
        return;
      }
    }
    Oracle.fail("a wait for a lock ends with %s", refusal);
  }

  private void stop(long ticket) {
    node.mutate(
        session,
        Operation.newBuilder().setStopWaiting(StopWaiting.newBuilder().setClaim(claim(ticket))),
        0,
        (reply, refusal) -> {
          if (refusal == null && reply.getResult().getLock().getToken() != 0) {
            locked(reply.getResult().getLock().getToken());
          } else {
            done.run();
          }
        });
  }

  private void locked(long given) {
    token = given;
    work((reply, refusal) -> node.after(random.nextLong(700_000_000L), this::end));
  }

  private void work(BiConsumer<MutateReply, CairnException> next) {
    node.mutate(
        Operation.newBuilder()
            .setSetAttributes(
                SetAttributes.newBuilder().setTarget(ClientNode.path(file)).setMtimeNanos(token))
            .setFence(Fence.newBuilder().setInode(inode).setToken(token)),
        0,
        next);
  }

  private void end() {
    if (random.nextInt(5) == 0) {
      // It stays locked until somebody else of this client unlocks, or the session ends.
      done.run();
      return;
    }
    node.mutate(
        session,
        Operation.newBuilder().setUnlock(Unlock.newBuilder().setInode(inode).setOwner(owner)),
        0,
        (reply, refusal) -> workTooLate(refusal == null));
  }

  private void workTooLate(boolean unlocked) {
    work(
        (reply, refusal) -> {
          if (unlocked && refusal == null) {
            Oracle.fail("%s: a change under the superseded token %s took effect", file, token);
          }
          if (unlocked && refusal.code() == ErrorCode.FENCED_OUT) {
            node.run().tally().count(SystemSighting.FENCED_OUT);
          }
          done.run();
        });
  }
}
