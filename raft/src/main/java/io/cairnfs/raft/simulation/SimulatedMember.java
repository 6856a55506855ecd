package io.cairnfs.raft.simulation;

import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.RaftRole;
import io.cairnfs.raft.core.Effects;
import io.cairnfs.raft.core.Effects.Install;
import io.cairnfs.raft.core.Effects.Persist;
import io.cairnfs.raft.core.Effects.ReadReady;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.core.Proposal;
import io.cairnfs.raft.core.RaftCore;
import io.cairnfs.raft.core.RaftCore.Acceptance;
import io.cairnfs.raft.core.RaftMessage;
import io.cairnfs.raft.core.RaftOptions;
import io.cairnfs.raft.core.ReadRequest;
import io.cairnfs.raft.simulation.ClientCall.Read;
import io.cairnfs.raft.simulation.ClientCall.Write;
import io.cairnfs.raft.simulation.MemberStore.FetchFailure;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * One member: its process, its machine's clock and its disk. The process is a driver as the real
 * one is: rounds of inputs on one thread, a disk thread that writes and forces what has queued up
 * in one go, checkpoints beside them.
 *
 * <pre>
 * DOWN -> UP    start
 * UP   -> DOWN  killed, out of power, or stopped by its disk
 * any  -> GONE  its disk is damaged, or it left the group: never comes back
 * </pre>
 */
public final class SimulatedMember {
  private static final long MILLI = 1_000_000;
  private static final int APPLY_BYTES = 4_096;

  /** Of its life. */
  public enum State {
    DOWN,
    UP,
    GONE
  }

  /** Of a checkpoint that comes from another member. */
  public enum Installation {
    NONE,
    FETCHING,
    /** It is whole, and the newest one here; the log does not begin behind it yet. */
    FETCHED
  }

  private final Member address;
  private final SimulatedGroup run;
  private final MemberProcess process;
  private final RandomGenerator random;
  private final RaftOptions options;
  private final MemberStore store;
  private final double clockRate;
  private final int checkpointEvery;

  private State state = State.DOWN;
  private boolean condemned;
  private boolean paused;
  private boolean suspended;
  private long behindUntilNanos;
  private long suspendedSince;
  private long lostClockNanos;
  private int incarnation;

  private RaftCore core;
  private SimulatedMachine machine;
  private final ArrayDeque<Runnable> mailbox = new ArrayDeque<>();
  private boolean roundScheduled;
  private long tickAtNanos = Long.MAX_VALUE;
  private final Map<Long, Placed> placed = new HashMap<>();
  private final List<ReadReady> readsWaiting = new ArrayList<>();

  private final ArrayDeque<Persist> unwritten = new ArrayDeque<>();
  private boolean diskBusy;
  private long lastWritten;
  private long durablyVouchedFor;
  private long forceNanos = MILLI;
  private long pendingCompaction;
  private boolean checkpointing;
  private Installation installation = Installation.NONE;

  SimulatedMember(
      Member address,
      Membership formatted,
      SimulatedGroup run,
      SimulatedGroup.Settings settings,
      RandomGenerator random) {
    this.address = address;
    this.run = run;
    this.options = settings.raft();
    this.random = random;
    store = new MemberStore(address.id(), formatted, random, settings.log(), settings.machines());
    clockRate = 0.98 + random.nextDouble() * 0.04;
    checkpointEvery = 20 + random.nextInt(150);
    process = settings.processes().apply(this);
  }

  public MemberId id() {
    return address.id();
  }

  public Member address() {
    return address;
  }

  /** What its files are on. */
  public SimulatedDisk disk() {
    return store.disk();
  }

  /** An event of this life of the process; waits while the process does not run. */
  public void after(long nanos, Runnable action) {
    run.events().after(nanos, mine(() -> input(action)));
  }

  MemberStore store() {
    return store;
  }

  public RaftCore core() {
    return core;
  }

  public SimulatedMachine machine() {
    return machine;
  }

  public State state() {
    return state;
  }

  public boolean isUp() {
    return state == State.UP;
  }

  /** Gone, or known to those outside to be going: its disk was damaged. */
  public boolean isGone() {
    return state == State.GONE || condemned;
  }

  void condemn() {
    condemned = true;
  }

