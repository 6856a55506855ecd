package io.cairnfs.client.write;

import io.cairnfs.proto.types.Extent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Extents of a file of which none overlaps another: each one that is added hides what it covers of
 * those added before. Not safe for several threads.
 */
final class ExtentOverlay {
  private final TreeMap<Long, Extent> extents = new TreeMap<>();

  void add(Extent added) {
    if (added.getLength() == 0) {
      return;
    }
    long start = added.getFileOffset();
    long end = start + added.getLength();
    Map.Entry<Long, Extent> before = extents.lowerEntry(start);
    if (before != null && endOf(before.getValue()) > start) {
      Extent cut = before.getValue();
      extents.put(before.getKey(), cut.toBuilder().setLength(start - before.getKey()).build());
      if (endOf(cut) > end) {
        Extent rest = tail(cut, end);
        extents.put(end, rest);
      }
    }
    Map.Entry<Long, Extent> covered = extents.ceilingEntry(start);
    while (covered != null && covered.getKey() < end) {
      extents.remove(covered.getKey());
      if (endOf(covered.getValue()) > end) {
        extents.put(end, tail(covered.getValue(), end));
      }
      covered = extents.ceilingEntry(start);
    }
    insert(added);
  }

  private void insert(Extent added) {
    Map.Entry<Long, Extent> before = extents.lowerEntry(added.getFileOffset());
    if (before != null && joins(before.getValue(), added)) {
      Extent joined =
          before.getValue().toBuilder()
              .setLength(before.getValue().getLength() + added.getLength())
              .build();
      extents.put(before.getKey(), joined);
    } else {
      extents.put(added.getFileOffset(), added);
    }
  }

  private static boolean joins(Extent before, Extent next) {
    return before.getChunk() == next.getChunk()
        && endOf(before) == next.getFileOffset()
        && before.getChunkOffset() + before.getLength() == next.getChunkOffset();
  }

  private static Extent tail(Extent extent, long from) {
    long skipped = from - extent.getFileOffset();
    return extent.toBuilder()
        .setFileOffset(from)
        .setLength(extent.getLength() - skipped)
        .setChunkOffset(extent.getChunkOffset() + skipped)
        .build();
  }

  private static long endOf(Extent extent) {
    return extent.getFileOffset() + extent.getLength();
  }

  boolean overlaps(long from, long until) {
    Map.Entry<Long, Extent> before = extents.lowerEntry(until);
    return before != null && endOf(before.getValue()) > from;
  }

  /** The one extent that has all of the range. */
  Optional<Extent> covering(long from, long until) {
    Map.Entry<Long, Extent> before = extents.floorEntry(from);
    return before != null && endOf(before.getValue()) >= until
        ? Optional.of(before.getValue())
        : Optional.empty();
  }

  int size() {
    return extents.size();
  }

  boolean isEmpty() {
    return extents.isEmpty();
  }

  /** Where the last extent ends; 0 for none. */
  long end() {
    return extents.isEmpty() ? 0 : endOf(extents.lastEntry().getValue());
  }

  /** In file order. */
  List<Extent> all() {
    return new ArrayList<>(extents.values());
  }

  void clear() {
    extents.clear();
  }
}
