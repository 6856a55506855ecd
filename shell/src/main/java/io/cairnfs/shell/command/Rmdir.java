package io.cairnfs.shell.command;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import java.io.IOException;
import java.util.List;

/** {@code rmdir}: removes empty directories. */
final class Rmdir extends Command {
  private static final String KEEP_FULL = "-ignore-fail-on-non-empty";

  private boolean keepFull;

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options = OptionSyntax.atLeast(1, KEEP_FULL).parse(arguments);
    keepFull = options.has(KEEP_FULL);
    return options.operands();
  }

  @Override
  protected void visit(Item item) throws IOException {
    if (!item.isDirectory()) {
      throw PathException.notDirectory(item.text());
    }
    try {
      item.tree().delete(item.path(), false);
    } catch (CairnException e) {
      if (!keepFull || e.code() != ErrorCode.NOT_EMPTY) {
        throw e;
      }
    }
  }
}
