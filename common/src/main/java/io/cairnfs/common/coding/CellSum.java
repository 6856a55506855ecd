package io.cairnfs.common.coding;

import java.util.List;

/**
 * A cell of a stripe as a sum of other cells of it.
 *
 * @param cell the one that is the sum
 * @param terms at most as many as the code has data cells, none twice
 */
public record CellSum(int cell, List<Term> terms) {
  public CellSum {
    terms = List.copyOf(terms);
  }

  /**
   * @param coefficient 1 to 255: what each byte of the cell is multiplied by
   */
  public record Term(int cell, int coefficient) {}
}
