package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.Item;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code getfattr}: extended attributes. */
final class Getfattr extends Command {
  private Optional<String> wanted = Optional.empty();
  private AttributeText encoding = AttributeText.TEXT;

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options = OptionSyntax.exactly(1, "R", "d").value("n", "e").parse(arguments);
    setRecursive(options.has("R"));
    wanted = options.value("n").filter(name -> !name.isEmpty());
    if (wanted.isEmpty() && !options.has("d")) {
      throw new UsageException("Must specify '-n name' or '-d' option.");
    }
    if (options.value("e").isPresent()) {
      String name = options.value("e").get();
      encoding =
          AttributeText.find(name)
              .orElseThrow(
                  () ->
                      new UsageException("Invalid/unsupported encoding option specified: " + name));
    }
    return options.operands();
  }

  @Override
  protected void visit(Item item) throws IOException {
    out().line("# file: " + item);
    if (wanted.isPresent()) {
      show(wanted.get(), item.tree().attribute(item.path(), wanted.get()));
      return;
    }
    for (Map.Entry<String, byte[]> each : item.tree().attributes(item.path()).entrySet()) {
      show(each.getKey(), each.getValue());
    }
  }

  private void show(String name, byte[] value) {
    out().line(value.length == 0 ? name : name + "=" + encoding.encode(value));
  }
}
