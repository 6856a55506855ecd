package io.cairnfs.shell.admin;

import io.cairnfs.common.time.Clock;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.command.Pause;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code metaserver}: who belongs to the metaservers' group, and who leads it. */
@Command(
    name = "metaserver",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "list|add|remove|transfer",
    description = {
      "Lists and changes the metaservers, while the cluster runs. To replace one: add the new one, then"
          + " remove the old one."
    })
final class MetaserverCommand implements Runnable {
  @Spec private CommandSpec spec;

  private MetaserverCommand() {}

  static CommandLine of(Program program, Clock clock, Pause pause) {
    return new CommandLine(new MetaserverCommand())
        .addSubcommand("list", new MetaserverListTask(program))
        .addSubcommand("add", new MetaserverAddTask(program, pause))
        .addSubcommand("remove", new MetaserverRemoveTask(program))
        .addSubcommand("transfer", new MetaserverTransferTask(program, clock));
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "admin metaserver: which of list, add, remove, transfer?");
  }
}
