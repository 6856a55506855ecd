package io.cairnfs.shell.command;

import io.cairnfs.shell.tree.AttributeUpdate;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import io.cairnfs.shell.tree.WriteOptions;
import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;

/** {@code touchz}: empty files with the present time. */
final class Touchz extends Command {
  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    return OptionSyntax.atLeast(1).parse(arguments).operands();
  }

  @Override
  protected void visit(Item item) throws IOException {
    if (item.isDirectory()) {
      throw PathException.isDirectory(item.text());
    }
    requireContent(item);
    if (item.facts().length() != 0) {
      throw PathException.of(item.text(), "Not a zero-length file");
    }
    OptionalLong now = OptionalLong.of(shell().clock().wallNanos());
    item.tree().update(item.path(), AttributeUpdate.times(now, now));
  }

  @Override
  protected void missing(Item item) throws IOException {
    if (!item.parentExists()) {
      throw PathException.notFound(item);
    }
    item.tree().create(item.path(), WriteOptions.visible(false)).close();
  }
}
