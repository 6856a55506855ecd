package io.cairnfs.shell.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cairnfs.common.id.ServerId;
import io.cairnfs.common.time.Clock;
import io.cairnfs.proto.metadata.Blocker;
import io.cairnfs.proto.metadata.DependenceResult;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.command.Pause;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code drain}: empties a data server, and says when it can be stopped. Ended while it waits, it
 * leaves the drain going on.
 */
@Command(
    name = "drain",
    mixinStandardHelpOptions = true,
    description = {
      "Empties a data server: its slots move to the others, and it serves until they have. It can be"
          + " stopped when this says 'safe to stop', and not before. Asked again it tells how far it"
          + " is."
    })
final class DrainTask extends AdminTask {
  private static final long POLL_MILLIS = 1_000;
  private static final Duration TOLD_EVERY = Duration.ofSeconds(10);

  @Parameters(paramLabel = "SERVER", description = "A data server: its name, number or host:port.")
  private String name;

  @Option(
      names = "--wait",
      description =
          "Until it is safe to stop. Tells once a second how far it is, and what is in the way. Ctrl-C"
              + " ends the waiting; the drain goes on.")
  private boolean wait;

  @Option(names = "--json", description = "For programs.")
  private boolean json;

  private final Clock clock;
  private final Pause pause;
  private final boolean terminal;
  private final DrainProgress progress = new DrainProgress();
  private long toldNanos;

  /**
   * @param terminal lines of progress replace one another
   */
  DrainTask(Program program, Clock clock, Pause pause, boolean terminal) {
    super(program);
    this.clock = clock;
    this.pause = pause;
    this.terminal = terminal;
  }

  @Override
  void run() throws IOException {
    ServerReport server = new ServerNames(program()).dataServer(name);
    String self = ServerNames.describe(server);
    ServerId id = new ServerId(server.getMember().getServer());
    if (server.getMembership() == ServerMembership.OUT) {
      throw new AdminException(self + " was struck out before");
    }
    if (server.getMembership() != ServerMembership.DRAINING) {
      administration().setMembership(id, ServerMembership.DRAINING);
    }
    DependenceResult state = ask(id);
    toldNanos = clock.monotonicNanos();
    List<String> lasting = progress.heard(state, toldNanos);
    if (wait) {
      if (!state.getSafe()) {
        tell(self + " is being emptied: " + progress.line());
      }
      state = await(id, self, state, lasting);
    }
    if (json) {
      print(tree(state));
    } else {
      text(self, server.getMember().getName(), state);
    }
  }

  private DependenceResult ask(ServerId id) throws IOException {
    return administration().dependence(id);
  }

  private DependenceResult await(
      ServerId id, String self, DependenceResult first, List<String> firstBlockers)
      throws IOException {
    DependenceResult state = first;
    List<String> blockers = firstBlockers;
    while (!state.getSafe()) {
      if (state.getMembership() == ServerMembership.IN
          || state.getMembership() == ServerMembership.MAINTENANCE) {
        endLine();
        throw new AdminException(self + " was taken back: it is " + state.getMembership());
      }
      for (String blocker : blockers) {
        endLine();
        tell("waits: " + blocker);
      }
      sleep(self);
      state = ask(id);
      long now = clock.monotonicNanos();
      blockers = progress.heard(state, now);
      if (terminal) {
        program().err().print("\r" + pad(progress.line()));
        program().err().flush();
      } else if (now - toldNanos >= TOLD_EVERY.toNanos()) {
        toldNanos = now;
        tell(progress.line());
      }
    }
    endLine();
    return state;
  }

  private static String pad(String line) {
    return line + " ".repeat(Math.max(0, 78 - line.length()));
  }

  private void endLine() {
    if (terminal) {
      program().err().print("\r" + pad("") + "\r");
      program().err().flush();
    }
  }

  private void tell(String text) {
    program().err().line("admin: " + text);
    program().err().flush();
  }

  private void sleep(String self) throws AdminException {
    try {
      pause.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AdminException("interrupted; " + self + " goes on being emptied");
    }
  }

  private void text(String self, String shortName, DependenceResult state) {
    if (state.getSafe()) {
      out().line(self + " is safe to stop: nothing depends on it any more.");
      if (state.getDeletes() > 0) {
        out().line("It has " + state.getDeletes() + " replicas left that nobody needs.");
      }
      out()
          .line(
              "When it is stopped 'cairn admin remove "
                  + shortName
                  + "' forgets it for good; 'cairn admin in "
                  + shortName
                  + "' takes it back.");
      return;
    }
    out().line(self + " is being emptied: " + progress.line() + ". It is NOT SAFE to stop yet.");
    for (Blocker blocker : state.getBlockersList()) {
      out().line("  waits: " + DrainProgress.describe(blocker));
    }
    out()
        .line(
            "'cairn admin drain "
                + shortName
                + " --wait' tells when it is; 'cairn admin in "
                + shortName
                + "' takes it back.");
  }

  private ObjectNode tree(DependenceResult state) {
    ObjectNode node = JSON.createObjectNode();
    node.put("server", state.getMember().getServer());
    node.put("id", state.getMember().getName());
    node.put("membership", state.getMembership().name());
    node.put("safe", state.getSafe());
    node.put("slotsLeft", state.getActingSlots());
    node.put("chunksLeft", state.getChunks());
    node.put("bytesLeft", state.getBytes());
    node.put("estimated", state.getEstimated());
    node.put("openChunks", state.getOpenChunks());
    node.put("deletes", state.getDeletes());
    node.put("bytesPerSecond", progress.bytesPerSecond());
    progress.secondsLeft().ifPresent(seconds -> node.put("secondsLeft", seconds));
    ArrayNode blockers = node.putArray("blockers");
    for (Blocker blocker : state.getBlockersList()) {
      ObjectNode each = blockers.addObject();
      each.put("kind", blocker.getKind().name());
      each.put("problem", blocker.getProblem());
      if (blocker.getChunk() != 0) {
        each.put("chunk", DrainProgress.chunkOf(blocker));
      }
      if (blocker.getInode() != 0) {
        each.put("inode", blocker.getInode());
      }
      if (!blocker.getPath().isEmpty()) {
        each.put("path", blocker.getPath().toStringUtf8());
      }
      if (blocker.getSession() != 0) {
        each.put("session", blocker.getSession());
        each.put("user", blocker.getUser());
        each.put("host", blocker.getHost());
        each.put("clientName", blocker.getClientName());
      }
    }
    return node;
  }
}
