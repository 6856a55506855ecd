package io.cairnfs.common.coding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.id.CodingPolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RangeSumTest {
  private static final long SEED = 20261123;
  private static final List<CodingPolicy> POLICIES = List.of(CodingPolicy.values());
  private static final ErasureCode CODE = ErasureCode.of(CodingPolicy.RS_3_2);

  private final Random random = new Random(SEED);

  private static Map<Integer, Long> lengths(long... lengths) {
    Map<Integer, Long> map = new HashMap<>();
    for (int cell = 0; cell < lengths.length; cell++) {
      if (lengths[cell] >= 0) {
        map.put(cell, lengths[cell]);
      }
    }
    return map;
  }

  @Test
  void exactlyAsManyAsNeededAreRead() {
    RangeSum sum = new RangeSum(CODE, 0, lengths(10, 10, 10, 10, 10), List.of(4, 2, 1, 3), 0, 10);
    assertThat(sum.toRead()).containsExactly(4, 2, 1);
    assertThat(sum.toRead()).isEmpty();
    sum.read(4);
    sum.failed(2);
    assertThat(sum.toRead()).containsExactly(3);
    sum.read(1);
    assertThat(sum.isComplete()).isFalse();
    assertThatThrownBy(sum::sum).hasMessageContaining("needs 3 others");
    sum.read(3);
    assertThat(sum.isComplete()).isTrue();
    assertThat(sum.sum().terms()).extracting(CellSum.Term::cell).containsExactly(4, 1, 3);
  }

  @Test
  void zerosAreNotRead() {
    // Cell 2 was never made, cell 1 ends before the range.
    RangeSum sum =
        new RangeSum(CODE, 0, lengths(5000, 4096, -1, 5000, 5000), List.of(1, 3, 4), 4096, 904);
    assertThat(sum.toRead()).containsExactly(3);
    assertThat(sum.bytes(3)).isEqualTo(904);
    sum.failed(3);
    assertThat(sum.isHopeless()).isFalse();
    assertThat(sum.toRead()).containsExactly(4);
    sum.read(4);
    assertThat(sum.sum().terms()).extracting(CellSum.Term::cell).containsExactly(4);
  }

  @Test
  void aParityCellThatIsNotNamedIsUnknownAndNotZero() {
    RangeSum sum = new RangeSum(CODE, 0, lengths(10, 10, 10, 10), List.of(1, 2), 0, 10);
    assertThat(sum.toRead()).containsExactly(1, 2);
    assertThat(sum.isHopeless()).isTrue();
  }

  @Test
  void aSlowCellMayBeOvertaken() {
    RangeSum sum = new RangeSum(CODE, 3, lengths(9, 9, 9, 9, 9), List.of(0, 1, 2, 4), 0, 9);
    assertThat(sum.toRead()).containsExactly(0, 1, 2);
    assertThat(sum.oneMore()).contains(4);
    assertThat(sum.oneMore()).isEmpty();
    sum.read(4);
    sum.read(0);
    sum.read(2);
    assertThat(sum.isComplete()).isTrue();
    assertThat(sum.sum().terms()).extracting(CellSum.Term::cell).containsExactly(4, 0, 2);
  }

  @Test
  void whatWasNeverAskedIsNoAnswer() {
    RangeSum sum = new RangeSum(CODE, 0, lengths(9, 9, 9, 9, 9), List.of(1, 2, 3, 4), 0, 9);
    sum.read(4);
    assertThat(sum.toRead()).containsExactly(1, 2, 3);
  }

  /** Any lengths, any losses, any range: what is computed is what was there. */
  @Test
  void everyRangeOfEveryCellIsComputed() {
    for (int round = 0; round < 3_000; round++) {
      CodingPolicy policy = POLICIES.get(random.nextInt(POLICIES.size()));
      byte[][] cells = stripe(policy);
      Map<Integer, Long> lengths = new HashMap<>();
      for (int cell = 0; cell < policy.cells(); cell++) {
        if (cell >= policy.dataCells() || cells[cell].length > 0) {
          lengths.put(cell, (long) cells[cell].length);
        }
      }
      int wanted = random.nextInt(policy.cells());
      int offset = random.nextInt(cells[wanted].length + 1);
      int length = random.nextInt(cells[wanted].length - offset + 1);
      byte[] expected = Arrays.copyOfRange(cells[wanted], offset, offset + length);
      assertThat(computed(policy, cells, lengths, wanted, offset, length)).isEqualTo(expected);
    }
  }

  private byte[] computed(
      CodingPolicy policy,
      byte[][] cells,
      Map<Integer, Long> lengths,
      int wanted,
      int offset,
      int length) {
    List<Integer> others = new ArrayList<>();
    for (int cell = 0; cell < policy.cells(); cell++) {
      if (cell != wanted) {
        others.add(cell);
      }
    }
    Collections.shuffle(others, random);
    Set<Integer> lost = new HashSet<>(others.subList(0, policy.parityCells() - 1));
    Collections.shuffle(others, random);
    RangeSum sum = new RangeSum(ErasureCode.of(policy), wanted, lengths, others, offset, length);
    for (List<Integer> next = sum.toRead(); !next.isEmpty(); next = sum.toRead()) {
      assertThat(sum.isHopeless()).isFalse();
      for (int cell : next) {
        if (lost.contains(cell)) {
          sum.failed(cell);
        } else {
          sum.read(cell);
        }
      }
    }
    byte[] target = new byte[length];
    for (CellSum.Term term : sum.sum().terms()) {
      GaloisField.multiplyAdd(
          term.coefficient(), cells[term.cell()], offset, target, 0, sum.bytes(term.cell()));
    }
    return target;
  }

  private byte[][] stripe(CodingPolicy policy) {
    byte[][] cells = new byte[policy.cells()][];
    int longest = 0;
    for (int cell = 0; cell < policy.dataCells(); cell++) {
      cells[cell] = new byte[random.nextInt(4) == 0 ? 0 : random.nextInt(200)];
      random.nextBytes(cells[cell]);
      longest = Math.max(longest, cells[cell].length);
    }
    ErasureCode code = ErasureCode.of(policy);
    for (int parity = policy.dataCells(); parity < policy.cells(); parity++) {
      cells[parity] = new byte[longest];
      for (int data = 0; data < policy.dataCells(); data++) {
        GaloisField.multiplyAdd(
            code.coefficient(parity, data), cells[data], 0, cells[parity], 0, cells[data].length);
      }
    }
    return cells;
  }
}
