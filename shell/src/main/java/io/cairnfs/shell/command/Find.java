package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.Item;
import java.io.IOException;
import java.util.List;

/** {@code find}: paths below others for which an expression holds. */
final class Find extends Command {
  private FindExpression expression;

  Find() {
    setRecursive(true);
  }

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException, IOException {
    Options options = OptionSyntax.atLeast(1, "L", "H").othersAreOperands().parse(arguments);
    List<String> words = options.operands();
    int paths = 0;
    while (paths < words.size() && !words.get(paths).startsWith("-")) {
      paths++;
    }
    expression =
        FindExpression.parse(words.subList(paths, words.size()), shell().clock().wallNanos());
    return paths == 0 ? List.of(".") : words.subList(0, paths);
  }

  @Override
  protected void visit(Item item) throws IOException {
    if (!expression.deletes()) {
      expression.apply(item, out());
    }
  }

  /** What is deleted must be empty by then. */
  @Override
  protected void leave(Item item) throws IOException {
    if (expression.deletes()) {
      expression.apply(item, out());
    }
  }
}
