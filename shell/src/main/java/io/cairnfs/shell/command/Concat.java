package io.cairnfs.shell.command;

import io.cairnfs.client.CairnPath;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** {@code concat}: moves what files hold to the end of another one, and removes their names. */
final class Concat extends Command {
  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    return OptionSyntax.atLeast(0).parse(arguments).operands();
  }

  @Override
  protected void operands(List<Item> items) throws IOException {
    if (items.isEmpty()) {
      throw new IOException("Target path not specified. " + usage());
    }
    if (items.size() < 2) {
      throw new IOException("The number of source paths is less than 1. " + usage());
    }
    Item target = items.get(0);
    if (!target.exists() || !target.facts().isFile()) {
      throw new FileNotFoundException(
          "Target path " + target.text() + " does not exist or is not file.");
    }
    List<CairnPath> sources = new ArrayList<>();
    for (Item source : items.subList(1, items.size())) {
      if (!source.exists() || !source.facts().isFile()) {
        throw new FileNotFoundException(source.text() + " does not exist or is not file.");
      }
      if (!source.tree().equals(target.tree())) {
        throw PathException.of(source.text(), "Does not match target filesystem");
      }
      sources.add(source.path());
    }
    target.tree().concat(target.path(), sources);
  }

  private static String usage() {
    return CommandWord.CONCAT.usage();
  }
}
