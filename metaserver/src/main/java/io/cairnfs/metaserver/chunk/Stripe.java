package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.metaserver.namespace.CorruptRecord;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.util.Collection;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * The cells of a coded pool whose ids differ in their numbers only: any {@code k} of them give back
 * the others. A data cell that has no row is all zeros. Rows of one stripe are OPEN together,
 * SEALED together, and become GARBAGE together; then each goes with its last holder.
 *
 * <p>As the rows were when it was read.
 */
public final class Stripe {
  private final RecordReader reader;
  private final CodingPolicy policy;
  private final SortedMap<Integer, ChunkRecord> rows;

  private Stripe(RecordReader reader, CodingPolicy policy, SortedMap<Integer, ChunkRecord> rows) {
    this.reader = reader;
    this.policy = policy;
    this.rows = Collections.unmodifiableSortedMap(rows);
  }

  /** The one that a cell is of. */
  public static Stripe of(RecordReader reader, ChunkId cell) {
    CodingPolicy policy =
        new PoolId(cell.pool())
            .policy()
            .orElseThrow(() -> new CorruptRecord(cell + " is of a code that is not known here"));
    SortedMap<Integer, ChunkRecord> rows = new TreeMap<>();
    byte[] from = ChunkKeys.chunk(cell.withCell(0));
    byte[] to = Bytes.after(ChunkKeys.chunk(cell.withCell(ChunkId.MAX_CELLS - 1)));
    try (RecordCursor cursor = reader.scan(Table.CHUNK, from, to)) {
      while (cursor.next()) {
        ChunkId id = ChunkKeys.chunkAt(cursor.key(), 1);
        rows.put(id.cell(), ChunkRecord.decode(id, cursor.value()));
      }
    }
    return new Stripe(reader, policy, rows);
  }

  public CodingPolicy policy() {
    return policy;
  }

  /** By the cells' numbers. */
  public Collection<ChunkRecord> cells() {
    return rows.values();
  }

  public Optional<ChunkRecord> cell(int number) {
    return Optional.ofNullable(rows.get(number));
  }

  public boolean isSealed() {
    return rows.values().stream().allMatch(ChunkRecord::isSealed);
  }

  /** Some file needs bytes of it. */
  public boolean isReferenced() {
    return rows.values().stream().anyMatch(cell -> ReferenceTable.isReferenced(reader, cell.id()));
  }

  /** Somebody holds the cell, or it is all zeros. */
  public boolean isHeld(int number) {
    return isHeld(
        number, cell -> !Holders.all(reader, SlotTable.of(reader, cell.id()), cell).isEmpty());
  }

  private boolean isHeld(int number, Predicate<ChunkRecord> isHeld) {
    ChunkRecord cell = rows.get(number);
    return cell == null ? number < policy.dataCells() : isHeld.test(cell);
  }

  /** How many cells somebody holds: with fewer than the code has data cells the others are lost. */
  public int held() {
    return held(cell -> !Holders.all(reader, SlotTable.of(reader, cell.id()), cell).isEmpty());
  }

  /**
   * How many cells of the stripe are there.
   *
   * @param isHeld of a cell that has a row
   */
  public int held(Predicate<ChunkRecord> isHeld) {
    int held = 0;
    for (int number = 0; number < policy.cells(); number++) {
      held += isHeld(number, isHeld) ? 1 : 0;
    }
    return held;
  }

  /** Too few cells are held to compute the others. */
  public boolean isShort() {
    return held() < policy.dataCells();
  }
}
