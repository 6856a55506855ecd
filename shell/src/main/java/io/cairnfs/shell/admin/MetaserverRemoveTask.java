package io.cairnfs.shell.admin;

import io.cairnfs.proto.admin.ChangeMetaserversRequest;
import io.cairnfs.proto.admin.RemoveMetaserver;
import io.cairnfs.shell.cluster.Program;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code metaserver remove}: a metaserver leaves for good, the leader too. */
@Command(
    name = "remove",
    mixinStandardHelpOptions = true,
    description = {
      "Removes a metaserver for good. One that leads hands over first. Its directory can never be used"
          + " again: to bring it back empty it, 'cairn format --join', and add it as a new one."
    })
final class MetaserverRemoveTask extends AdminTask {
  @Parameters(paramLabel = "ID", description = "Which one, such as m2.")
  private String id;

  @Option(
      names = "--force",
      description = "Even if those that remain cannot be reached in a majority.")
  private boolean force;

  MetaserverRemoveTask(Program program) {
    super(program);
  }

  @Override
  void run() throws IOException {
    boolean already =
        administration()
            .changeMetaservers(
                ChangeMetaserversRequest.newBuilder()
                    .setRemove(RemoveMetaserver.newBuilder().setId(id).setForce(force))
                    .build())
            .getAlready();
    out()
        .line(
            already
                ? id + " is no metaserver of this cluster any more."
                : id + " is removed: its process serves nobody any more and can be stopped.");
  }
}
