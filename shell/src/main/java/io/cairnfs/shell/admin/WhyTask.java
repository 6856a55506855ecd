package io.cairnfs.shell.admin;

import io.cairnfs.client.CairnPath;
import io.cairnfs.common.id.ServerId;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.DependenceResult;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.WhyResult;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.text.ByteText;
import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code why}: explains a file's replicas, a data server, or a slot. */
@Command(
    name = "why",
    mixinStandardHelpOptions = true,
    description = {
      "Of a file: where its chunks are and why there, which replicas are missing and why. Of a data"
          + " server: how it is, what waits for it, what its drain waits for. Of a slot: its members,"
          + " who joins and how far that is."
    })
final class WhyTask extends AdminTask {
  private static final Pattern SLOT = Pattern.compile("(?:slot=)?(\\d{1,4})\\.(\\d{1,5})");

  @Parameters(
      paramLabel = "PATH|SERVER|SLOT",
      description =
          "An absolute path; a data server's name, number or host:port; a slot as POOL.SLOT, as"
              + " 'ring PATH' shows it.")
  private String what;

  @Option(names = "--json", description = "For programs.")
  private boolean json;

  WhyTask(Program program) {
    super(program);
  }

  @Override
  void run() throws IOException {
    Matcher slot = SLOT.matcher(what);
    if (what.startsWith("/")) {
      WhyResult answer = administration().why(CairnPath.of(ByteText.encode(what)));
      tell(new PlacementReasons(answer, administration().report()), what);
    } else if (slot.matches()) {
      WhyResult answer =
          administration().why(Integer.parseInt(slot.group(1)), Integer.parseInt(slot.group(2)));
      tell(new PlacementReasons(answer, administration().report()), "");
    } else {
      server();
    }
  }

  private void tell(PlacementReasons reasons, String path) {
    if (json) {
      print(reasons.tree());
    } else {
      reasons.lines(path).forEach(out()::line);
    }
  }

  private void server() throws IOException {
    ServerReport server = new ServerNames(program()).dataServer(what);
    ClusterReportResult report = administration().report();
    DependenceResult dependence =
        administration().dependence(new ServerId(server.getMember().getServer()));
    List<Finding> findings =
        ClusterHealth.of(report).stream()
            .filter(each -> each.subject().equals(server.getMember().getName()))
            .toList();
    ServerReasons reasons = new ServerReasons(server, findings, dependence);
    if (json) {
      print(reasons.tree());
    } else {
      reasons.lines().forEach(out()::line);
    }
  }
}
