package io.cairnfs.metaserver.leader;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.time.Clock;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.TrashPass;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.EmptyTrash;
import io.cairnfs.proto.metadata.TrashResult;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the users' trashes gone through when that is due, one step at a time. How far a pass has come
 * is in the store: another leader goes on where this one stopped. Owned by the duties' thread, but
 * for {@link #settings}.
 */
final class TrashEmptier {
  private static final Logger logger = LoggerFactory.getLogger(TrashEmptier.class);

  /** Longer than a session has to give back a lease that is in the way. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Supplier<StoreView> views;
  private final Proposals proposals;
  private final DutyExecutor thread;
  private final Clock clock;
  private final TrashTimes times;
  private final int stepNames;

  private boolean underWay;
  private OptionalLong refusedSince = OptionalLong.empty();

  /**
   * @param stepNames how many names a command looks at
   */
  TrashEmptier(
      Supplier<StoreView> views,
      Proposals proposals,
      DutyExecutor thread,
      Clock clock,
      TrashTimes times,
      int stepNames) {
    this.views = views;
    this.proposals = proposals;
    this.thread = thread;
    this.clock = clock;
    this.times = times;
    this.stepNames = stepNames;
  }

  /** Everything of an earlier term is forgotten. */
  void reset() {
    underWay = false;
    refusedSince = OptionalLong.empty();
  }

  /** What clients are told. Any thread. */
  TrashResult settings(RecordReader reader) {
    return TrashResult.newBuilder()
        .setIntervalMillis(times.intervalMillis())
        .setTimeNanos(now(reader))
        .build();
  }

  /** No command will have an earlier time. */
  private long now(RecordReader reader) {
    return Math.max(clock.wallNanos(), Counter.TIME_NANOS.in(reader));
  }

  /** To be called now and again while this server leads. */
  void tick() {
    if (times.isOff() || underWay || !isDue()) {
      return;
    }
    underWay = true;
    thread.then(
        proposals.submit(
            Proposals.command()
                .setEmptyTrash(
                    EmptyTrash.newBuilder()
                        .setLimit(stepNames)
                        .setIntervalMillis(times.intervalMillis())
                        .setCheckpointIntervalMillis(times.checkpointMillis())
                        .setSkipLeased(isOutOfPatience()))),
        this::done);
  }

  private boolean isDue() {
    try (StoreView view = views.get()) {
      Optional<TrashPass> last = TrashPass.last(view);
      return TrashPass.isDue(last, now(view), times.checkpointMillis());
    }
  }

  private boolean isOutOfPatience() {
    return refusedSince.isPresent()
        && clock.monotonicNanos() - refusedSince.getAsLong() >= PATIENCE.toNanos();
  }

  private void done(CommandReply reply, Throwable failure) {
    underWay = false;
    if (failure != null) {
      logger.debug("trash was not gone through", failure);
    } else if (reply.getErrorCode() == ErrorCode.RETRY.number()) {
      if (refusedSince.isEmpty()) {
        refusedSince = OptionalLong.of(clock.monotonicNanos());
      }
    } else if (reply.getErrorCode() != 0) {
      logger.warn("trash is not gone through: {}", reply.getErrorMessage());
    } else {
      refusedSince = OptionalLong.empty();
      if (reply.getCount() >= stepNames) {
        tick();
      }
    }
  }
}
