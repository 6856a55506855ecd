package io.cairnfs.shell.command;

import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import java.io.IOException;
import java.util.List;

/** {@code mv}: renames within one file system, whatever the size. */
final class Mv extends ToDestination {
  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException, IOException {
    List<String> operands = OptionSyntax.atLeast(2).parse(arguments).operands();
    int last = operands.size() - 1;
    setDestination(matchingOne(operands.get(last)));
    return operands.subList(0, last);
  }

  @Override
  protected void transfer(Item source, Item target) throws IOException {
    if (!source.tree().equals(target.tree())) {
      throw PathException.of(source.text(), "Does not match target filesystem");
    }
    if (target.exists()) {
      throw PathException.exists(target.text());
    }
    source.tree().rename(source.path(), target.path(), false);
  }
}
