package io.cairnfs.shell.command;

import io.cairnfs.shell.text.Output;
import java.util.List;
import java.util.Optional;

/** {@code help} and {@code usage}: what there is, and how it is used. */
public final class Manual extends Command {
  private static final String USAGE = "Usage: dfs [generic options]";

  private static final String GENERIC_OPTIONS =
      """

      Generic options supported are:
      -fs <cairn://host:port[,host:port...]|cairn://NAME>  the cluster, by metaservers or name
      -D <property=value>                                  override a key of the configuration
      --conf <configuration file>                          the configuration to read

      The general command line syntax is:
      dfs [genericOptions] [commandOptions]
      """;

  private final boolean explains;

  private Manual(boolean explains) {
    this.explains = explains;
  }

  static Manual help() {
    return new Manual(true);
  }

  static Manual usage() {
    return new Manual(false);
  }

  @Override
  protected List<String> prepare(List<String> arguments) {
    return arguments;
  }

  @Override
  protected void execute(List<String> words) throws UsageException {
    if (words.isEmpty()) {
      all(out());
    }
    for (String word : words) {
      Optional<CommandWord> found = CommandWord.find(word);
      if (found.isEmpty()) {
        throw new UsageException("`" + word + "': Unknown command");
      }
      if (explains) {
        found.get().help().forEach(out()::line);
      } else {
        usageOf(found.get(), out());
      }
    }
  }

  private void all(Output out) {
    usages(out);
    if (explains) {
      for (CommandWord word : CommandWord.values()) {
        if (word.replacement().isEmpty()) {
          out.line("");
          word.help().forEach(out::line);
        }
      }
    }
    GENERIC_OPTIONS.lines().forEach(out::line);
  }

  private static void usages(Output out) {
    out.line(USAGE);
    for (CommandWord word : CommandWord.values()) {
      if (word.replacement().isEmpty()) {
        out.line("\t[" + word.usage() + "]");
      }
    }
  }

  /** The usage of all words and the options before them. */
  public static void overview(Output out) {
    usages(out);
    GENERIC_OPTIONS.lines().forEach(out::line);
  }

  /** The usage of one word. */
  public static void usageOf(CommandWord word, Output out) {
    out.line(USAGE + " " + word.usage());
  }
}
