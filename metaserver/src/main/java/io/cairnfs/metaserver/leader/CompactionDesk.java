package io.cairnfs.metaserver.leader;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.common.time.Clock;
import io.cairnfs.metaserver.chunk.ChunkLocations;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.ExtentMap;
import io.cairnfs.metaserver.chunk.ReplicaHealth;
import io.cairnfs.metaserver.chunk.Stripe;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.PolicyTable;
import io.cairnfs.metaserver.repair.CompactionPlanner;
import io.cairnfs.metaserver.repair.CompactionPlanner.Part;
import io.cairnfs.metaserver.repair.CompactionPlanner.Plan;
import io.cairnfs.metaserver.service.AllocationStamp;
import io.cairnfs.metaserver.service.ContentWatch;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.BeginCompaction;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.Compact;
import io.cairnfs.proto.command.FenceChunk;
import io.cairnfs.proto.dataserver.CompactResult;
import io.cairnfs.proto.dataserver.CompactTask;
import io.cairnfs.proto.types.CompactPiece;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiPredicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has fragmented files and mostly dead chunks copied into new chunks, and what lies on other
 * volumes than a storage policy asks for; a bounded number at once.
 *
 * <pre>
 * planned -> BeginCompaction logged -> handed to the first member of the new chunk's pipeline
 *         -> copied, says the server -> Compact logged
 * </pre>
 *
 * Whatever stops on this way leaves an OPEN chunk of nobody's session, which is fenced at the next
 * turn: nothing refers to it, so that it is garbage. A new leader does so with what an earlier one
 * began.
 *
 * <p>Looks at files whose extents changed some seconds ago, as this leader heard, and besides at
 * one file after the other, for what nobody heard. Owned by the duties' thread, but for {@link
 * ContentWatch}.
 */
final class CompactionDesk implements ContentWatch {
  private static final Logger logger = LoggerFactory.getLogger(CompactionDesk.class);

  /** Parts of files looked at in one turn: each has some thousand extents at most. */
  private static final int PARTS_PER_TURN = 16;

  private static final int MAX_CHANGED = 65_536;
  private static final int MAX_CHUNKS = 65_536;

  private final Supplier<StoreView> views;
  private final Proposals proposals;
  private final AllocationStamp allocation;
  private final ReplicaHealth health;
  private final DutyExecutor thread;
  private final Clock clock;
  private final CompactionOptions options;

  private final Set<Long> changedFiles = ConcurrentHashMap.newKeySet();
  private final ConcurrentLinkedQueue<Long> changedOrder = new ConcurrentLinkedQueue<>();
  private final Set<Long> tooFragmented = ConcurrentHashMap.newKeySet();

  /** By their new chunks. */
  private final Map<ChunkId, Task> tasks = new LinkedHashMap<>();

  private final ArrayDeque<Due> due = new ArrayDeque<>();
  private final Set<ChunkId> suspects = new LinkedHashSet<>();
  private final Map<ChunkId, Long> examined = new LinkedHashMap<>();
  private Optional<Sweep> sweep = Optional.empty();
  private long passedInode;
  private long passBeginsNanos;
  private volatile boolean passNow;
  private int beginning;
  private long pausedUntilNanos;
  private long term;

  /** A file to be looked at, not before its time. */
  private record Due(long inode, long atNanos) {}

  /** A file that is being looked at. */
  private static final class Sweep {
    final InodeId inode;

    /** Where copies of it go. */
    final PoolId place;

    final Map<ChunkId, Long> live = new HashMap<>();
    long offset;
    int extents;
    boolean waits;

    Sweep(InodeId inode, PoolId place) {
      this.inode = inode;
      this.place = place;
    }
  }

  /** A copy that is to be made, or being made. */
  private static final class Task {

    final Plan plan;
    final int server;
    final long untilNanos;
    boolean handedOut;
    boolean reported;

    Task(Plan plan, int server, long untilNanos) {
      this.plan = plan;
      this.server = server;
      this.untilNanos = untilNanos;
    }
  }

  CompactionDesk(
      Supplier<StoreView> views,
      Proposals proposals,
      AllocationStamp allocation,
      ReplicaHealth health,
      DutyExecutor thread,
      Clock clock,
      CompactionOptions options) {
    this.views = views;
    this.proposals = proposals;
    this.allocation = allocation;
    this.health = health;
    this.thread = thread;
    this.clock = clock;
    this.options = options;
  }

