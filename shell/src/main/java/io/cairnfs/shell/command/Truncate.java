package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import java.io.IOException;
import java.util.List;

/** {@code truncate}: makes files shorter. */
final class Truncate extends Command {
  private long length;

  /** {@code -w} asks HDFS to wait until the file can be written again: here it can at once. */
  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options = OptionSyntax.atLeast(2, "w").parse(arguments);
    try {
      length = Long.parseLong(options.operands().get(0));
    } catch (NumberFormatException e) {
      warn("Illegal length, a non-negative integer expected");
      throw new UsageException(e.getMessage());
    }
    if (length < 0) {
      throw new UsageException("length must be >= 0");
    }
    return options.operands().subList(1, options.operands().size());
  }

  @Override
  protected void operands(List<Item> items) throws IOException, UsageException {
    for (Item item : items) {
      if (item.exists() && !item.isDirectory() && length > item.facts().length()) {
        throw new UsageException(
            "Cannot truncate to a larger file size. Current size: "
                + item.facts().length()
                + ", truncate size: "
                + length
                + ".");
      }
      super.operands(List.of(item));
    }
  }

  @Override
  protected void visit(Item item) throws IOException {
    if (item.isDirectory()) {
      throw PathException.isDirectory(item.text());
    }
    requireContent(item);
    item.tree().truncate(item.path(), length);
    out().line("Truncated " + item + " to length: " + length);
  }
}
