package io.cairnfs.shell.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cairnfs.client.ClusterAdministration.ReconcileStart;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.proto.dataserver.ReconcileReply;
import io.cairnfs.proto.dataserver.ReplicaFinding;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.command.Pause;
import java.io.IOException;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code reconcile}: has a data server compare what it holds with the metadata, and waits. */
@Command(
    name = "reconcile",
    mixinStandardHelpOptions = true,
    description = {
      "Has a data server compare what it holds with the metadata, and says what was found. What is"
          + " missing or stale is copied, what is of no use deleted, as after every comparison."
    })
final class ReconcileTask extends AdminTask {
  private static final int POLL_MILLIS = 200;
  private static final String PREFIX = "FINDING_";

  private final Pause pause;

  @Parameters(paramLabel = "SERVER", description = "A data server: its name, number or host:port.")
  private String name;

  @Option(names = "--json", description = "For programs.")
  private boolean json;

  ReconcileTask(Program program, Pause pause) {
    super(program);
    this.pause = pause;
  }

  @Override
  void run() throws IOException {
    ServerReport server = new ServerNames(program()).dataServer(name);
    HostPort address = new HostPort(server.getMember().getHost(), server.getMember().getPort());
    ReconcileReply reply = administration().reconcile(address, ReconcileStart.NOW);
    while (reply.getRunning()) {
      sleep();
      reply = administration().reconcile(address, ReconcileStart.AS_IT_IS);
    }
    if (!reply.getProblem().isEmpty()) {
      throw new AdminException(
          server.getMember().getName() + " was not compared: " + reply.getProblem());
    }
    if (json) {
      print(tree(reply));
    } else {
      text(server.getMember().getName(), reply);
    }
  }

  private void sleep() throws AdminException {
    try {
      pause.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AdminException("interrupted; " + name + " goes on comparing");
    }
  }

  private void text(String server, ReconcileReply reply) {
    out()
        .line(
            server
                + " holds "
                + reply.getReplicas()
                + " sealed replicas; slots that differ: "
                + reply.getDiffering());
    out().line("missing: " + reply.getMissing() + ", to be copied");
    out().line("stale: " + reply.getStale() + ", of another length, to be copied");
    out()
        .line(
            "extra: "
                + reply.getExtra()
                + ", deleted where there is no such chunk, otherwise once nobody needs them");
    out().line("without files: " + reply.getWithoutFiles() + ", to be copied");
    for (ReplicaFinding finding : reply.getFindingsList()) {
      out().line("  " + kind(finding) + " " + new ChunkId(finding.getChunk()));
    }
  }

  private static String kind(ReplicaFinding finding) {
    return finding
        .getKind()
        .name()
        .substring(PREFIX.length())
        .toLowerCase(Locale.ROOT)
        .replace('_', ' ');
  }

  private static ObjectNode tree(ReconcileReply reply) {
    ObjectNode node = JSON.createObjectNode();
    node.put("startedMillis", reply.getStartedMillis());
    node.put("endedMillis", reply.getEndedMillis());
    node.put("replicas", reply.getReplicas());
    node.put("differing", reply.getDiffering());
    node.put("missing", reply.getMissing());
    node.put("stale", reply.getStale());
    node.put("extra", reply.getExtra());
    node.put("withoutFiles", reply.getWithoutFiles());
    ArrayNode findings = node.putArray("findings");
    for (ReplicaFinding finding : reply.getFindingsList()) {
      findings
          .addObject()
          .put("kind", kind(finding))
          .put("chunk", new ChunkId(finding.getChunk()).toString());
    }
    return node;
  }
}
