package io.cairnfs.shell.text;

import java.util.Locale;

/** Numbers of bytes as HDFS' shell prints them. */
public final class Sizes {
  private static final String UNITS = "KMGTPE";

  private Sizes() {}

  /** {@code 512}, {@code 1.5 K}, {@code 64 M}: binary, at most one decimal, a space, a letter. */
  public static String human(long bytes) {
    if (bytes == Long.MIN_VALUE) {
      return "-8 E";
    }
    if (bytes < 0) {
      return "-" + human(-bytes);
    }
    if (bytes < 1024) {
      return Long.toString(bytes);
    }
    int unit = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
    long factor = 1L << (10 * unit);
    String letter = " " + UNITS.charAt(unit - 1);
    if (bytes % factor == 0) {
      return bytes / factor + letter;
    }
    String number = String.format(Locale.ROOT, "%.1f", bytes / (double) factor);
    if (number.startsWith("1024") && unit < UNITS.length()) {
      return "1.0 " + UNITS.charAt(unit);
    }
    return number + letter;
  }

  public static String plainOrHuman(long bytes, boolean human) {
    return human ? human(bytes) : Long.toString(bytes);
  }

  /** A share of a whole, without decimals; 0 of an empty whole. */
  public static String percent(long part, long whole) {
    return whole == 0 ? "0%" : String.format(Locale.ROOT, "%.0f%%", 100.0 * part / whole);
  }
}
