package io.cairnfs.metaserver.chunk;

import io.cairnfs.metaserver.store.RecordReader;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;

/**
 * Who is known to hold a good replica of a chunk. Nothing says so of each replica; it follows from
 * what is stored:
 *
 * <ul>
 *   <li>A member that has no repair entry holds the chunk, but for a joiner whose cursor has not
 *       passed it: that one shall have it and nobody has looked whether it does.
 *   <li>A server that is to delete its replica holds it until it says that it did. Where it is a
 *       member again by then, or a joiner that took part in the chunk before its cursor came, the
 *       replica counts, too; it is confirmed by the report of a repair.
 *   <li>Of a chunk that is not sealed the pipeline holds what is committed, but for those that have
 *       an entry.
 * </ul>
 */
public final class Holders {
  private Holders() {}

  /** Members that hold the chunk, in the order of their positions. */
  public static Set<Integer> members(RecordReader reader, SlotRecord slot, ChunkRecord chunk) {
    SortedMap<Integer, Long> lacking = RepairTable.ofChunk(reader, chunk.id());
    List<Integer> shall =
        new ArrayList<>(chunk.isUnsealed() ? chunk.pipeline() : slot.members(chunk));
    Set<Integer> holders = new LinkedHashSet<>();
    for (int server : shall) {
      boolean isKnown = chunk.isUnsealed() || slot.isAnswerable(server, chunk);
      if (isKnown && !lacking.containsKey(server) && !ServerTable.isGone(reader, server)) {
        holders.add(server);
      }
    }
    return holders;
  }

  /** {@link #members}, and servers that have not deleted what they are to delete. */
  public static Set<Integer> all(RecordReader reader, SlotRecord slot, ChunkRecord chunk) {
    Set<Integer> holders = members(reader, slot, chunk);
    for (int server : GarbageTable.goodHolders(reader, chunk.id())) {
      if (!ServerTable.isGone(reader, server)) {
        holders.add(server);
      }
    }
    return holders;
  }

  /**
   * Nobody is known to hold any of its bytes, of which there are some; of a cell that means also
   * that it cannot be computed.
   */
  static boolean isLost(RecordReader reader, ChunkRecord chunk) {
    return !chunk.isGarbage()
        && chunk.length() > 0
        && all(reader, SlotTable.of(reader, chunk.id()), chunk).isEmpty()
        && (!chunk.id().isCell() || Stripe.of(reader, chunk.id()).isShort());
  }

  /**
   * The chunk needs nobody who is no member: at each of its positions a member holds it, or the one
   * that joins there.
   */
  public static boolean isCovered(RecordReader reader, ChunkRecord chunk) {
    SlotRecord slot = SlotTable.of(reader, chunk.id());
    Set<Integer> holders = members(reader, slot, chunk);
    List<Integer> acting = slot.acting();
    Positions positions = chunk.positions();
    int end = Math.min(positions.end(), acting.size());
    for (int position = positions.first(); position < end; position++) {
      int at = position;
      boolean covered =
          holders.contains(acting.get(position))
              || slot.joining()
                  .filter(join -> join.position() == at && holders.contains(join.server()))
                  .isPresent();
      if (!covered) {
        return false;
      }
    }
    return !holders.isEmpty();
  }
}
