package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.proto.types.ChunkState;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Moves chunks from one state to the next (the arrows stand at {@link ChunkRecord}). Whatever
 * lengthens, seals or settles a chunk writes a repair entry for every member of its slot, acting or
 * joining, that is not known to hold the bytes.
 */
public final class ChunkLifecycle {
  private final NamespaceEditor namespace;
  private final Transaction transaction;

  public ChunkLifecycle(NamespaceEditor namespace) {
    this.namespace = namespace;
    this.transaction = namespace.transaction();
  }

  /**
   * An OPEN chunk has more committed bytes.
   *
   * @param acknowledged servers that hold them
   */
  ChunkRecord lengthen(ChunkRecord chunk, long length, Collection<Integer> acknowledged) {
    ChunkRecord longer = ChunkTable.put(transaction, chunk.withLength(length));
    Set<Integer> holders = new HashSet<>(chunk.pipeline());
    holders.retainAll(acknowledged);
    noteMissing(longer, holders);
    return longer;
  }

  /** Its writer appends no more: the committed length is final. Unreferenced, it is garbage. */
  public ChunkRecord seal(ChunkRecord chunk) {
    return seal(chunk, chunk.pipeline(), false);
  }

  /** As {@link #seal}; its session may still refer to its bytes, until {@link #release}. */
  ChunkRecord sealAndHold(ChunkRecord chunk) {
    return seal(chunk, chunk.pipeline(), true);
  }

  /** A SEALED chunk's session refers to nothing more in it. */
  public void release(ChunkRecord chunk) {
    if (ChunkTable.isHeld(transaction, chunk)) {
      ChunkTable.release(transaction, chunk);
      collect(Set.of(chunk.id()));
    }
  }

  private ChunkRecord seal(ChunkRecord chunk, Collection<Integer> holders, boolean hold) {
    ChunkRecord sealed =
        ChunkTable.put(transaction, chunk.withOpenTail(false).withState(ChunkState.SEALED));
    if (hold) {
      ChunkTable.hold(transaction, sealed);
    }
    if (chunk.hasOpenTail()) {
      endTail(sealed);
    }
    noteMissing(sealed, holders);
    SlotRecord slot = SlotTable.of(transaction, sealed.id());
    Set<Integer> members = slot.members(sealed);
    for (int server : sealed.pipeline()) {
      if (ServerTable.isGone(transaction, server)) {
        continue;
      }
      if (holders.contains(server)) {
        noteHolder(slot, sealed, server);
      } else if (!members.contains(server)) {
        GarbageTable.addDoubtfulDelete(transaction, sealed.id(), server);
      }
    }
    collect(Set.of(sealed.id()));
    return sealed;
  }

  private void noteMissing(ChunkRecord chunk, Collection<Integer> holders) {
    for (int server : SlotTable.members(transaction, chunk)) {
      if (!holders.contains(server) && !ServerTable.isGone(transaction, server)) {
        RepairTable.add(transaction, chunk.id(), server);
      }
    }
  }

  /**
   * A member of the pipeline that is no member any more, or not yet, has the bytes nevertheless.
   */
  private void noteHolder(SlotRecord slot, ChunkRecord chunk, int server) {
    boolean isKnown =
        slot.isAnswerable(server, chunk)
            && RepairTable.since(transaction, chunk.id(), server).isEmpty();
    if (!isKnown && !GarbageTable.isDoubtful(transaction, chunk.id(), server)) {
      GarbageTable.addDelete(transaction, chunk.id(), server);
    }
  }

  /**
   * The writer is gone, or shall write no more: from now on an older epoch is refused. Without an
   * open tail the committed length is final; with one the members have to be asked first. A stripe
   * is given up as a whole.
   *
   * @return false, and nothing done, if the chunk is not OPEN at that epoch
   */
  public boolean fence(ChunkRecord chunk, int expectedEpoch) {
    if (!chunk.isOpen() || chunk.epoch() != expectedEpoch) {
      return false;
    }
    if (chunk.id().isCell()) {
      for (ChunkRecord cell : Stripe.of(transaction, chunk.id()).cells()) {
        seal(cell.withEpoch(cell.epoch() + 1));
      }
      return true;
    }
    ChunkRecord fenced = chunk.withEpoch(chunk.epoch() + 1);
    if (chunk.hasOpenTail()) {
      ChunkTable.put(transaction, fenced.withState(ChunkState.SETTLING));
    } else {
      seal(fenced);
    }
    return true;
  }

