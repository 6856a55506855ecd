package io.cairnfs.shell.admin;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Spans of time as operators type and read them. */
final class AdminTime {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,9})(s|m|h|d)");
  private static final Duration MAX = Duration.ofDays(30);

  private AdminTime() {}

  /**
   * @throws AdminException for anything but 90s, 30m, 2h, 1d, from one second to 30 days
   */
  static Duration parse(String text) throws AdminException {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw new AdminException("'" + text + "' is no time: 90s, 30m, 2h and 1d are");
    }
    long number = Long.parseLong(form.group(1));
    Duration time =
        switch (form.group(2)) {
          case "s" -> Duration.ofSeconds(number);
          case "m" -> Duration.ofMinutes(number);
          case "h" -> Duration.ofHours(number);
          default -> Duration.ofDays(number);
        };
    if (time.isZero() || time.compareTo(MAX) > 0) {
      throw new AdminException("'" + text + "' is outside 1s to " + MAX.toDays() + "d");
    }
    return time;
  }

  /** {@code 0:42}, {@code 1:59:30}, {@code 2d 3:00:00}. */
  static String format(Duration time) {
    long days = time.toDays();
    String clock =
        time.toHours() == 0
            ? String.format(Locale.ROOT, "%d:%02d", time.toMinutesPart(), time.toSecondsPart())
            : String.format(
                Locale.ROOT,
                "%d:%02d:%02d",
                time.toHoursPart(),
                time.toMinutesPart(),
                time.toSecondsPart());
    return days == 0 ? clock : days + "d " + clock;
  }
}
