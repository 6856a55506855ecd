package io.cairnfs.client.lock;

import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Deadline;
import io.cairnfs.client.metadata.MetadataClient;
import io.cairnfs.client.session.Session;
import io.cairnfs.client.session.SessionSource;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.metadata.AwaitLockReply;
import io.cairnfs.proto.metadata.AwaitLockRequest;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.LockClaim;
import io.cairnfs.proto.metadata.LockResult;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.ReleaseLocks;
import io.cairnfs.proto.metadata.StopWaiting;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** Asks for locks, and waits for them. Safe for any thread. */
public final class LockService {
  private static final Duration ALWAYS = Duration.ofDays(3650);

  private final ClientEnvironment environment;
  private final MetadataClient metadata;
  private final SessionSource sessions;
  private final Duration tryTimeout;

  /** What is still done for owners who gave up. */
  private final Map<Long, CompletableFuture<?>> givingBack = new ConcurrentHashMap<>();

  /**
   * @param tryTimeout of one call: the leader is asked to answer well before
   */
  public LockService(
      ClientEnvironment environment,
      MetadataClient metadata,
      SessionSource sessions,
      Duration tryTimeout) {
    this.environment = environment;
    this.metadata = metadata;
    this.sessions = sessions;
    this.tryTimeout = tryTimeout;
  }

  /** Whether the owner may have a lock of the file already. */
  public enum Before {
    NOTHING,
    ANYTHING
  }

  /**
   * Takes the lock, or waits for it.
   *
   * @param patience zero = not at all
   * @param lost runs once if the lock is lost later, on an event loop
   * @return the lock; empty if others have it and the patience is over
   * @throws CairnException DEADLOCK, NO_LOCKS, and as every mutation. CANCELLED leaves no lock
   *     behind; TIMED_OUT and UNAVAILABLE may
   */
  public Optional<HeldLock> take(LockAsk ask, Duration patience, Before before, Runnable lost)
      throws CairnException {
    Session session = environment.await(sessions.session());
    boolean wait = !patience.isZero();
    Optional<Given> given =
        claim(
            session,
            ask,
            ask.lock(wait, before == Before.NOTHING),
            environment.deadline(patience),
            Orphan.FREED);
    if (given.isEmpty()) {
      return Optional.empty();
    }
    HeldLock held =
        new HeldLock(
            environment, sessions, session, ask, given.get().inode(), given.get().token(), lost);
    held.begin();
    return Optional.of(held);
  }

  /** What becomes of a lock that is given to somebody who was interrupted meanwhile. */
  private enum Orphan {
    /** He has gone at once; it is freed when it comes. */
    FREED,

    /**
     * He has it: commands are awaited though he was interrupted. He may have had the range in
     * another mode before, so that to free it would take away more than was given.
     */
    KEPT
  }

  /** A lock that the cluster has given. */
  private record Given(long inode, long token) {}

  /**
   * @param orphan what an interrupt does
   */
  private Optional<Given> claim(
      Session session, LockAsk ask, Operation operation, Deadline deadline, Orphan orphan)
      throws CairnException {
    awaitGivenBack(ask.owner());
    CompletableFuture<LockResult> asked =
        session.mutate(operation).thenApply(OperationResult::getLock);
    LockResult result;
    try {
      result =
          orphan == Orphan.FREED
              ? environment.await(asked.copy())
              : environment.awaitUninterruptibly(asked);
    } catch (CairnException e) {
      if (e.code() == ErrorCode.LOCKED) {
        return Optional.empty();
      }
      if (e.code() == ErrorCode.CANCELLED) {
        giveBack(ask.owner(), asked.thenCompose(late -> free(session, ask, late)));
      }
      throw e;
    }
    long inode = result.getInode();
    long token =
        result.getToken() != 0
            ? result.getToken()
            : await(session, ask.claim(inode, result.getTicket()), deadline, orphan);
    return token == 0 ? Optional.empty() : Optional.of(new Given(inode, token));
  }

  /**
   * Takes the lock, or changes what the owner has of it, for somebody who keeps account himself: it
   * ends with {@link #unlock}, {@link #releaseAll} and the session.
   *
   * @return false if others have it; with {@code wait} never
   * @throws CairnException as {@link #take}; CANCELLED leaves what there was before
   */
  public boolean takeUnwatched(LockAsk ask, boolean wait) throws CairnException {
    Session session = environment.await(sessions.session());
    return claim(
            session,
            ask,
            ask.lock(wait, false),
            environment.deadline(wait ? ALWAYS : Duration.ZERO),
            Orphan.KEPT)
        .isPresent();
  }

  /** As {@link #takeUnwatched} with waiting, which no deadlock is seen in. */
  public void takeUnsearched(LockAsk ask) throws CairnException {
    Session session = environment.await(sessions.session());
    Optional<Given> unused =
        claim(session, ask, ask.lockUnsearched(), environment.deadline(ALWAYS), Orphan.KEPT);
  }

  /** Gives up what an owner has of a range. That the session has ended does so, too. */
  public void unlock(LockAsk ask, long inode) throws CairnException {
    awaitGivenBack(ask.owner());
    mutateUnlessEnded(ask.unlock(inode));
  }

