package io.cairnfs.common.coding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.id.CodingPolicy;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.hadoop.io.erasurecode.ErasureCoderOptions;
import org.apache.hadoop.io.erasurecode.rawcoder.RSRawDecoder;
import org.apache.hadoop.io.erasurecode.rawcoder.RSRawEncoder;
import org.apache.hadoop.io.erasurecode.rawcoder.RawErasureDecoder;
import org.apache.hadoop.io.erasurecode.rawcoder.RawErasureEncoder;
import org.apache.hadoop.io.erasurecode.rawcoder.XORRawDecoder;
import org.apache.hadoop.io.erasurecode.rawcoder.XORRawEncoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Hadoop's own coders, which are pure Java, say what each byte must be. */
class ErasureCodeTest {
  private static final long SEED = 20261123;
  private static final int RANDOM_LOSSES = 300;

  private final Random random = new Random(SEED);

  @ParameterizedTest
  @EnumSource(CodingPolicy.class)
  void parityIsHadoops(CodingPolicy policy) throws IOException {
    for (int round = 0; round < 20; round++) {
      byte[][] cells = stripe(policy, 1 + random.nextInt(5_000));
      byte[][] expected = hadoopParity(policy, cells);
      for (int parity = 0; parity < policy.parityCells(); parity++) {
        assertThat(cells[policy.dataCells() + parity]).isEqualTo(expected[parity]);
      }
    }
  }

  /** Cells of one stripe differ in length, and what one lacks counts as zeros. */
  @ParameterizedTest
  @EnumSource(CodingPolicy.class)
  void everyLossIsComputedAsHadoopComputesIt(CodingPolicy policy) throws IOException {
    byte[][] cells = stripe(policy, 977);
    for (List<Integer> lost : losses(policy)) {
      byte[][] hadoops = hadoopCells(policy, cells, lost);
      for (int i = 0; i < lost.size(); i++) {
        byte[] computed = computed(policy, cells, lost.get(i), survivors(policy, lost));
        assertThat(computed).isEqualTo(cells[lost.get(i)]);
        assertThat(computed).isEqualTo(hadoops[i]);
      }
    }
  }

  /** All of a small code; of a large one some. */
  private List<List<Integer>> losses(CodingPolicy policy) {
    List<List<Integer>> losses = new ArrayList<>();
    for (int set = 1; set < 1 << policy.cells(); set++) {
      if (Integer.bitCount(set) <= policy.parityCells()) {
        List<Integer> lost = new ArrayList<>();
        for (int cell = 0; cell < policy.cells(); cell++) {
          if ((set >>> cell & 1) != 0) {
            lost.add(cell);
          }
        }
        losses.add(lost);
      }
    }
    if (policy == CodingPolicy.RS_10_4) {
      Collections.shuffle(losses, random);
      return losses.subList(0, RANDOM_LOSSES);
    }
    return losses;
  }

  /** Which of the survivors are taken does not matter; the first ones are. */
  private List<Integer> survivors(CodingPolicy policy, List<Integer> lost) {
    List<Integer> survivors = new ArrayList<>();
    for (int cell = 0; cell < policy.cells(); cell++) {
      if (!lost.contains(cell)) {
        survivors.add(cell);
      }
    }
    Collections.shuffle(survivors, random);
    return survivors;
  }

  private static byte[] computed(
      CodingPolicy policy, byte[][] cells, int wanted, List<Integer> available) {
    CellSum sum = ErasureCode.of(policy).sum(wanted, available);
    assertThat(sum.cell()).isEqualTo(wanted);
    List<Integer> taken = sum.terms().stream().map(CellSum.Term::cell).toList();
    assertThat(available.subList(0, policy.dataCells())).containsAll(taken);
    byte[] computed = new byte[cells[wanted].length];
    for (CellSum.Term term : sum.terms()) {
      byte[] bytes = cells[term.cell()];
      GaloisField.multiplyAdd(term.coefficient(), bytes, 0, computed, 0, bytes.length);
    }
    return computed;
  }

  @ParameterizedTest
  @EnumSource(CodingPolicy.class)
  void anyCellIsTheSumOfAnyOthers(CodingPolicy policy) {
    for (int round = 0; round < 50; round++) {
      byte[][] cells = stripe(policy, 1 + random.nextInt(300));
      int wanted = random.nextInt(policy.cells());
      assertThat(computed(policy, cells, wanted, survivors(policy, List.of(wanted))))
          .isEqualTo(cells[wanted]);
    }
  }

