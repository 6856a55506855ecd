package io.cairnfs.shell.command;

import io.cairnfs.shell.text.Output;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import io.cairnfs.shell.tree.Refusals;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * One run of a word of the shell. Operands that fail are told one by one on standard error as
 * {@code word: reason}, and the others are still processed.
 *
 * <p>A run takes these steps, each of which a command may have in its own way: {@link #prepare}
 * reads the options; {@link #expand} turns each operand into items; {@link #operands} goes through
 * them; {@link #operand} takes one; {@link #visit} does the work, and with {@link #recursive} is
 * called for everything below too, with {@link #leave} after what lies below.
 */
public abstract class Command {
  /** All done. */
  public static final int DONE = 0;

  /** An operand failed. */
  public static final int FAILED = 1;

  /** Interrupted from outside. */
  public static final int INTERRUPTED = 130;

  /** The command line was wrong, or the shell itself is. */
  public static final int MISUSED = 255;

  private Shell shell;
  private String name;
  private boolean recursive;
  private int depth;
  private int errors;
  private int exitCode;

  /** Nobody answers: the run is over. */
  private static final class Unreachable extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unreachable(IOException cause) {
      super(cause);
    }
  }

  /** Somebody pressed Ctrl-C. */
  private static final class Interrupted extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /**
   * Runs the command.
   *
   * @param name the word as it was typed, without a dash
   * @return the exit code
   * @throws UsageException if the command line is wrong
   */
  public final int run(Shell shell, String name, List<String> arguments) throws UsageException {
    this.shell = shell;
    this.name = name;
    try {
      execute(prepare(arguments));
    } catch (Interrupted e) {
      warn("Interrupted");
      return INTERRUPTED;
    } catch (InterruptedIOException e) {
      warn("Interrupted");
      return INTERRUPTED;
    } catch (Unreachable e) {
      fail(message((IOException) e.getCause()));
    } catch (IOException e) {
      fail(message(e));
    }
    return errors == 0 ? exitCode : FAILED;
  }

  /**
   * Takes the options off.
   *
   * @return the operands
   */
  protected abstract List<String> prepare(List<String> arguments)
      throws UsageException, IOException;

  /** What follows the options. */
  protected void execute(List<String> operands) throws IOException, UsageException {
    List<Item> items = new ArrayList<>();
    for (String operand : operands) {
      try {
        items.addAll(expand(operand));
      } catch (IOException e) {
        report(e, operand);
      }
    }
    operands(items);
  }

  /** An operand's items: by default all that it matches in the cluster. */
  protected List<Item> expand(String operand) throws IOException {
    List<Item> items = shell.trees().glob(operand);
    if (items.isEmpty()) {
      throw PathException.notFound(operand);
    }
    return items;
  }

  protected void operands(List<Item> items) throws IOException, UsageException {
    for (Item item : items) {
      try {
        if (item.exists()) {
          operand(item);
        } else {
          missing(item);
        }
      } catch (IOException e) {
        report(e, item.text());
      }
    }
  }

  /** One operand that exists. */
  protected void operand(Item item) throws IOException {
    depth = 0;
    visitAll(List.of(item));
  }

  /** One operand that does not exist. */
  protected void missing(Item item) throws IOException {
    throw PathException.notFound(item.text());
  }

  protected final void visitAll(List<Item> items) {
    for (Item item : items) {
      try {
        visit(item);
        if (recursive && item.isDirectory()) {
          below(item);
        }
        leave(item);
      } catch (IOException e) {
        report(e, item.text());
      }
    }
  }

  /** Goes through what a directory holds. */
  protected final void below(Item directory) throws IOException {
    depth++;
    try {
      siblings(directory.children());
    } finally {
      depth--;
    }
  }

  /** The items of one directory; by default each is visited. */
  protected void siblings(List<Item> items) {
    visitAll(items);
  }

  /** The work for one item. */
  protected void visit(Item item) throws IOException {
    throw new IllegalStateException(name + " visits nothing, but was asked to visit " + item);
  }

  /** Refuses a fifo, socket or device of a cluster. */
  protected static void requireContent(Item item) throws PathException {
    if (item.hasNoContent()) {
      throw PathException.notRegular(item.text());
    }
  }

  /** After an item and all below it were visited. */
  protected void leave(Item item) throws IOException {}

  protected final void setRecursive(boolean on) {
    recursive = on;
  }

  protected final boolean isRecursive() {
    return recursive;
  }

  /** Directories between the operand and the item that is visited. */
  protected final int depth() {
    return depth;
  }

  protected final Shell shell() {
    return shell;
  }

  protected final Output out() {
    return shell.out();
  }

  protected final String name() {
    return name;
  }

  /** The exit code unless something fails. */
  protected final void setExitCode(int code) {
    exitCode = code;
  }

  protected final boolean hasFailed() {
    return errors > 0;
  }

  /** Tells of trouble with an operand, and goes on; unless nobody would answer the next one. */
  protected final void report(IOException e, String operand) {
    if (e instanceof InterruptedIOException) {
      throw new Interrupted();
    }
    if (Refusals.isAboutTheCluster(e)) {
      throw new Unreachable(e);
    }
    IOException worded = Refusals.worded(e, operand);
    if (worded instanceof InterruptedIOException) {
      throw new Interrupted();
    }
    fail(message(worded));
  }

  /** The first line of the message; without one, all that is known. */
  private static String message(IOException e) {
    String message = e.getMessage();
    if (message == null) {
      StringWriter trace = new StringWriter();
      e.printStackTrace(new PrintWriter(trace));
      return trace.toString().stripTrailing();
    }
    return message.lines().findFirst().orElse("");
  }

  private void fail(String message) {
    errors++;
    warn(message);
  }

  /** A line on standard error that does not change the exit code. */
  protected final void warn(String message) {
    shell.out().flush();
    shell.err().line(name + ": " + message);
    shell.err().flush();
  }
}
