package io.cairnfs.shell.command;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.text.ModeChange;
import io.cairnfs.shell.tree.AttributeUpdate;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.Refusals;
import java.io.IOException;
import java.util.List;

/** {@code chmod}: permission bits. */
final class Chmod extends Command {
  private ModeChange change;

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options = OptionSyntax.atLeast(2, "R").othersAreOperands().parse(arguments);
    setRecursive(options.has("R"));
    String mode = options.operands().get(0);
    try {
      change = ModeChange.parse(mode);
    } catch (IllegalArgumentException e) {
      throw new UsageException("chmod : " + e.getMessage());
    }
    return options.operands().subList(1, options.operands().size());
  }

  @Override
  protected void visit(Item item) throws IOException {
    int mode = change.apply(item.facts().mode(), item.isDirectory());
    if (mode == item.facts().mode()) {
      return;
    }
    try {
      item.tree().update(item.path(), AttributeUpdate.mode(mode));
    } catch (CairnException e) {
      if (Refusals.isAboutTheCluster(e)) {
        throw e;
      }
      throw new IOException("changing permissions of '" + item + "': " + Refusals.reason(e), e);
    }
  }
}
