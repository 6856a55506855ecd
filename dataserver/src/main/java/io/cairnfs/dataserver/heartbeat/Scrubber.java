package io.cairnfs.dataserver.heartbeat;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.metrics.Counter;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.storage.QuarantinedReplica;
import io.cairnfs.dataserver.storage.ReplicaStatus;
import io.cairnfs.dataserver.storage.ReplicaStore;
import io.cairnfs.dataserver.storage.ScrubProgress;
import io.cairnfs.dataserver.storage.ScrubRound;
import io.cairnfs.dataserver.storage.SealedStretch;
import io.cairnfs.dataserver.transfer.Foreground;
import io.cairnfs.proto.types.ScrubStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads every SEALED replica, round after round in order of chunk ids: what was read longest ago
 * comes next, since a replica that is new was verified when it was sealed or copied. A round takes
 * the period, at the rate that what is left of it needs; one that an operator asked for begins at
 * once and goes as fast as scrubbing may. Goes on after a restart where it was.
 *
 * <pre>
 * IDLE    -> ROUND   the period has begun anew, or an operator asked
 * ROUND   -> IDLE    every replica was read
 * ROUND   -> ROUND   an operator asked: from the beginning, hurried
 * </pre>
 *
 * One thread runs it; the other methods are safe for any thread.
 */
final class Scrubber {
  private static final Logger LOG = LoggerFactory.getLogger(Scrubber.class);
  private static final int BATCH = 256;
  private static final long IDLE_NANOS = Duration.ofSeconds(60).toNanos();
  private static final long SAVE_NANOS = Duration.ofSeconds(60).toNanos();

  private final ReplicaStore store;
  private final Disk stateDisk;
  private final UpkeepOptions options;
  private final Clock clock;
  private final Pace pace;
  private final Runnable onBad;
  private final Counter verifiedReplicas;
  private final Counter verifiedBytes;
  private final Counter badReplicas;
  private final Counter rounds;

  @GuardedBy("this")
  private ScrubProgress progress = ScrubProgress.NONE;

  /** Changes when an operator begins a round: what the last one still reads is not of this one. */
  @GuardedBy("this")
  private int generation;

  @GuardedBy("this")
  private long replicasLeft;

  @GuardedBy("this")
  private long bytesLeft;

  private long savedNanos;

  Scrubber(
      ReplicaStore store,
      Disk stateDisk,
      UpkeepOptions options,
      Foreground foreground,
      Clock clock,
      Runnable onBad,
      MetricRegistry metrics) {
    this.store = store;
    this.stateDisk = stateDisk;
    this.options = options;
    this.clock = clock;
    this.pace =
        new Pace(
            clock,
            () -> Math.min(bytesPerSecond(), options.scrubBytesPerSecond() * foreground.share()),
            foreground::background);
    this.onBad = onBad;
    this.verifiedReplicas = metrics.counter("dataserver.scrub.replicas");
    this.verifiedBytes = metrics.counter("dataserver.scrub.bytes");
    this.badReplicas = metrics.counter("dataserver.scrub.bad");
    this.rounds = metrics.counter("dataserver.scrub.rounds");
    metrics.gauge("dataserver.scrub.left.bytes", () -> status().getBytesLeft());
    metrics.gauge("dataserver.quarantine.replicas", () -> store.quarantined().size());
    metrics.gauge("dataserver.quarantine.bytes", () -> bytes(store.quarantined()));
  }

  private static long bytes(List<QuarantinedReplica> replicas) {
    return replicas.stream().mapToLong(QuarantinedReplica::bytes).sum();
  }

  private long nowMillis() {
    return TimeUnit.NANOSECONDS.toMillis(clock.wallNanos());
  }

  /** What is left of the round over what is left of the period, if clients let it. */
  private synchronized double bytesPerSecond() {
    double most = (double) options.scrubBytesPerSecond();
    if (progress.hurried() || options.scrubPeriod().isZero()) {
      return most;
    }
    long started = progress.round().map(ScrubRound::startedMillis).orElse(nowMillis());
    long period = options.scrubPeriod().toMillis();
    long leftMillis = Math.min(period, started + period - nowMillis());
    double needed = Math.max(1, bytesLeft) * 1000.0 / Math.max(1000, leftMillis);
    return Math.min(most, needed);
  }

  /** Until {@link #close}. */
  void run() {
    restore();
    while (!pace.isClosed()) {
      if (!isRoundUnderWay()) {
        awaitRound();
      } else {
        step();
      }
    }
    save();
  }

  private void restore() {
    try {
      ScrubProgress kept = ScrubProgress.read(stateDisk);
      synchronized (this) {
        // An operator may have been faster.
        if (progress.equals(ScrubProgress.NONE)) {
          progress = kept;
        }
      }
    } catch (IOException e) {
      LOG.warn("the scrubber starts from the beginning: {}", e.getMessage());
    }
    savedNanos = clock.monotonicNanos();
  }

