package io.cairnfs.shell.copy;

import io.cairnfs.common.time.Clock;
import io.cairnfs.shell.text.Output;
import io.cairnfs.shell.text.Sizes;
import io.cairnfs.shell.tree.Item;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A line at the bottom of a terminal: bar, bytes, rate, time left. It is drawn by a thread of its
 * own a few times a second, which also finds out how much there is to copy, and is wiped at the
 * end.
 */
public final class TerminalProgress implements Progress {
  private static final int WIDTH = 78;
  private static final int BAR = 24;
  private static final long UNKNOWN = -1;

  private final Output terminal;
  private final Clock clock;
  private final AtomicLong copied = new AtomicLong();
  private final AtomicLong total = new AtomicLong(UNKNOWN);
  private ScheduledExecutorService painter;
  private long beganNanos;

  public TerminalProgress(Output terminal, Clock clock) {
    this.terminal = terminal;
    this.clock = clock;
  }

  @Override
  public void begin(List<Item> sources) {
    beganNanos = clock.monotonicNanos();
    painter =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "progress");
              thread.setDaemon(true);
              return thread;
            });
    painter.execute(() -> total.set(totalOf(sources)));
    var unused = painter.scheduleAtFixedRate(this::paint, 300, 200, TimeUnit.MILLISECONDS);
  }

  private static long totalOf(List<Item> sources) {
    long sum = 0;
    try {
      for (Item source : sources) {
        if (source.exists()) {
          sum += source.tree().totals(source.path()).bytes();
        }
      }
    } catch (IOException e) {
      // The copying itself will meet the trouble and tell; here it only means no time left.
      return UNKNOWN;
    }
    return sum;
  }

  @Override
  public void copied(long bytes) {
    copied.addAndGet(bytes);
  }

  private void paint() {
    String line = line(copied.get(), total.get(), clock.monotonicNanos() - beganNanos);
    terminal.print("\r" + line + " ".repeat(Math.max(0, WIDTH - line.length())));
    terminal.flush();
  }

  /** {@code [=====> ] 42% 420 M of 1 G 210 M/s 0:02 left}. */
  static String line(long copied, long total, long nanos) {
    double seconds = Math.max(nanos, 1) / 1e9;
    long rate = (long) (copied / seconds);
    String amount = Sizes.human(copied);
    String speed = Sizes.human(rate) + (rate < 1024 ? " B/s" : "B/s");
    if (total <= 0) {
      return amount + "  " + speed;
    }
    double share = Math.min(1.0, (double) copied / total);
    int filled = (int) (share * BAR);
    String bar = "=".repeat(filled) + (filled < BAR ? ">" : "");
    String left = rate == 0 ? "-:--" : time(Math.max(0, total - copied) / rate);
    return String.format(
        Locale.ROOT,
        "[%-" + BAR + "s] %3d%%  %s of %s  %s  %s left",
        bar,
        (int) (share * 100),
        amount,
        Sizes.human(total),
        speed,
        left);
  }

  private static String time(long seconds) {
    if (seconds >= 3600) {
      return String.format(
          Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
    return String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60);
  }

  @Override
  public void end() {
    if (painter != null) {
      painter.shutdownNow();
      terminal.print("\r" + " ".repeat(WIDTH) + "\r");
      terminal.flush();
    }
  }
}
