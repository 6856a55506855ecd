package io.cairnfs.client.session;

import io.cairnfs.client.base.Failures;
import io.cairnfs.client.metadata.MetadataClient;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.metadata.AwaitRecallReply;
import io.cairnfs.proto.metadata.AwaitRecallRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Hears which write leases of a session others want: while there are any, one call waits at the
 * leader, who answers when he knows of one. Safe for any thread.
 */
final class RecallWatch {
  private static final Duration LONGEST_PATIENCE = Duration.ofSeconds(10);
  private static final int AGAIN_MILLIS = 500;
  private static final int SOON_MILLIS = 50;

  private final MetadataClient metadata;
  private final SessionId session;
  private final BooleanSupplier isOpen;
  private final Map<Long, Runnable> leases = new HashMap<>();

  /** Their holders know, and are giving them back. */
  private final Set<Long> known = new HashSet<>();

  private boolean asking;

  RecallWatch(MetadataClient metadata, SessionId session, BooleanSupplier isOpen) {
    this.metadata = metadata;
    this.session = session;
    this.isOpen = isOpen;
  }

  /**
   * @param recalled runs once when somebody wants the lease, on an event loop
   */
  void leaseTaken(long inode, Runnable recalled) {
    synchronized (this) {
      leases.put(inode, recalled);
      known.remove(inode);
    }
    ask();
  }

  synchronized void leaseGone(long inode, Runnable recalled) {
    if (leases.remove(inode, recalled)) {
      known.remove(inode);
    }
  }

  private void ask() {
    AwaitRecallRequest.Builder request =
        AwaitRecallRequest.newBuilder().setSession(session.value());
    synchronized (this) {
      if (asking || leases.isEmpty() || !isOpen.getAsBoolean()) {
        return;
      }
      asking = true;
      request.addAllKnownInodes(known);
    }
    Duration patience = metadata.longPatience(LONGEST_PATIENCE);
    request.setPatienceMillis((int) patience.toMillis());
    var unused =
        metadata
            .call(
                Method.AWAIT_RECALL,
                request.build(),
                AwaitRecallReply.parser(),
                metadata.timeout().plus(patience))
            .whenComplete(this::answered);
  }

  private void answered(AwaitRecallReply reply, Throwable failure) {
    synchronized (this) {
      asking = false;
    }
    if (failure == null) {
      boolean news = recalled(reply.getRecalledInodesList());
      if (news || reply.getRecalledInodesCount() == 0) {
        ask();
      } else {
        // Of a lease whose grant has not come in yet.
        metadata.after(this::ask, SOON_MILLIS);
      }
      return;
    }
    ErrorCode code = Failures.of(failure).code();
    // Heartbeats tell as well, where a metaserver does not know the call.
    if (code != ErrorCode.UNKNOWN_METHOD
        && code != ErrorCode.SESSION_EXPIRED
        && code != ErrorCode.CANCELLED) {
      metadata.after(this::ask, AGAIN_MILLIS);
    }
  }

  /**
   * Others want these leases.
   *
   * @return whether one of them was news
   */
  boolean recalled(List<Long> inodes) {
    List<Runnable> actions = new ArrayList<>();
    synchronized (this) {
      for (Long inode : inodes) {
        Runnable action = leases.get(inode);
        if (action != null && known.add(inode)) {
          actions.add(action);
        }
      }
    }
    actions.forEach(Runnable::run);
    return !actions.isEmpty();
  }
}
