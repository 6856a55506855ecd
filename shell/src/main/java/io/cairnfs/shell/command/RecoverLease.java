package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.Item;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.List;

/** {@code recoverLease}: ends somebody's writing of a file, as {@code hdfs debug recoverLease}. */
final class RecoverLease extends Command {
  private static final Duration PAUSE = Duration.ofSeconds(5);

  private int retries;

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options = OptionSyntax.exactly(0).value("path", "retries").parse(arguments);
    String path = options.value("path").orElse("");
    if (path.isEmpty()) {
      throw new UsageException("You must supply a -path argument to recoverLease.");
    }
    String number = options.value("retries").orElse("0");
    try {
      retries = Integer.parseInt(number);
    } catch (NumberFormatException e) {
      throw new UsageException("Invalid number of retries: " + number);
    }
    return List.of(path);
  }

  @Override
  protected void visit(Item item) throws IOException {
    for (int left = retries; ; left--) {
      if (item.tree().fileSystem().recoverLease(item.path())) {
        out().line("recoverLease SUCCEEDED on " + item);
        return;
      }
      warn("recoverLease returned false.");
      if (left <= 0) {
        break;
      }
      try {
        shell().pause().sleep(PAUSE.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("Interrupted");
      }
    }
    throw new IOException(
        "Giving up on recoverLease for " + item + " after " + (retries + 1) + " tries");
  }
}
