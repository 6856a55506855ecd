package io.cairnfs.metaserver.leader;

import io.cairnfs.common.coding.ErasureCode;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.time.Clock;
import io.cairnfs.metaserver.chunk.ChunkLocations;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.PoolRecord;
import io.cairnfs.metaserver.chunk.ReplicaHealth;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.chunk.Stripe;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.PolicyTable;
import io.cairnfs.metaserver.repair.CodedTrees;
import io.cairnfs.metaserver.repair.StripeDraft;
import io.cairnfs.metaserver.repair.StripePlanner;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.AddPool;
import io.cairnfs.proto.command.BeginStripe;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.CommitStripe;
import io.cairnfs.proto.command.CommittedCell;
import io.cairnfs.proto.command.FenceChunk;
import io.cairnfs.proto.dataserver.CompactResult;
import io.cairnfs.proto.dataserver.CompactTask;
import io.cairnfs.proto.types.CompactPiece;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has cold files below directories with a coding policy copied into stripes, a bounded number at
 * once.
 *
 * <pre>
 * planned -> BeginStripe logged -> each data cell handed to the server that is to have it
 *         -> all written -> each parity cell handed to its server, computed from the data cells
 *         -> all written -> CommitStripe logged
 * </pre>
 *
 * Whatever stops on this way leaves OPEN cells of nobody's session, which are fenced at the next
 * turn: nothing refers to them, so that they are garbage. A new leader does so with what an earlier
 * one began. After a failure nothing is begun for a while.
 *
 * <p>Looks through the trees again and again. Owned by the duties' thread, but for {@link #states}.
 */
final class StripeDesk {
  private static final Logger logger = LoggerFactory.getLogger(StripeDesk.class);

  /** Files, or parts of large ones, looked at in one turn. */
  private static final int PARTS_PER_TURN = 256;

  private static final int EXTENTS_OF_PART = 1024;
  private static final int PIECES_OF_CELL = 4096;
  private static final int MAX_BACK_OFF = 7;
  private static final Comparator<PoolId> BY_NUMBER = Comparator.comparingInt(PoolId::value);

  private final Supplier<StoreView> views;
  private final Proposals proposals;
  private final StripeSlots slots;
  private final ReplicaHealth health;
  private final DutyExecutor thread;
  private final Clock clock;
  private final CodingOptions options;

  /** Being written, by each of their cells. */
  private final Map<ChunkId, Making> cells = new LinkedHashMap<>();

  /** Files with bytes in stripes that are being begun or made, and in how many. */
  private final Map<InodeId, Integer> busy = new HashMap<>();

  private final Map<PoolId, StripeDraft> drafts = new LinkedHashMap<>();
  private Optional<CodedTrees> walk = Optional.empty();
  private Optional<Reading> reading = Optional.empty();
  private List<PolicyTable.Entry> policies = List.of();
  private Map<PoolId, CodedState> counted = new TreeMap<>(BY_NUMBER);
  private volatile Map<PoolId, CodedState> states = Map.of();
  private long passBeginsNanos;
  private int stripes;
  private int beginning;
  private int failures;
  private long pausedUntilNanos;
  private long term;

  /** A large file that is being looked at. */
  private record Reading(InodeId file, PoolId pool, long offset) {}

  /** A cell of a stripe that is being made. */
  private static final class Cell {
    final ChunkId id;
    final int server;
    final long length;
    final List<CompactPiece> pieces;
    boolean handedOut;
    OptionalLong checksum = OptionalLong.empty();

    Cell(ChunkId id, int server, long length, List<CompactPiece> pieces) {
      this.id = id;
      this.server = server;
      this.length = length;
      this.pieces = pieces;
    }

    boolean isWritten() {
      return checksum.isPresent();
    }
  }

  /** A stripe that is being made: its data cells, then its parity cells. */
  private static final class Making {
    final StripeDraft.Plan plan;
    final int epoch;
    final long untilNanos;
    final List<Cell> data = new ArrayList<>();
    final List<Cell> parity = new ArrayList<>();

    Making(StripeDraft.Plan plan, int epoch, long untilNanos) {
      this.plan = plan;
      this.epoch = epoch;
      this.untilNanos = untilNanos;
    }

    /** Cells that are to be written now. */
    List<Cell> due() {
      return data.stream().allMatch(Cell::isWritten) ? parity : data;
    }

    boolean isWritten() {
      return data.stream().allMatch(Cell::isWritten) && parity.stream().allMatch(Cell::isWritten);
    }

    Cell cell(ChunkId id) {
      for (List<Cell> some : List.of(data, parity)) {
        for (Cell cell : some) {
          if (cell.id.equals(id)) {
            return cell;
          }
        }
      }
      throw new IllegalStateException(id + " is of another stripe");
    }

