package io.cairnfs.common.name;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where users' deleted files lie, as in HDFS: {@code /user/NAME/.Trash/Current/path/it/had} until
 * {@code Current} gets the name of a time, {@code yyMMddHHmmss}. Here all times are UTC, so that
 * every process reads the same from a name.
 */
public final class TrashNames {
  /** The directory in the root that holds everybody's home. */
  public static final String HOMES = "user";

  /** The trash in a home directory. */
  public static final String TRASH = ".Trash";

  /** What was deleted since the last checkpoint. */
  public static final String CURRENT = "Current";

  private static final DateTimeFormatter SECONDS =
      DateTimeFormatter.ofPattern("yyMMddHHmmss", Locale.ROOT);

  /** HDFS' names of today and of long ago, which lack the seconds. */
  private static final Pattern CHECKPOINT =
      Pattern.compile("(\\d{2})(\\d{2})(\\d{2})(\\d{2})(\\d{2})(\\d{2})?(?:-\\d{1,4})?");

  private static final int CENTURY = 2000;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private TrashNames() {}

  /**
   * The name of a checkpoint.
   *
   * @param timeNanos since the epoch
   * @param attempt 0, and more for every name that is taken
   */
  public static String checkpoint(long timeNanos, int attempt) {
    Instant time = Instant.ofEpochSecond(Math.floorDiv(timeNanos, NANOS_PER_SECOND));
    String name = SECONDS.format(time.atOffset(ZoneOffset.UTC));
    return attempt == 0 ? name : name + "-" + attempt;
  }

  /**
   * Nanoseconds since the epoch at which a checkpoint was made; empty if it is not named as one.
   */
  public static OptionalLong checkpointTime(String name) {
    Matcher parts = CHECKPOINT.matcher(name);
    if (!parts.matches()) {
      return OptionalLong.empty();
    }
    try {
      LocalDateTime time =
          LocalDateTime.of(
              CENTURY + Integer.parseInt(parts.group(1)),
              Integer.parseInt(parts.group(2)),
              Integer.parseInt(parts.group(3)),
              Integer.parseInt(parts.group(4)),
              Integer.parseInt(parts.group(5)),
              parts.group(6) == null ? 0 : Integer.parseInt(parts.group(6)));
      return OptionalLong.of(time.toEpochSecond(ZoneOffset.UTC) * NANOS_PER_SECOND);
    } catch (DateTimeException e) {
      return OptionalLong.empty();
    }
  }
}
