package io.cairnfs.raft.driver;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.process.FatalErrors;
import io.cairnfs.common.time.Clock;
import io.cairnfs.proto.raft.CheckpointPartRequest;
import io.cairnfs.raft.LeadershipListener;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.RaftRole;
import io.cairnfs.raft.RaftStatus;
import io.cairnfs.raft.ReplicatedLog;
import io.cairnfs.raft.StateMachine;
import io.cairnfs.raft.core.Effects;
import io.cairnfs.raft.core.Effects.Install;
import io.cairnfs.raft.core.Effects.Leadership;
import io.cairnfs.raft.core.Effects.Persist;
import io.cairnfs.raft.core.Effects.ReadReady;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.core.MembershipCodec;
import io.cairnfs.raft.core.Proposal;
import io.cairnfs.raft.core.RaftCore;
import io.cairnfs.raft.core.RaftCore.Acceptance;
import io.cairnfs.raft.core.RaftMessage;
import io.cairnfs.raft.core.RaftMessage.AppendRequest;
import io.cairnfs.raft.core.ReadRequest;
import io.cairnfs.raft.log.SegmentedLog;
import io.cairnfs.raft.transport.Envelope;
import io.cairnfs.raft.transport.RaftTransport;
import io.cairnfs.raft.transport.RaftTransport.Part;
import io.cairnfs.raft.transport.Refusal;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One member of a group, running. See the package for its threads.
 *
 * <p>Started by {@link #start}; stopped by {@link #close}, which also closes the transport and the
 * directory, not the state machine. Submissions beyond what the disk has room for fail with {@code
 * NO_SPACE}; elections and reads go on meanwhile.
 *
 * @param <R> what the state machine returns for an applied batch
 */
public final class RaftEngine<R> implements ReplicatedLog<R>, AutoCloseable {
  private static final Logger LOGGER = LoggerFactory.getLogger(RaftEngine.class);
  private static final int MAX_EVENTS_PER_ROUND = 1024;
  private static final int MAX_CHUNKS_AHEAD = 4;

  /** Nobody waits for what a follower applies: it gathers for so long, and wakes a thread once. */
  private static final long FOLLOWER_GATHERS_NANOS = Duration.ofMillis(4).toNanos();

  /** So many entries need not wait for more. */
  private static final long ENOUGH_GATHERED = 64;

  private static final int MAX_MESSAGES_QUEUED = 4096;
  private static final int BUSY_RETRY_MILLIS = 50;

  /** A hand-over takes milliseconds. */
  private static final int TRANSFER_RETRY_MILLIS = 5;

  /** Waking so much too late, this thread was not given the processor: others were not either. */
  private static final long STALL_NANOS = Duration.ofMillis(20).toNanos();

  /** What was sent meanwhile is given so long to arrive before silence counts. */
  private static final long LONGEST_GRACE_NANOS = Duration.ofMillis(150).toNanos();

  private static final int RECORD_OVERHEAD_BYTES = 48;
  private static final long INSTALL_POLL_NANOS = 10_000_000L;
  private static final long FULL_DISK_RETRY_NANOS = 1_000_000_000L;

  private final MemberId self;
  private final EngineOptions options;
  private final StateMachine<R> machine;
  private final MemberDirectory directory;
  private final SegmentedLog log;
  private final RaftTransport transport;
  private final Clock clock;
  private final FatalErrors fatal;
  private final EngineMetrics metrics;
  private final Checkpointer checkpointer;
  private final DiskLoop disk;
  private final ApplyLoop<R> apply;
  private final WorkLoop background = new WorkLoop();
  private final WorkLoop allocation = new WorkLoop();
  private final List<Thread> threads = new ArrayList<>();
  private final Queue<Event> inbox = new ConcurrentLinkedQueue<>();
  private final StateLoop state;
  private final AtomicInteger submissionsQueued = new AtomicInteger();
  private final AtomicInteger messagesQueued = new AtomicInteger();
  private final AtomicBoolean allocating = new AtomicBoolean();

  // Published by the state loop.
  private volatile View view;
  private volatile boolean ended;

  // Owned by the state loop.
  private final RaftCore core;
  private final Deque<Placed> placed = new ArrayDeque<>();

  /** Whoever waits for something that the core holds and has not given back. */
  private final Set<Held> heldByCore = Collections.newSetFromMap(new IdentityHashMap<>());

  private final Deque<Long> chunksAhead = new ArrayDeque<>();
  private final PriorityQueue<WaitingRead> waitingReads =
      new PriorityQueue<>(Comparator.comparingLong(WaitingRead::index));
  private Membership membership = Membership.NONE;
  private long leadingTerm;
  private long commitTarget;
  private long handedToApply;
  private long handedToApplyNanos;
  private boolean installing;
  private long graceUntilNanos = Long.MIN_VALUE;
  private boolean graceGiven;
  private long handedToDiskBytes;
  private long proposedBytes;
  private long roomBytes;
  private long lastMonotonicNanos;
  private long lastWallNanos;
  private List<RaftStatus.Follower> followers = List.of();
  private long followersDueNanos;
  private Optional<Transfer> transfer = Optional.empty();
  private final Admission admission;

  /** What the core holds for somebody who waits. */
  interface Held {
    CompletableFuture<?> future();
  }

  /** Something for the state loop. */
  private interface Event {
    void run(long nowNanos);
  }

  private record Placed(long index, long term, Submission<?> submission) {}

  private record Barrier(CompletableFuture<Long> future) implements ReadRequest, Held {}

  private record WaitingRead(long index, CompletableFuture<Long> future) {}

  private record Transfer(MemberId target, long deadlineNanos, CompletableFuture<Void> future) {}

  /** What other threads may see. */
  private record View(
      RaftRole role,
      long term,
      Optional<Member> leader,
      long commitIndex,
      long firstIndex,
      long lastIndex,
      Membership membership,
      RaftStatus.Standing standing,
      List<RaftStatus.Follower> followers,
      long leaseUntilNanos,
      long monotonicNanos,
      long wallNanos) {}

  private RaftEngine(
      MemberId self,
      EngineOptions options,
      MemberDirectory directory,
      StateMachine<R> machine,
      RaftTransport transport,
      EngineEnvironment environment) {
    this.self = self;
    this.options = options;
    this.machine = machine;
    this.directory = directory;
    this.log = directory.storage().log();
    this.transport = transport;
    this.clock = environment.clock();
    this.fatal = environment.fatal();
    this.metrics = new EngineMetrics(environment.metrics());
    this.state =
        transport
            .executor()
            .<StateLoop>map(executor -> new ExecutorStateLoop(executor, clock))
            .orElseGet(() -> new ThreadStateLoop("raft-state-" + self));
    this.checkpointer = new Checkpointer(directory.checkpoints(), clock);
    this.disk =
        new DiskLoop(
            directory.storage(),
            clock,
            options.markAfter(),
            metrics,
            sequence -> hand(now -> persisted(sequence, now)),
            this::allocateSpare);
    this.apply =
        new ApplyLoop<>(
            machine,
            clock,
            metrics,
            options,
            log.sizeBytes(),
            log.lastIndex() - log.firstIndex() + 1,
            this::wakeState,
            this::checkpointDue);
    this.handedToApply = machine.appliedIndex();
    this.handedToApplyNanos = clock.monotonicNanos();
    this.core =
        new RaftCore(
            self,
            options.raft(),
            directory.storage().vote(),
            new StoredLogView(log, directory.checkpoints()),
            environment.random(),
            apply::appliedIndex,
            clock.monotonicNanos());
    this.admission = new Admission(self, directory.storage().instance(), core, transport);
    lastMonotonicNanos = clock.monotonicNanos();
    lastWallNanos = clock.wallNanos();
    publish();
    environment.metrics().gauge("raft.applied.index", apply::appliedIndex);
    environment.metrics().gauge("raft.commit.index", () -> view.commitIndex());
    environment.metrics().gauge("raft.term", () -> view.term());
    environment.metrics().gauge("raft.log.bytes", log::sizeBytes);
    environment.metrics().gauge("raft.incoming.bytes", checkpointer::incomingBytes);
    environment.metrics().gauge("raft.incoming.received.bytes", checkpointer::receivedBytes);
  }

  private void persisted(long sequence, long now) {
    if (!ended) {
      core.persisted(sequence, now);
    }
  }

  private void wakeState() {
    state.wake();
  }

  /**
   * Brings log, checkpoint and state machine into line after whatever the last process left, and
   * starts the threads.
   *
   * @param directory opened for this member; closed by {@link #close}
   * @param machine holds what it last made durable; fed from there on
   * @throws CairnException {@code CORRUPT} if the three do not fit one another: entries between are
   *     missing, or the state machine has applied what the log never had
   */
  public static <R> RaftEngine<R> start(
      MemberId self,
      EngineOptions options,
      MemberDirectory directory,
      StateMachine<R> machine,
      RaftTransport transport,
      EngineEnvironment environment)
      throws IOException {
    Alignment.align(directory, machine);
    RaftEngine<R> engine =
        new RaftEngine<>(self, options, directory, machine, transport, environment);
    engine.startThreads();
    return engine;
  }

  private void startThreads() {
    allocateSpare();
    startThread("raft-disk", disk);
    startThread("raft-apply", apply);
    startThread("raft-checkpoint", background);
    startThread("raft-allocate", allocation);
    transport.start(new Deliveries());
    transport.membershipChanged(core.membership());
    state.start(new StateRounds());
  }

  private void startThread(String role, Runnable body) {
    Thread thread =
        new Thread(
            () -> {
              try {
                body.run();
              } catch (Throwable e) {
                fail(role, e);
              }
            },
            role + "-" + self);
    thread.setDaemon(true);
    threads.add(thread);
    thread.start();
  }

  /** Whatever ends a thread of the engine ends the process. */
  private void fail(String role, Throwable cause) {
    fatal.stop("member=" + self + " thread " + role + ": " + cause.getMessage(), cause);
    // Only a test's implementation returns: nothing may go on here either.
    stopLoops();
  }

  // What callers ask, on any thread.

  @Override
  public CompletableFuture<R> submit(byte[] batch) {
    Submission<R> submission = new Submission<>(batch, clock.monotonicNanos());
    if (batch.length > options.log().maxEntryBytes()) {
      return CompletableFuture.failedFuture(
          new CairnException(
              ErrorCode.INVALID_ARGUMENT,
              "batch of %d bytes, at most %d"
                  .formatted(batch.length, options.log().maxEntryBytes())));
    }
    if (submissionsQueued.incrementAndGet() > options.raft().maxQueuedProposals()) {
      submissionsQueued.decrementAndGet();
      metrics.refused.increment();
      return CompletableFuture.failedFuture(busy());
    }
    hand(
        now -> {
          submissionsQueued.decrementAndGet();
          propose(submission);
        });
    return submission.future();
  }

  @Override
  public CompletableFuture<Long> readBarrier() {
    View now = view;
    long monotonic = clock.monotonicNanos();
    if (monotonic < now.leaseUntilNanos()
        && apply.readyTerm() == now.term()
        && clock.wallNanos() - now.wallNanos() - (monotonic - now.monotonicNanos())
            <= driftNanos()) {
      // Whatever was acknowledged before this call was applied here before, or by a predecessor
      // whose entries all are.
      metrics.leaseReads.increment();
      return CompletableFuture.completedFuture(apply.appliedIndex());
    }
    Barrier barrier = new Barrier(new CompletableFuture<>());
    hand(
        at -> {
          if (ended) {
            barrier.future().completeExceptionally(stopped());
            return;
          }
          if (refuseUnlessAccepted(core.read(barrier, at), barrier.future())) {
            heldByCore.add(barrier);
          }
        });
    return barrier.future();
  }

  @Override
  public CompletableFuture<Void> transferLeadership(MemberId target) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    hand(
        now -> {
          if (ended) {
            future.completeExceptionally(stopped());
          } else if (transfer.isPresent()) {
            future.completeExceptionally(busy());
          } else if (refuseUnlessAccepted(core.transferLeadership(target, now), future)) {
            long deadline = now + options.raft().maxElectionTimeout().toNanos();
            transfer = Optional.of(new Transfer(target, deadline, future));
          }
        });
    return future;
  }

  @Override
  public CompletableFuture<Void> changeMembers(Membership target) {
    Submission<Void> submission =
        new Submission<>(MembershipCodec.encode(target), clock.monotonicNanos());
    hand(
        now -> {
          if (ended) {
            submission.future().completeExceptionally(stopped());
          } else if (refuseUnlessAccepted(
              core.changeMembers(target, submission, now), submission.future())) {
            proposedBytes += submission.payload().length;
          }
        });
    return submission.future();
  }

  @Override
  public RaftStatus status() {
    View now = view;
    return new RaftStatus(
        self,
        now.role(),
        now.term(),
        now.leader(),
        now.role() == RaftRole.LEADER && apply.readyTerm() == now.term(),
        now.commitIndex(),
        apply.appliedIndex(),
        now.firstIndex(),
        now.lastIndex(),
        now.membership(),
        now.standing(),
        now.followers());
  }

  @Override
  public void addListener(LeadershipListener listener) {
    apply.addListener(listener);
  }

  /** Makes a checkpoint now; completes with its index once the log may be cut there. */
  public CompletableFuture<Long> checkpoint() {
    CompletableFuture<Long> future = new CompletableFuture<>();
    background.add(
        new WorkLoop.Work() {
          @Override
          public void run() throws IOException {
            makeCheckpoint(future);
          }

          @Override
          public void dropped() {
            future.completeExceptionally(stopped());
          }
        });
    return future;
  }

  private void hand(Event event) {
    inbox.add(event);
    state.wake();
    if (ended) {
      refuseTheRest();
    }
  }

  private CairnException busy() {
    return transfer.isPresent()
        ? CairnException.busy("leadership is being handed over", TRANSFER_RETRY_MILLIS)
        : CairnException.busy("too much is queued", BUSY_RETRY_MILLIS);
  }

  private static CairnException stopped() {
    return new CairnException(ErrorCode.UNAVAILABLE, "the engine has stopped");
  }

  private CairnException notLeader() {
    return CairnException.notLeader(
        view.leader().map(Member::address).map(HostPort::toString).orElse(""));
  }

  /** Refuses where the core did; returns whether it accepted. */
  private boolean refuseUnlessAccepted(Acceptance acceptance, CompletableFuture<?> future) {
    switch (acceptance) {
      case ACCEPTED -> {
        return true;
      }
      case NOT_LEADER -> future.completeExceptionally(notLeader());
      case BUSY -> {
        metrics.refused.increment();
        future.completeExceptionally(busy());
      }
      case RETRY ->
          future.completeExceptionally(
              new CairnException(
                  ErrorCode.RETRY,
                  "an earlier change, the term's first entry or a learner is outstanding",
                  "",
                  BUSY_RETRY_MILLIS,
                  null));
      case INVALID ->
          future.completeExceptionally(
              new CairnException(ErrorCode.INVALID_ARGUMENT, "not possible with these members"));
    }
    return false;
  }

  // The state loop.

  private final class StateRounds implements StateLoop.Rounds {
    @Override
    public long round() {
      RaftEngine.this.round();
      return nextDeadline() - clock.monotonicNanos();
    }

    @Override
    public boolean hasWork() {
      return !inbox.isEmpty() || progressWaits();
    }

    @Override
    public void ended() {
      ended = true;
      refuseTheRest();
    }

    @Override
    public void failed(Throwable cause) {
      fail("raft-state", cause);
    }
  }

  private void round() {
    long now = clock.monotonicNanos();
    watchWallTime(now);
    roomBytes = log.sureRoomBytes() - (handedToDiskBytes - disk.writtenBytes()) - proposedBytes;
    for (int events = 0; events < MAX_EVENTS_PER_ROUND; events++) {
      Event event = inbox.poll();
      if (event == null) {
        break;
      }
      event.run(clock.monotonicNanos());
    }
    now = clock.monotonicNanos();
    if (now >= tickDueNanos()) {
      tickUnlessStalled(now);
    }
    Effects effects = core.takeEffects(now);
    lookAfterFollowers(now);
    publish();
    carryOut(effects);
    expireTransfer(now);
    feedApply(now);
    serveReads();
    askForProgress();
  }

  private long tickDueNanos() {
    long due = Math.max(core.nextDeadlineNanos(), graceUntilNanos);
    return core.role() == RaftRole.LEADER ? due : Math.max(due, admission.silentUntilNanos());
  }

  /**
   * A busy machine must not take its own lack of processor time for the silence of others: having
   * missed a deadline by much, a member first lets in what arrived meanwhile.
   */
  private void tickUnlessStalled(long now) {
    long late = now - tickDueNanos();
    if (late > STALL_NANOS && !graceGiven) {
      graceGiven = true;
      metrics.stalls.increment();
      long grace = core.role() == RaftRole.LEADER ? STALL_NANOS / 10 : late;
      graceUntilNanos = now + Math.min(grace, LONGEST_GRACE_NANOS);
    } else {
      graceGiven = false;
      core.tick(now);
    }
  }

  private long nextDeadline() {
    long deadline = mayGather() ? Math.min(tickDueNanos(), gathersUntilNanos()) : tickDueNanos();
    return transfer.map(begun -> Math.min(deadline, begun.deadlineNanos())).orElse(deadline);
  }

  /** A machine that was suspended has not counted the time: its lease may be over. */
  private void watchWallTime(long now) {
    long wall = clock.wallNanos();
    if (wall - lastWallNanos - (now - lastMonotonicNanos) > driftNanos()) {
      core.clockJumped(now);
    }
    lastWallNanos = wall;
    lastMonotonicNanos = now;
  }

  private long driftNanos() {
    return (long) (options.raft().promise().toNanos() * options.raft().driftBound());
  }

  /** As often as they are heard of anyway, not with every entry. */
  private void lookAfterFollowers(long now) {
    if (core.role() != RaftRole.LEADER) {
      followers = List.of();
      followersDueNanos = now;
    } else if (now >= followersDueNanos) {
      followers = core.followers(now);
      followersDueNanos = now + options.raft().heartbeatInterval().toNanos();
    }
  }

  private void publish() {
    Membership present = admission.membership();
    view =
        new View(
            core.role(),
            core.term(),
            admission.leader(),
            core.commitIndex(),
            core.firstIndex(),
            core.lastIndex(),
            present,
            admission.standing(),
            followers,
            core.leaseUntilNanos(lastMonotonicNanos),
            lastMonotonicNanos,
            lastWallNanos);
  }

  private void propose(Submission<?> submission) {
    if (ended) {
      submission.future().completeExceptionally(stopped());
      return;
    }
    int bytes = submission.payload().length + RECORD_OVERHEAD_BYTES;
    if (bytes > roomBytes && log.isFull()) {
      metrics.refused.increment();
      submission.future().completeExceptionally(noSpace());
      return;
    }
    if (refuseUnlessAccepted(core.propose(submission), submission.future())) {
      heldByCore.add(submission);
      metrics.submitted.increment();
      proposedBytes += submission.payload().length;
      roomBytes -= bytes;
    }
  }

  private CairnException noSpace() {
    return new CairnException(
        ErrorCode.NO_SPACE, "member=" + self + ": no room for the log on its disk");
  }

  private void receive(RaftMessage message, Envelope envelope, long now) {
    if (!admission.admits(message, envelope, now)) {
      metrics.foreign.increment();
      return;
    }
    if (message instanceof AppendRequest append && !append.entries().isEmpty()) {
      long bytes = (long) append.entries().size() * RECORD_OVERHEAD_BYTES;
      for (LogEntry entry : append.entries()) {
        bytes += entry.payload().length;
      }
      if (bytes > roomBytes && log.isFull()) {
        // A full disk takes no entries, but the leader is alive: it is heard as a heartbeat.
        core.step(withoutEntries(append), now);
        return;
      }
      roomBytes -= bytes;
    }
    core.step(message, now);
  }

  private static AppendRequest withoutEntries(AppendRequest append) {
    return new AppendRequest(
        append.from(),
        append.to(),
        append.term(),
        append.previousIndex(),
        append.previousTerm(),
        append.commitIndex(),
        List.of(),
        append.sentNanos(),
        append.round());
  }

  private void carryOut(Effects effects) {
    // The force takes longest, so it is begun first.
    effects.persist().ifPresent(this::persist);
    if (!membership.equals(core.membership())) {
      membership = core.membership();
      LOGGER.info("member={} membership={}", self, membership);
      transport.membershipChanged(membership);
    }
    if (!effects.messages().isEmpty()) {
      transport.send(effects.messages());
    }
    long index = effects.placedFrom();
    for (Proposal proposal : effects.placed()) {
      placed.add(new Placed(index++, effects.term(), givenBack(proposal)));
    }
    for (Proposal proposal : effects.dropped()) {
      givenBack(proposal).future().completeExceptionally(notLeader());
    }
    commitTarget = Math.max(commitTarget, effects.applyTo());
    for (ReadReady ready : effects.readsReady()) {
      (ready.byLease() ? metrics.leaseReads : metrics.confirmedReads).increment();
      waitingReads.add(new WaitingRead(ready.index(), givenBack(ready.request())));
    }
    for (ReadRequest dropped : effects.readsDropped()) {
      givenBack(dropped).completeExceptionally(notLeader());
    }
    effects.leadership().ifPresent(this::leadershipChanged);
    effects.install().ifPresent(install -> background.add(() -> install(install)));
    if (effects.compactTo() > 0) {
      long upTo = effects.compactTo();
      disk.run(storage -> storage.log().truncatePrefix(upTo));
    }
  }

  private Submission<?> givenBack(Proposal proposal) {
    Submission<?> submission = (Submission<?>) proposal;
    proposedBytes -= submission.payload().length;
    heldByCore.remove(submission);
    return submission;
  }

  private CompletableFuture<Long> givenBack(ReadRequest request) {
    Barrier barrier = (Barrier) request;
    heldByCore.remove(barrier);
    return barrier.future();
  }

  private void persist(Persist persist) {
    for (LogEntry entry : persist.entries()) {
      handedToDiskBytes += entry.payload().length;
    }
    disk.persist(persist);
  }

  private void leadershipChanged(Leadership change) {
    LOGGER.info(
        "member={} role={} term={} leader={}",
        self,
        change.role(),
        change.term(),
        change.leader().map(MemberId::value).orElse("-"));
    boolean leads = change.role() == RaftRole.LEADER;
    if (leadingTerm != 0 && !(leads && change.term() == leadingTerm)) {
      leadingTerm = 0;
      apply.stopLeading();
      failPlaced(
          new CairnException(
              ErrorCode.UNAVAILABLE,
              "member=" + self + " no longer leads; the batch may still be applied"));
      transfer.ifPresent(begun -> begun.future().complete(null));
      transfer = Optional.empty();
    }
    if (leads && leadingTerm == 0) {
      leadingTerm = change.term();
      metrics.elections.increment();
      apply.lead(change.term(), change.readyIndex());
    }
  }

  private void failPlaced(CairnException cause) {
    for (Placed lost : placed) {
      lost.submission().future().completeExceptionally(cause);
    }
    placed.clear();
  }

  private void expireTransfer(long now) {
    if (transfer.isPresent() && now >= transfer.get().deadlineNanos()) {
      transfer
          .get()
          .future()
          .completeExceptionally(
              new CairnException(
                  ErrorCode.TIMED_OUT,
                  "member=" + transfer.get().target() + " did not take over leadership"));
      transfer = Optional.empty();
    }
  }

  private void feedApply(long now) {
    while (!chunksAhead.isEmpty() && chunksAhead.peek() <= apply.appliedIndex()) {
      chunksAhead.poll();
    }
    if (mayGather() && now < gathersUntilNanos()) {
      return;
    }
    while (!installing && handedToApply < commitTarget && chunksAhead.size() < MAX_CHUNKS_AHEAD) {
      List<LogEntry> entries = core.applicable(handedToApply + 1, options.applyChunkBytes());
      handedToApply = entries.get(entries.size() - 1).index();
      handedToApplyNanos = now;
      chunksAhead.add(handedToApply);
      apply.apply(entries, waitingFor(entries));
    }
  }

  /** What is to be applied is little, and can wait for more. */
  private boolean mayGather() {
    long waiting = commitTarget - handedToApply;
    return waiting > 0
        && waiting < ENOUGH_GATHERED
        && core.role() == RaftRole.FOLLOWER
        && !installing
        && chunksAhead.size() < MAX_CHUNKS_AHEAD;
  }

  private long gathersUntilNanos() {
    return handedToApplyNanos + FOLLOWER_GATHERS_NANOS;
  }

  private List<Submission<?>> waitingFor(List<LogEntry> entries) {
    Submission<?>[] waiting = new Submission<?>[entries.size()];
    for (int i = 0; i < waiting.length && !placed.isEmpty(); i++) {
      LogEntry entry = entries.get(i);
      if (placed.peek().index() != entry.index()) {
        continue;
      }
      Placed own = placed.poll();
      if (own.term() == entry.term()) {
        waiting[i] = own.submission();
      } else {
        own.submission().future().completeExceptionally(notLeader());
      }
    }
    return Arrays.asList(waiting);
  }

  private void serveReads() {
    long applied = apply.appliedIndex();
    while (!waitingReads.isEmpty() && waitingReads.peek().index() <= applied) {
      waitingReads.poll().future().complete(applied);
    }
  }

  /** Has the apply thread wake this one when something here waits for it. */
  private void askForProgress() {
    long wanted = progressWanted();
    if (wanted != Long.MAX_VALUE && apply.wakeAt(wanted)) {
      state.wake();
    }
  }

  private long progressWanted() {
    long wanted = waitingReads.isEmpty() ? Long.MAX_VALUE : waitingReads.peek().index();
    return handedToApply < commitTarget && chunksAhead.size() == MAX_CHUNKS_AHEAD
        ? Math.min(wanted, chunksAhead.peek())
        : wanted;
  }

  private boolean progressWaits() {
    return progressWanted() <= apply.appliedIndex();
  }

  /** Answers what was handed over too late. */
  private synchronized void refuseTheRest() {
    for (Event event = inbox.poll(); event != null; event = inbox.poll()) {
      event.run(0);
    }
  }

  // Checkpoints.

  private void checkpointDue() {
    background.add(() -> makeCheckpoint(new CompletableFuture<>()));
  }

  private void makeCheckpoint(CompletableFuture<Long> done) throws IOException {
    long start = clock.monotonicNanos();
    try {
      long index = checkpointer.make(machine, this::membershipAt);
      long millis = (clock.monotonicNanos() - start) / 1_000_000;
      long beyond = log.beyond(options.retainedLogBytes());
      metrics.checkpoints.increment();
      metrics.checkpointMillis.record(millis);
      LOGGER.info("member={} checkpoint index={} made in {} ms", self, index, millis);
      hand(
          now -> {
            if (!ended) {
              core.checkpointed(index, beyond);
            }
            done.complete(index);
          });
    } catch (EngineEnded e) {
      done.completeExceptionally(stopped());
    } catch (CairnException e) {
      done.completeExceptionally(e);
      if (e.code() != ErrorCode.NO_SPACE && !background.isStopping()) {
        throw e;
      }
      LOGGER.warn("member={} no checkpoint: {}", self, e.getMessage());
    }
  }

  /** The engine is being closed; the checkpoint is left half made, for the next start to remove. */
  private static final class EngineEnded extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private Membership membershipAt(long index) {
    CompletableFuture<Optional<Membership>> answer = new CompletableFuture<>();
    hand(now -> answer.complete(ended ? Optional.empty() : Optional.of(core.membershipAt(index))));
    return answer.join().orElseThrow(EngineEnded::new);
  }

  /** The checkpoint thread waits until the state machine has it: two installs never overlap. */
  private void install(Install install) throws IOException {
    LOGGER.info(
        "member={} fetching checkpoint index={} from {}", self, install.index(), install.source());
    try {
      Checkpointer.Receipt receipt = checkpointer.receive(install, transport);
      LOGGER.info(
          "member={} checkpoint index={} received: {} of {} bytes fetched",
          self,
          install.index(),
          receipt.fetchedBytes(),
          receipt.bytes());
    } catch (CairnException e) {
      LOGGER.warn(
          "member={} checkpoint index={} not received from {}: {}",
          self,
          install.index(),
          install.source(),
          e.getMessage());
      hand(
          now -> {
            if (!ended) {
              core.installFailed(now);
            }
          });
      return;
    }
    CompletableFuture<Void> installed = new CompletableFuture<>();
    hand(
        now -> {
          if (ended) {
            installed.complete(null);
            return;
          }
          installing = true;
          disk.run(storage -> resetLog(install, installed));
        });
    // At the end of the engine the thread that would say so may have ended before.
    while (!installed.isDone() && !background.isStopping()) {
      background.pause(INSTALL_POLL_NANOS);
    }
  }

  /** Disk thread: the pointer to the checkpoint is durable, so the log may go. */
  private void resetLog(Install install, CompletableFuture<Void> done) throws IOException {
    log.reset(install.index(), install.term());
    hand(
        now -> {
          if (ended) {
            done.complete(null);
            return;
          }
          apply.install(
              directory.checkpoints().currentDirectory(),
              () ->
                  hand(
                      later -> {
                        if (!ended) {
                          installed(install, later);
                        }
                        done.complete(null);
                      }));
        });
  }

  private void installed(Install install, long now) {
    metrics.installs.increment();
    LOGGER.info("member={} installed checkpoint index={}", self, install.index());
    installing = false;
    handedToApply = install.index();
    commitTarget = Math.max(commitTarget, install.index());
    chunksAhead.clear();
    core.installed(install.index(), install.term(), install.membership(), now);
  }

  // Room for the log.

  private void allocateSpare() {
    if (allocating.compareAndSet(false, true)) {
      allocation.add(this::allocate);
    }
  }

  private void allocate() throws IOException {
    boolean told = false;
    while (!allocation.isStopping()) {
      try {
        log.preallocate();
        allocating.set(false);
        return;
      } catch (CairnException e) {
        if (e.code() != ErrorCode.NO_SPACE) {
          throw e;
        }
        if (!told) {
          LOGGER.warn("member={} disk is full: {}", self, e.getMessage());
          told = true;
        }
        allocation.pause(FULL_DISK_RETRY_NANOS);
      }
    }
  }

  // What the transport delivers.

  private final class Deliveries implements RaftTransport.Receiver {
    @Override
    public void onMessage(RaftMessage message, Envelope envelope) {
      if (messagesQueued.incrementAndGet() > MAX_MESSAGES_QUEUED) {
        messagesQueued.decrementAndGet();
        return;
      }
      hand(
          now -> {
            messagesQueued.decrementAndGet();
            if (!ended) {
              receive(message, envelope, now);
            }
          });
    }

    @Override
    public void onDisconnected(MemberId from) {
      hand(
          now -> {
            if (!ended) {
              core.disconnected(from, now);
            }
          });
    }

    @Override
    public void onRefusal(MemberId from, Envelope envelope, Refusal refusal) {
      hand(
          now -> {
            if (!ended) {
              admission.refused(from, envelope, refusal, now);
            }
          });
    }

    @Override
    public Part onPartRequest(CheckpointPartRequest request) throws IOException {
      return checkpointer.part(request);
    }
  }

  // The end.

  private void stopLoops() {
    state.stop();
    disk.stop();
    apply.stop();
    background.stop();
    allocation.stop();
  }

  /** Stops the threads; what was handed to the disk is forced first. Waits for them. */
  @Override
  public void close() throws IOException {
    transport.close();
    state.stop();
    state.join();
    stopLoops();
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    CairnException cause =
        new CairnException(
            ErrorCode.UNAVAILABLE, "the engine has stopped; the batch may still be applied");
    apply.failWaiting(cause);
    failPlaced(cause);
    waitingReads.forEach(read -> read.future().completeExceptionally(cause));
    heldByCore.forEach(held -> held.future().completeExceptionally(cause));
    transfer.ifPresent(begun -> begun.future().completeExceptionally(cause));
    directory.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
