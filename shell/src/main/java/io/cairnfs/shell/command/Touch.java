package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.AttributeUpdate;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import io.cairnfs.shell.tree.WriteOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** {@code touch}: sets times, and makes empty files. */
final class Touch extends Command {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private Options options;
  private Optional<Long> stampNanos = Optional.empty();

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    List<String> rest = new ArrayList<>(arguments);
    Optional<String> stamp = takeStamp(rest);
    options = OptionSyntax.atLeast(1, "a", "m", "c").parse(rest);
    if (stamp.isPresent()) {
      long millis =
          TimeText.parseStamp(stamp.get(), shell().zone())
              .orElseThrow(() -> new UsageException(unparsable(stamp.get())));
      stampNanos = Optional.of(millis * NANOS_PER_MILLI);
    }
    return options.operands();
  }

  private static String unparsable(String stamp) {
    return "Unable to parse the specified timestamp "
        + stamp
        + ". The expected format is yyyyMMdd:HHmmss";
  }

  /** Takes {@code -t TIMESTAMP} off, among the options only. */
  private static Optional<String> takeStamp(List<String> arguments) throws UsageException {
    for (int i = 0; i < arguments.size() && arguments.get(i).startsWith("-"); i++) {
      if (arguments.get(i).equals("--")) {
        return Optional.empty();
      }
      if (arguments.get(i).equals("-t")) {
        arguments.remove(i);
        if (i == arguments.size()) {
          throw new UsageException("option -t requires 1 argument.");
        }
        return Optional.of(arguments.remove(i));
      }
    }
    return Optional.empty();
  }

  @Override
  protected void visit(Item item) throws IOException {
    setTimes(item);
  }

  @Override
  protected void missing(Item item) throws IOException {
    if (!item.parentExists()) {
      throw PathException.notFound(item);
    }
    if (options.has("c")) {
      return;
    }
    item.tree().create(item.path(), WriteOptions.visible(false)).close();
    if (stampNanos.isPresent()) {
      setTimes(item);
    }
  }

  private void setTimes(Item item) throws IOException {
    OptionalLong time = OptionalLong.of(stampNanos.orElseGet(() -> shell().clock().wallNanos()));
    boolean both = options.has("a") == options.has("m");
    OptionalLong none = OptionalLong.empty();
    item.tree()
        .update(
            item.path(),
            AttributeUpdate.times(
                both || options.has("m") ? time : none, both || options.has("a") ? time : none));
  }
}
