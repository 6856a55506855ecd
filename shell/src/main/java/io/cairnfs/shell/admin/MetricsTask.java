package io.cairnfs.shell.admin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cairnfs.proto.admin.HistogramSummary;
import io.cairnfs.proto.admin.Metric;
import io.cairnfs.proto.admin.MetricsReply;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.text.Table;
import java.io.IOException;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code metrics}: counters and histograms of one server. */
@Command(
    name = "metrics",
    mixinStandardHelpOptions = true,
    description = "Counters and histograms of one server.")
final class MetricsTask extends AdminTask {
  @Parameters(paramLabel = "ID", description = "The server.")
  private String id;

  @Option(names = "--json", description = "For programs.")
  private boolean json;

  MetricsTask(Program program) {
    super(program);
  }

  @Override
  void run() throws IOException {
    MetricsReply reply = administration().metrics(new ServerNames(program()).address(id));
    if (json) {
      print(tree(reply));
    } else {
      text(reply);
    }
  }

  private void text(MetricsReply reply) {
    Table values = Table.withHeader(Set.of(1), "METRIC", "VALUE");
    Table histograms =
        Table.withHeader(
            Set.of(1, 2, 3, 4, 5, 6), "HISTOGRAM", "COUNT", "MEAN", "P50", "P99", "P99.9", "MAX");
    for (Metric metric : reply.getMetricsList()) {
      if (metric.hasHistogram()) {
        HistogramSummary h = metric.getHistogram();
        histograms.add(
            metric.getName(),
            Long.toString(h.getCount()),
            String.format(Locale.ROOT, "%.1f", h.getMean()),
            Long.toString(h.getP50()),
            Long.toString(h.getP99()),
            Long.toString(h.getP999()),
            Long.toString(h.getMax()));
      } else {
        values.add(metric.getName(), Long.toString(metric.getValue()));
      }
    }
    values.lines().forEach(out()::line);
    out().line("");
    histograms.lines().forEach(out()::line);
  }

  private static ObjectNode tree(MetricsReply reply) {
    ObjectNode node = JSON.createObjectNode();
    for (Metric metric : reply.getMetricsList()) {
      if (metric.hasHistogram()) {
        HistogramSummary h = metric.getHistogram();
        ObjectNode each = node.putObject(metric.getName());
        each.put("count", h.getCount());
        each.put("mean", h.getMean());
        each.put("p50", h.getP50());
        each.put("p99", h.getP99());
        each.put("p999", h.getP999());
        each.put("max", h.getMax());
      } else {
        node.put(metric.getName(), metric.getValue());
      }
    }
    return node;
  }
}