  @Test
  void oneParityCellIsThePlainSum() {
    ErasureCode code = ErasureCode.of(CodingPolicy.XOR_2_1);
    assertThat(code.coefficient(2, 0)).isEqualTo(1);
    assertThat(code.coefficient(2, 1)).isEqualTo(1);
    assertThat(code.sum(0, List.of(2, 1)).terms())
        .containsExactly(new CellSum.Term(2, 1), new CellSum.Term(1, 1));
  }

  /** They are in the cells of stripes that exist. */
  @Test
  void coefficientsStayAsTheyAre() {
    ErasureCode code = ErasureCode.of(CodingPolicy.RS_3_2);
    int[] all = new int[6];
    for (int i = 0; i < all.length; i++) {
      all[i] = code.coefficient(3 + i / 3, i % 3);
    }
    assertThat(all)
        .containsExactly(
            GaloisField.inverse(3),
            GaloisField.inverse(2),
            1,
            GaloisField.inverse(4),
            GaloisField.inverse(5),
            GaloisField.inverse(6));
    assertThat(all).containsExactly(244, 142, 1, 71, 167, 122);
  }

  @Test
  void whatCannotBeComputedIsRefused() {
    ErasureCode code = ErasureCode.of(CodingPolicy.RS_3_2);
    assertThatThrownBy(() -> code.coefficient(2, 0)).hasMessageContaining("no parity cell 2");
    assertThatThrownBy(() -> code.coefficient(5, 0)).hasMessageContaining("no parity cell 5");
    assertThatThrownBy(() -> code.coefficient(3, 3)).hasMessageContaining("no data cell 3");
    assertThatThrownBy(() -> code.sum(5, List.of(0, 1, 2))).hasMessageContaining("no cell 5");
    assertThatThrownBy(() -> code.sum(0, List.of(1, 2, -1))).hasMessageContaining("no cell -1");
    assertThatThrownBy(() -> code.sum(0, List.of(1, 0, 2))).hasMessageContaining("cell 0");
    assertThatThrownBy(() -> code.sum(0, List.of(1, 4, 4))).hasMessageContaining("cell 4 twice");
    assertThatThrownBy(() -> code.sum(0, List.of(1, 4)))
        .hasMessageContaining("needs 3 others")
        .hasMessageContaining("[1, 4]");
  }

  /** Data cells of random bytes, of which some end in zeros, and their parity. */
  private byte[][] stripe(CodingPolicy policy, int length) {
    byte[][] cells = new byte[policy.cells()][length];
    for (int cell = 0; cell < policy.dataCells(); cell++) {
      random.nextBytes(cells[cell]);
      int end = cell == 0 ? length : random.nextInt(length + 1);
      Arrays.fill(cells[cell], end, length, (byte) 0);
    }
    ErasureCode code = ErasureCode.of(policy);
    for (int parity = policy.dataCells(); parity < policy.cells(); parity++) {
      for (int data = 0; data < policy.dataCells(); data++) {
        GaloisField.multiplyAdd(
            code.coefficient(parity, data), cells[data], 0, cells[parity], 0, length);
      }
    }
    return cells;
  }

  private static byte[][] hadoopParity(CodingPolicy policy, byte[][] cells) throws IOException {
    RawErasureEncoder encoder =
        policy == CodingPolicy.XOR_2_1
            ? new XORRawEncoder(options(policy))
            : new RSRawEncoder(options(policy));
    byte[][] parity = new byte[policy.parityCells()][cells[0].length];
    encoder.encode(Arrays.copyOf(cells, policy.dataCells()), parity);
    return parity;
  }

  private static byte[][] hadoopCells(CodingPolicy policy, byte[][] cells, List<Integer> lost)
      throws IOException {
    RawErasureDecoder decoder =
        policy == CodingPolicy.XOR_2_1
            ? new XORRawDecoder(options(policy))
            : new RSRawDecoder(options(policy));
    byte[][] inputs = new byte[cells.length][];
    for (int cell = 0; cell < cells.length; cell++) {
      inputs[cell] = lost.contains(cell) ? null : cells[cell].clone();
    }
    byte[][] outputs = new byte[lost.size()][cells[0].length];
    decoder.decode(inputs, lost.stream().mapToInt(cell -> cell).toArray(), outputs);
    return outputs;
  }

  private static ErasureCoderOptions options(CodingPolicy policy) {
    return new ErasureCoderOptions(policy.dataCells(), policy.parityCells());
  }
}
