package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.RecordReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Moves one position of a slot to its target member: begin, advance until the end, promote.
 * Everything that a late or repeated command could get wrong is checked here, against the rows.
 */
public final class SlotJoins {
  /** Chunks that one step looks at. */
  static final int STEP = 1024;

  /** For each of them all cells of its stripe are looked at. */
  private static final int STEP_OF_CELLS = 128;

  private final NamespaceEditor namespace;
  private final Transaction transaction;

  public SlotJoins(NamespaceEditor namespace) {
    this.namespace = namespace;
    this.transaction = namespace.transaction();
  }

  /**
   * The target member of a position begins to be filled.
   *
   * @throws CairnException RETRY when another position moves, or this one cannot just now
   */
  public void begin(int pool, int slotNumber, int position, int server) throws CairnException {
    SlotRecord slot = require(pool, slotNumber);
    if (slot.joining().isPresent()) {
      throw refused(slot, "position " + slot.joining().get().position() + " is moving");
    }
    List<Integer> acting = slot.acting();
    boolean isTarget = position < slot.target().size() && slot.target().get(position) == server;
    if (!isTarget || position > acting.size()) {
      throw refused(slot, "server=" + server + " is not to be at position " + position);
    }
    int at = acting.indexOf(server);
    if (at == position) {
      throw refused(slot, "server=" + server + " is at position " + position + " already");
    }
    if (at >= 0 && (slot.isCoded() || at < position || at != acting.size() - 1)) {
      throw refused(slot, "server=" + server + " still serves position " + at);
    }
    if (ServerTable.isGone(transaction, server)) {
      throw refused(slot, "server=" + server + " is out");
    }
    if (LetGo.isUnderWay(transaction, slot, server)) {
      throw refused(slot, "server=" + server + " has not let go of it yet");
    }
    SlotTable.put(
        transaction, slot.next(acting, Optional.of(new SlotJoin(position, server, 0, false))));
  }

  /**
   * Passes the next chunks of the slot, at most {@value #STEP}: each that the joiner shall have
   * gets a repair entry.
   *
   * @return true when the end was reached
   * @throws CairnException RETRY when this join is not under way
   */
  public boolean advance(int pool, int slotNumber, int position, int server) throws CairnException {
    SlotRecord slot = require(pool, slotNumber);
    SlotJoin join = requireJoin(slot, position, server);
    if (join.isAtEnd()) {
      return true;
    }
    int step = slot.isCoded() ? STEP_OF_CELLS : STEP;
    List<ChunkRecord> page = ChunkTable.inSlot(transaction, pool, slotNumber, join.cursor(), step);
    long cursor = join.cursor();
    for (ChunkRecord chunk : page) {
      cursor = chunk.id().value();
      // What is not sealed yet gets its entry when it is lengthened or sealed.
      if (chunk.isSealed() && chunk.liesOn(position) && !slot.isAnswerable(server, chunk)) {
        RepairTable.add(transaction, chunk.id(), server);
      }
      // Nothing else notices of a chunk that its last holder was struck out.
      RepairTable.refreshLost(transaction, chunk.id());
    }
    boolean atEnd = page.size() < step;
    SlotTable.put(transaction, slot.withJoinAt(new SlotJoin(position, server, cursor, atEnd)));
    return atEnd;
  }

  /**
   * The joiner serves the position from now on; whom it replaces lets go.
   *
   * @throws CairnException RETRY, naming what is missing, unless the joiner has everything
   */
  public void promote(int pool, int slotNumber, int position, int server, int epoch)
      throws CairnException {
    SlotRecord slot = require(pool, slotNumber);
    SlotJoin join = requireJoin(slot, position, server);
    if (slot.epoch() != epoch) {
      throw refused(slot, "its epoch is " + slot.epoch() + ", not " + epoch);
    }
    if (!join.isAtEnd()) {
      throw refused(slot, "the cursor of server=" + server + " is not at the end");
    }
    if (RepairTable.lacksAny(transaction, server, pool, slotNumber)) {
      throw refused(slot, "server=" + server + " still lacks chunks");
    }
    for (ChunkRecord chunk : ChunkTable.openInSlot(transaction, pool, slotNumber)) {
      if (chunk.liesOn(position) && !chunk.pipeline().contains(server)) {
        throw refused(slot, chunk.id() + " is open without server=" + server);
      }
    }
    boolean isOverdue =
        position < slot.acting().size()
            && LetGo.isUnderWay(transaction, slot, slot.acting().get(position));
    if (isOverdue) {
      throw refused(slot, "server=" + slot.acting().get(position) + " is still letting go");
    }
    List<Integer> acting = new ArrayList<>(slot.acting());
    if (acting.contains(server)) {
      acting.remove(acting.size() - 1);
    }
    int replaced = 0;
    if (position < acting.size()) {
      replaced = acting.set(position, server);
    } else {
      acting.add(server);
    }
    SlotMembership.trim(transaction, acting, slot.target());
    SlotRecord after = slot.next(acting, Optional.empty());
    SlotTable.put(transaction, after);
    if (replaced != 0) {
      LetGo.begin(transaction, after, position, replaced);
    }
  }

  /**
   * The server has still to let go of what it had of the slot: it does not join it again, and is
   * not replaced once more, before.
   */
  public static boolean isLettingGo(RecordReader reader, SlotRecord slot, int server) {
    return LetGo.isUnderWay(reader, slot, server);
  }

  /** Slots that the server has left, and has still to let go of. */
  public static int slotsLettingGo(RecordReader reader, int server) {
    return LetGo.slotsOf(reader, server);
  }

  private SlotRecord require(int pool, int slot) throws CairnException {
    PoolRecord record =
        PoolRecord.find(transaction, pool)
            .orElseThrow(() -> invalid("pool " + pool + " does not exist"));
    if (slot < 0 || slot >= record.slots()) {
      throw invalid("slot " + slot + " outside 0.." + (record.slots() - 1));
    }
    return SlotTable.get(namespace.reader(), pool, slot);
  }

  private static SlotJoin requireJoin(SlotRecord slot, int position, int server)
      throws CairnException {
    return slot.joining()
        .filter(join -> join.position() == position && join.server() == server)
        .orElseThrow(
            () -> refused(slot, "server=" + server + " is not joining at position " + position));
  }

  private static CairnException refused(SlotRecord slot, String why) {
    return new CairnException(
        ErrorCode.RETRY, "pool " + slot.pool() + " slot " + slot.slot() + ": " + why);
  }

  private static CairnException invalid(String message) {
    return new CairnException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