  public boolean isHalted() {
    return paused || suspended;
  }

  public Installation installation() {
    return installation;
  }

  public boolean isLeader() {
    return state == State.UP && core.role() == RaftRole.LEADER;
  }

  boolean clockRuns() {
    return !suspended;
  }

  /** The machine's monotonic clock: a little fast or slow, standing still while suspended. */
  public long localNanos() {
    long real = suspended ? suspendedSince : run.events().nowNanos();
    return (long) ((real - lostClockNanos) * clockRate) + 1;
  }

  private long realNanos(long local) {
    return (long) Math.ceil((local - 1) / clockRate) + lostClockNanos + 1;
  }

  /**
   * Entries are applied as soon as they are committed here; some members that were just started
   * tell the core that they are far behind, as real ones are, which changes who stands first.
   */
  private long shownApplied() {
    return run.events().nowNanos() < behindUntilNanos ? 0 : machine.index();
  }

  // Life and death.

  public void start() {
    if (state != State.DOWN) {
      return;
    }
    SimulatedMachine recovered;
    try {
      store.open();
      recovered = store.loadMachine();
    } catch (CorruptionException e) {
      corrupt(e);
      return;
    } catch (IOException e) {
      run.trace(id(), "cannot start: " + e.getMessage());
      run.tally().count(Sighting.STOPPED_BY_DISK);
      endAfterDiskFailure();
      run.events().after(200 * MILLI, this::start);
      return;
    }
    incarnation++;
    state = State.UP;
    machine = recovered;
    behindUntilNanos =
        random.nextInt(4) == 0 ? run.events().nowNanos() + random.nextLong(3_000 * MILLI) : 0;
    run.invariants().loaded(id(), machine);
    sightRecovery();
    lastWritten = store.lastIndex();
    core =
        new RaftCore(
            id(), options, store.storage().vote(), store, random, this::shownApplied, localNanos());
    if (core.lastIndex() < machine.index()
        || (machine.index() >= core.firstIndex() - 1
            && core.termAt(machine.index()) != machine.term())) {
      Invariants.fail(
          "%s starts with a store at %d@%d and a log that ends at %d"
              .formatted(id(), machine.index(), machine.term(), core.lastIndex()));
    }
    run.trace(
        id(),
        "starts: %s log [%d, %d] store %d"
            .formatted(
                store.storage().vote(), core.firstIndex(), core.lastIndex(), machine.index()));
    scheduleTick();
    process.started();
  }

  private void sightRecovery() {
    if (machine.index() > store.checkpointIndex()) {
      run.tally().count(Sighting.STORE_AHEAD_OF_CHECKPOINT);
    }
    if (store.lastIndex() < lastWritten) {
      run.tally().count(Sighting.UNFORCED_TAIL_LOST);
    }
  }

  public void kill() {
    if (die()) {
      store.disk().killProcess();
      run.trace(id(), "killed");
    }
  }

  public void losePower() {
    boolean unforced = diskBusy;
    die();
    if (state == State.GONE) {
      return;
    }
    SimulatedDisk.PowerLoss loss = store.disk().losePower(random);
    if (unforced && loss.sectorsLost() > 0 && loss.sectorsKept() > 0) {
      run.tally().count(Sighting.TORN_TAIL_CUT);
    }
    if (unforced && loss.sectorsLost() == 0 && loss.sectorsKept() > 0) {
      run.tally().count(Sighting.UNFORCED_TAIL_SURVIVED);
    }
    run.trace(id(), "lost power: " + loss);
  }

  /** Never comes back. */
  void retire() {
    die();
    state = State.GONE;
    run.trace(id(), "retired");
  }

  private boolean die() {
    if (state != State.UP) {
      return false;
    }
    if (installation != Installation.NONE) {
      run.tally().count(Sighting.CRASH_DURING_INSTALL);
    }
    run.tally().add(core.counters());
    state = State.DOWN;
    incarnation++;
    paused = false;
    resumeMachine();
    mailbox.clear();
    roundScheduled = false;
    tickAtNanos = Long.MAX_VALUE;
    placed.clear();
    readsWaiting.clear();
    unwritten.clear();
    diskBusy = false;
    pendingCompaction = 0;
    checkpointing = false;
    installation = Installation.NONE;
    process.died();
    return true;
  }

