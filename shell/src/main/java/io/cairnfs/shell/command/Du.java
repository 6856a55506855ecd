package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.text.Sizes;
import io.cairnfs.shell.text.Table;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.Totals;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/** {@code du}: how much files and directories hold. */
final class Du extends Command {
  private final boolean summaryByName;
  private Options options;
  private Table table;

  private Du(boolean summaryByName) {
    this.summaryByName = summaryByName;
  }

  static Du du() {
    return new Du(false);
  }

  /** The old word for {@code du -s}. */
  static Du dus() {
    return new Du(true);
  }

  /** There are no snapshots yet that {@code -x} could leave out. */
  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    options = OptionSyntax.atLeast(0, "h", "s", "v", "x").parse(arguments);
    table =
        options.has("v")
            ? Table.withHeader(
                Set.of(), "SIZE", "DISK_SPACE_CONSUMED_WITH_ALL_REPLICAS", "FULL_PATH_NAME")
            : Table.plain();
    return options.operands().isEmpty() ? List.of(".") : options.operands();
  }

  @Override
  protected void operands(List<Item> items) throws IOException, UsageException {
    super.operands(items);
    if (!table.isEmpty()) {
      table.lines().forEach(out()::line);
    }
  }

  @Override
  protected void operand(Item item) throws IOException {
    if (item.isDirectory() && !options.has("s") && !summaryByName) {
      below(item);
    } else {
      super.operand(item);
    }
  }

  @Override
  protected void visit(Item item) throws IOException {
    Totals totals = item.tree().totals(item.path());
    boolean human = options.has("h");
    table.add(
        Sizes.plainOrHuman(totals.bytes(), human),
        Sizes.plainOrHuman(totals.space(), human),
        item.text());
  }
}