    List<Cell> all() {
      List<Cell> all = new ArrayList<>(data);
      all.addAll(parity);
      return all;
    }
  }

  StripeDesk(
      Supplier<StoreView> views,
      Proposals proposals,
      StripeSlots slots,
      ReplicaHealth health,
      DutyExecutor thread,
      Clock clock,
      CodingOptions options) {
    this.views = views;
    this.proposals = proposals;
    this.slots = slots;
    this.health = health;
    this.thread = thread;
    this.clock = clock;
    this.options = options;
  }

  /** By pool, what the last look through all trees has found. Any thread. */
  Map<PoolId, CodedState> states() {
    return states;
  }

  /** Another term begins; what an earlier one planned is forgotten. */
  void reset(long newTerm) {
    term = newTerm;
    cells.clear();
    busy.clear();
    endPass();
    policies = List.of();
    states = Map.of();
    stripes = 0;
    beginning = 0;
    failures = 0;
    passBeginsNanos = clock.monotonicNanos();
    pausedUntilNanos = passBeginsNanos;
  }

  private void endPass() {
    drafts.clear();
    walk = Optional.empty();
    reading = Optional.empty();
    counted = new TreeMap<>(BY_NUMBER);
  }

  /** One turn of the leader. */
  void tick() {
    long now = clock.monotonicNanos();
    giveUpIf(making -> isTooLate(making, now));
    try (StoreView view = views.get()) {
      fenceLeftOver(view);
      if (options.isOff()) {
        return;
      }
      notePolicies(view, now);
      if (!policies.isEmpty() && now - pausedUntilNanos >= 0) {
        plan(view, now);
      }
    }
  }

  /** New ones are not left waiting for the next pass. */
  private void notePolicies(StoreView view, long now) {
    List<PolicyTable.Entry> found =
        PolicyTable.anywhere(view) ? PolicyTable.all(view, 0, Integer.MAX_VALUE) : List.of();
    if (!found.equals(policies)) {
      policies = found;
      endPass();
      states = Map.of();
      passBeginsNanos = now;
    }
  }

  /** Pools that the policies need and that do not exist yet; they will at one of the next turns. */
  private boolean areMissing(StoreView view, Set<PoolId> pools) {
    boolean missing = false;
    for (PoolId pool : pools) {
      if (PoolRecord.find(view, pool.value()).isEmpty()) {
        missing = true;
        proposals.propose(
            Proposals.command().setAddPool(AddPool.newBuilder().setPool(pool.value())));
      }
    }
    return missing;
  }

  private boolean isTooLate(Making making, long now) {
    boolean late = !making.isWritten() && now - making.untilNanos >= 0;
    if (late) {
      logger.warn("{} its stripe takes too long", making.data.get(0).id);
    }
    return late;
  }

  /** The stripe is fenced at the next turn; its files are found again by the next pass. */
  private void giveUpIf(Predicate<Making> condition) {
    List<Making> given = cells.values().stream().distinct().filter(condition).toList();
    for (Making making : given) {
      forget(making);
      pause();
    }
  }

  private void forget(Making making) {
    making.all().forEach(cell -> cells.remove(cell.id));
    release(making.plan);
    stripes--;
  }

  private void release(StripeDraft.Plan plan) {
    plan.files().forEach(file -> busy.computeIfPresent(file, (id, in) -> in == 1 ? null : in - 1));
  }

  private void pause() {
    Duration pause = options.rest().multipliedBy(1L << Math.min(failures, MAX_BACK_OFF));
    failures++;
    pausedUntilNanos = clock.monotonicNanos() + pause.toNanos();
  }

  /** Nobody writes these any more. */
  private void fenceLeftOver(StoreView view) {
    if (beginning > 0) {
      return;
    }
    Set<ChunkId> fenced = new HashSet<>();
    for (ChunkRecord chunk : ChunkTable.openOfNobody(view)) {
      if (chunk.id().isCell()
          && !cells.containsKey(chunk.id())
          && fenced.add(chunk.id().withCell(0))) {
        proposals.propose(
            Proposals.command()
                .setFenceChunk(
                    FenceChunk.newBuilder()
                        .setChunk(chunk.id().value())
                        .setExpectedEpoch(chunk.epoch())));
      }
    }
  }

  private boolean hasRoom() {
    return stripes + beginning < options.underWay();
  }

  private void plan(StoreView view, long now) {
    for (int i = 0; i < PARTS_PER_TURN; i++) {
      if (!beginFull(view)) {
        return;
      }
      if (walk.isEmpty()) {
        if (now - passBeginsNanos < 0 || areMissing(view, CodedTrees.pools(view))) {
          return;
        }
        walk = Optional.of(new CodedTrees(view));
      }
      if (reading.isPresent()) {
        look(view, reading.get());
        continue;
      }
      CodedTrees.Found found = walk.get().next(view);
      found.file().ifPresent(file -> look(view, file, found.pool().orElseThrow()));
      if (found.isLast()) {
        if (beginRests(view)) {
          states = Collections.unmodifiableMap(counted);
          endPass();
          passBeginsNanos = now + options.pass().toNanos();
        }
        return;
      }
    }
  }

