package io.cairnfs.metaserver.service;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.RaftStatus;
import io.cairnfs.raft.RaftStatus.Belonging;
import io.cairnfs.raft.ReplicatedLog;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps an eye on who belongs to the group: the leader has the membership name the instance of each
 * member as soon as that has been heard, and a process that is no member says so in its log. {@link
 * #look} is called by one thread.
 */
public final class MemberWatch {
  private static final Logger logger = LoggerFactory.getLogger(MemberWatch.class);

  private final ReplicatedLog<?> log;
  private final ToLongFunction<MemberId> introduced;
  private final AtomicBoolean naming = new AtomicBoolean();
  private Belonging told = Belonging.MEMBER;

  /**
   * @param introduced the instance that another member said it is; 0 if it was not heard
   */
  public MemberWatch(ReplicatedLog<?> log, ToLongFunction<MemberId> introduced) {
    this.log = log;
    this.introduced = introduced;
  }

  /** Looks once. */
  public void look() {
    RaftStatus status = log.status();
    Belonging belonging = status.standing().belonging();
    if (belonging != told) {
      told = belonging;
      String remark = Remarks.of(status);
      if (remark.isEmpty()) {
        logger.info("metaserver={} is a member of the cluster", status.self());
      } else {
        logger.warn("metaserver={} {}", status.self(), remark);
      }
    }
    if (status.ready()) {
      nameInstances(status);
    }
  }

  private void nameInstances(RaftStatus status) {
    Membership named =
        status
            .membership()
            .withInstances(
                id ->
                    id.equals(status.self())
                        ? status.standing().instance()
                        : introduced.applyAsLong(id));
    if (named.equals(status.membership()) || !naming.compareAndSet(false, true)) {
      return;
    }
    CompletableFuture<?> unused =
        log.changeMembers(named)
            .whenComplete(
                (done, failure) -> {
                  naming.set(false);
                  if (failure != null && !isRetryable(failure)) {
                    logger.warn("instances of {} not recorded: {}", named, failure.getMessage());
                  }
                });
  }

  private static boolean isRetryable(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof CairnException refusal && refusal.code().isRetryable();
  }
}
