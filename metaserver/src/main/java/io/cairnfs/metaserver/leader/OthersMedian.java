package io.cairnfs.metaserver.leader;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * For each of many servers the median of all the others' figures, each in a time that grows with
 * the server's own figures only: a leader has thousands of disks to compare. One thread.
 */
final class OthersMedian {
  private final int leastOthers;
  private final List<Figure> figures = new ArrayList<>();

  /** By server, where its figures stand, ascending; empty until somebody asks. */
  private final Map<Integer, List<Integer>> places = new HashMap<>();

  private record Figure(int server, long value) {}

  /**
   * @param leastOthers fewer other servers are no measure
   */
  OthersMedian(int leastOthers) {
    this.leastOthers = leastOthers;
  }

  void add(int server, long value) {
    places.clear();
    figures.add(new Figure(server, value));
  }

  /**
   * The middle one of what is not the server's, the larger of two; empty where too few others have
   * any.
   */
  OptionalLong without(int server) {
    sort();
    List<Integer> own = places.getOrDefault(server, List.of());
    int others = places.size() - (own.isEmpty() ? 0 : 1);
    if (others < leastOthers) {
      return OptionalLong.empty();
    }
    int at = (figures.size() - own.size()) / 2;
    for (int place : own) {
      if (place <= at) {
        at++;
      }
    }
    return OptionalLong.of(figures.get(at).value());
  }

  private void sort() {
    if (places.isEmpty()) {
      figures.sort(Comparator.comparingLong(Figure::value));
      for (int place = 0; place < figures.size(); place++) {
        places.computeIfAbsent(figures.get(place).server(), key -> new ArrayList<>()).add(place);
      }
    }
  }
}
