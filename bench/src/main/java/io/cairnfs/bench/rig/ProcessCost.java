package io.cairnfs.bench.rig;

import com.google.common.base.Splitter;
import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Processor time and context switches of processes since they began, from {@code /proc}: what an
 * operation costs, which a rate on a busy machine does not tell.
 *
 * @param cpuMicros user and system time
 * @param switches voluntary and involuntary, of all threads that still run
 */
public record ProcessCost(long cpuMicros, long switches) {
  /** The kernel tells times in hundredths of a second to programs. */
  private static final long MICROS_PER_TICK = 10_000;

  /** Fields of {@code stat} behind the command, counted from 0. */
  private static final int USER_TIME = 11;

  private static final int SYSTEM_TIME = 12;
  private static final Duration LOOK = Duration.ofMillis(500);
  private static final Duration AT_MOST = Duration.ofSeconds(30);

  /** Of one core, for all processes together: heartbeats and the like. */
  private static final int REST_PERCENT = 20;

  private static final Splitter FIELDS = Splitter.on(' ');

  /** The sum over processes. */
  public static ProcessCost of(List<Long> pids) throws IOException {
    long micros = 0;
    long switches = 0;
    for (long pid : pids) {
      Path process = Path.of("/proc", Long.toString(pid));
      String stat = Files.readString(process.resolve("stat"));
      List<String> fields = FIELDS.splitToList(stat.substring(stat.lastIndexOf(')') + 2));
      micros +=
          (Long.parseLong(fields.get(USER_TIME)) + Long.parseLong(fields.get(SYSTEM_TIME)))
              * MICROS_PER_TICK;
      try (DirectoryStream<Path> threads = Files.newDirectoryStream(process.resolve("task"))) {
        for (Path thread : threads) {
          switches += switchesOf(thread);
        }
      }
    }
    return new ProcessCost(micros, switches);
  }

  private static long switchesOf(Path thread) throws IOException {
    try {
      return Files.readAllLines(thread.resolve("status")).stream()
          .filter(line -> line.contains("ctxt_switches"))
          .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1).strip()))
          .sum();
    } catch (IOException e) {
      if (Files.exists(thread)) {
        throw e;
      }
      // A thread that has ended since its name was read switches no more.
      return 0;
    }
  }

  /** Of each part by itself, the middle one. */
  public static ProcessCost median(List<ProcessCost> costs) {
    return new ProcessCost(
        costs.stream().mapToLong(ProcessCost::cpuMicros).sorted().toArray()[costs.size() / 2],
        costs.stream().mapToLong(ProcessCost::switches).sorted().toArray()[costs.size() / 2]);
  }

  /**
   * Waits until the processes have next to nothing to do by themselves, which would be added to
   * what the next operations cost: compactions that earlier ones left behind.
   *
   * @return false if they still have after half a minute
   */
  public static boolean awaitRest(List<Long> pids, Clock clock)
      throws IOException, InterruptedException {
    long deadline = clock.monotonicNanos() + AT_MOST.toNanos();
    ProcessCost before = of(pids);
    while (clock.monotonicNanos() - deadline < 0) {
      Thread.sleep(LOOK.toMillis());
      ProcessCost now = of(pids);
      if (now.minus(before).cpuMicros() < LOOK.toMillis() * 1_000 * REST_PERCENT / 100) {
        return true;
      }
      before = now;
    }
    return false;
  }

  public ProcessCost minus(ProcessCost earlier) {
    return new ProcessCost(cpuMicros - earlier.cpuMicros, switches - earlier.switches);
  }

  /** For a table: what each of so many operations cost. */
  public String each(long operations) {
    return "%d us CPU, %.1f switches"
        .formatted(cpuMicros / operations, (double) switches / operations);
  }
}
