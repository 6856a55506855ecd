package io.cairnfs.client.session;

import com.google.protobuf.ByteString;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Failures;
import io.cairnfs.client.metadata.MetadataClient;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.metadata.CloseSession;
import io.cairnfs.proto.metadata.OpenSessionReply;
import io.cairnfs.proto.metadata.OpenSessionRequest;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.SessionHeartbeatReply;
import io.cairnfs.proto.metadata.SessionHeartbeatRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client's session: opened with the first mutation, or when a file has been read for a second
 * (what is deleted stays readable only to those that said that they read it), kept alive by
 * heartbeats, opened anew after the cluster has ended it. Safe for any thread.
 */
public final class Sessions implements SessionSource, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);
  private static final int NONCE_BYTES = 16;
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

  /** After so long with something open the cluster is told, by a new session if there is none. */
  private static final long TELLING_MILLIS = 1_000;

  private final ClientEnvironment environment;
  private final MetadataClient metadata;
  private final RandomGenerator nonces;
  private final String host;
  private final String clientName;
  private final int outstandingCalls;
  private final Map<Long, Integer> openInodes = new HashMap<>();
  private CompletableFuture<ServedSession> current;
  private boolean telling;
  private boolean closed;

  /**
   * @param nonces so random that no other client ever has the same; safe for any thread
   */
  public Sessions(
      ClientEnvironment environment,
      MetadataClient metadata,
      RandomGenerator nonces,
      String host,
      String clientName,
      int outstandingCalls) {
    this.environment = environment;
    this.metadata = metadata;
    this.nonces = nonces;
    this.host = host;
    this.clientName = clientName;
    this.outstandingCalls = outstandingCalls;
  }

  @Override
  public CompletableFuture<Session> session() {
    return served().thenApply(session -> session);
  }

  private synchronized CompletableFuture<ServedSession> served() {
    if (closed) {
      return CompletableFuture.failedFuture(
          new CairnException(ErrorCode.CANCELLED, "the client is closed"));
    }
    if (current == null || current.isCompletedExceptionally() || hasEnded(current)) {
      current = open();
    }
    return current;
  }

  private static boolean hasEnded(CompletableFuture<ServedSession> opened) {
    return opened.isDone() && !opened.join().isOpen();
  }

  @Override
  public CompletableFuture<OperationResult> mutate(Operation operation) {
    CompletableFuture<ServedSession> session = served();
    if (session.isDone() && !session.isCompletedExceptionally()) {
      return session.join().mutate(operation);
    }
    return session.thenCompose(opened -> opened.mutate(operation));
  }

  @Override
  public synchronized void inodeOpened(long inode) {
    openInodes.merge(inode, 1, Integer::sum);
    tellSoon();
  }

  private synchronized void tellSoon() {
    if (!telling && !closed && !hasSession() && !openInodes.isEmpty()) {
      telling = true;
      var unused = environment.schedule(this::tell, TELLING_MILLIS);
    }
  }

  private synchronized boolean hasSession() {
    return current != null && !current.isCompletedExceptionally() && !hasEnded(current);
  }

  private void tell() {
    synchronized (this) {
      telling = false;
      if (closed || hasSession() || openInodes.isEmpty()) {
        return;
      }
    }
    var unused =
        session()
            .whenComplete(
                (session, failure) -> {
                  if (failure != null) {
                    LOG.debug("the cluster is not told yet what is being read", failure);
                    tellSoon();
                  }
                });
  }

  @Override
  public synchronized void inodeClosed(long inode) {
    openInodes.computeIfPresent(inode, (key, count) -> count == 1 ? null : count - 1);
  }

  private CompletableFuture<ServedSession> open() {
    byte[] nonce = new byte[NONCE_BYTES];
    nonces.nextBytes(nonce);
    OpenSessionRequest request =
        OpenSessionRequest.newBuilder()
            .setNonce(ByteString.copyFrom(nonce))
            .setHost(host)
            .setClientName(clientName)
            .build();
    long sentNanos = environment.clock().monotonicNanos();
    return metadata
        .call(Method.OPEN_SESSION, request, OpenSessionReply.parser(), metadata.timeout())
        .thenApply(reply -> opened(reply, sentNanos));
  }

  private ServedSession opened(OpenSessionReply reply, long sentNanos) {
    metadata.learnIndex(reply.getLogIndex());
    ServedSession session =
        new ServedSession(
            metadata, new SessionId(reply.getSession()), reply.getSettings(), outstandingCalls);
    session.heardFrom(sentNanos, termOf(reply.getTimeoutMillis()));
    LOG.debug("{} opened, timeoutMillis={}", session.id(), reply.getTimeoutMillis());
    if (hasOpenInodes()) {
      heartbeat(session, reply.getTimeoutMillis());
    } else {
      scheduleHeartbeat(session, reply.getTimeoutMillis());
    }
    return session;
  }

  private static int termOf(int timeoutMillis) {
    return timeoutMillis == 0 ? 30_000 : timeoutMillis;
  }

  private synchronized boolean hasOpenInodes() {
    return !openInodes.isEmpty();
  }

  private void scheduleHeartbeat(ServedSession session, int timeoutMillis) {
    long pause = Math.max(50, termOf(timeoutMillis) / 4);
    var unused = environment.schedule(() -> heartbeat(session, timeoutMillis), pause);
  }

  private void heartbeat(ServedSession session, int timeoutMillis) {
    if (!session.isOpen()) {
      return;
    }
    SessionHeartbeatRequest.Builder request =
        SessionHeartbeatRequest.newBuilder().setSession(session.id().value());
    synchronized (this) {
      if (closed) {
        return;
      }
      request.addAllOpenInodes(List.copyOf(openInodes.keySet()));
    }
    Duration patience = Duration.ofMillis(termOf(timeoutMillis));
    long sentNanos = environment.clock().monotonicNanos();
    var unused =
        metadata
            .call(
                Method.SESSION_HEARTBEAT, request.build(), SessionHeartbeatReply.parser(), patience)
            .whenComplete(
                (reply, failure) -> heard(session, timeoutMillis, sentNanos, reply, failure));
  }

  private void heard(
      ServedSession session,
      int timeoutMillis,
      long sentNanos,
      SessionHeartbeatReply reply,
      Throwable failure) {
    if (failure == null) {
      session.heardFrom(
          sentNanos,
          termOf(reply.getTimeoutMillis() == 0 ? timeoutMillis : reply.getTimeoutMillis()));
      session.recalled(reply.getRecalledInodesList());
      session.wanted(reply.getWantedChunksList());
      scheduleHeartbeat(
          session, reply.getTimeoutMillis() == 0 ? timeoutMillis : reply.getTimeoutMillis());
      return;
    }
    CairnException refusal = Failures.of(failure);
    if (refusal.code() == ErrorCode.SESSION_EXPIRED) {
      LOG.warn("{} has been ended by the cluster: {}", session.id(), refusal.getMessage());
      session.expire(refusal.getMessage());
      tellSoon();
    } else if (session.isOpen() && refusal.code() != ErrorCode.CANCELLED) {
      // Whether the session still lives is for the cluster to say: go on asking.
      LOG.warn("{} heartbeat is not answered: {}", session.id(), refusal.getMessage());
      scheduleHeartbeat(session, timeoutMillis);
    }
  }

  /** Ends the session at the metaservers if they answer soon, and here in any case. */
  @Override
  public void close() {
    Optional<ServedSession> open;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      open =
          current != null && current.isDone() && !current.isCompletedExceptionally()
              ? Optional.of(current.join())
              : Optional.empty();
    }
    if (open.isPresent() && open.get().isOpen()) {
      endAtCluster(open.get());
      open.get().close();
    }
  }

  private void endAtCluster(ServedSession session) {
    Operation farewell =
        Operation.newBuilder().setCloseSession(CloseSession.getDefaultInstance()).build();
    try {
      var unused =
          session
              .mutate(farewell, CLOSE_TIMEOUT)
              .get(CLOSE_TIMEOUT.toMillis() + 500, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      // The cluster ends it by itself after the session's time-out.
      LOG.debug("{} could not be closed at the cluster", session.id(), e);
    }
  }
}
