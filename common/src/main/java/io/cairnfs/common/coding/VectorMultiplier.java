package io.cairnfs.common.coding;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Multiplies as many bytes at once as the processor's registers hold: the product is the sum of
 * those of the byte's two halves, each of which is one of 16 values that a register holds (Plank,
 * Greenan, Miller: Screaming Fast Galois Field Arithmetic Using Intel SIMD Instructions, 2013).
 *
 * <p>Needs the module {@code jdk.incubator.vector}; where that is missing the class cannot be
 * loaded. Compiled by itself, because the compiler warns of the module.
 */
final class VectorMultiplier implements Multiplier {
  private static final VectorSpecies<Byte> SPECIES = ByteVector.SPECIES_PREFERRED;
  private static final int HALF_BITS = 4;
  private static final int HALF_VALUES = 1 << HALF_BITS;

  private final WordMultiplier rest = new WordMultiplier();

  /** Found by name. */
  VectorMultiplier() {
    if (SPECIES.length() < HALF_VALUES) {
      throw new UnsupportedOperationException("vectors of " + SPECIES.length() + " bytes");
    }
  }

  @Override
  public void multiplyAdd(
      int coefficient, byte[] source, int sourceAt, byte[] target, int targetAt, int length) {
    int whole = SPECIES.loopBound(length);
    if (whole > 0) {
      ByteVector low = products(coefficient, 0);
      ByteVector high = products(coefficient, HALF_BITS);
      for (int i = 0; i < whole; i += SPECIES.length()) {
        ByteVector bytes = ByteVector.fromArray(SPECIES, source, sourceAt + i);
        ByteVector lows = bytes.and((byte) (HALF_VALUES - 1)).selectFrom(low);
        ByteVector highs =
            bytes
                .reinterpretAsShorts()
                .lanewise(VectorOperators.LSHR, HALF_BITS)
                .reinterpretAsBytes()
                .and((byte) (HALF_VALUES - 1))
                .selectFrom(high);
        ByteVector.fromArray(SPECIES, target, targetAt + i)
            .lanewise(VectorOperators.XOR, lows)
            .lanewise(VectorOperators.XOR, highs)
            .intoArray(target, targetAt + i);
      }
    }
    if (whole < length) {
      rest.multiplyAdd(
          coefficient, source, sourceAt + whole, target, targetAt + whole, length - whole);
    }
  }

  /** The coefficient times each of 16 values that are shifted to the left; again and again. */
  private static ByteVector products(int coefficient, int shift) {
    byte[] products = new byte[SPECIES.length()];
    for (int i = 0; i < products.length; i++) {
      products[i] = (byte) GaloisField.multiply(coefficient, (i % HALF_VALUES) << shift);
    }
    return ByteVector.fromArray(SPECIES, products, 0);
  }
}
