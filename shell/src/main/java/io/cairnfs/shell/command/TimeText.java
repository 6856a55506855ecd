package io.cairnfs.shell.command;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Optional;

/** Times as the shell shows and reads them. Formatted by hand: locale data is slow to load. */
final class TimeText {
  private static final int STAMP_DATE = 8;

  private TimeText() {}

  /** {@code yyyy-MM-dd HH:mm} in a zone. */
  static String minutes(long millis, ZoneId zone) {
    LocalDateTime time = LocalDateTime.ofInstant(Instant.ofEpochMilli(millis), zone);
    StringBuilder text = new StringBuilder(16);
    date(text, time);
    return text.toString();
  }

  /** {@code yyyy-MM-dd HH:mm:ss} in UTC. */
  static String utcSeconds(long millis) {
    LocalDateTime time = LocalDateTime.ofInstant(Instant.ofEpochMilli(millis), ZoneOffset.UTC);
    StringBuilder text = new StringBuilder(19);
    date(text, time);
    pad(text.append(':'), time.getSecond(), 2);
    return text.toString();
  }

  private static void date(StringBuilder text, LocalDateTime time) {
    pad(text, time.getYear(), 4);
    pad(text.append('-'), time.getMonthValue(), 2);
    pad(text.append('-'), time.getDayOfMonth(), 2);
    pad(text.append(' '), time.getHour(), 2);
    pad(text.append(':'), time.getMinute(), 2);
  }

  private static void pad(StringBuilder text, int number, int width) {
    String digits = Integer.toString(number);
    text.append("0".repeat(Math.max(0, width - digits.length()))).append(digits);
  }

  /**
   * Reads {@code yyyyMMdd:HHmmss} in a zone. Fields beyond their range carry over, as in HDFS.
   *
   * @return milliseconds since the epoch; empty for another form
   */
  static Optional<Long> parseStamp(String text, ZoneId zone) {
    if (!text.matches("[0-9]{8}:[0-9]{1,6}")) {
      return Optional.empty();
    }
    String time = text.substring(STAMP_DATE + 1);
    if (time.length() < 5) {
      return Optional.empty();
    }
    LocalDateTime at =
        LocalDateTime.of(number(text, 0, 4), 1, 1, 0, 0)
            .plusMonths(number(text, 4, 6) - 1L)
            .plusDays(number(text, 6, 8) - 1L)
            .plusHours(number(time, 0, 2))
            .plusMinutes(number(time, 2, 4))
            .plusSeconds(number(time, 4, time.length()));
    return Optional.of(at.atZone(zone).toInstant().toEpochMilli());
  }

  private static int number(String text, int begin, int end) {
    return Integer.parseInt(text.substring(begin, end));
  }
}
