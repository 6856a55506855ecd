package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.text.ModeText;
import io.cairnfs.shell.tree.Facts;
import io.cairnfs.shell.tree.Item;
import java.util.List;

/** {@code stat}: attributes in a format of the caller's. */
final class Stat extends Command {
  private String format = "%y";

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options = OptionSyntax.atLeast(1, "R").parse(arguments);
    setRecursive(options.has("R"));
    List<String> operands = options.operands();
    if (operands.get(0).contains("%")) {
      format = operands.get(0);
      operands = operands.subList(1, operands.size());
    }
    return OptionSyntax.atLeast(1, "R").parse(operands).operands();
  }

  @Override
  protected void visit(Item item) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%') {
        line.append(c);
      } else if (++i < format.length()) {
        line.append(field(format.charAt(i), item));
      }
    }
    out().line(line.toString());
  }

  /** A letter without a meaning stands for itself, {@code %} too. */
  private static String field(char letter, Item item) {
    Facts facts = item.facts();
    return switch (letter) {
      case 'a' -> ModeText.octal(facts.mode());
      case 'A' -> ModeText.symbolic(facts.mode());
      case 'b' -> Long.toString(facts.length());
      case 'F' -> facts.kind().text();
      case 'g' -> facts.group();
      case 'n' -> item.name();
      case 'o' -> Long.toString(facts.blockSize());
      case 'r' -> Integer.toString(facts.replication());
      case 'u' -> facts.owner();
      case 'x' -> TimeText.utcSeconds(facts.accessedMillis());
      case 'X' -> Long.toString(facts.accessedMillis());
      case 'y' -> TimeText.utcSeconds(facts.modifiedMillis());
      case 'Y' -> Long.toString(facts.modifiedMillis());
      default -> String.valueOf(letter);
    };
  }
}
