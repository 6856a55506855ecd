package io.cairnfs.common.coding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GaloisFieldTest {
  private static final long SEED = 20261123;

  private final Random random = new Random(SEED);

  @Test
  void productsAreThoseOfPolynomials() {
    for (int a = 0; a < 256; a++) {
      for (int b = 0; b < 256; b++) {
        assertThat(GaloisField.multiply(a, b)).isEqualTo(polynomialProduct(a, b));
      }
    }
  }

  /** Bit by bit, the remainder by long division. */
  private static int polynomialProduct(int a, int b) {
    int product = 0;
    for (int bit = 0; bit < 8; bit++) {
      if ((b >>> bit & 1) != 0) {
        product ^= a << bit;
      }
    }
    for (int bit = 14; bit >= 8; bit--) {
      if ((product >>> bit & 1) != 0) {
        product ^= 0x11d << (bit - 8);
      }
    }
    return product;
  }

  @Test
  void everyElementButZeroHasAnInverse() {
    for (int a = 1; a < 256; a++) {
      assertThat(GaloisField.multiply(a, GaloisField.inverse(a))).isEqualTo(1);
    }
    assertThatThrownBy(() -> GaloisField.inverse(0)).hasMessageContaining("0 has no inverse");
  }

  @Test
  void otherNumbersAreNoElements() {
    assertThatThrownBy(() -> GaloisField.multiply(256, 1)).hasMessageContaining("256");
    assertThatThrownBy(() -> GaloisField.multiply(1, -1)).hasMessageContaining("-1");
    assertThatThrownBy(() -> GaloisField.inverse(300)).hasMessageContaining("300");
    assertThatThrownBy(() -> GaloisField.multiplyAdd(256, new byte[1], 0, new byte[1], 0, 1))
        .hasMessageContaining("256");
  }

  /** The build's flags load the module. */
  @Test
  void vectorsAreUsedWhereTheirModuleIsThere() {
    assertThat(ModuleLayer.boot().findModule("jdk.incubator.vector")).isPresent();
    assertThat(GaloisField.arithmetic()).isEqualTo("vectors");
  }

  @Test
  void rangesAreMultipliedByteByByte() {
    for (int round = 0; round < 2_000; round++) {
      int coefficient = round % 256;
      byte[] source = bytes(random.nextInt(round % 10 == 0 ? 20_000 : 700));
      byte[] target = bytes(random.nextInt(round % 10 == 0 ? 20_000 : 700));
      int length = random.nextInt(Math.min(source.length, target.length) + 1);
      int sourceAt = random.nextInt(source.length - length + 1);
      int targetAt = random.nextInt(target.length - length + 1);
      byte[] expected = target.clone();
      for (int i = 0; i < length; i++) {
        expected[targetAt + i] ^=
            (byte) GaloisField.multiply(coefficient, source[sourceAt + i] & 0xff);
      }

      byte[] byWords = target.clone();
      GaloisField.multiplyAdd(
          new WordMultiplier(), coefficient, source, sourceAt, byWords, targetAt, length);
      assertThat(byWords).isEqualTo(expected);
      byte[] byVectors = target.clone();
      GaloisField.multiplyAdd(
          new VectorMultiplier(), coefficient, source, sourceAt, byVectors, targetAt, length);
      assertThat(byVectors).isEqualTo(expected);
    }
  }

  @Test
  void buffersOfEveryKindGiveTheSame() {
    for (int length : new int[] {0, 1, 63, 4096, 8192, 8193, 100_000}) {
      byte[] source = bytes(length + 7);
      byte[] expected = bytes(length + 3);
      byte[] target = expected.clone();
      GaloisField.multiplyAdd(0x53, source, 5, expected, 3, length);

      byte[] heap = target.clone();
      ByteBuffer slice = ByteBuffer.wrap(source, 5, length).slice();
      GaloisField.multiplyAdd(0x53, slice, heap, 3);
      assertThat(heap).isEqualTo(expected);
      assertThat(slice.remaining()).isEqualTo(length);

      byte[] direct = target.clone();
      ByteBuffer outside = ByteBuffer.allocateDirect(length + 7).put(source).flip().position(5);
      GaloisField.multiplyAdd(0x53, outside.limit(5 + length), direct, 3);
      assertThat(direct).isEqualTo(expected);
      assertThat(outside.position()).isEqualTo(5);

      byte[] readOnly = target.clone();
      GaloisField.multiplyAdd(0x53, slice.asReadOnlyBuffer(), readOnly, 3);
      assertThat(readOnly).isEqualTo(expected);
    }
  }

  @Test
  void rangesOutsideTheirArraysChangeNothing() {
    byte[] target = new byte[10];
    byte[] source = bytes(10);
    assertThatThrownBy(() -> GaloisField.multiplyAdd(1, source, 0, target, 5, 6))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> GaloisField.multiplyAdd(3, source, 5, target, 0, 6))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(
            () -> GaloisField.multiplyAdd(3, ByteBuffer.wrap(source).asReadOnlyBuffer(), target, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(target).containsOnly(0);
  }

  private byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }
}
