package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** {@code get}, {@code copyToLocal} and {@code moveToLocal}: from the cluster to this machine. */
final class Get extends CopyCommand {
  private static final String STANDARD_OUTPUT = "-";

  private final boolean moves;
  private boolean toStandardOutput;

  private Get(boolean moves) {
    this.moves = moves;
  }

  static Get get() {
    return new Get(false);
  }

  static Get moveToLocal() {
    return new Get(true);
  }

  /** Checksums are verified in any case, and no side files hold them: the options do nothing. */
  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException, IOException {
    OptionSyntax syntax =
        OptionSyntax.atLeast(moves ? 2 : 1, "f", "p", "crc", "ignoreCrc").value("t", "q");
    Options options = syntax.parse(arguments);
    setRules(options, allIf(options.has("p")));
    List<String> operands = options.operands();
    int last = operands.size() - 1;
    if (last == 0) {
      setDestination(shell().trees().onThisMachine("."));
      return operands;
    }
    String to = operands.get(last);
    toStandardOutput = to.equals(STANDARD_OUTPUT) && !moves;
    setDestination(shell().trees().onThisMachine(to));
    return operands.subList(0, last);
  }

  @Override
  protected boolean moves() {
    return moves;
  }

  @Override
  protected void operands(List<Item> items) throws IOException, UsageException {
    if (!toStandardOutput) {
      super.operands(items);
      return;
    }
    for (Item item : items) {
      try {
        show(item);
      } catch (IOException e) {
        report(e, item.text());
      }
    }
  }

  private void show(Item item) throws IOException {
    if (!item.exists()) {
      throw PathException.notFound(item.text());
    }
    if (item.isDirectory()) {
      throw PathException.isDirectory(item.text());
    }
    byte[] buffer = new byte[1 << 20];
    try (InputStream in = item.tree().open(item.path(), 0)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        out().bytes(buffer, 0, n);
      }
    }
  }
}