  /** Begins what is full; false while more of it waits for room. */
  private boolean beginFull(StoreView view) {
    for (StripeDraft draft : List.copyOf(drafts.values())) {
      while (draft.isFull()) {
        if (!hasRoom()) {
          return false;
        }
        begin(view, draft);
      }
    }
    return true;
  }

  /** The trees have nothing more: true when all that was found is begun. */
  private boolean beginRests(StoreView view) {
    for (StripeDraft draft : List.copyOf(drafts.values())) {
      while (!draft.isEmpty()) {
        if (!hasRoom()) {
          return false;
        }
        begin(view, draft);
      }
    }
    return true;
  }

  private void look(StoreView view, InodeRecord file, PoolId pool) {
    if (file.content() != InodeRecord.ContentKind.EXTENTS) {
      return;
    }
    // The wall clock decides nothing but when; whatever changes a file's times makes it wait.
    long age = clock.wallNanos() - Math.max(file.ctimeNanos(), 0);
    if (age < options.minAge().toNanos()) {
      count(pool, CodedState.ofYoung(file.length()));
      return;
    }
    look(view, new Reading(file.id(), pool, 0));
  }

  private void look(StoreView view, Reading part) {
    StripePlanner.Part found =
        new StripePlanner(view, EXTENTS_OF_PART, options.cellBytes())
            .part(part.file(), part.offset(), part.pool());
    count(part.pool(), new CodedState(found.coded(), found.bytes(), 0, ""));
    if (!busy.containsKey(part.file())) {
      drafts
          .computeIfAbsent(
              part.pool(), pool -> new StripeDraft(pool, options.cellBytes(), PIECES_OF_CELL))
          .add(part.file(), found.ranges());
    }
    reading =
        found.next().isPresent()
            ? Optional.of(new Reading(part.file(), part.pool(), found.next().getAsLong()))
            : Optional.empty();
  }

  private void count(PoolId pool, CodedState more) {
    counted.merge(pool, more, CodedState::plus);
  }

  private void begin(StoreView view, StripeDraft draft) {
    StripeDraft.Plan plan = draft.take();
    if (plan.cells().isEmpty()) {
      return;
    }
    int slot;
    try {
      // One that a directory further down needs, for its class of volumes.
      boolean unused = areMissing(view, Set.of(plan.pool()));
      slot = slots.choose(plan.pool());
    } catch (CairnException e) {
      logger.debug("no slot for a stripe: {}", e.getMessage());
      drafts.remove(plan.pool());
      count(plan.pool(), CodedState.ofProblem(e.getMessage()));
      draft.clear();
      return;
    }
    beginning++;
    plan.files().forEach(file -> busy.merge(file, 1, Integer::sum));
    long begunIn = term;
    thread.then(
        proposals.submit(
            Proposals.command()
                .setBeginStripe(
                    BeginStripe.newBuilder()
                        .setPool(plan.pool().value())
                        .setSlot(slot)
                        .setSlotEpoch(SlotTable.get(view, plan.pool().value(), slot).epoch())
                        .setDataCells(plan.cells().size())
                        .setMaxLength(plan.longest()))),
        (reply, failure) -> {
          if (term != begunIn) {
            return;
          }
          beginning--;
          if (failure != null || reply.getErrorCode() != 0) {
            release(plan);
            pause();
          } else {
            begun(plan, new ChunkId(reply.getChunk()));
          }
        });
  }

  private void begun(StripeDraft.Plan plan, ChunkId first) {
    try (StoreView view = views.get()) {
      Stripe stripe = Stripe.of(view, first);
      boolean isOpen =
          !stripe.cells().isEmpty() && stripe.cells().stream().allMatch(ChunkRecord::isOpen);
      if (!isOpen) {
        release(plan);
        return;
      }
      Making making =
          new Making(
              plan,
              stripe.cell(0).orElseThrow().epoch(),
              clock.monotonicNanos() + options.patience().toNanos());
      for (ChunkRecord row : stripe.cells()) {
        int number = row.id().cell();
        int server = row.pipeline().get(0);
        if (number < stripe.policy().dataCells()) {
          StripeDraft.Cell cell = plan.cells().get(number);
          making.data.add(new Cell(row.id(), server, cell.length(), cell.pieces()));
        } else {
          making.parity.add(
              new Cell(row.id(), server, plan.longest(), parity(stripe, plan, number)));
        }
        cells.put(row.id(), making);
      }
      stripes++;
    }
  }