  /** The disk refused: the process stops. */
  private void stopByDisk(IOException cause) {
    run.trace(id(), "stopped by its disk: " + cause.getMessage());
    run.tally().count(Sighting.STOPPED_BY_DISK);
    if (cause instanceof CorruptionException corruption) {
      corrupt(corruption);
      return;
    }
    endAfterDiskFailure();
    run.events().after(100 * MILLI + random.nextLong(300 * MILLI), this::start);
  }

  /**
   * Either the machine starts anew, too, and the disk's truth shows; or only the process does, and
   * reads what the operating system took for written. Then the truth shows later.
   */
  private void endAfterDiskFailure() {
    if (random.nextBoolean()) {
      losePower();
      return;
    }
    die();
    store.disk().killProcess();
    run.tally().count(Sighting.RESTARTED_ON_CACHED_BYTES);
    if (random.nextBoolean()) {
      run.events().after(random.nextLong(1_000 * MILLI), this::losePowerAndStart);
    }
  }

  private void losePowerAndStart() {
    if (state == State.UP) {
      losePower();
      run.events().after(random.nextLong(100 * MILLI), this::start);
    }
  }

  /** Hazard A14: no power cut may look like damage. */
  private void corrupt(CorruptionException cause) {
    if (!condemned) {
      Invariants.fail(id() + " sees damage where there is none: " + cause.getMessage());
    }
    run.tally().count(Sighting.CORRUPTION_DETECTED);
    run.trace(id(), "stays down: " + cause.getMessage());
    retire();
  }

  public void pause() {
    paused = true;
  }

  public void suspend() {
    if (!suspended) {
      suspendedSince = run.events().nowNanos();
      suspended = true;
    }
  }

  public void resume() {
    paused = false;
    if (suspended) {
      resumeMachine();
      if (state == State.UP) {
        core.clockJumped(localNanos());
      }
    }
    if (state == State.UP) {
      tickAtNanos = Long.MAX_VALUE;
      scheduleTick();
      scheduleRound();
    }
  }

  private void resumeMachine() {
    if (suspended) {
      lostClockNanos += run.events().nowNanos() - suspendedSince;
      suspended = false;
    }
  }

  public void slowDisk(long nanos) {
    forceNanos = nanos;
  }

  // Inputs.

  void receive(RaftMessage message) {
    if (state == State.UP) {
      input(() -> core.step(message, localNanos()));
    }
  }

  void receive(ClientCall call) {
    if (state != State.UP) {
      return;
    }
    if (call instanceof Write write) {
      input(() -> submit(write));
    } else if (call instanceof Read read) {
      input(() -> read(read));
    }
  }

  /** Proposes commands; in a round. */
  public void submit(Submission commands) {
    if (core.propose(commands) != Acceptance.ACCEPTED) {
      commands.refused();
    }
  }

  /** Asks for leave to read; in a round. */
  public void read(Barrier barrier) {
    if (core.read(barrier, localNanos()) != Acceptance.ACCEPTED) {
      barrier.refused();
    }
  }

  /** Runs on the member's thread, in its next round. */
  public void input(Runnable action) {
    mailbox.add(action);
    scheduleRound();
  }

  private void scheduleRound() {
    if (!roundScheduled) {
      roundScheduled = true;
      long delay = random.nextInt(3) == 0 ? random.nextLong(200_000) : 0;
      run.events().after(delay, mine(this::round));
    }
  }

  /** An event of this life: nothing happens if the process has died since. */
  private Runnable mine(Runnable action) {
    int life = incarnation;
    return () -> {
      if (life == incarnation && state == State.UP) {
        action.run();
      }
    };
  }

  private void round() {
    roundScheduled = false;
    if (isHalted()) {
      return;
    }
    try {
      boolean led = isLeader();
      long committed = core.commitIndex();
      while (!mailbox.isEmpty()) {
        mailbox.removeFirst().run();
      }
      core.tick(localNanos());
      Effects effects = core.takeEffects(localNanos());
      if (led && isLeader() && core.commitIndex() > committed) {
        run.invariants().committed(this, core.commitIndex());
      }
      execute(effects);
    } catch (StorageFailure e) {
      stopByDisk(e.failure());
      return;
    }
    scheduleTick();
  }

