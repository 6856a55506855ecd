package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;

/** {@code setrep}: copies of every byte of files, and of all files below directories. */
final class Setrep extends Command {
  private static final long WAIT_MILLIS = 10_000;

  private final List<Item> changed = new ArrayList<>();
  private short replication;
  private boolean wait;

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options = OptionSyntax.atLeast(2, "R", "w").parse(arguments);
    wait = options.has("w");
    setRecursive(true);
    try {
      replication = Short.parseShort(options.operands().get(0));
    } catch (NumberFormatException e) {
      warn("Illegal replication, a positive integer expected");
      throw new UsageException(e.getMessage());
    }
    if (replication < 1) {
      throw new UsageException("replication must be >= 1");
    }
    return options.operands().subList(1, options.operands().size());
  }

  @Override
  protected void operands(List<Item> items) throws IOException, UsageException {
    super.operands(items);
    if (wait) {
      for (Item item : changed) {
        await(item);
      }
    }
  }

  @Override
  protected void visit(Item item) throws IOException {
    if (item.facts().isSymlink()) {
      throw PathException.of(item.text(), "Symlinks unsupported");
    }
    if (item.facts().isFile()) {
      item.tree().setReplication(item.path(), replication);
      out().line("Replication " + replication + " set: " + item);
      changed.add(item);
    }
  }

  /** Copies beyond the number asked for do no harm: only missing ones are waited for. */
  private void await(Item item) throws IOException {
    out().print("Waiting for " + item + " ...");
    out().flush();
    while (item.tree().presentReplicas(item.path()) < Math.min(replication, wanted(item))) {
      out().print(".");
      out().flush();
      try {
        shell().pause().sleep(WAIT_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("Interrupted");
      }
    }
    out().line(" done");
  }

  private static int wanted(Item item) throws IOException {
    Item now = item.refreshed();
    if (!now.exists()) {
      throw PathException.notFound(item.text());
    }
    return now.facts().replication();
  }
}
