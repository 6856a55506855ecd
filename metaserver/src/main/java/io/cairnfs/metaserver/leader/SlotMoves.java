package io.cairnfs.metaserver.leader;

import io.cairnfs.metaserver.chunk.PoolRecord;
import io.cairnfs.metaserver.chunk.SlotJoin;
import io.cairnfs.metaserver.chunk.SlotRecord;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.AdvanceJoin;
import io.cairnfs.proto.command.BeginJoin;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.Promote;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Moves slots to their targets, one position of a slot at a time; whether a step is due is checked
 * where it is applied.
 */
final class SlotMoves {
  private static final int STEPS_PER_TICK = 256;

  private final Supplier<StoreView> views;
  private final Proposals proposals;
  private final Runnable slotsChanged;
  private int nextSlot;

  SlotMoves(Supplier<StoreView> views, Proposals proposals, Runnable slotsChanged) {
    this.views = views;
    this.proposals = proposals;
    this.slotsChanged = slotsChanged;
  }

  void tick() {
    try (StoreView view = views.get()) {
      if (Counter.SLOTS_MOVING.in(view) == 0) {
        return;
      }
      int slots = PoolRecord.find(view, PoolRecord.REPLICATED).map(PoolRecord::slots).orElse(0);
      int steps = 0;
      for (int i = 0; i < slots && steps < STEPS_PER_TICK; i++) {
        nextSlot = (nextSlot + 1) % slots;
        SlotRecord slot = SlotTable.get(view, PoolRecord.REPLICATED, nextSlot);
        Optional<Command.Builder> step = slot.isMoving() ? step(slot) : Optional.empty();
        if (step.isPresent()) {
          proposals.propose(step.get(), reply -> slotsChanged.run());
          steps++;
        }
      }
    }
  }

  private static Optional<Command.Builder> step(SlotRecord slot) {
    if (slot.joining().isPresent()) {
      SlotJoin join = slot.joining().get();
      return Optional.of(join.isAtEnd() ? promote(slot, join) : advance(slot, join));
    }
    for (int position = 0; position < slot.target().size(); position++) {
      int wanted = slot.target().get(position);
      boolean there = position < slot.acting().size() && slot.acting().get(position) == wanted;
      if (!there) {
        return Optional.of(
            Proposals.command()
                .setBeginJoin(
                    BeginJoin.newBuilder()
                        .setPool(slot.pool())
                        .setSlot(slot.slot())
                        .setPosition(position)
                        .setServer(wanted)));
      }
    }
    return Optional.empty();
  }

  private static Command.Builder advance(SlotRecord slot, SlotJoin join) {
    return Proposals.command()
        .setAdvanceJoin(
            AdvanceJoin.newBuilder()
                .setPool(slot.pool())
                .setSlot(slot.slot())
                .setPosition(join.position())
                .setServer(join.server()));
  }

  private static Command.Builder promote(SlotRecord slot, SlotJoin join) {
    return Proposals.command()
        .setPromote(
            Promote.newBuilder()
                .setPool(slot.pool())
                .setSlot(slot.slot())
                .setPosition(join.position())
                .setServer(join.server())
                .setSlotEpoch(slot.epoch()));
  }
}
