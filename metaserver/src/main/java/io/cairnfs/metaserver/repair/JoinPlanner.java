package io.cairnfs.metaserver.repair;

import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.RepairTable;
import io.cairnfs.metaserver.chunk.ReplicaHealth;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.chunk.ServerTotals;
import io.cairnfs.metaserver.chunk.SlotJoin;
import io.cairnfs.metaserver.chunk.SlotJoins;
import io.cairnfs.metaserver.chunk.SlotRecord;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.command.AdvanceJoin;
import io.cairnfs.proto.command.BeginJoin;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.Promote;
import io.cairnfs.proto.types.ServerHealth;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Works off the slots whose acting members are not the target's: recovery, drain and rebalance
 * alike. Proposes the next command of every slot that can go on; apply checks each of them again.
 */
public final class JoinPlanner {
  private final RecordReader state;
  private final ReplicaHealth health;
  private final int maxJoins;
  private final int maxBacklog;
  private final Map<Integer, Integer> joins = new HashMap<>();

  /**
   * @param maxJoins slots that one server may be joining at a time
   * @param maxBacklog repair entries of a joiner above which its cursors wait
   */
  public JoinPlanner(RecordReader state, ReplicaHealth health, int maxJoins, int maxBacklog) {
    this.state = state;
    this.health = health;
    this.maxJoins = maxJoins;
    this.maxBacklog = maxBacklog;
  }

  /** At most so many commands, of which only the kind is set. */
  public List<Command> next(int limit) {
    List<Command> commands = new ArrayList<>();
    if (Counter.SLOTS_MOVING.in(state) == 0) {
      return commands;
    }
    List<SlotRecord> idle = new ArrayList<>();
    for (SlotRecord record : SlotTable.all(state)) {
      if (record.joining().isPresent()) {
        joins.merge(record.joining().get().server(), 1, Integer::sum);
        if (commands.size() < limit) {
          continued(record, record.joining().get()).ifPresent(commands::add);
        }
      } else if (record.isMoving()) {
        idle.add(record);
      }
    }
    for (SlotRecord record : idle) {
      if (commands.size() >= limit) {
        break;
      }
      begun(record).ifPresent(commands::add);
    }
    return commands;
  }

  private Optional<Command> continued(SlotRecord slot, SlotJoin join) {
    if (!join.isAtEnd()) {
      // Chunks that are lost are nothing to do; a joiner has an entry for each of them at most.
      long lost = Counter.CHUNKS_LOST.in(state);
      if (ServerTotals.of(state, join.server()).repairs() - lost >= maxBacklog) {
        return Optional.empty();
      }
      return Optional.of(
          Command.newBuilder()
              .setAdvanceJoin(
                  AdvanceJoin.newBuilder()
                      .setPool(slot.pool())
                      .setSlot(slot.slot())
                      .setPosition(join.position())
                      .setServer(join.server())
                      .setAtEnd(true))
              .build());
    }
    boolean ready =
        !RepairTable.lacksAny(state, join.server(), slot.pool(), slot.slot())
            && blockers(slot).isEmpty()
            && !isReplacedLettingGo(slot, join);
    return ready
        ? Optional.of(
            Command.newBuilder()
                .setPromote(
                    Promote.newBuilder()
                        .setPool(slot.pool())
                        .setSlot(slot.slot())
                        .setPosition(join.position())
                        .setServer(join.server())
                        .setSlotEpoch(slot.epoch()))
                .build())
        : Optional.empty();
  }

  private boolean isReplacedLettingGo(SlotRecord slot, SlotJoin join) {
    return join.position() < slot.acting().size()
        && SlotJoins.isLettingGo(state, slot, slot.acting().get(join.position()));
  }

  /** Chunks of all slots that keep a joiner waiting; see {@link #blockers(SlotRecord)}. */
  public List<ChunkRecord> blockers() {
    List<ChunkRecord> blockers = new ArrayList<>();
    for (SlotRecord record : SlotTable.all(state)) {
      if (record.joining().filter(SlotJoin::isAtEnd).isPresent()) {
        blockers.addAll(blockers(record));
      }
    }
    return blockers;
  }

  /**
   * Unsealed chunks of a slot that were opened without its joiner: while there are any it is not
   * promoted. Their sessions should close them; after a while they are fenced.
   */
  public List<ChunkRecord> blockers(SlotRecord slot) {
    List<ChunkRecord> blockers = new ArrayList<>();
    slot.joining()
        .ifPresent(
            join -> {
              for (ChunkRecord chunk : ChunkTable.openInSlot(state, slot.pool(), slot.slot())) {
                if (chunk.liesOn(join.position()) && !chunk.pipeline().contains(join.server())) {
                  blockers.add(chunk);
                }
              }
            });
    return blockers;
  }

  private Optional<Command> begun(SlotRecord slot) {
    int best = -1;
    for (int position = 0; position < slot.target().size(); position++) {
      if (mayBegin(slot, position) && (best < 0 || isUrgent(slot, position))) {
        best = position;
        if (isUrgent(slot, position)) {
          break;
        }
      }
    }
    if (best < 0) {
      return Optional.empty();
    }
    int server = slot.target().get(best);
    joins.merge(server, 1, Integer::sum);
    return Optional.of(
        Command.newBuilder()
            .setBeginJoin(
                BeginJoin.newBuilder()
                    .setPool(slot.pool())
                    .setSlot(slot.slot())
                    .setPosition(best)
                    .setServer(server))
            .build());
  }

  private boolean mayBegin(SlotRecord slot, int position) {
    List<Integer> acting = slot.acting();
    int server = slot.target().get(position);
    if (position > acting.size() || (position < acting.size() && acting.get(position) == server)) {
      return false;
    }
    int at = acting.indexOf(server);
    boolean movable = at < 0 || (!slot.isCoded() && at > position && at == acting.size() - 1);
    return movable
        && health.of(server) == ServerHealth.UP
        && !SlotJoins.isLettingGo(state, slot, server)
        && joins.getOrDefault(server, 0) < maxJoins;
  }

  /** Nobody serves the position: copies are missing now. */
  private boolean isUrgent(SlotRecord slot, int position) {
    return position >= slot.acting().size()
        || ServerTable.isGone(state, slot.acting().get(position));
  }
}