  /** A parity cell is a sum of the data cells. */
  private static List<CompactPiece> parity(Stripe stripe, StripeDraft.Plan plan, int number) {
    ErasureCode code = ErasureCode.of(stripe.policy());
    List<CompactPiece> pieces = new ArrayList<>();
    for (int data = 0; data < plan.cells().size(); data++) {
      pieces.add(
          CompactPiece.newBuilder()
              .setChunk(stripe.cell(data).orElseThrow().id().value())
              .setLength(plan.cells().get(data).length())
              .setCoefficient(code.coefficient(number, data))
              .build());
    }
    return pieces;
  }

  /** The server knows nothing any more of what it was given. */
  void restarted(int server) {
    giveUpIf(making -> isAtWork(making, cell -> cell.server == server));
  }

  /** The server said which copies it has not finished: what else it was given was lost. */
  void atWork(int server, Collection<Long> compacting) {
    Set<Long> known = new HashSet<>(compacting);
    giveUpIf(
        making ->
            isAtWork(making, cell -> cell.server == server && !known.contains(cell.id.value())));
  }

  private static boolean isAtWork(Making making, Predicate<Cell> condition) {
    return making.all().stream()
        .anyMatch(cell -> cell.handedOut && !cell.isWritten() && condition.test(cell));
  }

  /**
   * The server said how a cell went; for the last one this completes when the stripe is in the log,
   * or cannot be.
   */
  Optional<CompletableFuture<CommandReply>> reported(int server, CompactResult result) {
    ChunkId id = new ChunkId(result.getChunk());
    Making making = cells.get(id);
    if (making == null) {
      return Optional.empty();
    }
    Cell cell = making.cell(id);
    if (cell.server != server || !cell.handedOut || cell.isWritten()) {
      return Optional.empty();
    }
    if (result.getErrorCode() != 0 || result.getLength() != cell.length) {
      logger.warn(
          "{} server={} not written: {} {}",
          id,
          server,
          ErrorCode.ofNumber(result.getErrorCode()),
          result.getErrorMessage());
      giveUpIf(other -> other == making);
      return Optional.empty();
    }
    cell.checksum = OptionalLong.of(result.getChecksum());
    return making.isWritten() ? Optional.of(commit(making)) : Optional.empty();
  }

  private CompletableFuture<CommandReply> commit(Making making) {
    CommitStripe.Builder commit = CommitStripe.newBuilder().setEpoch(making.epoch);
    for (Cell cell : making.all()) {
      CommittedCell.Builder committed =
          CommittedCell.newBuilder()
              .setChunk(cell.id.value())
              .setLength(cell.length)
              .setServer(cell.server)
              .setChecksum((int) cell.checksum.orElseThrow());
      if (making.data.contains(cell)) {
        committed.addAllPieces(cell.pieces);
      }
      commit.addCells(committed);
    }
    CompletableFuture<CommandReply> logged =
        proposals.submit(Proposals.command().setCommitStripe(commit));
    long begunIn = term;
    thread.then(
        logged,
        (reply, failure) -> {
          if (term != begunIn) {
            return;
          }
          forget(making);
          if (failure == null && reply.getErrorCode() == 0) {
            failures = 0;
            logger.debug(
                "{} has {} bytes of {} extents",
                making.data.get(0).id,
                making.plan.bytes(),
                reply.getCount());
          } else {
            pause();
          }
          tick();
        });
    return logged;
  }

  /** The next cells that a server is to write. */
  List<CompactTask> next(StoreView view, int server) {
    List<CompactTask> handedOut = new ArrayList<>();
    ChunkLocations locations = new ChunkLocations(view, health);
    for (Making making : new LinkedHashSet<>(cells.values())) {
      for (Cell cell : making.due()) {
        if (cell.server == server && !cell.handedOut) {
          cell.handedOut = true;
          ChunkTable.find(view, cell.id)
              .ifPresent(row -> handedOut.add(task(locations, row, making, cell)));
        }
      }
    }
    return handedOut;
  }

  private static CompactTask task(
      ChunkLocations locations, ChunkRecord row, Making making, Cell cell) {
    CompactTask.Builder task =
        CompactTask.newBuilder()
            .setChunk(locations.forWriting(row))
            .addAllPieces(cell.pieces)
            .setReadBack(true);
    Map<ChunkId, Long> written = new HashMap<>();
    making.data.forEach(data -> written.put(data.id, data.length));
    Set<ChunkId> sources = new LinkedHashSet<>();
    cell.pieces.forEach(piece -> sources.add(new ChunkId(piece.getChunk())));
    for (ChunkId source : sources) {
      // The row of a data cell says its length when the whole stripe is committed.
      locations
          .forReading(source, "")
          .map(
              location ->
                  written.containsKey(source)
                      ? location.toBuilder().setLength(written.get(source)).build()
                      : location)
          .ifPresent(task::addSources);
    }
    return task.build();
  }
}
