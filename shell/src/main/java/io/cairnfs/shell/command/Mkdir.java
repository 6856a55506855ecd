package io.cairnfs.shell.command;

import io.cairnfs.client.CairnPath;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.Facts;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** {@code mkdir}: new directories. */
final class Mkdir extends Command {
  private boolean parents;

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options = OptionSyntax.atLeast(1, "p").parse(arguments);
    parents = options.has("p");
    return options.operands();
  }

  @Override
  protected void visit(Item item) throws IOException {
    if (!item.isDirectory()) {
      throw PathException.notDirectory(item.text());
    }
    if (!parents) {
      throw PathException.exists(item.text());
    }
  }

  @Override
  protected void missing(Item item) throws IOException {
    CairnPath parent = item.path().parent().orElse(CairnPath.ROOT);
    if (!parents && item.tree().find(parent).isEmpty()) {
      throw PathException.notFound(item.tree().qualified(parent));
    }
    try {
      item.tree().mkdir(item.path(), parents);
    } catch (CairnException e) {
      if (e.code() == ErrorCode.NOT_A_DIRECTORY || e.code() == ErrorCode.EXISTS) {
        refuseFileAbove(item);
      }
      throw e;
    }
  }

  private static void refuseFileAbove(Item item) throws IOException {
    for (Optional<CairnPath> above = item.path().parent();
        above.isPresent();
        above = above.get().parent()) {
      Optional<Facts> found = item.tree().find(above.get());
      if (found.isPresent() && !found.get().isDirectory()) {
        throw new IOException(
            "Parent path is not a directory: " + item.tree().qualified(above.get()));
      }
    }
  }
}
