package io.cairnfs.shell.command;

import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** {@code head}: the first kilobyte of one file. */
final class Head extends Command {
  private static final int BYTES = 1024;

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    return OptionSyntax.exactly(1).parse(arguments).operands();
  }

  /** As in HDFS, the operand is no pattern. */
  @Override
  protected List<Item> expand(String operand) throws IOException {
    return List.of(shell().trees().inCluster(operand));
  }

  @Override
  protected void visit(Item item) throws IOException {
    if (item.isDirectory()) {
      throw PathException.isDirectory(item.text());
    }
    requireContent(item);
    try (InputStream in = item.tree().open(item.path(), 0)) {
      byte[] bytes = in.readNBytes(BYTES);
      out().bytes(bytes, 0, bytes.length);
    }
  }
}
