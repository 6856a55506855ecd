package io.cairnfs.shell.admin;

import io.cairnfs.common.id.ServerId;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.text.Sizes;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code weight}: how large a data server's share of the slots is. */
@Command(
    name = "weight",
    mixinStandardHelpOptions = true,
    description = {
      "Shows a data server's weight, its share of the slots relative to the others', or sets it. Slots"
          + " move until every server has its share."
    })
final class WeightTask extends AdminTask {
  private static final int MAX_WEIGHT = 100_000;

  @Parameters(
      index = "0",
      paramLabel = "SERVER",
      description = "A data server: its name, number or host:port.")
  private String name;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "WEIGHT",
      description = "1 to 100000; 100 is an ordinary server.")
  private Integer weight;

  WeightTask(Program program) {
    super(program);
  }

  @Override
  void run() throws IOException {
    if (weight != null && (weight < 1 || weight > MAX_WEIGHT)) {
      throw new AdminException("weight " + weight + " is outside 1 to " + MAX_WEIGHT);
    }
    ServerNames names = new ServerNames(program());
    ServerReport server = names.dataServer(name);
    String self = ServerNames.describe(server);
    if (weight == null) {
      tell(self, server);
      return;
    }
    if (server.getMembership() == ServerMembership.OUT) {
      throw new AdminException(self + " was struck out before");
    }
    ServerId id = new ServerId(server.getMember().getServer());
    administration().setWeight(id, weight);
    tell(self, names.dataServer(Integer.toString(id.value())));
  }

  private void tell(String self, ServerReport server) {
    out()
        .line(
            self
                + " has weight "
                + server.getWeight()
                + ", "
                + Sizes.human(server.getCapacityBytes())
                + " of disks and "
                + server.getSlots()
                + " slots, and is to have "
                + server.getTargetSlots()
                + ".");
  }
}
