package io.cairnfs.metaserver.chunk;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Extents of one file, and what takes the place of each: others for the same bytes. */
final class ExtentCuts {
  /** By the extents' offsets in the file. */
  private final Map<Long, ExtentRecord> extents = new TreeMap<>();

  private final Map<Long, List<ExtentRecord>> parts = new TreeMap<>();

  /**
   * @param instead cover exactly the extent's range of the file, in its order
   */
  void add(ExtentRecord extent, List<ExtentRecord> instead) {
    extents.put(extent.fileOffset(), extent);
    parts.put(extent.fileOffset(), instead);
  }

  /** Does it; parts that follow each other in one chunk become one extent. */
  void redirect(ExtentMap map) {
    List<ExtentRecord> joined = new ArrayList<>();
    for (List<ExtentRecord> ofExtent : parts.values()) {
      for (ExtentRecord part : ofExtent) {
        ExtentRecord last = joined.isEmpty() ? null : joined.get(joined.size() - 1);
        if (last != null && last.isFollowedBy(part)) {
          joined.set(joined.size() - 1, last.withLength(last.length() + part.length()));
        } else {
          joined.add(part);
        }
      }
    }
    map.redirect(List.copyOf(extents.values()), joined);
  }
}
