package io.cairnfs.common.checksum;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4) of byte ranges, and of ranges put together. */
public final class Crc32c {
  /** Reflected polynomial. */
  private static final int POLYNOMIAL = 0x82F63B78;

  private Crc32c() {}

  public static int of(byte[] bytes, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, offset, length);
    return (int) crc.getValue();
  }

  /** Of the remaining bytes; position and limit stay as they are. */
  public static int of(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate());
    return (int) crc.getValue();
  }

  /**
   * The checksum of A followed by B, from the checksums of both and B's length: multiplication by
   * x^(8 length) modulo the polynomial, by repeated squaring.
   */
  public static int combine(int crcA, int crcB, long lengthB) {
    if (lengthB < 0) {
      throw new IllegalArgumentException("negative length " + lengthB);
    }
    return multiply(powerOfX(lengthB * 8), crcA) ^ crcB;
  }

  /** Product of two polynomials, bit-reflected: bit 31 is the coefficient of x^0. */
  private static int multiply(int a, int b) {
    int product = 0;
    int shifted = b;
    for (int bit = 31; bit >= 0; bit--) {
      if ((a >>> bit & 1) != 0) {
        product ^= shifted;
      }
      shifted = (shifted & 1) != 0 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
    }
    return product;
  }

  private static int powerOfX(long exponent) {
    int result = 1 << 31;
    int square = 1 << 30;
    for (long left = exponent; left != 0; left >>>= 1) {
      if ((left & 1) != 0) {
        result = multiply(square, result);
      }
      square = multiply(square, square);
    }
    return result;
  }
}
