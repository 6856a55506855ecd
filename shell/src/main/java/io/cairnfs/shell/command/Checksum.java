package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;

/**
 * {@code checksum}: CRC-32C of whole files, which HDFS calls its composite mode: it does not depend
 * on how a file is cut into chunks.
 */
final class Checksum extends Command {
  private static final String ALGORITHM = "COMPOSITE-CRC32C";

  private boolean verbose;

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options = OptionSyntax.atLeast(1, "v").parse(arguments);
    verbose = options.has("v");
    return options.operands();
  }

  @Override
  protected void visit(Item item) throws IOException {
    if (item.isDirectory()) {
      throw PathException.isDirectory(item.text());
    }
    requireContent(item);
    String hex = HexFormat.of().toHexDigits(item.tree().crc32c(item.path()));
    out()
        .line(
            item
                + "\t"
                + ALGORITHM
                + "\t"
                + hex
                + (verbose ? "\tBlockSize=" + item.facts().blockSize() : ""));
  }
}
