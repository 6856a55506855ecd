package io.cairnfs.bench.heal;

import io.cairnfs.bench.report.FigureOutput;
import io.cairnfs.bench.report.FigureTable;
import io.cairnfs.bench.rig.BenchCluster;
import io.cairnfs.bench.rig.OwnCluster;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code bench heal}: five data servers with files; one dies for good, one joins, one is drained,
 * all are restarted one by one, two die at once, while users read and write. Every byte is read and
 * compared after each.
 */
@Command(
    name = "heal",
    mixinStandardHelpOptions = true,
    description =
        "Lets data servers die, join, leave and restart under a moderate load: how long it takes until"
            + " all is well again, how much is copied, and what users feel.")
public final class HealBench implements Callable<Integer> {
  static final int DATA_SERVERS = 5;

  /**
   * A thirty-second of the chunks' ordinary size, as the bytes are a thirty-second or less of what
   * a server holds: of few large chunks no server gets its share.
   */
  private static final String CONFIGURATION = "placement.chunk-bytes = 4MiB";

  /** Half of the files' bytes are in files of 64 MiB: one at least. */
  private static final int LEAST_MEBIBYTES = 128;

  @Option(
      names = "--mib",
      defaultValue = "1024",
      description =
          "Bytes of the files, half of them in files of 64 KiB, half in files of 64 MiB; three times"
              + " as much is stored (default: ${DEFAULT-VALUE}).")
  private int mebibytes;

  @Option(
      names = "--only",
      split = ",",
      description = "lost, added, drained, rolling, two (default: all, in this order).")
  private Set<HealEvent> only = EnumSet.allOf(HealEvent.class);

  @Mixin private OwnCluster own;
  @Spec private CommandSpec spec;

  @Mixin private FigureOutput output;

  private final Clock clock = new SystemClock();

  @Override
  public Integer call() throws Exception {
    if (mebibytes < LEAST_MEBIBYTES) {
      throw new ParameterException(spec.commandLine(), "--mib must be at least " + LEAST_MEBIBYTES);
    }
    long failed = 0;
    FigureTable table = new FigureTable("bench heal: %d data servers".formatted(DATA_SERVERS));
    try (BenchCluster cluster = own.open(DATA_SERVERS, CONFIGURATION);
        CairnFileSystem fileSystem = cluster.connect()) {
      HealFiles files = new HealFiles(fileSystem, clock, mebibytes);
      table =
          new FigureTable(
              "bench heal: %d data servers, %,d files of 64 KiB and %d of 64 MiB, three replicas"
                  .formatted(DATA_SERVERS, files.small(), files.large()));
      HealRun run = new HealRun(cluster, fileSystem, files, clock, table);
      run.prepare();
      for (HealEvent event : EnumSet.copyOf(only)) {
        failed += run.measure(event);
      }
    } finally {
      // What was measured before something went wrong counts, too.
      output.print(table);
    }
    return failed == 0 ? 0 : 1;
  }
}
