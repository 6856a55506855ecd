package io.cairnfs.shell.command;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import java.io.IOException;
import java.util.List;

/** {@code rm}: deletes files, and with {@code -r} directories with all they hold. */
final class Rm extends Command {
  /** With {@code -safely}, a directory with more files than this is deleted after a yes only. */
  private static final int UNASKED_FILES = 100;

  private final boolean recursiveByName;
  private Options options;

  private Rm(boolean recursiveByName) {
    this.recursiveByName = recursiveByName;
  }

  static Rm rm() {
    return new Rm(false);
  }

  /** The old word for {@code rm -r}. */
  static Rm rmr() {
    return new Rm(true);
  }

  /** There is no trash yet, so that {@code -skipTrash} says what happens anyway. */
  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    options = OptionSyntax.atLeast(1, "f", "r", "R", "skipTrash", "safely").parse(arguments);
    return options.operands();
  }

  @Override
  protected List<Item> expand(String operand) throws IOException {
    List<Item> items = shell().trees().glob(operand);
    if (items.isEmpty() && !options.has("f")) {
      throw PathException.notFound(operand);
    }
    return items;
  }

  @Override
  protected void missing(Item item) throws IOException {
    if (!options.has("f")) {
      super.missing(item);
    }
  }

  @Override
  protected void visit(Item item) throws IOException {
    boolean trees = recursiveByName || options.has("r") || options.has("R");
    if (item.isDirectory() && !trees) {
      throw PathException.isDirectory(item.text());
    }
    if (item.path().isRoot()) {
      throw new CairnException(ErrorCode.NOT_PERMITTED, "the root directory stays");
    }
    if (options.has("safely") && item.isDirectory() && !confirmed(item)) {
      setExitCode(FAILED);
      return;
    }
    delete(item, trees);
  }

  /** Something that has gone meanwhile was what the caller wanted with {@code -f}. */
  private void delete(Item item, boolean trees) throws IOException {
    try {
      item.tree().delete(item.path(), trees);
    } catch (CairnException e) {
      if (e.code() == ErrorCode.NOT_FOUND && options.has("f")) {
        return;
      }
      throw e;
    }
    out().line("Deleted " + item);
  }

  private boolean confirmed(Item item) throws IOException {
    if (item.tree().totals(item.path()).files() <= UNASKED_FILES) {
      return true;
    }
    shell().out().flush();
    shell().err().print("Proceed deleting more than " + UNASKED_FILES + " files? (Y or N) ");
    shell().err().flush();
    if (answerIsYes()) {
      return true;
    }
    shell().err().line("Delete aborted at user request.");
    return false;
  }

  private boolean answerIsYes() throws IOException {
    StringBuilder answer = new StringBuilder();
    for (int c = shell().in().read(); c >= 0 && c != '\n'; c = shell().in().read()) {
      answer.append((char) c);
    }
    String word = answer.toString().strip();
    return word.equalsIgnoreCase("y") || word.equalsIgnoreCase("yes");
  }
}
