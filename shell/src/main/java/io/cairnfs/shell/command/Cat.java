package io.cairnfs.shell.command;

import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** {@code cat}: files as they are, one after the other. */
class Cat extends Command {
  private static final int BUFFER_BYTES = 1 << 20;

  /** Checksums are verified in any case; the option only makes scripts work. */
  @Override
  protected final List<String> prepare(List<String> arguments) throws UsageException {
    return OptionSyntax.atLeast(1, "ignoreCrc").parse(arguments).operands();
  }

  @Override
  protected final void visit(Item item) throws IOException {
    if (item.isDirectory()) {
      throw PathException.isDirectory(item.text());
    }
    requireContent(item);
    try (InputStream in = open(item)) {
      copy(in);
    }
  }

  protected InputStream open(Item item) throws IOException {
    return item.tree().open(item.path(), 0);
  }

  private void copy(InputStream in) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      out().bytes(buffer, 0, n);
    }
  }
}
