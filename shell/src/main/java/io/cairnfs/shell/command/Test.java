package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.Facts;
import io.cairnfs.shell.tree.Item;
import java.io.IOException;
import java.util.List;

/** {@code test}: answers a question about a path by its exit code. */
final class Test extends Command {
  private char question;

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options = OptionSyntax.exactly(1, "e", "d", "f", "s", "z", "w", "r").parse(arguments);
    if (options.given().isEmpty()) {
      throw new UsageException("No test flag given");
    }
    if (options.given().size() > 1) {
      throw new UsageException("Only one test flag is allowed");
    }
    question = options.given().iterator().next().charAt(0);
    return options.operands();
  }

  @Override
  protected void visit(Item item) throws IOException {
    if (!holds(item)) {
      setExitCode(FAILED);
    }
  }

  private boolean holds(Item item) throws IOException {
    Facts facts = item.facts();
    return switch (question) {
      case 'd' -> facts.isDirectory();
      case 'f' -> facts.isFile();
      case 's' -> facts.length() > 0;
      case 'z' -> facts.length() == 0;
      case 'r' -> item.tree().mayRead(item.path());
      case 'w' -> item.tree().mayWrite(item.path());
      default -> true;
    };
  }

  @Override
  protected void missing(Item item) {
    setExitCode(FAILED);
  }
}
