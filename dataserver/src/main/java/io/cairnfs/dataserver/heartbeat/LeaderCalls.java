package io.cairnfs.dataserver.heartbeat;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.rpc.client.RpcClient;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Calls the leading metaserver: the last one that answered, or the one a refusal pointed to, or
 * each in turn. Blocks. Safe for several threads.
 */
final class LeaderCalls {
  private final RpcClient client;
  private final List<HostPort> metaservers;
  private final Duration timeout;
  private volatile HostPort leader;

  LeaderCalls(RpcClient client, List<HostPort> metaservers, Duration timeout) {
    this.client = client;
    this.metaservers = metaservers;
    this.timeout = timeout;
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
    int at = metaservers.indexOf(address);
    return metaservers.get((at + 1) % metaservers.size());
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
