package io.cairnfs.shell.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cairnfs.client.ClusterAdministration.ScrubStart;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.proto.dataserver.BadReplica;
import io.cairnfs.proto.dataserver.QuarantinedReplica;
import io.cairnfs.proto.dataserver.ScrubReply;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.types.ScrubRound;
import io.cairnfs.proto.types.ScrubStatus;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.text.Sizes;
import io.cairnfs.shell.text.Table;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scrub}: how far data servers are with checking what they hold, and what they found. */
@Command(
    name = "scrub",
    mixinStandardHelpOptions = true,
    description = {
      "Shows how far the data servers are with reading and checking every replica, which replicas"
          + " are bad and wait for a good copy, and which bad ones are kept for inspection."
    })
final class ScrubTask extends AdminTask {
  @Parameters(
      arity = "0..*",
      paramLabel = "SERVER",
      description =
          "Data servers: name, number or host:port; all that are not OUT if none is given.")
  private List<String> names = new ArrayList<>();

  @Option(names = "--now", description = "Begin a round at once, as fast as scrubbing may.")
  private boolean now;

  @Option(names = "--json", description = "For programs.")
  private boolean json;

  ScrubTask(Program program) {
    super(program);
  }

  /**
   * @param problem why the server gave no answer; then the reply holds what the leader heard last
   */
  private record Answer(String name, ScrubReply reply, String problem) {}

  @Override
  void run() throws IOException {
    List<Answer> answers = new ArrayList<>();
    for (ServerReport server : servers()) {
      answers.add(ask(server));
    }
    if (json) {
      print(tree(answers));
    } else {
      text(answers);
    }
  }

  private List<ServerReport> servers() throws IOException {
    if (names.isEmpty()) {
      return administration().report().getServersList().stream()
          .filter(each -> each.getMembership() != ServerMembership.OUT)
          .toList();
    }
    ServerNames known = new ServerNames(program());
    List<ServerReport> servers = new ArrayList<>();
    for (String name : names) {
      servers.add(known.dataServer(name));
    }
    return servers;
  }

  /** One that was named must answer; of all, those that are down are told beside the others. */
  private Answer ask(ServerReport server) throws IOException {
    HostPort address = new HostPort(server.getMember().getHost(), server.getMember().getPort());
    String name = server.getMember().getName();
    try {
      ScrubReply reply =
          administration()
              .scrub(address, now ? ScrubStart.FROM_THE_BEGINNING : ScrubStart.AS_IT_IS);
      return new Answer(name, reply, "");
    } catch (CairnException e) {
      if (!names.isEmpty()) {
        throw e;
      }
      return new Answer(
          name, ScrubReply.newBuilder().setStatus(server.getScrub()).build(), e.getMessage());
    }
  }

  private void text(List<Answer> answers) {
    Table rounds =
        Table.withHeader(
            Set.of(1, 2, 3, 4),
            "DATA SERVER",
            "DONE",
            "REPLICAS",
            "BYTES",
            "BAD",
            "STARTED",
            "EXPECTED END",
            "LAST ROUND");
    Table found = Table.withHeader(Set.of(3), "DATA SERVER", "CHUNK", "SINCE", "BYTES", "WHAT");
    for (Answer answer : answers) {
      addRound(rounds, answer.name(), answer.reply().getStatus());
      for (BadReplica bad : answer.reply().getBadList()) {
        found.add(answer.name(), chunk(bad.getChunk()), "-", "-", "to repair: " + bad.getProblem());
      }
      for (QuarantinedReplica kept : answer.reply().getQuarantinedList()) {
        found.add(
            answer.name(),
            chunk(kept.getChunk()),
            time(kept.getSinceMillis()),
            Sizes.human(kept.getBytes()),
            "repaired, kept as " + kept.getFile());
      }
    }
    rounds.lines().forEach(out()::line);
    if (!found.isEmpty()) {
      out().line("");
      found.lines().forEach(out()::line);
    }
    for (Answer answer : answers) {
      if (!answer.problem().isEmpty()) {
        out().line("");
        out()
            .line(
                answer.name() + " does not answer, this is what it said last: " + answer.problem());
      }
    }
  }

  private static void addRound(Table rounds, String name, ScrubStatus status) {
    if (!status.hasRound()) {
      rounds.add(name, "-", "-", "-", "-", "-", "-", last(status));
      return;
    }
    ScrubRound round = status.getRound();
    rounds.add(
        name,
        Sizes.percent(round.getBytes(), round.getBytes() + status.getBytesLeft()),
        round.getReplicas() + "/" + (round.getReplicas() + status.getReplicasLeft()),
        Sizes.human(round.getBytes()) + "/" + Sizes.human(round.getBytes() + status.getBytesLeft()),
        Long.toString(round.getBad()),
        time(round.getStartedMillis()),
        time(status.getExpectedEndMillis()),
        last(status));
  }

  private static String last(ScrubStatus status) {
    ScrubRound last = status.getLast();
    return status.hasLast()
        ? "ended "
            + time(last.getEndedMillis())
            + ", replicas "
            + last.getReplicas()
            + ", bad "
            + last.getBad()
        : "none";
  }

  private static String chunk(long id) {
    return new ChunkId(id).toString();
  }

  private static String time(long millis) {
    return Instant.ofEpochMilli(millis).truncatedTo(ChronoUnit.SECONDS).toString();
  }

  private static ObjectNode tree(List<Answer> answers) {
    ObjectNode node = JSON.createObjectNode();
    ArrayNode servers = node.putArray("dataServers");
    for (Answer answer : answers) {
      ObjectNode server = servers.addObject();
      server.put("id", answer.name());
      server.put("problem", answer.problem());
      server.set("scrub", tree(answer.reply().getStatus()));
      ArrayNode bad = server.putArray("bad");
      for (BadReplica each : answer.reply().getBadList()) {
        bad.addObject().put("chunk", chunk(each.getChunk())).put("problem", each.getProblem());
      }
      ArrayNode quarantined = server.putArray("quarantined");
      for (QuarantinedReplica each : answer.reply().getQuarantinedList()) {
        quarantined
            .addObject()
            .put("chunk", chunk(each.getChunk()))
            .put("file", each.getFile())
            .put("bytes", each.getBytes())
            .put("since", time(each.getSinceMillis()));
      }
    }
    return node;
  }

  static ObjectNode tree(ScrubStatus status) {
    ObjectNode node = JSON.createObjectNode();
    if (status.hasRound()) {
      addRound(node.putObject("round"), status.getRound());
      node.put("hurried", status.getHurried());
      node.put("replicasLeft", status.getReplicasLeft());
      node.put("bytesLeft", status.getBytesLeft());
      node.put("bytesPerSecond", status.getBytesPerSecond());
      node.put("expectedEnd", time(status.getExpectedEndMillis()));
    }
    if (status.hasLast()) {
      addRound(node.putObject("last"), status.getLast());
    }
    node.put("badReplicas", status.getBadReplicas());
    node.put("quarantinedReplicas", status.getQuarantinedReplicas());
    node.put("quarantinedBytes", status.getQuarantinedBytes());
    return node;
  }

  private static void addRound(ObjectNode node, ScrubRound round) {
    node.put("started", time(round.getStartedMillis()));
    if (round.getEndedMillis() > 0) {
      node.put("ended", time(round.getEndedMillis()));
    }
    node.put("replicas", round.getReplicas());
    node.put("bytes", round.getBytes());
    node.put("bad", round.getBad());
  }
}
