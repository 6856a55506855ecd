package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.copy.CopyRules;
import io.cairnfs.shell.copy.FileCopy;
import io.cairnfs.shell.copy.Progress;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import io.cairnfs.shell.tree.Refusals;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * {@code getmerge}: files, and the files of directories, joined to one local file. Nothing is
 * written when a source is missing.
 */
final class Getmerge extends Command {
  private final List<Item> sources = new ArrayList<>();
  private Options options;
  private Item destination;

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException, IOException {
    options = OptionSyntax.atLeast(2, "nl", "skip-empty-file").parse(arguments);
    List<String> operands = options.operands();
    int last = operands.size() - 1;
    destination = shell().trees().onThisMachine(operands.get(last));
    if (destination.isDirectory()) {
      throw PathException.isDirectory(destination.text());
    }
    return operands.subList(0, last);
  }

  @Override
  protected void operands(List<Item> items) throws IOException, UsageException {
    super.operands(items);
    if (hasFailed()) {
      return;
    }
    CopyRules rules = new CopyRules(true, false, false, Set.of(), 1, 1, 1);
    Progress progress = shell().progress().get();
    progress.begin(sources);
    try (InputStream joined = new Joined()) {
      new FileCopy(rules, shell().unfinished(), progress)
          .copyStream(joined, destination, Optional.empty());
    } finally {
      progress.end();
    }
  }

  @Override
  protected void visit(Item item) throws IOException {
    if (!item.isDirectory()) {
      sources.add(item);
    } else if (depth() == 0) {
      below(item);
    }
  }

  /** The sources' bytes one after the other, opened as they come. */
  private final class Joined extends InputStream {
    private final Iterator<Item> rest = sources.iterator();
    private InputStream current = InputStream.nullInputStream();
    private InputStream afterwards = InputStream.nullInputStream();

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int n = current.read(bytes, offset, length);
      while (n < 0) {
        current.close();
        current = afterwards;
        afterwards = InputStream.nullInputStream();
        n = current.read(bytes, offset, length);
        if (n < 0) {
          if (!rest.hasNext()) {
            return -1;
          }
          next(rest.next());
          n = current.read(bytes, offset, length);
        }
      }
      return n;
    }

    private void next(Item item) throws IOException {
      boolean empty = item.facts().length() == 0;
      if (options.has("nl") && !(empty && options.has("skip-empty-file"))) {
        afterwards = new ByteArrayInputStream(new byte[] {'\n'});
      }
      try {
        current = item.tree().open(item.path(), 0);
      } catch (IOException e) {
        throw Refusals.worded(e, item.text());
      }
    }

    @Override
    public void close() throws IOException {
      current.close();
    }
  }
}
