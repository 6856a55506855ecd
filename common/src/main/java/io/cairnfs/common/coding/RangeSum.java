package io.cairnfs.common.coding;

import io.cairnfs.common.coding.CellSum.Term;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One range of a cell as a sum of the same range of others: chooses which of them to read, and
 * others where they fail. Cells that have nothing in the range are zeros there, and need not be
 * read. Who reads, and how, is not known here. One thread, or the caller's lock.
 */
public final class RangeSum {
  private final ErasureCode code;
  private final int wanted;
  private final int length;
  private final Map<Integer, Integer> bytes = new HashMap<>();

  /** Known in this range: the zeros, then what was read. */
  private final List<Integer> known = new ArrayList<>();

  private final ArrayDeque<Integer> unasked = new ArrayDeque<>();
  private final Set<Integer> asked = new HashSet<>();

  /**
   * @param lengths of the stripe's cells; a data cell that is not among them is all zeros
   * @param readable those that may be read, the preferred ones first
   * @param offset of the range, in every cell
   * @param length of the range, inside the wanted cell
   */
  public RangeSum(
      ErasureCode code,
      int wanted,
      Map<Integer, Long> lengths,
      List<Integer> readable,
      long offset,
      int length) {
    this.code = code;
    this.wanted = wanted;
    this.length = length;
    for (int cell = 0; cell < code.policy().cells(); cell++) {
      boolean data = cell < code.policy().dataCells();
      Long whole = lengths.get(cell);
      if (cell == wanted || (whole == null && !data)) {
        continue;
      }
      long here = whole == null ? 0 : Math.min(length, whole - offset);
      if (here <= 0) {
        known.add(cell);
      } else {
        bytes.put(cell, (int) here);
      }
    }
    for (int cell : readable) {
      if (bytes.containsKey(cell) && !unasked.contains(cell)) {
        unasked.add(cell);
      }
    }
  }

  private int needed() {
    return code.policy().dataCells();
  }

  /**
   * Cells to read now, so that no more than needed are: each is named once.
   *
   * @return fewer than needed where there are no more: see {@link #isHopeless}
   */
  public List<Integer> toRead() {
    List<Integer> now = new ArrayList<>();
    while (known.size() + asked.size() < needed() && !unasked.isEmpty()) {
      now.add(ask());
    }
    return now;
  }

  /** One more cell, because those that were asked are slow. */
  public Optional<Integer> oneMore() {
    return unasked.isEmpty() ? Optional.empty() : Optional.of(ask());
  }

  private int ask() {
    int cell = unasked.remove();
    asked.add(cell);
    return cell;
  }

  /** How many bytes of the range the cell has; zeros follow. At least 1, of a cell to read. */
  public int bytes(int cell) {
    return bytes.get(cell);
  }

  /** The range's bytes of a cell are here. */
  public void read(int cell) {
    if (asked.remove(cell)) {
      known.add(cell);
    }
  }

  /** A cell cannot be read: {@link #toRead} names another one. */
  public void failed(int cell) {
    asked.remove(cell);
  }

  public boolean isComplete() {
    return known.size() >= needed();
  }

  /** Whether too few cells are left, whatever those that were asked may answer. */
  public boolean isHopeless() {
    return known.size() + asked.size() + unasked.size() < needed();
  }

  public int length() {
    return length;
  }

  /**
   * What to add up: cells that were read, each with its factor. Once complete.
   *
   * @throws IllegalArgumentException before
   */
  public CellSum sum() {
    CellSum sum = code.sum(wanted, known);
    List<Term> terms = sum.terms().stream().filter(term -> bytes.containsKey(term.cell())).toList();
    return new CellSum(wanted, terms);
  }
}
