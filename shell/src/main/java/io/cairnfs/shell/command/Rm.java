package io.cairnfs.shell.command;

import io.cairnfs.client.CairnPath;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import io.cairnfs.shell.tree.Refusals;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * {@code rm}: deletes files, and with {@code -r} directories with all they hold, or moves them to
 * the trash where the cluster has one.
 */
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
    if (wasMovedToTrash(item)) {
      return;
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

  /** True also for what had gone meanwhile and should, with {@code -f}. */
  private boolean wasMovedToTrash(Item item) throws IOException {
    if (options.has("skipTrash")) {
      return false;
    }
    try {
      Optional<CairnPath> place = item.tree().moveToTrash(item.path());
      place.ifPresent(path -> tellMoved(item, path));
      return place.isPresent();
    } catch (CairnException e) {
      if (isWelcomeLoss(e)) {
        return true;
      }
      throw asTrashFailure(item, e);
    }
  }

  /** As HDFS: on standard error, so that scripts read the same from standard output. */
  private void tellMoved(Item item, CairnPath place) {
    shell().out().flush();
    shell()
        .err()
        .line(
            "Moved: '%s' to trash at: %s"
                .formatted(item.tree().qualified(item.path()), item.tree().qualified(place)));
    shell().err().flush();
  }

  private static IOException asTrashFailure(Item item, CairnException e) throws IOException {
    if (e.code() == ErrorCode.NOT_FOUND
        || e.code() == ErrorCode.CANCELLED
        || Refusals.isAboutTheCluster(e)) {
      return e;
    }
    String path = item.tree().qualified(item.path());
    String reason =
        item.tree().home().startsWith(item.path())
            ? "Cannot move \"" + path + "\" to the trash, as it contains the trash"
            : "Failed to move to trash: " + path + ": " + trouble(e);
    return new IOException(reason + ". Consider using -skipTrash option", e);
  }

  /** It is not the operand that is no directory. */
  private static String trouble(CairnException e) {
    return e.code() == ErrorCode.NOT_A_DIRECTORY ? e.getMessage() : Refusals.reason(e);
  }

  private boolean isWelcomeLoss(CairnException e) {
    return e.code() == ErrorCode.NOT_FOUND && options.has("f");
  }

  /** Something that has gone meanwhile was what the caller wanted with {@code -f}. */
  private void delete(Item item, boolean trees) throws IOException {
    try {
      item.tree().delete(item.path(), trees);
    } catch (CairnException e) {
      if (isWelcomeLoss(e)) {
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
