package io.cairnfs.shell.admin;

/** Lengths of time, as people say them. */
final class Spans {
  private static final long MINUTE = 60;
  private static final long HOUR = 60 * MINUTE;
  private static final long DAY = 24 * HOUR;

  private Spans() {}

  /**
   * Such as {@code 45 s}, {@code 12 min}, {@code 3 h}, {@code 2 d}: rounded, from 2 of a unit on.
   */
  static String text(long seconds) {
    if (seconds < 2 * MINUTE) {
      return seconds + " s";
    }
    if (seconds < 2 * HOUR) {
      return Math.round((double) seconds / MINUTE) + " min";
    }
    if (seconds < 2 * DAY) {
      return Math.round((double) seconds / HOUR) + " h";
    }
    return Math.round((double) seconds / DAY) + " d";
  }
}