  /** The token; 0 if the deadline came first. */
  private long await(Session session, LockClaim claim, Deadline deadline, Orphan orphan)
      throws CairnException {
    try {
      while (!deadline.isOver()) {
        AwaitLockReply reply = environment.await(ask(session, claim, deadline));
        metadata.learnIndex(reply.getLogIndex());
        if (reply.getToken() != 0) {
          return reply.getToken();
        }
        if (!reply.getWaiting()) {
          throw new CairnException(
              ErrorCode.STALE_HANDLE,
              "inode=" + claim.getInode() + " was deleted while it was locked");
        }
      }
    } catch (CairnException e) {
      if (!session.isOpen()) {
        throw e;
      }
      CompletableFuture<Long> stopped = stop(session, claim);
      if (orphan == Orphan.FREED) {
        giveBack(claim.getOwner(), stopped.thenCompose(token -> giveUp(session, claim, token)));
      } else if (e.code() == ErrorCode.CANCELLED) {
        long token = environment.awaitUninterruptibly(stopped);
        if (token != 0) {
          return token;
        }
      } else {
        giveBack(claim.getOwner(), stopped);
      }
      throw e;
    }
    return environment.await(stop(session, claim));
  }

  private CompletableFuture<AwaitLockReply> ask(
      Session session, LockClaim claim, Deadline deadline) {
    Duration patience = deadline.atMost(tryTimeout.multipliedBy(3).dividedBy(4));
    AwaitLockRequest request =
        AwaitLockRequest.newBuilder()
            .setSession(session.id().value())
            .setClaim(claim)
            .setPatienceMillis((int) patience.toMillis())
            .build();
    return metadata.call(
        Method.AWAIT_LOCK, request, AwaitLockReply.parser(), metadata.timeout().plus(patience));
  }

  private static CompletableFuture<Void> free(Session session, LockAsk ask, LockResult late) {
    LockClaim claim = ask.claim(late.getInode(), late.getTicket());
    return late.getTicket() == 0
        ? giveUp(session, claim, late.getToken())
        : stop(session, claim).thenCompose(token -> giveUp(session, claim, token));
  }

  /** Notes what is done for an owner who waits no more. */
  private void giveBack(long owner, CompletableFuture<?> doing) {
    CompletableFuture<?> noted =
        givingBack.merge(owner, doing, (before, more) -> CompletableFuture.allOf(before, more));
    var unused =
        noted.whenComplete(
            (result, problem) ->
                givingBack.computeIfPresent(owner, (key, last) -> last == noted ? null : last));
  }

  /**
   * What he gets from now on must not be given back with what he asked for before, and what he gave
   * up must not be given to him afterwards.
   */
  private void awaitGivenBack(long owner) throws CairnException {
    CompletableFuture<?> doing = givingBack.get(owner);
    if (doing != null) {
      // Where it failed, its session has ended or the next call fails, too.
      var unused = environment.await(doing.handle((result, problem) -> null));
    }
  }

  /** Leaves the queue; the token if the lock was given before. */
  private static CompletableFuture<Long> stop(Session session, LockClaim claim) {
    return session
        .mutate(
            Operation.newBuilder().setStopWaiting(StopWaiting.newBuilder().setClaim(claim)).build())
        .thenApply(result -> result.getLock().getToken());
  }

  private static CompletableFuture<Void> giveUp(Session session, LockClaim claim, long token) {
    return token == 0
        ? CompletableFuture.completedFuture(null)
        : session
            .mutate(
                new LockAsk(
                        FileRef.getDefaultInstance(),
                        claim.getOwner(),
                        claim.getScope(),
                        claim.getMode(),
                        claim.getStart(),
                        claim.getLength())
                    .unlock(claim.getInode()))
            .thenApply(result -> null);
  }

  /** Gives a lock up. That its session has ended does so, too. */
  public void release(HeldLock lock) throws CairnException {
    try {
      // An interrupt ends the waiting, not the release.
      var unused = environment.await(lock.release().copy());
    } catch (CairnException e) {
      if (e.code() != ErrorCode.SESSION_EXPIRED) {
        throw e;
      }
    }
  }

  /** Gives up everything that the owner has, in the session that there is. */
  public void releaseAll(long owner) throws CairnException {
    releaseAll(owner, 0);
  }

  /**
   * Gives up everything that the owner has of one file.
   *
   * @param inode 0 = of all files
   */
  public void releaseAll(long owner, long inode) throws CairnException {
    awaitGivenBack(owner);
    mutateUnlessEnded(
        Operation.newBuilder()
            .setReleaseLocks(ReleaseLocks.newBuilder().setOwner(owner).setInode(inode))
            .build());
  }

  private void mutateUnlessEnded(Operation operation) throws CairnException {
    try {
      var unused = environment.await(sessions.mutate(operation).copy());
    } catch (CairnException e) {
      // With its session everything of the owner has ended, too.
      if (e.code() != ErrorCode.SESSION_EXPIRED) {
        throw e;
      }
    }
  }
}
