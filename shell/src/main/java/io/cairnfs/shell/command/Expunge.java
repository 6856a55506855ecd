package io.cairnfs.shell.command;

import io.cairnfs.client.CairnTrash;
import io.cairnfs.shell.command.OptionSyntax.Options;
import java.io.IOException;
import java.util.List;

/** {@code expunge}: deletes what has been in the user's trash for long enough, or all of it. */
final class Expunge extends Command {
  private Options options;

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    options = OptionSyntax.exactly(0, "immediate").value("fs").parse(arguments);
    if (options.value("fs").filter(String::isEmpty).isPresent()) {
      throw new UsageException("-fs requires a path");
    }
    return List.of();
  }

  @Override
  protected void execute(List<String> operands) throws IOException {
    String cluster = options.value("fs").orElse("/");
    CairnTrash trash = shell().trees().inCluster(cluster).tree().fileSystem().trash();
    try {
      if (options.has("immediate")) {
        trash.empty();
      } else {
        trash.expunge();
      }
    } catch (IOException e) {
      report(e, trash.root().toString());
    }
  }
}