  @Override
  public void changed(long inode) {
    if (!options.isOff() && changedFiles.size() < MAX_CHANGED && changedFiles.add(inode)) {
      changedOrder.add(inode);
    }
  }

  /** All files are looked at. */
  @Override
  public void policiesChanged() {
    passNow = true;
  }

  @Override
  public boolean isTooFragmented(long inode) {
    return !tooFragmented.isEmpty() && tooFragmented.contains(inode);
  }

  /** Another term begins; what an earlier one planned is forgotten. */
  void reset(long newTerm) {
    term = newTerm;
    tasks.clear();
    due.clear();
    suspects.clear();
    examined.clear();
    changedFiles.clear();
    changedOrder.clear();
    tooFragmented.clear();
    sweep = Optional.empty();
    passedInode = 0;
    passBeginsNanos = clock.monotonicNanos();
    pausedUntilNanos = passBeginsNanos;
    beginning = 0;
  }

  /** One turn of the leader. */
  void tick() {
    long now = clock.monotonicNanos();
    noteChanged(now);
    if (passNow) {
      passNow = false;
      passedInode = 0;
      passBeginsNanos = now;
    }
    giveUpIf((chunk, task) -> isTooLate(chunk, task, now));
    try (StoreView view = views.get()) {
      fenceLeftOver(view);
      if (!options.isOff() && now - pausedUntilNanos >= 0) {
        plan(view, now);
      }
    }
  }

  private void noteChanged(long now) {
    Long inode = changedOrder.poll();
    while (inode != null) {
      due.add(new Due(inode, now + options.rest().toNanos()));
      inode = changedOrder.poll();
    }
  }

  /** The chunk is fenced at the next turn, the file looked at again in a while. */
  private void giveUpIf(BiPredicate<ChunkId, Task> condition) {
    tasks
        .entrySet()
        .removeIf(
            entry -> {
              boolean lost = condition.test(entry.getKey(), entry.getValue());
              if (lost && entry.getValue().plan.file() != 0) {
                changed(entry.getValue().plan.file());
              }
              return lost;
            });
  }

  private static boolean isTooLate(ChunkId chunk, Task task, long now) {
    boolean late = !task.reported && now - task.untilNanos >= 0;
    if (late) {
      logger.warn("{} server={} its compaction takes too long", chunk, task.server);
    }
    return late;
  }

