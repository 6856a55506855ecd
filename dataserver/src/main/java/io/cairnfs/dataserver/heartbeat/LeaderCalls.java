package io.cairnfs.dataserver.heartbeat;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.proto.metadata.WhoLeadsReply;
import io.cairnfs.proto.metadata.WhoLeadsRequest;
import io.cairnfs.rpc.client.RpcClient;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls the leading metaserver: the last one that answered, or the one a refusal pointed to, or
 * each in turn. Who the metaservers are it is told at first, and by the leader from then on.
 * Blocks. Safe for several threads.
 */
final class LeaderCalls {
  private static final Logger LOG = LoggerFactory.getLogger(LeaderCalls.class);

  /**
   * How long a new metaserver may be unknown here: if all others were removed and stopped within
   * that time, this server would never find the cluster again.
   */
  private static final long MEMBERS_NANOS = Duration.ofSeconds(3).toNanos();

  private final RpcClient client;
  private final List<HostPort> given;
  private final Duration timeout;
  private final Clock clock;
  private volatile List<HostPort> metaservers;
  private volatile HostPort leader;
  private volatile Optional<HostPort> toldBy = Optional.empty();
  private volatile long toldNanos;

  LeaderCalls(RpcClient client, List<HostPort> metaservers, Duration timeout, Clock clock) {
    this.client = client;
    this.given = List.copyOf(metaservers);
    this.metaservers = given;
    this.timeout = timeout;
    this.clock = clock;
    this.leader = metaservers.get(0);
  }

  /**
   * One round over the metaservers at most.
   *
   * @throws CairnException the leader's refusal, or why none of them could be asked
   */
  <T extends MessageLite> T call(Method method, MessageLite request, Parser<T> reply)
      throws CairnException, InterruptedException {
    CairnException last = null;
    HostPort candidate = leader;
    for (int attempt = 0; attempt <= metaservers.size(); attempt++) {
      try {
        T answer = await(client.call(candidate, method, request, reply, timeout));
        leader = candidate;
        learnMembers(candidate);
        return answer;
      } catch (CairnException e) {
        if (!mayBeAnotherLeader(e.code())) {
          leader = candidate;
          throw e;
        }
        last = e;
        candidate = next(candidate, e.leaderHint());
      }
    }
    leader = candidate;
    throw last;
  }

  /** The group may change while this server runs; those given at the start are asked last. */
  private void learnMembers(HostPort answered) throws InterruptedException {
    long now = clock.monotonicNanos();
    if (toldBy.equals(Optional.of(answered)) && now - toldNanos < MEMBERS_NANOS) {
      return;
    }
    try {
      WhoLeadsReply reply =
          await(
              client.call(
                  answered,
                  Method.WHO_LEADS,
                  WhoLeadsRequest.getDefaultInstance(),
                  WhoLeadsReply.parser(),
                  timeout));
      if (reply.getId().equals(reply.getLeaderId()) && reply.getMembersCount() > 0) {
        accept(reply);
        toldBy = Optional.of(answered);
        toldNanos = now;
      }
    } catch (CairnException | IllegalArgumentException e) {
      LOG.debug("members not learned from {}: {}", answered, e.getMessage());
    }
  }

  private void accept(WhoLeadsReply reply) {
    Set<HostPort> all = new LinkedHashSet<>();
    reply
        .getMembersList()
        .forEach(member -> all.add(new HostPort(member.getHost(), member.getPort())));
    all.addAll(given);
    List<HostPort> learned = List.copyOf(all);
    if (!learned.equals(metaservers)) {
      metaservers = learned;
      LOG.info("metaservers={}", learned);
    }
  }

  /** The one that answered last does not lead any more, though it thinks so. */
  void moveOn() {
    leader = following(leader);
  }

  private static boolean mayBeAnotherLeader(ErrorCode code) {
    return switch (code) {
      case NOT_LEADER, UNAVAILABLE, TIMED_OUT, CONNECTION_LOST, RETRY, BUSY -> true;
      default -> false;
    };
  }

  private HostPort next(HostPort failed, String hint) throws CairnException {
    if (!hint.isEmpty()) {
      try {
        HostPort hinted = HostPort.parse(hint);
        if (!hinted.equals(failed)) {
          return hinted;
        }
      } catch (IllegalArgumentException e) {
        throw new CairnException(
            ErrorCode.MALFORMED, failed + " says the leader is '" + hint + "'", e);
      }
    }
    return following(failed);
  }

  private HostPort following(HostPort address) {
    List<HostPort> all = metaservers;
    return all.get((all.indexOf(address) + 1) % all.size());
  }

  private <T> T await(CompletableFuture<T> answer) throws CairnException, InterruptedException {
    try {
      return answer.get(2 * timeout.toMillis() + 1000, TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof CairnException refusal) {
        throw refusal;
      }
      throw new IllegalStateException("a call failed unexpectedly", e.getCause());
    } catch (TimeoutException e) {
      throw new CairnException(ErrorCode.TIMED_OUT, "no answer at all", e);
    }
  }
}
