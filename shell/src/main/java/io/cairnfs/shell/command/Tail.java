package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.List;

/**
 * {@code tail}: the last kilobyte of one file; with {@code -f} also what is committed to it later,
 * until somebody interrupts.
 */
final class Tail extends Command {
  private static final int BYTES = 1024;
  private static final long DELAY_MILLIS = 5000;

  private boolean follow;
  private long delayMillis = DELAY_MILLIS;

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options = OptionSyntax.exactly(1, "f").value("s").parse(arguments);
    follow = options.has("f");
    String delay = options.value("s").orElse("");
    if (follow && !delay.isEmpty()) {
      delayMillis = positive(delay);
    }
    return options.operands();
  }

  private static long positive(String text) throws UsageException {
    try {
      long number = Long.parseLong(text);
      return number > 0 ? number : DELAY_MILLIS;
    } catch (NumberFormatException e) {
      throw new UsageException(e.getMessage());
    }
  }

  /** As in HDFS, the operand is no pattern. */
  @Override
  protected List<Item> expand(String operand) throws IOException {
    return List.of(shell().trees().inCluster(operand));
  }

  @Override
  protected void visit(Item item) throws IOException {
    if (item.isDirectory()) {
      throw PathException.isDirectory(item.text());
    }
    requireContent(item);
    long offset = show(item, Math.max(0, item.facts().length() - BYTES));
    while (follow) {
      out().flush();
      pause();
      Item now = item.refreshed();
      if (!now.exists()) {
        throw PathException.notFound(item.text());
      }
      long length = now.facts().length();
      offset = offset > length ? length : show(item, offset);
    }
  }

  private void pause() throws InterruptedIOException {
    try {
      shell().pause().sleep(delayMillis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("Interrupted");
    }
  }

  /** Shows a file from an offset on; returns where it ended. */
  private long show(Item item, long offset) throws IOException {
    long at = offset;
    byte[] buffer = new byte[1 << 16];
    try (InputStream in = item.tree().open(item.path(), offset)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        out().bytes(buffer, 0, n);
        at += n;
      }
    }
    return at;
  }
}