  /** Nobody writes these any more. */
  private void fenceLeftOver(StoreView view) {
    if (beginning > 0) {
      return;
    }
    for (ChunkRecord chunk : ChunkTable.openOfNobody(view)) {
      if (!chunk.id().isCell() && !tasks.containsKey(chunk.id())) {
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
    return tasks.size() + beginning < options.underWay();
  }

  private void plan(StoreView view, long now) {
    CompactionPlanner planner = new CompactionPlanner(view, options.limits());
    for (int i = 0; i < PARTS_PER_TURN && hasRoom(); i++) {
      boolean more = sweep.isPresent() || !planRest(planner, now);
      if (more && sweep.isEmpty()) {
        sweep = nextFile(view, now).map(inode -> new Sweep(inode, placeOf(view, inode)));
      }
      if (sweep.isPresent()) {
        look(planner, sweep.get(), now);
      } else if (suspects.isEmpty()) {
        return;
      }
    }
  }

  /** The pool that the file's policy asks for, if that can take copies. */
  private PoolId placeOf(StoreView view, InodeId inode) {
    StorageClass storage = PolicyTable.effective(view, inode).storageClass();
    PoolId pool = PoolId.replicated(storage);
    int replication = new Namespace(view).inode(inode).map(InodeRecord::replication).orElse(1);
    return storage != StorageClass.ANY && allocation.takes(pool, replication)
        ? pool
        : PoolId.REPLICATED;
  }

  /** When the copies of a file are made, it shows what is left of its old chunks. */
  private boolean planRest(CompactionPlanner planner, long now) {
    if (suspects.isEmpty() || tasks.size() + beginning > 0) {
      return false;
    }
    while (!suspects.isEmpty() && hasRoom()) {
      ChunkId chunk = suspects.iterator().next();
      suspects.remove(chunk);
      if (examined.size() >= MAX_CHUNKS) {
        examined.remove(examined.keySet().iterator().next());
      }
      examined.put(chunk, now);
      planner.rest(chunk).ifPresent(this::begin);
      if (chunk.isCell()) {
        suspectOthers(planner, chunk);
      }
    }
    return true;
  }

  /** A stripe goes as a whole. */
  private void suspectOthers(CompactionPlanner planner, ChunkId cell) {
    try (StoreView view = views.get()) {
      Stripe stripe = Stripe.of(view, cell);
      boolean isNews = stripe.cells().stream().anyMatch(each -> !examined.containsKey(each.id()));
      if (isNews && planner.isMostlyDead(cell)) {
        for (ChunkRecord other : stripe.cells()) {
          if (!examined.containsKey(other.id()) && suspects.size() < MAX_CHUNKS) {
            suspects.add(other.id());
          }
        }
      }
    }
  }

  private Optional<InodeId> nextFile(StoreView view, long now) {
    Due first = due.peek();
    if (first != null && now - first.atNanos() >= 0) {
      due.poll();
      if (tasks.values().stream().anyMatch(task -> task.plan.file() == first.inode())) {
        due.add(new Due(first.inode(), now + options.rest().toNanos()));
        return Optional.empty();
      }
      changedFiles.remove(first.inode());
      return Optional.of(new InodeId(first.inode()));
    }
    if (now - passBeginsNanos < 0) {
      return Optional.empty();
    }
    Optional<InodeId> next = ExtentMap.nextFile(view, passedInode);
    if (next.isPresent()) {
      passedInode = next.get().value();
    } else {
      passedInode = 0;
      passBeginsNanos = now + options.pass().toNanos();
      examined.values().removeIf(at -> now - at > options.pass().toNanos());
    }
    return next;
  }

  private void look(CompactionPlanner planner, Sweep file, long now) {
    Part part = planner.part(file.inode, file.offset, file.place);
    file.waits |= part.waits();
    part.live().forEach((chunk, bytes) -> file.live.merge(chunk, bytes, Long::sum));
    file.extents += part.extents();
    part.plan().ifPresent(this::begin);
    OptionalLong next = part.next();
    if (next.isPresent()) {
      file.offset = next.getAsLong();
      return;
    }
    sweep = Optional.empty();
    if (file.extents > options.mostExtents()) {
      tooFragmented.add(file.inode.value());
      changed(file.inode.value());
    } else {
      tooFragmented.remove(file.inode.value());
    }
    if (file.waits) {
      changed(file.inode.value());
    }
    for (ChunkId chunk : file.live.keySet()) {
      suspect(chunk, file, now);
    }
  }

  /** A chunk that many files share would be looked at for each of them. */
  private void suspect(ChunkId id, Sweep file, long now) {
    Long before = examined.get(id);
    // Of a cell that is alive others of its stripe may be dead: once in each pass.
    Duration often = id.isCell() ? options.pass() : options.rest();
    boolean lately = before != null && now - before < often.toNanos();
    if (!lately && suspects.size() < MAX_CHUNKS) {
      try (StoreView view = views.get()) {
        ChunkTable.find(view, id)
            .filter(chunk -> id.isCell() || chunk.length() > 2 * file.live.get(id))
            .ifPresent(chunk -> suspects.add(id));
      }
    }
  }

  private void begin(Plan plan) {
    Command.Builder command =
        Proposals.command()
            .setBeginCompaction(
                BeginCompaction.newBuilder()
                    .setInode(plan.inode())
                    .setReplication(plan.replication())
                    .setMaxLength(plan.length()));
    try {
      boolean there = allocation.takes(plan.pool(), plan.replication());
      allocation.stamp(
          command, there || plan.file() != 0 ? plan.pool() : PoolId.REPLICATED, plan.replication());
    } catch (CairnException e) {
      logger.debug("no slot for a compaction: {}", e.getMessage());
      pause();
      return;
    }
    beginning++;
    long begunIn = term;
    thread.then(
        proposals.submit(command),
        (reply, failure) -> {
          if (term != begunIn) {
            return;
          }
          beginning--;
          if (failure != null || reply.getErrorCode() != 0) {
            pause();
          } else {
            begun(plan, new ChunkId(reply.getChunk()));
          }
        });
  }

  private void pause() {
    pausedUntilNanos = clock.monotonicNanos() + options.rest().toNanos();
  }

  private void begun(Plan plan, ChunkId chunk) {
    try (StoreView view = views.get()) {
      ChunkTable.find(view, chunk)
          .filter(ChunkRecord::isOpen)
          .ifPresent(
              row ->
                  tasks.put(
                      chunk,
                      new Task(
                          plan,
                          row.pipeline().get(0),
                          clock.monotonicNanos() + options.patience().toNanos())));
    }
  }

  /** The server knows nothing any more of what it was given. */
  void restarted(int server) {
    giveUpIf((chunk, task) -> task.server == server && task.handedOut && !task.reported);
  }

  /** The server said which copies it has not finished: what else it was given was lost. */
  void atWork(int server, Collection<Long> compacting) {
    Set<Long> known = new HashSet<>(compacting);
    giveUpIf(
        (chunk, task) ->
            task.server == server
                && task.handedOut
                && !task.reported
                && !known.contains(chunk.value()));
  }

  /** The server said how a copy went; completes when that is in the log, or cannot be. */
  Optional<CompletableFuture<CommandReply>> reported(int server, CompactResult result) {
    ChunkId chunk = new ChunkId(result.getChunk());
    Task task = tasks.get(chunk);
    if (task == null || task.server != server || task.reported) {
      return Optional.empty();
    }
    if (result.getErrorCode() != 0 || result.getLength() != task.plan.length()) {
      logger.warn(
          "{} server={} not compacted: {} {}",
          chunk,
          server,
          ErrorCode.ofNumber(result.getErrorCode()),
          result.getErrorMessage());
      giveUpIf((other, given) -> given == task);
      pause();
      return Optional.empty();
    }
    Optional<ChunkRecord> row;
    try (StoreView view = views.get()) {
      row = ChunkTable.find(view, chunk);
    }
    if (row.isEmpty()) {
      // A later leader has fenced it, and what nobody refers to is collected.
      giveUpIf((other, given) -> given == task);
      return Optional.empty();
    }
    task.reported = true;
    return Optional.of(commit(row.get(), task));
  }

  private CompletableFuture<CommandReply> commit(ChunkRecord row, Task task) {
    ChunkId chunk = row.id();
    CompletableFuture<CommandReply> logged =
        proposals.submit(
            Proposals.command()
                .setCompact(
                    Compact.newBuilder()
                        .setChunk(chunk.value())
                        .setEpoch(row.epoch())
                        .setFile(task.plan.file())
                        .setLength(task.plan.length())
                        .addAllAcknowledgedServers(row.pipeline())
                        .addAllPieces(task.plan.pieces())));
    long begunIn = term;
    thread.then(
        logged,
        (reply, failure) -> {
          if (term != begunIn) {
            return;
          }
          tasks.remove(chunk);
          if (failure == null && reply.getErrorCode() == 0) {
            logger.debug("{} took the place of {} extents", chunk, reply.getCount());
          }
          tick();
        });
    return logged;
  }

  /** The next copies for a server. */
  List<CompactTask> next(StoreView view, int server) {
    List<CompactTask> handedOut = new ArrayList<>();
    ChunkLocations locations = new ChunkLocations(view, health);
    tasks.forEach(
        (chunk, task) -> {
          if (task.server == server && !task.handedOut) {
            task.handedOut = true;
            ChunkTable.find(view, chunk)
                .ifPresent(row -> handedOut.add(task(locations, row, task.plan)));
          }
        });
    return handedOut;
  }

  private static CompactTask task(ChunkLocations locations, ChunkRecord chunk, Plan plan) {
    CompactTask.Builder task =
        CompactTask.newBuilder().setChunk(locations.forWriting(chunk)).addAllPieces(plan.pieces());
    Set<Long> sources = new LinkedHashSet<>();
    for (CompactPiece piece : plan.pieces()) {
      if (sources.add(piece.getChunk())) {
        locations.forReading(new ChunkId(piece.getChunk()), "").ifPresent(task::addSources);
      }
    }
    return task.build();
  }
}