  private void scheduleTick() {
    long due = Math.max(realNanos(core.nextDeadlineNanos()), run.events().nowNanos() + 1);
    if (due < tickAtNanos) {
      tickAtNanos = due;
      run.events()
          .at(
              due,
              mine(
                  () -> {
                    if (tickAtNanos == due) {
                      tickAtNanos = Long.MAX_VALUE;
                      if (core.nextDeadlineNanos() <= localNanos()) {
                        round();
                      } else if (!isHalted()) {
                        scheduleTick();
                      }
                    }
                  }));
    }
  }

  // Effects.

  private void execute(Effects effects) {
    effects.leadership().ifPresent(this::leadershipChanged);
    effects.persist().ifPresent(this::persist);
    for (RaftMessage message : effects.messages()) {
      run.invariants().sent(this, message);
      run.traceMessage(message);
      run.send(message);
    }
    long index = effects.placedFrom();
    for (Proposal proposal : effects.placed()) {
      placed.put(index++, new Placed(proposal, effects.term()));
    }
    for (Proposal proposal : effects.dropped()) {
      refuse(proposal);
    }
    for (ReadRequest read : effects.readsDropped()) {
      ((Barrier) read).refused();
    }
    readsWaiting.addAll(effects.readsReady());
    apply(effects.applyTo());
    serveReads();
    effects.install().ifPresent(this::fetch);
    if (effects.compactTo() > 0) {
      pendingCompaction = effects.compactTo();
      wakeDisk();
    }
    process.worked();
  }

  private static void refuse(Proposal proposal) {
    if (proposal instanceof Submission submission) {
      submission.refused();
    }
  }

  private void leadershipChanged(Effects.Leadership change) {
    run.trace(id(), change.toString());
    if (change.role() == RaftRole.LEADER) {
      run.invariants().elected(this);
    }
  }

  private void apply(long upTo) {
    while (machine.index() < upTo) {
      for (LogEntry entry : core.applicable(machine.index() + 1, APPLY_BYTES)) {
        Object result = null;
        if (entry.kind() == EntryKind.COMMANDS) {
          result = machine.apply(entry.index(), entry.term(), entry.payload());
        } else {
          machine.skip(entry.index(), entry.term());
        }
        run.invariants().applied(this, entry);
        process.applied(entry, result);
        answer(entry, result);
      }
    }
    if (machine.index() - store.checkpointIndex() >= checkpointEvery && !checkpointing) {
      makeCheckpoint();
    }
    if (random.nextInt(400) == 0) {
      store.flush(machine);
    }
  }

  private void answer(LogEntry entry, Object result) {
    Placed waiting = placed.remove(entry.index());
    if (waiting == null) {
      return;
    }
    if (waiting.term != entry.term()) {
      run.tally().count(Sighting.PROPOSAL_OVERWRITTEN);
      refuse(waiting.proposal);
    } else if (waiting.proposal instanceof Submission submission) {
      submission.applied(entry.index(), result);
    }
  }

  private void serveReads() {
    for (Iterator<ReadReady> reads = readsWaiting.iterator(); reads.hasNext(); ) {
      ReadReady ready = reads.next();
      if (ready.index() > machine.index()) {
        continue;
      }
      reads.remove();
      if (ready.byLease() && run.isCutOff(this)) {
        run.tally().count(Sighting.LEASE_READ_WHILE_PARTITIONED);
      }
      ((Barrier) ready.request()).ready(id(), machine.index());
    }
  }

  // The disk thread.

  private void persist(Persist batch) {
    run.invariants().appended(this, batch.entries());
    unwritten.add(batch);
    wakeDisk();
  }

  private void wakeDisk() {
    run.events().after(0, mine(this::workDisk));
  }

  /** All that has queued up is written at once, and forced when the disk is done. */
  private void workDisk() {
    if (diskBusy || state != State.UP) {
      return;
    }
    try {
      if (!unwritten.isEmpty()) {
        write();
      } else if (pendingCompaction > 0) {
        store.storage().log().truncatePrefix(pendingCompaction);
        pendingCompaction = 0;
        run.tally().count(Sighting.LOG_COMPACTED);
      }
    } catch (IOException e) {
      stopByDisk(e);
    }
  }

