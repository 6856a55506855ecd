package io.cairnfs.common.coding;

import io.cairnfs.common.coding.CellSum.Term;
import io.cairnfs.common.id.CodingPolicy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The code of a policy: which sum of the data cells each parity cell is, and how any cell is
 * computed from any {@code k} others. Cells are numbered as in ids of chunks: the data cells first.
 *
 * <p>Byte for byte Hadoop's codes. Reed-Solomon: the identity over Cauchy's matrix, {@code
 * a[parity][data] = inverse(parity XOR data)} with the cells' numbers (Plank, Xu: Optimizing Cauchy
 * Reed-Solomon Codes, 2006; ISA-L's {@code gf_gen_cauchy1_matrix}): every square part of it can be
 * inverted. With one parity cell: their plain sum. Immutable.
 */
public final class ErasureCode {
  private final CodingPolicy policy;
  private final int dataCells;

  private ErasureCode(CodingPolicy policy) {
    this.policy = policy;
    this.dataCells = policy.dataCells();
  }

  public static ErasureCode of(CodingPolicy policy) {
    return new ErasureCode(policy);
  }

  public CodingPolicy policy() {
    return policy;
  }

  /**
   * What each byte of a data cell is multiplied by in a parity cell's sum: 1 to 255.
   *
   * @throws IllegalArgumentException when these are no parity and no data cell
   */
  public int coefficient(int parityCell, int dataCell) {
    if (parityCell < dataCells || parityCell >= policy.cells()) {
      throw unknown(parityCell, "parity cell");
    }
    if (dataCell < 0 || dataCell >= dataCells) {
      throw unknown(dataCell, "data cell");
    }
    return row(parityCell)[dataCell];
  }

  /** A cell as a sum of the data cells. */
  private int[] row(int cell) {
    int[] row = new int[dataCells];
    for (int data = 0; data < dataCells; data++) {
      if (cell < dataCells) {
        row[data] = cell == data ? 1 : 0;
      } else if (policy.parityCells() == 1) {
        row[data] = 1;
      } else {
        row[data] = GaloisField.inverse(cell ^ data);
      }
    }
    return row;
  }

  /**
   * The wanted cell as a sum of the first {@code k} of the available ones.
   *
   * @param wanted data or parity
   * @param available others, the preferred ones first; at least {@code k}
   * @throws IllegalArgumentException when a cell is unknown, named twice or the wanted one itself,
   *     or when there are too few
   */
  public CellSum sum(int wanted, List<Integer> available) {
    if (wanted < 0 || wanted >= policy.cells()) {
      throw unknown(wanted, "cell");
    }
    Set<Integer> seen = new HashSet<>();
    for (int cell : available) {
      if (cell < 0 || cell >= policy.cells()) {
        throw unknown(cell, "cell");
      }
      if (cell == wanted || !seen.add(cell)) {
        throw new IllegalArgumentException(
            "cell " + cell + " twice: wanted " + wanted + ", " + available);
      }
    }
    if (available.size() < dataCells) {
      throw new IllegalArgumentException(
          "cell "
              + wanted
              + " of "
              + policy.label()
              + " needs "
              + dataCells
              + " others, available are "
              + available);
    }
    List<Integer> chosen = available.subList(0, dataCells);
    int[][] matrix = new int[dataCells][];
    for (int i = 0; i < dataCells; i++) {
      matrix[i] = row(chosen.get(i));
    }
    int[][] inverse = inverse(matrix);
    int[] row = row(wanted);
    List<Term> terms = new ArrayList<>(dataCells);
    for (int i = 0; i < dataCells; i++) {
      int coefficient = 0;
      for (int data = 0; data < dataCells; data++) {
        coefficient ^= GaloisField.multiply(row[data], inverse[data][i]);
      }
      if (coefficient != 0) {
        terms.add(new Term(chosen.get(i), coefficient));
      }
    }
    return new CellSum(wanted, terms);
  }

  private IllegalArgumentException unknown(int cell, String kind) {
    return new IllegalArgumentException(policy.label() + " has no " + kind + " " + cell);
  }

  /** By elimination (Gauss, Jordan). The matrix is used up. */
  private static int[][] inverse(int[][] matrix) {
    int size = matrix.length;
    int[][] inverse = new int[size][size];
    for (int i = 0; i < size; i++) {
      inverse[i][i] = 1;
    }
    for (int column = 0; column < size; column++) {
      int pivot = column;
      while (matrix[pivot][column] == 0) {
        pivot++;
      }
      swap(matrix, column, pivot);
      swap(inverse, column, pivot);
      int factor = GaloisField.inverse(matrix[column][column]);
      scale(matrix[column], factor);
      scale(inverse[column], factor);
      for (int other = 0; other < size; other++) {
        if (other != column) {
          int multiple = matrix[other][column];
          addMultiple(multiple, matrix[column], matrix[other]);
          addMultiple(multiple, inverse[column], inverse[other]);
        }
      }
    }
    return inverse;
  }

  private static void swap(int[][] rows, int a, int b) {
    int[] row = rows[a];
    rows[a] = rows[b];
    rows[b] = row;
  }

  private static void scale(int[] row, int factor) {
    for (int i = 0; i < row.length; i++) {
      row[i] = GaloisField.multiply(row[i], factor);
    }
  }

  private static void addMultiple(int factor, int[] row, int[] target) {
    for (int i = 0; i < row.length; i++) {
      target[i] ^= GaloisField.multiply(factor, row[i]);
    }
  }
}
