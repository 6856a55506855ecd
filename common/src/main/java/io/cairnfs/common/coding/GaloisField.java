package io.cairnfs.common.coding;

import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * The field of 256 elements that Hadoop's and Intel's codes use: bytes as polynomials over two
 * elements, modulo x^8 + x^4 + x^3 + x^2 + 1 (0x11d). Addition and subtraction are XOR. Elements
 * are ints of 0 to 255. Safe for any thread.
 */
public final class GaloisField {
  private static final int POLYNOMIAL = 0x11d;
  private static final int ORDER = 255;

  /** x^i, twice over, so that a sum of two logarithms needs no remainder. */
  private static final byte[] POWERS = new byte[2 * ORDER];

  private static final int[] LOGARITHMS = new int[ORDER + 1];

  static {
    int power = 1;
    for (int i = 0; i < ORDER; i++) {
      POWERS[i] = (byte) power;
      POWERS[i + ORDER] = (byte) power;
      LOGARITHMS[power] = i;
      power <<= 1;
      if (power > ORDER) {
        power ^= POLYNOMIAL;
      }
    }
  }

  private static final String VECTOR_MULTIPLIER =
      GaloisField.class.getPackageName() + ".VectorMultiplier";
  private static final String VECTOR_MODULE = "jdk.incubator.vector";
  private static final Multiplier MULTIPLIER = fastest();

  /**
   * Bytes of a buffer that is not on the heap are copied by so much: it stays in the first cache.
   */
  private static final int STEP_BYTES = 8 << 10;

  private GaloisField() {}

  private static Multiplier fastest() {
    return ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent()
        ? vectorMultiplier()
        : new WordMultiplier();
  }

  /** The module is there: a class that cannot be made is an error of the build. */
  private static Multiplier vectorMultiplier() {
    try {
      return Class.forName(VECTOR_MULTIPLIER)
          .asSubclass(Multiplier.class)
          .getDeclaredConstructor()
          .newInstance();
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(VECTOR_MULTIPLIER + " cannot be made", e);
    }
  }

  /** What multiplies ranges here: {@code words} or {@code vectors}. */
  public static String arithmetic() {
    return MULTIPLIER instanceof WordMultiplier ? "words" : "vectors";
  }

  public static int multiply(int a, int b) {
    requireElement(a);
    requireElement(b);
    return a == 0 || b == 0 ? 0 : POWERS[LOGARITHMS[a] + LOGARITHMS[b]] & 0xff;
  }

  /**
   * @throws ArithmeticException for 0, which has none
   */
  public static int inverse(int a) {
    requireElement(a);
    if (a == 0) {
      throw new ArithmeticException("0 has no inverse");
    }
    return POWERS[ORDER - LOGARITHMS[a]] & 0xff;
  }

  private static void requireElement(int a) {
    if (a < 0 || a > ORDER) {
      throw new IllegalArgumentException(a + " is no element of the field: 0 to " + ORDER);
    }
  }

  /**
   * Adds {@code coefficient} times each of {@code length} bytes to the bytes of the target.
   *
   * @throws IndexOutOfBoundsException for a range outside its array; nothing is changed
   */
  public static void multiplyAdd(
      int coefficient, byte[] source, int sourceAt, byte[] target, int targetAt, int length) {
    multiplyAdd(MULTIPLIER, coefficient, source, sourceAt, target, targetAt, length);
  }

  static void multiplyAdd(
      Multiplier multiplier,
      int coefficient,
      byte[] source,
      int sourceAt,
      byte[] target,
      int targetAt,
      int length) {
    requireElement(coefficient);
    int unusedStart = Objects.checkFromIndexSize(sourceAt, length, source.length);
    int unusedTarget = Objects.checkFromIndexSize(targetAt, length, target.length);
    if (coefficient != 0) {
      multiplier.multiplyAdd(coefficient, source, sourceAt, target, targetAt, length);
    }
  }

  /**
   * Adds {@code coefficient} times each remaining byte of the source to the target, from an index
   * on. The source's position stays.
   *
   * @param source of any kind; one with an array is the fastest
   * @throws IndexOutOfBoundsException for a range outside the target; nothing is changed
   */
  public static void multiplyAdd(int coefficient, ByteBuffer source, byte[] target, int targetAt) {
    int length = source.remaining();
    if (source.hasArray()) {
      int at = source.arrayOffset() + source.position();
      multiplyAdd(coefficient, source.array(), at, target, targetAt, length);
      return;
    }
    int unused = Objects.checkFromIndexSize(targetAt, length, target.length);
    byte[] step = new byte[Math.min(length, STEP_BYTES)];
    for (int done = 0; done < length; done += step.length) {
      int count = Math.min(step.length, length - done);
      source.get(source.position() + done, step, 0, count);
      multiplyAdd(coefficient, step, 0, target, targetAt + done, count);
    }
  }
}
