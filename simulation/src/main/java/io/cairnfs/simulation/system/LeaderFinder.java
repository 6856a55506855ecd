package io.cairnfs.simulation.system;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** Calls whoever leads, or is believed to. */
final class LeaderFinder {
  private final SimulatedNode node;
  private final NodeRpcClient client;
  private final Supplier<List<HostPort>> metaservers;
  private final RandomGenerator random;
  private HostPort believed;

  LeaderFinder(
      SimulatedNode node,
      NodeRpcClient client,
      Supplier<List<HostPort>> metaservers,
      RandomGenerator random) {
    this.node = node;
    this.client = client;
    this.metaservers = metaservers;
    this.random = random;
  }

  /** One try. Exactly one of the answer and the refusal is given. */
  <T extends MessageLite> void call(
      Method method,
      MessageLite request,
      Parser<T> parser,
      Duration timeout,
      BiConsumer<T, CairnException> next) {
    if (believed == null) {
      List<HostPort> all = metaservers.get();
      believed = all.get(random.nextInt(all.size()));
    }
    HostPort asked = believed;
    var unused =
        client
            .call(asked, method, request, parser, timeout)
            .whenComplete(
                Watched.then(
                    (reply, failure) -> {
                      if (failure == null) {
                        believed = asked;
                        next.accept(reply, null);
                      } else {
                        CairnException refusal = refusal(failure);
                        moveOn(asked, refusal);
                        next.accept(null, refusal);
                      }
                    }));
  }

  /** As {@link #call}, again and again while another try may help. */
  <T extends MessageLite> void callUntilAnswered(
      Method method,
      MessageLite request,
      Parser<T> parser,
      Runnable onRetry,
      BiConsumer<T, CairnException> next) {
    call(
        method,
        request,
        parser,
        Duration.ofMillis(1_500),
        (reply, refusal) -> {
          if (refusal != null && isUndecided(refusal)) {
            onRetry.run();
            node.after(
                10_000_000L + random.nextLong(60_000_000L),
                () -> callUntilAnswered(method, request, parser, onRetry, next));
          } else {
            next.accept(reply, refusal);
          }
        });
  }

  static boolean isUndecided(CairnException refusal) {
    return switch (refusal.code()) {
      case NOT_LEADER, UNAVAILABLE, BUSY, TIMED_OUT, CONNECTION_LOST -> true;
      default -> false;
    };
  }

  void moveOn() {
    believed = null;
  }

  private void moveOn(HostPort asked, CairnException refusal) {
    if (!asked.equals(believed)) {
      return;
    }
    switch (refusal.code()) {
      case NOT_LEADER ->
          believed = refusal.leaderHint().isEmpty() ? null : HostPort.parse(refusal.leaderHint());
      case UNAVAILABLE, TIMED_OUT, CONNECTION_LOST -> believed = null;
      default -> {
        // It leads, and it said no.
      }
    }
  }

  static CairnException refusal(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause instanceof CairnException refusal) {
      return refusal;
    }
    throw new IllegalStateException("a call failed unexpectedly", cause);
  }
}
