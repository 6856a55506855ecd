package io.cairnfs.shell.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cairnfs.common.id.ServerId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.VolumeReport;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.text.Sizes;
import io.cairnfs.shell.text.Table;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code volumes}: the data servers' disks, how full they are, and which have failed. */
@Command(
    name = "volumes",
    mixinStandardHelpOptions = true,
    description = "The volumes of all data servers, or of one: how full, and which have failed.")
final class VolumesCommand extends AdminTask {
  @Parameters(
      arity = "0..1",
      paramLabel = "SERVER",
      description = "A data server: its name, number or host:port.")
  private String name;

  @Option(names = "--json", description = "For programs.")
  private boolean json;

  private VolumesCommand(Program program) {
    super(program);
  }

  static CommandLine of(Program program) {
    CommandLine line = new CommandLine(new VolumesCommand(program));
    line.addSubcommand("lost", new LostTask(program));
    return line;
  }

  @Override
  void run() throws IOException {
    List<ServerReport> servers =
        name == null
            ? administration().report().getServersList().stream()
                .filter(each -> each.getMembership() != ServerMembership.OUT)
                .toList()
            : List.of(new ServerNames(program()).dataServer(name));
    if (json) {
      print(tree(servers));
      return;
    }
    Table table =
        Table.withHeader(
            Set.of(4, 5, 6),
            "DATA SERVER",
            "VOLUME",
            "STATE",
            "CLASS",
            "CAPACITY",
            "USED",
            "AVAILABLE",
            "DIRECTORY");
    for (ServerReport server : servers) {
      for (VolumeReport volume : server.getVolumesList()) {
        table.add(
            server.getMember().getName(),
            volume.getVolume(),
            state(volume),
            storage(volume),
            Sizes.human(volume.getCapacityBytes()),
            Sizes.human(volume.getUsedBytes()),
            Sizes.human(volume.getAvailableBytes()),
            volume.getDirectory());
      }
    }
    table.lines().forEach(out()::line);
  }

  private static String state(VolumeReport volume) {
    return volume.getFailed() ? "FAILED" : volume.getMissing() ? "MISSING" : "GOOD";
  }

  /** Of one that is missing nobody says. */
  private static String storage(VolumeReport volume) {
    int number = volume.getStorageClass();
    return number > 0 && number < StorageClass.values().length
        ? StorageClass.ofNumber(number).label()
        : "-";
  }

  private static ObjectNode tree(List<ServerReport> servers) {
    ObjectNode node = JSON.createObjectNode();
    ArrayNode volumes = node.putArray("volumes");
    for (ServerReport server : servers) {
      for (VolumeReport volume : server.getVolumesList()) {
        ObjectNode each = volumes.addObject();
        each.put("server", server.getMember().getServer());
        each.put("id", server.getMember().getName());
        each.put("volume", volume.getVolume());
        each.put("directory", volume.getDirectory());
        each.put("state", state(volume));
        each.put("class", storage(volume));
        each.put("capacityBytes", volume.getCapacityBytes());
        each.put("usedBytes", volume.getUsedBytes());
        each.put("availableBytes", volume.getAvailableBytes());
      }
    }
    return node;
  }

  /** {@code volumes lost}: a disk that will not come back. */
  @Command(
      name = "lost",
      mixinStandardHelpOptions = true,
      description = {
        "Declares a volume lost that its server registered and comes without: the server may register"
            + " again, and what was on the volume is copied from the others. The server itself is"
            + " told by 'cairn dataserver --forget-volume VOLUME'."
      })
  static final class LostTask extends AdminTask {
    @Parameters(
        index = "0",
        paramLabel = "SERVER",
        description = "A data server: its name, number or host:port.")
    private String name;

    @Parameters(
        index = "1",
        paramLabel = "VOLUME",
        description = "As 'cairn admin volumes' has it.")
    private String volume;

    LostTask(Program program) {
      super(program);
    }

    @Override
    void run() throws IOException {
      ServerReport server = new ServerNames(program()).dataServer(name);
      boolean works =
          server.getMember().getHealth() == ServerHealth.UP
              && server.getVolumesList().stream()
                  .anyMatch(
                      each ->
                          each.getVolume().equals(volume)
                              && !each.getFailed()
                              && !each.getMissing());
      if (works) {
        throw new AdminException(
            "volume " + volume + " of " + ServerNames.describe(server) + " works: it is not lost");
      }
      administration().declareVolumeLost(new ServerId(server.getMember().getServer()), volume);
      out()
          .line(
              "Volume "
                  + volume
                  + " is no volume of "
                  + ServerNames.describe(server)
                  + " any more.");
    }
  }
}
