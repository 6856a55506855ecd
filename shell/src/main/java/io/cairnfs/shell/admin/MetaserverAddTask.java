package io.cairnfs.shell.admin;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.proto.admin.AddMetaserver;
import io.cairnfs.proto.admin.ChangeMetaserversRequest;
import io.cairnfs.proto.admin.Metric;
import io.cairnfs.proto.admin.PromoteMetaserver;
import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.proto.metadata.WhoLeadsReply;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.command.Pause;
import io.cairnfs.shell.text.Sizes;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code metaserver add}: a process that was formatted to join becomes a learner, catches up, and
 * becomes a voter. Ended half-way it leaves a learner, with which the same command goes on.
 */
@Command(
    name = "add",
    mixinStandardHelpOptions = true,
    description = {
      "Adds a metaserver that was formatted with 'cairn format --join' and runs: as a learner first, and"
          + " as a voter when it has caught up. Ctrl-C leaves it a learner; the same command goes on,"
          + " 'remove' undoes it."
    })
final class MetaserverAddTask extends AdminTask {
  private static final long POLL_MILLIS = 200;

  /** So few entries are on the way to any member of a busy cluster. */
  private static final long CAUGHT_UP_ENTRIES = 1_000;

  @Parameters(index = "0", paramLabel = "ID", description = "Its id, such as m4.")
  private String id;

  @Parameters(index = "1", paramLabel = "HOST:PORT", description = "Where it listens.")
  private String address;

  @Option(names = "--learner", description = "Leave it a learner: it gets the log, and no vote.")
  private boolean learner;

  private final Pause pause;
  private String said = "";

  MetaserverAddTask(Program program, Pause pause) {
    super(program);
    this.pause = pause;
  }

  @Override
  void run() throws IOException {
    HostPort at = parse(address);
    MetaserverGroup group = MetaserverGroup.ask(program());
    WhoLeadsReply joining = ask(at);
    if (!joining.getId().equals(id)) {
      throw new AdminException(at + " is metaserver " + joining.getId() + ", not " + id);
    }
    if (!joining.getClusterId().equals(group.best().getClusterId())) {
      throw new AdminException(
          at
              + " was formatted for cluster "
              + joining.getClusterId()
              + ", this is cluster "
              + group.best().getClusterId());
    }
    boolean already =
        administration()
            .changeMetaservers(
                ChangeMetaserversRequest.newBuilder()
                    .setAdd(
                        AddMetaserver.newBuilder()
                            .setId(id)
                            .setHost(at.host())
                            .setPort(at.port())
                            .setInstance(joining.getInstance()))
                    .build())
            .getAlready();
    if (already
        && MetaserverGroup.ask(program()).member(id).filter(m -> !m.getLearner()).isPresent()) {
      out().line(id + " is a voter already.");
      return;
    }
    if (learner) {
      out().line(id + " is a learner: it gets the log, and no vote.");
      return;
    }
    awaitCaughtUp(at);
    promote(at);
    out().line(id + " is a voter.");
  }

  private static HostPort parse(String text) throws AdminException {
    try {
      return HostPort.parse(text);
    } catch (IllegalArgumentException e) {
      throw new AdminException(e.getMessage());
    }
  }

  private WhoLeadsReply ask(HostPort at) throws IOException {
    try {
      return administration().whoLeads(at);
    } catch (CairnException e) {
      throw new AdminException(
          "no metaserver answers at "
              + at
              + " ("
              + e.getMessage()
              + "): format its directory with 'cairn format --join' and start it first");
    }
  }

  private void awaitCaughtUp(HostPort at) throws IOException {
    while (true) {
      MetaserverGroup group = MetaserverGroup.ask(program());
      Optional<MetaserverReport> member = group.member(id);
      if (group.hasLeader() && member.isEmpty()) {
        throw new AdminException(id + " was removed meanwhile");
      }
      boolean known = group.hasLeader() && member.get().getReachable();
      if (known && member.get().getMatchIndex() > 0) {
        long lag = member.get().getLagEntries();
        if (lag <= CAUGHT_UP_ENTRIES) {
          return;
        }
        say(id + " is " + lag + " entries behind");
      } else {
        say(incoming(at));
      }
      sleep();
    }
  }

  /** How far the checkpoint has come that it begins with. */
  private String incoming(HostPort at) {
    Map<String, Long> metrics = new HashMap<>();
    try {
      for (Metric metric : administration().metrics(at).getMetricsList()) {
        metrics.put(metric.getName(), metric.getValue());
      }
    } catch (IOException e) {
      return id + " does not answer: " + e.getMessage();
    }
    long total = metrics.getOrDefault("raft.incoming.bytes", 0L);
    return total == 0
        ? id + " has not been reached by the leader yet"
        : id
            + " receives a checkpoint: "
            + Sizes.human(metrics.getOrDefault("raft.incoming.received.bytes", 0L))
            + " of "
            + Sizes.human(total);
  }

  /** The leader alone knows when the learner has all; under load that moment has to be met. */
  private void promote(HostPort at) throws IOException {
    ChangeMetaserversRequest request =
        ChangeMetaserversRequest.newBuilder()
            .setPromote(PromoteMetaserver.newBuilder().setId(id))
            .build();
    while (true) {
      try {
        var unused = administration().changeMetaservers(request);
        return;
      } catch (CairnException e) {
        if (!e.code().isRetryable()) {
          throw e;
        }
        say(id + " is not a voter yet: " + e.getMessage());
        awaitCaughtUp(at);
      }
    }
  }

  private void say(String text) {
    if (!text.equals(said)) {
      said = text;
      program().err().line("admin: " + text);
      program().err().flush();
    }
  }

  private void sleep() throws AdminException {
    try {
      pause.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AdminException("interrupted; " + id + " stays a learner");
    }
  }
}
