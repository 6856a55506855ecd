package io.cairnfs.metaserver.leader;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.time.Clock;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.metadata.BackgroundWork;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Supplier;

/**
 * How fast the cluster's background work gets on: what has become less from one look to the next,
 * within the last minute. New work does not hide what was done of the old. Any thread.
 */
final class WorkPace {
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
  private static final int LOOKS = 60;

  private final Supplier<StoreView> views;
  private final Clock clock;

  @GuardedBy("this")
  private final Deque<Look> looks = new ArrayDeque<>();

  private record Look(long nanos, long repairs, long slots, long deletes) {
    static Look at(long nanos, RecordReader reader) {
      long[] totals = Counter.read(reader);
      return new Look(
          nanos,
          Counter.REPAIR_ENTRIES.in(totals),
          Counter.SLOTS_MOVING.in(totals),
          Counter.GARBAGE_ENTRIES.in(totals));
    }

    long left(BackgroundWork.Kind kind) {
      return switch (kind) {
        case REPAIR -> repairs;
        case SLOT_MOVES -> slots;
        case DELETES -> deletes;
        case KIND_UNSPECIFIED, UNRECOGNIZED -> throw new IllegalArgumentException(kind.name());
      };
    }
  }

  WorkPace(Supplier<StoreView> views, Clock clock) {
    this.views = views;
    this.clock = clock;
  }

  /** A new leader has seen nothing. */
  synchronized void reset() {
    looks.clear();
  }

  /** To be called now and again while this server leads. */
  synchronized void tick() {
    long now = clock.monotonicNanos();
    if (!looks.isEmpty() && now - looks.getLast().nanos() < LOOK_EVERY.toNanos()) {
      return;
    }
    try (StoreView view = views.get()) {
      looks.add(Look.at(now, view));
    }
    if (looks.size() > LOOKS) {
      looks.remove();
    }
  }

  /** All kinds of work, with what is left of each in a state. */
  List<BackgroundWork> work(RecordReader reader) {
    Look now = Look.at(clock.monotonicNanos(), reader);
    return List.of(
        work(BackgroundWork.Kind.REPAIR, now),
        work(BackgroundWork.Kind.SLOT_MOVES, now),
        work(BackgroundWork.Kind.DELETES, now));
  }

  private BackgroundWork work(BackgroundWork.Kind kind, Look now) {
    return BackgroundWork.newBuilder()
        .setKind(kind)
        .setLeft(now.left(kind))
        .setDonePerSecond(donePerSecond(kind))
        .build();
  }

  /** Over the time in which there was something to do. */
  private synchronized double donePerSecond(BackgroundWork.Kind kind) {
    long done = 0;
    long nanos = 0;
    Look before = null;
    for (Look look : looks) {
      if (before != null && before.left(kind) > 0) {
        done += Math.max(0, before.left(kind) - look.left(kind));
        nanos += look.nanos() - before.nanos();
      }
      before = look;
    }
    return nanos == 0 ? 0 : done * 1e9 / nanos;
  }
}
