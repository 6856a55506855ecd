package io.cairnfs.raft.log;

import java.util.Map;
import java.util.TreeMap;

/** The term of every index of a log, as runs: terms only grow along a log. Not thread-safe. */
final class TermRuns {
  private final TreeMap<Long, Long> termByStart = new TreeMap<>();

  TermRuns(long baseIndex, long baseTerm) {
    termByStart.put(baseIndex, baseTerm);
  }

  /** The term of an index at or behind the base. */
  long term(long index) {
    Map.Entry<Long, Long> run = termByStart.floorEntry(index);
    if (run == null) {
      throw new IllegalArgumentException(
          "index " + index + " is before the log's base " + termByStart.firstKey());
    }
    return run.getValue();
  }

  void append(long index, long term) {
    long last = termByStart.lastEntry().getValue();
    if (term != last) {
      termByStart.put(index, term);
    }
  }

  void cutBehind(long index) {
    termByStart.tailMap(index, false).clear();
  }

  /** Forgets what is before the new base. */
  void moveBase(long index) {
    long term = term(index);
    termByStart.headMap(index, true).clear();
    termByStart.put(index, term);
  }
}