  private synchronized boolean isRoundUnderWay() {
    if (progress.round().isEmpty() && !options.scrubPeriod().isZero() && store.sealedCount() > 0) {
      progress =
          new ScrubProgress(
              progress.after(), false, Optional.of(ScrubRound.begin(nowMillis())), progress.last());
    }
    return progress.round().isPresent();
  }

  private synchronized void awaitRound() {
    long deadline = clock.monotonicNanos() + IDLE_NANOS;
    while (!pace.isClosed() && progress.round().isEmpty()) {
      long left = deadline - clock.monotonicNanos();
      if (left <= 0) {
        return;
      }
      try {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      } catch (InterruptedException e) {
        pace.close();
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Some replicas, or the end of the round. */
  private void step() {
    int current;
    SealedStretch stretch;
    synchronized (this) {
      current = generation;
      stretch = store.sealedAfter(progress.after(), BATCH);
      replicasLeft = stretch.replicas();
      bytesLeft = stretch.bytes();
      if (stretch.next().isEmpty()) {
        endRound();
      }
    }
    for (ReplicaStatus replica : stretch.next()) {
      if (pace.isClosed() || !isCurrent(current)) {
        return;
      }
      advance(current, replica, check(replica));
      if (clock.monotonicNanos() - savedNanos > SAVE_NANOS) {
        save();
      }
    }
    if (stretch.next().isEmpty()) {
      save();
    }
  }

  @GuardedBy("this")
  private void endRound() {
    Optional<ScrubRound> ended = progress.round().map(round -> round.endedAt(nowMillis()));
    ended.ifPresent(
        round -> LOG.info("scrubbed replicas={} bad={}", round.replicas(), round.bad()));
    rounds.increment();
    progress = new ScrubProgress(new ChunkId(0), false, Optional.empty(), ended);
  }

  private synchronized boolean isCurrent(int round) {
    return generation == round;
  }

  private synchronized void advance(int current, ReplicaStatus replica, boolean isBad) {
    if (!isCurrent(current)) {
      return;
    }
    long bytes = ReplicaStore.storedBytes(replica.length());
    progress =
        new ScrubProgress(
            replica.chunk(),
            progress.hurried(),
            progress.round().map(round -> round.with(bytes, isBad)),
            progress.last());
    replicasLeft = Math.max(0, replicasLeft - 1);
    bytesLeft = Math.max(0, bytesLeft - bytes);
  }

  /** Whether the replica was found bad. */
  private boolean check(ReplicaStatus replica) {
    try {
      boolean good = store.verify(replica.chunk(), replica.length(), pace).good();
      verifiedReplicas.increment();
      verifiedBytes.add(ReplicaStore.storedBytes(replica.length()));
      if (!good && store.isBad(replica.chunk())) {
        badReplicas.increment();
        onBad.run();
        return true;
      }
    } catch (CairnException e) {
      LOG.warn("{} cannot be verified: {}", replica.chunk(), e.getMessage());
    }
    return false;
  }

  private void save() {
    savedNanos = clock.monotonicNanos();
    ScrubProgress now;
    synchronized (this) {
      now = progress;
    }
    try {
      now.write(stateDisk);
    } catch (IOException e) {
      LOG.warn("the scrubber's place is not kept: {}", e.getMessage());
    }
  }

  /** Begins a round at once, from the beginning. */
  synchronized void hurry() {
    generation++;
    SealedStretch all = store.sealedAfter(new ChunkId(0), 0);
    replicasLeft = all.replicas();
    bytesLeft = all.bytes();
    progress =
        new ScrubProgress(
            new ChunkId(0), true, Optional.of(ScrubRound.begin(nowMillis())), progress.last());
    notifyAll();
  }

  /** How far it is, and what became of what it found. */
  ScrubStatus status() {
    List<QuarantinedReplica> quarantined = store.quarantined();
    ScrubStatus.Builder status =
        ScrubStatus.newBuilder()
            .setBadReplicas(store.badCount())
            .setQuarantinedReplicas(quarantined.size())
            .setQuarantinedBytes(bytes(quarantined));
    synchronized (this) {
      progress.last().ifPresent(last -> status.setLast(proto(last)));
      if (progress.round().isPresent()) {
        double rate = bytesPerSecond();
        status
            .setRound(proto(progress.round().get()))
            .setHurried(progress.hurried())
            .setReplicasLeft(replicasLeft)
            .setBytesLeft(bytesLeft)
            .setBytesPerSecond((long) rate)
            .setExpectedEndMillis(nowMillis() + (long) (bytesLeft / rate * 1000));
      }
    }
    return status.build();
  }

  private static io.cairnfs.proto.types.ScrubRound proto(ScrubRound round) {
    return io.cairnfs.proto.types.ScrubRound.newBuilder()
        .setStartedMillis(round.startedMillis())
        .setEndedMillis(round.endedMillis())
        .setReplicas(round.replicas())
        .setBytes(round.bytes())
        .setBad(round.bad())
        .build();
  }

  /** Ends after the replica at hand. Any thread. */
  void close() {
    pace.close();
    synchronized (this) {
      notifyAll();
    }
  }
}
