package io.cairnfs.simulation;

import io.cairnfs.common.process.CairnVersion;
import io.cairnfs.common.process.ServerLogging;
import io.cairnfs.raft.simulation.RaftSimulation;
import io.cairnfs.raft.simulation.Scenario;
import io.cairnfs.raft.simulation.SimulationOptions;
import io.cairnfs.raft.simulation.SimulationReport;
import io.cairnfs.simulation.system.HazardScenario;
import io.cairnfs.simulation.system.SystemScenario;
import io.cairnfs.simulation.system.SystemSimulation;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code bin/cairn simulate}: Raft groups, or whole clusters, under faults, one seed after the
 * other.
 */
@Command(
    name = "cairn simulate",
    description = {
      "Runs Raft groups of three to five members, or whole clusters, under faults, in virtual"
          + " time,",
      "and checks their invariants after every event. A seed always runs the same way.",
      "Exit code: 0 all good; 1 a seed failed, or something was never met; 2 wrong usage."
    },
    mixinStandardHelpOptions = true,
    versionProvider = SimulateMain.Version.class)
public final class SimulateMain implements Callable<Integer> {
  private static final int SEEDS_THAT_MEET_EVERYTHING = 1_000;

  @Spec private CommandSpec spec;

  @Option(names = "--seed", paramLabel = "S", description = "First seed (default: 1).")
  private long seed = 1;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = "How many seeds (default: 1,000; with --trace: 1).")
  private Optional<Integer> seeds = Optional.empty();

  @Option(
      names = "--scenario",
      paramLabel = "NAME",
      description = {
        "Which faults: mixed, everything, network, crashes, disks, members, leases",
        "(default: mixed)."
      })
  private String scenario = "mixed";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads, each with seeds of its own (default: one for each processor).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--system",
      description = {
        "Whole clusters instead: metaservers, data servers and clients. Its scenarios:",
        "mixed, everything, network, metaservers, data_servers, disks, servers, clients,",
        "and sequences that are played step by step: slow_writer, shortest_member, ... (the",
        "tables of dangerous sequences in the documentation name them all)."
      })
  private boolean system;

  @Option(names = "--trace", description = "Print everything that happens.")
  private boolean trace;

  @Option(
      names = "--coverage",
      description = {
        "Fail if some kind of fault or case never occurred (always so from 1,000 MIXED seeds on)."
      })
  private boolean coverage;

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  public static void main(String[] arguments) {
    System.exit(execute(new PrintWriter(System.out, true, StandardCharsets.UTF_8), arguments));
  }

  static int execute(PrintWriter out, String... arguments) {
    return new CommandLine(new SimulateMain())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setOut(out)
        .execute(arguments);
  }

  @Override
  public Integer call() throws InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    int count = seeds.orElse(trace ? 1 : SEEDS_THAT_MEET_EVERYTHING);
    if (count <= 0 || threads <= 0) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--seeds and --threads must be positive");
    }
    Optional<Consumer<String>> lines = trace ? Optional.of(out::println) : Optional.empty();
    Result report = system ? runSystem(count, lines) : runGroups(count, lines);
    boolean covered =
        report.zeros().isEmpty()
            || !(coverage
                || (count >= SEEDS_THAT_MEET_EVERYTHING && scenario.equalsIgnoreCase("mixed")));
    if (json) {
      out.println(toJson(report));
    } else {
      print(report, covered, out);
    }
    return report.failures().isEmpty() && covered ? 0 : 1;
  }

  /** Of either kind of simulation. */
  private record Result(
      int seeds,
      long events,
      long faults,
      String more,
      Map<String, Long> counts,
      List<Failed> failures) {
    List<String> zeros() {
      return counts.entrySet().stream()
          .filter(entry -> entry.getValue() == 0)
          .map(Map.Entry::getKey)
          .toList();
    }
  }

  private record Failed(long seed, String scenario, Throwable cause) {
    @Override
    public String toString() {
      return "seed " + seed + " (" + scenario + "): " + cause;
    }
  }

  private Result runGroups(int count, Optional<Consumer<String>> lines)
      throws InterruptedException {
    SimulationReport report =
        RaftSimulation.run(
            new SimulationOptions(seed, count, named(Scenario.class), trace ? 1 : threads, lines));
    return new Result(
        report.seeds(),
        report.events(),
        report.faults(),
        "",
        report.counts(),
        report.failures().stream()
            .map(each -> new Failed(each.seed(), each.scenario().name(), each.cause()))
            .toList());
  }

  /** The servers' own warnings about what is done to them would bury the result. */
  private Result runSystem(int count, Optional<Consumer<String>> lines)
      throws InterruptedException {
    ServerLogging.setLevel("io.cairnfs", "OFF");
    Optional<HazardScenario> hazard =
        Arrays.stream(HazardScenario.values())
            .filter(each -> each.name().equalsIgnoreCase(scenario))
            .findFirst();
    SystemSimulation.Report report =
        SystemSimulation.run(
            new SystemSimulation.Options(
                seed,
                count,
                hazard.isPresent() ? SystemScenario.EVERYTHING : named(SystemScenario.class),
                hazard,
                trace ? 1 : threads,
                lines));
    return new Result(
        report.seeds(),
        report.events(),
        report.faults(),
        ", %,d operations, %,d virtual seconds"
            .formatted(report.operations(), report.virtualSeconds()),
        report.counts(),
        report.failures().stream()
            .map(each -> new Failed(each.seed(), each.scenario(), each.cause()))
            .toList());
  }

  private <E extends Enum<E>> E named(Class<E> kinds) {
    for (E kind : kinds.getEnumConstants()) {
      if (kind.name().equalsIgnoreCase(scenario)) {
        return kind;
      }
    }
    throw new CommandLine.ParameterException(
        spec.commandLine(),
        "--scenario %s is none of %s"
            .formatted(scenario, Arrays.toString(kinds.getEnumConstants())));
  }

  private void print(Result report, boolean covered, PrintWriter out) {
    report.counts().forEach((kind, times) -> out.printf("%-44s %,12d%n", kind, times));
    out.printf(
        "simulation: seeds %d to %d, scenario %s: %,d events, %,d faults%s, %d failed%n",
        seed,
        seed + report.seeds() - 1,
        scenario.toLowerCase(Locale.ROOT),
        report.events(),
        report.faults(),
        report.more(),
        report.failures().size());
    for (Failed failure : report.failures()) {
      out.println("FAILED " + failure);
      out.printf(
          "  repeat: bin/cairn simulate %s--seed %d --scenario %s --trace%n",
          system ? "--system " : "", failure.seed(), failure.scenario());
      if (trace) {
        failure.cause().printStackTrace(out);
      }
    }
    if (!covered) {
      out.println("FAILED never met: " + String.join(", ", report.zeros()));
    }
  }

  private String toJson(Result report) {
    String counts =
        report.counts().entrySet().stream()
            .map(entry -> quoted(entry.getKey()) + ":" + entry.getValue())
            .collect(Collectors.joining(","));
    String failures =
        report.failures().stream()
            .map(
                failure ->
                    "{\"seed\":%d,\"scenario\":%s,\"cause\":%s}"
                        .formatted(
                            failure.seed(),
                            quoted(failure.scenario()),
                            quoted(failure.cause().toString())))
            .collect(Collectors.joining(","));
    return "{\"firstSeed\":%d,\"seeds\":%d,\"events\":%d,\"faults\":%d,\"counts\":{%s},\"failures\":[%s]}"
        .formatted(seed, report.seeds(), report.events(), report.faults(), counts, failures);
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c < ' ') {
        quoted.append("\\u%04x".formatted((int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }

  /** The version that {@code --version} prints. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"cairn " + CairnVersion.text()};
    }
  }
}