  private void write() throws IOException {
    diskBusy = true;
    long forcedBefore = store.storage().log().forcedIndex();
    long sequence = 0;
    for (Persist batch : unwritten) {
      if (batch.vote().isPresent()) {
        store.storage().saveVote(batch.vote().get());
      }
      store.storage().write(batch.entries());
      sequence = batch.sequence();
    }
    unwritten.clear();
    lastWritten = store.lastIndex();
    if (store.storage().log().needsPreallocation()) {
      store.storage().log().preallocate();
    }
    long done = sequence;
    run.events()
        .after(
            forceNanos / 2 + random.nextLong(forceNanos),
            mine(
                () -> {
                  diskBusy = false;
                  try {
                    store.storage().log().force();
                  } catch (IOException e) {
                    stopByDisk(e);
                    return;
                  }
                  durablyVouchedFor = Math.min(forcedBefore, store.lastIndex());
                  input(() -> core.persisted(done, localNanos()));
                  workDisk();
                }));
  }

  /**
   * Whether the first record of the newest segment is known forced by something durable behind it,
   * so that damage to it can be told from a torn write.
   */
  boolean isVouchedFor(long index) {
    return index <= durablyVouchedFor;
  }

  // Checkpoints.

  private void makeCheckpoint() {
    checkpointing = true;
    SimulatedMachine saved = machine.copy();
    Membership membership = core.membershipAt(saved.index());
    run.events()
        .after(
            5 * MILLI + random.nextLong(20 * MILLI),
            mine(
                () -> {
                  checkpointing = false;
                  if (saved.index() > store.checkpointIndex()
                      && installation == Installation.NONE) {
                    write(saved, membership);
                  }
                }));
  }

  private void write(SimulatedMachine saved, Membership membership) {
    try {
      store.checkpoint(saved, membership);
    } catch (IOException e) {
      stopByDisk(e);
      return;
    }
    run.tally().count(Sighting.CHECKPOINT_MADE);
    input(() -> checkpointed(saved.index()));
  }

  private void checkpointed(long index) {
    if (index >= store.checkpointIndex()) {
      core.checkpointed(index);
    }
  }

  private void fetch(Install wanted) {
    installation = Installation.FETCHING;
    run.trace(id(), "fetches " + wanted);
    run.events().after(5 * MILLI + random.nextLong(60 * MILLI), mine(() -> receive(wanted)));
  }

  private void receive(Install wanted) {
    SimulatedMember source = run.member(wanted.source());
    boolean reachable = source.isUp() && !source.isHalted() && !run.isCut(source.id(), id());
    int parts = reachable ? (random.nextInt(5) == 0 ? 0 : Integer.MAX_VALUE) : 0;
    try {
      store.receive(wanted.index(), wanted.term(), source.id(), source.store, parts);
    } catch (FetchFailure e) {
      installation = Installation.NONE;
      run.trace(id(), "cannot fetch: " + e.getMessage());
      run.tally().count(Sighting.CHECKPOINT_FETCH_FAILED);
      input(() -> core.installFailed(localNanos()));
      return;
    } catch (IOException e) {
      stopByDisk(e);
      return;
    }
    installation = Installation.FETCHED;
    run.events().after(random.nextLong(10 * MILLI), mine(() -> resetLog(wanted)));
  }

  /** Only after the pointer to the new checkpoint is durable, and behind all earlier writes. */
  private void resetLog(Install installed) {
    if (diskBusy || !unwritten.isEmpty()) {
      run.events().after(MILLI, mine(() -> resetLog(installed)));
      return;
    }
    SimulatedMachine received;
    try {
      store.storage().log().reset(installed.index(), installed.term());
      received = store.loadMachine();
    } catch (IOException e) {
      stopByDisk(e);
      return;
    }
    installation = Installation.NONE;
    lastWritten = installed.index();
    input(
        () -> {
          machine = received;
          run.invariants().loaded(id(), machine);
          core.installed(installed.index(), installed.term(), installed.membership(), localNanos());
        });
  }

  /** A proposal and the term in which it got its place. */
  private record Placed(Proposal proposal, long term) {}
}
