package io.cairnfs.raft.core;

import java.util.Arrays;

/** Terms of all entries of a log, as runs of equal terms: terms never go down along a log. */
final class TermRuns {
  private long[] starts = new long[8];
  private long[] terms = new long[8];
  private int size;

  /** Starts anew with one known position, the one before the first entry. */
  void reset(long index, long term) {
    size = 0;
    add(index, term);
  }

  /** Notes the term of the entry that follows the last one noted. */
  void append(long index, long term) {
    if (term > terms[size - 1]) {
      add(index, term);
    } else if (term < terms[size - 1]) {
      throw new IllegalStateException(
          "entry " + index + " has term " + term + " after term " + terms[size - 1]);
    }
  }

  private void add(long index, long term) {
    if (size == starts.length) {
      starts = Arrays.copyOf(starts, size * 2);
      terms = Arrays.copyOf(terms, size * 2);
    }
    starts[size] = index;
    terms[size] = term;
    size++;
  }

  /** Forgets everything from the index on; the first run's start stays. */
  void truncate(long from) {
    while (size > 1 && starts[size - 1] >= from) {
      size--;
    }
  }

  /** Forgets everything below the index, which becomes the first known position. */
  void compact(long index) {
    int run = run(index);
    System.arraycopy(starts, run, starts, 0, size - run);
    System.arraycopy(terms, run, terms, 0, size - run);
    size -= run;
    starts[0] = index;
  }

  long term(long index) {
    return terms[run(index)];
  }

  /** The first known index whose entry has the same term as this one. */
  long start(long index) {
    return starts[run(index)];
  }

  private int run(long index) {
    int low = size - 1;
    if (starts[low] <= index) {
      return low;
    }
    int found = Arrays.binarySearch(starts, 0, size, index);
    int run = found >= 0 ? found : -found - 2;
    if (run < 0) {
      throw new IllegalArgumentException("term of " + index + " is not known");
    }
    return run;
  }
}
