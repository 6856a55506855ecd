package io.cairnfs.metaserver.repair;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.chunk.ChunkLocations;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.GarbageTable;
import io.cairnfs.metaserver.chunk.Holders;
import io.cairnfs.metaserver.chunk.RepairTable;
import io.cairnfs.metaserver.chunk.ReplicaHealth;
import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.chunk.Stripe;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.dataserver.CopyTask;
import io.cairnfs.proto.types.ServerHealth;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which chunks a data server should copy next: of those that it lacks, first the ones with the
 * fewest other replicas within reach. A cell that nobody has is computed from others of its stripe;
 * there cells beyond those that are needed count as replicas do.
 */
public final class CopyPlanner {
  /** Entries looked at for one answer. */
  private static final int WINDOW = 1024;

  private final RecordReader state;
  private final ReplicaHealth health;

  public CopyPlanner(RecordReader state, ReplicaHealth health) {
    this.state = state;
    this.health = health;
  }

  /**
   * @param tasks at most as many as asked; tokens are the caller's to add
   * @param resumeAfter where the next call for this server should begin; empty = from the start
   * @param hasMore not all that the server lacks was looked at
   */
  public record Plan(List<CopyTask> tasks, Optional<ChunkId> resumeAfter, boolean hasMore) {}

  /**
   * Of what the server lacks behind a chunk, what has a single other replica left, so that it does
   * not wait behind a large backlog of what has more.
   *
   * @param after as the last answer said
   * @param underWay chunks that the server was given already and has not reported
   * @return {@code resumeAfter} is empty when the end was reached
   */
  public Plan lastReplicas(int server, Optional<ChunkId> after, Set<ChunkId> underWay, int limit) {
    List<RepairTable.Entry> entries = window(server, after);
    List<CopyTask> tasks = new ArrayList<>();
    for (RepairTable.Entry entry : entries) {
      if (!underWay.contains(entry.chunk())) {
        if (tasks.size() == limit) {
          return new Plan(tasks, after, true);
        }
        candidate(entry)
            .filter(candidate -> candidate.otherReplicas() <= 1)
            .ifPresent(candidate -> tasks.add(candidate.task()));
      }
    }
    return new Plan(tasks, endOf(entries), entries.size() == WINDOW);
  }

  private List<RepairTable.Entry> window(int server, Optional<ChunkId> after) {
    return after.isPresent()
        ? RepairTable.ofServer(state, server, after.get(), WINDOW)
        : RepairTable.ofServer(state, server, WINDOW);
  }

  private static Optional<ChunkId> endOf(List<RepairTable.Entry> entries) {
    return entries.size() == WINDOW
        ? Optional.of(entries.get(WINDOW - 1).chunk())
        : Optional.empty();
  }

  /**
   * @param otherReplicas of how many others, within reach, all would have to go for the chunk to be
   *     lost
   */
  private record Candidate(CopyTask task, int otherReplicas) {}

  /**
   * @param after as the last plan said
   * @param underWay chunks that the server was given already and has not reported
   */
  public Plan plan(int server, Optional<ChunkId> after, Set<ChunkId> underWay, int limit) {
    List<RepairTable.Entry> entries = window(server, after);
    List<Candidate> candidates = new ArrayList<>();
    for (RepairTable.Entry entry : entries) {
      if (!underWay.contains(entry.chunk())) {
        candidate(entry).ifPresent(candidates::add);
      }
    }
    candidates.sort(Comparator.comparingInt(Candidate::otherReplicas));
    List<CopyTask> tasks = candidates.stream().limit(limit).map(Candidate::task).toList();
    Optional<ChunkId> resume = candidates.size() <= limit ? endOf(entries) : Optional.empty();
    return new Plan(tasks, resume, entries.size() == WINDOW);
  }

  private Optional<Candidate> candidate(RepairTable.Entry entry) {
    ChunkRecord chunk = ChunkTable.find(state, entry.chunk()).orElse(null);
    if (chunk == null || !chunk.isSealed() || isBeingReplaced(chunk, entry.server())) {
      return Optional.empty();
    }
    CopyTask.Builder task =
        CopyTask.newBuilder()
            .setChunk(chunk.id().value())
            .setSince(entry.since())
            .setLength(chunk.length())
            .setEpoch(chunk.epoch())
            .setReplication(chunk.replication());
    for (ServerRecord source : withinReach(chunk)) {
      if (source.id() != entry.server()) {
        task.addSources(ChunkLocations.member(source, health));
      }
    }
    int others = task.getSourcesCount();
    boolean isComputable = false;
    if (chunk.id().isCell()) {
      Stripe stripe = Stripe.of(state, chunk.id());
      int cells = stripe.held(cell -> isOtherWithinReach(cell, chunk));
      int needed = stripe.policy().dataCells();
      isComputable = cells >= needed;
      others = Math.min(others, 1) + cells - needed + 1;
      if (isComputable) {
        task.setStripe(new ChunkLocations(state, health).stripe(stripe, ""))
            .setChecksum(chunk.checksum());
      }
    }
    // A server that has not deleted what it once had is to look at that first.
    boolean mayHaveIt = GarbageTable.isGoodHolder(state, chunk.id(), entry.server());
    return task.getSourcesCount() == 0 && !isComputable && !mayHaveIt
        ? Optional.empty()
        : Optional.of(new Candidate(task.build(), others));
  }

  private boolean isOtherWithinReach(ChunkRecord cell, ChunkRecord than) {
    return !cell.id().equals(than.id()) && !withinReach(cell).isEmpty();
  }

  /** Who has the chunk and can be asked for it. */
  private List<ServerRecord> withinReach(ChunkRecord chunk) {
    List<ServerRecord> sources = new ArrayList<>();
    for (int source : Holders.all(state, SlotTable.of(state, chunk.id()), chunk)) {
      ServerTable.find(state, source)
          .filter(server -> !server.isOut() && health.of(source) != ServerHealth.DOWN)
          .ifPresent(sources::add);
    }
    return sources;
  }

  /** A member whose successor is joining need not be filled any more. */
  private boolean isBeingReplaced(ChunkRecord chunk, int server) {
    return SlotTable.of(state, chunk.id()).isBeingReplaced(server);
  }
}
