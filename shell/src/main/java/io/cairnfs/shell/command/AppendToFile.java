package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import io.cairnfs.shell.tree.Refusals;
import io.cairnfs.shell.tree.Sink;
import io.cairnfs.shell.tree.WriteOptions;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/** {@code appendToFile}: what local files or standard input hold, to the end of one file. */
final class AppendToFile extends Command {
  private static final String STANDARD_INPUT = "-";
  private static final int BUFFER_BYTES = 1 << 20;

  private String destination;

  /** {@code -n} asks HDFS for a new block; here every append begins a chunk of its own. */
  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options = OptionSyntax.atLeast(2, "n").parse(arguments);
    int last = options.operands().size() - 1;
    destination = options.operands().get(last);
    return options.operands().subList(0, last);
  }

  @Override
  protected void execute(List<String> operands) throws IOException {
    if (operands.contains(STANDARD_INPUT) && operands.size() > 1) {
      throw new IOException("stdin (-) must be the sole input argument when present");
    }
    List<Item> sources = new ArrayList<>();
    for (String operand : operands) {
      if (!operand.equals(STANDARD_INPUT)) {
        sources.add(requireFile(shell().trees().onThisMachine(operand)));
      }
    }
    Item target = shell().trees().inCluster(destination);
    if (target.isDirectory()) {
      throw PathException.isDirectory(target.text());
    }
    if (!target.exists() && !target.parentExists()) {
      throw PathException.notFound(target);
    }
    try {
      append(target, sources);
    } catch (IOException e) {
      throw Refusals.worded(e, target.text());
    }
  }

  private static Item requireFile(Item source) throws IOException {
    if (!source.exists()) {
      throw PathException.notFound(source.text());
    }
    if (source.isDirectory()) {
      throw PathException.isDirectory(source.text());
    }
    return source;
  }

  private void append(Item target, List<Item> sources) throws IOException {
    Sink sink =
        target.exists()
            ? target.tree().append(target.path())
            : target.tree().create(target.path(), WriteOptions.visible(false));
    try {
      if (sources.isEmpty()) {
        copy(shell().in(), sink);
      }
      for (Item source : sources) {
        try (InputStream in = source.tree().open(source.path(), 0)) {
          copy(in, sink);
        }
      }
      sink.close();
    } finally {
      sink.abort();
    }
  }

  private static void copy(InputStream in, Sink sink) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      sink.write(buffer, 0, n);
    }
  }
}
