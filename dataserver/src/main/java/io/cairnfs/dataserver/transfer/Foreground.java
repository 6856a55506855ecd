package io.cairnfs.dataserver.transfer;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.metrics.Histogram;
import io.cairnfs.common.metrics.HistogramWindow;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How long clients wait for this server, and how much of its rates background work (copies,
 * compaction, scrubbing) may use so that they do not wait much longer for it.
 *
 * <p>Once a second the 99th percentile of reads, and of packets until all members have them, is
 * compared with its idle value, the one of seconds in which no background work was done. If either
 * is more than half as much again, and by a millisecond at least, the share is halved, down to an
 * eighth; otherwise it grows by a quarter. Fewer than 100 values are gathered over several seconds:
 * of less the percentile is an accident. Where clients are served and background work never rests,
 * it rests for a second every 20 to learn the idle value.
 *
 * <pre>
 * WORKING -> LEARNING   20 s of work beside clients, or for the first time
 * LEARNING -> WORKING   an idle value was learned, or 3 s are over
 * </pre>
 *
 * <p>Safe for any thread; {@link #tick} is called several times a second by one.
 */
public final class Foreground {
  /** Of a rate that is always left to background work: a repair must come to its end. */
  private static final double LEAST_SHARE = 1.0 / 8;

  /** While the idle value is learned. */
  private static final double NO_SHARE = 1e-9;

  private static final double GROWTH = 1.25;
  private static final double SLOWDOWN = 1.5;
  private static final long NOISE_MICROS = 1_000;
  private static final double QUANTILE = 0.99;
  private static final int LEAST_VALUES = 100;
  private static final long WINDOW_NANOS = Duration.ofSeconds(1).toNanos();
  private static final int WINDOWS_OF_WORK = 20;
  private static final int WINDOWS_OF_LEARNING = 3;

  private final Clock clock;
  private final Histogram readMicros;
  private final List<Kind> kinds;
  private final AtomicLong backgroundBytes = new AtomicLong();
  private volatile boolean sourceSlowed;
  private volatile double share = 1;
  private volatile boolean slowed;

  @GuardedBy("this")
  private long windowNanos;

  @GuardedBy("this")
  private long bytesBefore;

  @GuardedBy("this")
  private boolean wasIdle = true;

  /** For an idle value; where clients ask too little to tell one, looking again can wait. */
  @GuardedBy("this")
  private boolean hasLooked;

  @GuardedBy("this")
  private int workedWindows;

  @GuardedBy("this")
  private int learningWindows;

  @GuardedBy("this")
  private double shareAfterLearning = 1;

  /** One kind of what clients wait for. */
  private static final class Kind {
    final HistogramWindow window;
    OptionalLong idleMicros = OptionalLong.empty();

    Kind(Histogram micros) {
      this.window = new HistogramWindow(micros);
    }

    boolean isSlow(long micros) {
      return idleMicros.isPresent()
          && micros > SLOWDOWN * idleMicros.getAsLong()
          && micros - idleMicros.getAsLong() >= NOISE_MICROS;
    }

    /** A quarter of the way, so that one odd second does not decide. */
    void learn(long micros) {
      long known = idleMicros.orElse(micros);
      idleMicros = OptionalLong.of(known + (micros - known) / 4);
    }
  }

  Foreground(Clock clock, MetricRegistry metrics) {
    this.clock = clock;
    this.readMicros = metrics.histogram("dataserver.read.micros");
    this.kinds =
        List.of(new Kind(readMicros), new Kind(metrics.histogram("dataserver.packet.micros")));
    this.windowNanos = clock.monotonicNanos();
    metrics.gauge("dataserver.background.share.percent", () -> Math.round(share() * 100));
  }

  /** A client's read was answered. */
  void read(long nanos) {
    readMicros.record(nanos / 1000);
  }

  /** So many bytes are read, written or sent for background work. */
  public void background(long bytes) {
    backgroundBytes.addAndGet(bytes);
  }

  /** A server that gives its bytes for background work here says that its clients wait for it. */
  public void sourceIsSlowed() {
    sourceSlowed = true;
  }

  /**
   * Whether clients waited much longer than without background work, when it was looked at last.
   */
  boolean isSlowed() {
    return slowed;
  }

  /** Of its rates, what background work may use now; above 0, at most 1. */
  public double share() {
    return share;
  }

  /** Looks at the last second, if one is over. */
  public synchronized void tick() {
    long now = clock.monotonicNanos();
    if (now - windowNanos < WINDOW_NANOS) {
      return;
    }
    windowNanos = now;
    long bytes = backgroundBytes.get();
    boolean idle = bytes == bytesBefore;
    bytesBefore = bytes;
    if (idle != wasIdle) {
      // What was gathered so far is of the other sort.
      wasIdle = idle;
      kinds.forEach(kind -> kind.window.begin());
      if (learningWindows == 0) {
        adapt(idle, false);
        return;
      }
    }
    boolean slow = !idle && sourceSlowed;
    sourceSlowed = false;
    boolean learned = false;
    boolean served = false;
    for (Kind kind : kinds) {
      long count = kind.window.count();
      served |= count > 0;
      if (count < LEAST_VALUES) {
        continue;
      }
      long micros = kind.window.quantile(QUANTILE);
      kind.window.begin();
      if (idle) {
        kind.learn(micros);
        learned = true;
      } else {
        slow |= kind.isSlow(micros);
      }
    }
    slowed = slow;
    if (learningWindows > 0) {
      endLearning(learned);
    } else {
      adapt(idle, slow);
      beginLearning(idle, served);
    }
  }

  @GuardedBy("this")
  private void adapt(boolean idle, boolean slow) {
    if (slow) {
      share = Math.max(LEAST_SHARE, share / 2);
    } else {
      share = Math.min(1, share * (idle ? 2 : GROWTH));
    }
  }

  @GuardedBy("this")
  private void beginLearning(boolean idle, boolean served) {
    workedWindows = idle ? 0 : workedWindows + 1;
    boolean unknown = kinds.stream().allMatch(kind -> kind.idleMicros.isEmpty());
    boolean due = (unknown && !hasLooked) || workedWindows >= WINDOWS_OF_WORK;
    if (!idle && served && due) {
      hasLooked = true;
      learningWindows = WINDOWS_OF_LEARNING;
      shareAfterLearning = share;
      share = NO_SHARE;
      kinds.forEach(kind -> kind.window.begin());
      wasIdle = true;
    }
  }

  @GuardedBy("this")
  private void endLearning(boolean learned) {
    learningWindows = learned ? 0 : learningWindows - 1;
    if (learningWindows == 0) {
      share = shareAfterLearning;
      workedWindows = 0;
    }
  }
}
