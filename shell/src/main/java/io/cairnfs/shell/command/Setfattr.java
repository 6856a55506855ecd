package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.Item;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** {@code setfattr}: sets or removes an extended attribute. */
final class Setfattr extends Command {
  private Optional<String> set = Optional.empty();
  private Optional<String> removed = Optional.empty();
  private byte[] value = {};

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options = OptionSyntax.exactly(1).value("n", "v", "x").parse(arguments);
    set = options.value("n").filter(name -> !name.isEmpty());
    removed = options.value("x").filter(name -> !name.isEmpty());
    if (set.isPresent() && removed.isPresent()) {
      throw new UsageException("Can not specify both '-n name' and '-x name' option.");
    }
    if (set.isEmpty() && removed.isEmpty()) {
      throw new UsageException("Must specify '-n name' or '-x name' option.");
    }
    try {
      value = AttributeText.decode(options.value("v").orElse(""));
    } catch (IllegalArgumentException e) {
      throw new UsageException("value: " + e.getMessage());
    }
    return options.operands();
  }

  @Override
  protected void visit(Item item) throws IOException {
    if (set.isPresent()) {
      item.tree().setAttribute(item.path(), set.get(), value);
    } else {
      item.tree().removeAttribute(item.path(), removed.orElseThrow());
    }
  }
}