  /**
   * The length of a SETTLING chunk is decided. Its file's open tail, and nothing else, grows to it.
   *
   * @param holders members that hold so many valid bytes
   * @return false, and nothing done, if the chunk is not SETTLING at that epoch
   * @throws CairnException INVALID_ARGUMENT for a length below the committed or above the maximum
   */
  public boolean settle(
      ChunkRecord chunk, int epoch, long length, Collection<Integer> holders, long nowNanos)
      throws CairnException {
    if (!chunk.isSettling() || chunk.epoch() != epoch) {
      return false;
    }
    if (length < chunk.length() || length > chunk.maxLength()) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          chunk.id()
              + ": settled length "
              + length
              + " outside "
              + chunk.length()
              + ".."
              + chunk.maxLength());
    }
    growTail(chunk, length, nowNanos);
    ChunkRecord longer = ChunkTable.put(transaction, chunk.withLength(length));
    seal(longer, holders, false);
    return true;
  }

  /** The open tail that a file has in a chunk grows to a length of the chunk. */
  void growTail(ChunkRecord chunk, long length, long nowNanos) {
    InodeRecord file = namespace.inode(new InodeId(chunk.inode())).orElse(null);
    Optional<ExtentRecord> tail = tailOf(file, chunk.id());
    if (tail.isEmpty() || length <= tail.get().chunkEnd()) {
      return;
    }
    long more = length - tail.get().chunkEnd();
    new ExtentMap(transaction, file.id())
        .changeTail(tail.get(), tail.get().withLength(tail.get().length() + more));
    namespace.putInode(
        file.edit()
            .length(file.length() + more)
            .mtimeNanos(nowNanos)
            .ctimeNanos(nowNanos)
            .contentChanged(transaction.index())
            .done());
  }

  private void endTail(ChunkRecord chunk) {
    InodeRecord file = namespace.inode(new InodeId(chunk.inode())).orElse(null);
    tailOf(file, chunk.id())
        .ifPresent(
            tail ->
                new ExtentMap(transaction, file.id()).changeTail(tail, tail.withOpenTail(false)));
  }

  private Optional<ExtentRecord> tailOf(InodeRecord file, ChunkId chunk) {
    return file == null
        ? Optional.empty()
        : ExtentMap.endingAt(transaction, file.id(), file.length())
            .filter(extent -> extent.isOpenTail() && extent.chunk().equals(chunk));
  }

  /**
   * Those of the chunks that are SEALED, not held, and that nothing refers to become GARBAGE, for
   * good; cells once nothing refers to any of their stripe. To be called when all references of a
   * command are made.
   */
  void collect(Collection<ChunkId> chunks) {
    for (ChunkId id : chunks) {
      if (id.isCell()) {
        collectStripe(id);
        continue;
      }
      ChunkRecord chunk = ChunkTable.require(transaction, id);
      boolean isOver =
          chunk.isSealed()
              && !ReferenceTable.isReferenced(transaction, id)
              && !ChunkTable.isHeld(transaction, chunk);
      if (isOver) {
        discard(chunk);
      }
    }
  }

  /** Where one cell is needed its bytes may have to be computed from all others. */
  private void collectStripe(ChunkId cell) {
    Stripe stripe = Stripe.of(transaction, cell);
    if (stripe.isSealed() && !stripe.isReferenced()) {
      stripe.cells().forEach(this::discard);
    }
  }

  private void discard(ChunkRecord chunk) {
    LetGo.hurry(namespace, chunk);
    RepairTable.removeAll(transaction, chunk.id());
    ChunkRecord unrepaired = ChunkTable.require(transaction, chunk.id());
    GarbageTable.await(
        transaction,
        ChunkTable.put(transaction, unrepaired.withLost(false).withState(ChunkState.GARBAGE)));
  }

  /**
   * A chunk that is not garbage is on more or fewer positions from now on. A cell has the
   * redundancy of its pool.
   */
  void replicate(ChunkRecord chunk, int replication) {
    if (chunk.id().isCell() || chunk.replication() == replication || chunk.isGarbage()) {
      return;
    }
    LetGo.hurry(namespace, chunk);
    SlotRecord slot = SlotTable.of(transaction, chunk.id());
    Set<Integer> before = slot.members(chunk);
    ChunkRecord changed = ChunkTable.put(transaction, chunk.withReplication(replication));
    Set<Integer> after = slot.members(changed);
    if (chunk.length() > 0 || chunk.isSealed()) {
      for (int server : after) {
        if (!before.contains(server) && !ServerTable.isGone(transaction, server)) {
          addMember(chunk, server);
        }
      }
    }
    for (int server : before) {
      if (!after.contains(server)) {
        dropMember(changed, server, chunk.isSealed() && slot.isAnswerable(server, chunk));
      }
    }
    RepairTable.refreshLost(transaction, chunk.id());
  }

  private void addMember(ChunkRecord chunk, int server) {
    if (chunk.isUnsealed() && chunk.pipeline().contains(server)) {
      // It was a member before, and took part: whether it holds all nobody has kept.
      GarbageTable.addDelete(transaction, chunk.id(), server);
    }
    RepairTable.add(transaction, chunk.id(), server);
  }

  /**
   * The server is no member of the chunk any more: a replica that it has goes, once it is not
   * needed; what it has of one that it lacks goes, too.
   *
   * @param holds unless it has an entry
   */
  void dropMember(ChunkRecord chunk, int server, boolean holds) {
    boolean lacks = RepairTable.since(transaction, chunk.id(), server).isPresent();
    if (!ServerTable.isGone(transaction, server)) {
      if (holds && !lacks) {
        GarbageTable.addDelete(transaction, chunk.id(), server);
      } else if (lacks && chunk.isSealed()) {
        GarbageTable.suspect(transaction, chunk.id(), server);
      }
    }
    RepairTable.remove(transaction, chunk.id(), server);
  }
}
