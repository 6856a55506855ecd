package io.cairnfs.metaserver.leader;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.time.Clock;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.repair.JoinPlanner;
import io.cairnfs.metaserver.session.WantedChunks;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.FenceChunk;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Moves slots to their targets: proposes what {@link JoinPlanner} says is due, has sessions told to
 * close the chunks that keep a joiner waiting, and takes these away from those that do not. Whether
 * a step is due is checked again where it is applied.
 */
final class SlotMoves {
  private static final int STEPS_PER_TICK = 256;
  private static final int JOINS_PER_SERVER = 256;

  /** Chunks that a joiner may have left to copy before more of its slots are looked through. */
  private static final int COPY_BACKLOG = 4_096;

  /** Most chunks that were opened without the joiner of their slot are closed soon anyway. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** How long such a chunk may stay open: its session has been told again and again. */
  private static final Duration WRITER_LIMIT = Duration.ofSeconds(60);

  private final Supplier<StoreView> views;
  private final Proposals proposals;
  private final ServerBoard board;
  private final Clock clock;
  private final WantedChunks wanted;
  private final Runnable slotsChanged;
  private final Map<ChunkId, Long> blockingSince = new HashMap<>();

  SlotMoves(
      Supplier<StoreView> views,
      Proposals proposals,
      ServerBoard board,
      Clock clock,
      WantedChunks wanted,
      Runnable slotsChanged) {
    this.views = views;
    this.proposals = proposals;
    this.board = board;
    this.clock = clock;
    this.wanted = wanted;
    this.slotsChanged = slotsChanged;
  }

  void reset() {
    blockingSince.clear();
    wanted.set(Map.of());
  }

  void tick() {
    try (StoreView view = views.get()) {
      if (Counter.SLOTS_MOVING.in(view) == 0) {
        reset();
        return;
      }
      JoinPlanner planner = new JoinPlanner(view, board, JOINS_PER_SERVER, COPY_BACKLOG);
      for (Command command : planner.next(STEPS_PER_TICK)) {
        proposals.propose(command.toBuilder().setSuperuser(true), reply -> slotsChanged.run());
      }
      fenceBlockers(planner);
    }
  }

  private void fenceBlockers(JoinPlanner planner) {
    long now = clock.monotonicNanos();
    Map<ChunkId, Long> still = new HashMap<>();
    Map<Long, List<Long>> bySession = new HashMap<>();
    for (ChunkRecord chunk : planner.blockers()) {
      long since = blockingSince.getOrDefault(chunk.id(), now);
      still.put(chunk.id(), since);
      if (chunk.session() != ChunkRecord.NO_SESSION && now - since >= PATIENCE.toNanos()) {
        bySession
            .computeIfAbsent(chunk.session(), session -> new ArrayList<>())
            .add(chunk.id().value());
      }
      if (chunk.isOpen() && now - since >= WRITER_LIMIT.toNanos()) {
        proposals.propose(
            Proposals.command()
                .setFenceChunk(
                    FenceChunk.newBuilder()
                        .setChunk(chunk.id().value())
                        .setExpectedEpoch(chunk.epoch())));
      }
    }
    wanted.set(bySession);
    blockingSince.clear();
    blockingSince.putAll(still);
  }
}
