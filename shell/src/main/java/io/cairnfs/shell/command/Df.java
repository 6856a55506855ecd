package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.text.Sizes;
import io.cairnfs.shell.text.Table;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.Space;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/** {@code df}: capacity of the file system. */
final class Df extends Command {
  private final Table table =
      Table.withHeader(Set.of(1, 2, 3, 4), "Filesystem", "Size", "Used", "Available", "Use%");
  private boolean human;

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options = OptionSyntax.atLeast(0, "h").parse(arguments);
    human = options.has("h");
    return options.operands().isEmpty() ? List.of("/") : options.operands();
  }

  @Override
  protected void operands(List<Item> items) throws IOException, UsageException {
    super.operands(items);
    if (!table.isEmpty()) {
      table.lines().forEach(out()::line);
    }
  }

  @Override
  protected void visit(Item item) throws IOException {
    Space space = item.tree().space();
    table.add(
        item.tree().uri(),
        Sizes.plainOrHuman(space.capacity(), human),
        Sizes.plainOrHuman(space.used(), human),
        Sizes.plainOrHuman(space.available(), human),
        Sizes.percent(space.used(), space.capacity()));
  }
}
