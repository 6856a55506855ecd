package io.cairnfs.shell;

import io.cairnfs.common.process.CairnVersion;
import io.cairnfs.shell.command.Command;
import io.cairnfs.shell.command.CommandWord;
import io.cairnfs.shell.command.Manual;
import io.cairnfs.shell.command.Shell;
import io.cairnfs.shell.command.UsageException;
import io.cairnfs.shell.text.NearestWord;
import io.cairnfs.shell.text.Output;
import io.cairnfs.shell.text.OutputException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Runs one command line of the {@code dfs} shell, generic options taken off. */
final class Dfs {
  private final Shell shell;

  Dfs(Shell shell) {
    this.shell = shell;
  }

  /** The exit code. */
  int run(List<String> words) {
    int code = dispatch(words);
    try {
      shell.out().flush();
    } catch (OutputException e) {
      code = code == Command.DONE ? Command.FAILED : code;
    }
    shell.err().flush();
    return code;
  }

  private int dispatch(List<String> words) {
    if (words.isEmpty()) {
      Manual.overview(shell.err());
      return Command.MISUSED;
    }
    String typed = words.get(0);
    switch (typed) {
      case "--version", "-version" -> {
        shell.out().line("cairn " + CairnVersion.text());
        return Command.DONE;
      }
      case "--help", "-h" -> {
        Manual.overview(shell.out());
        return Command.DONE;
      }
      default -> {
        Optional<CommandWord> word = CommandWord.find(typed);
        return word.isPresent()
            ? run(typed, word.get(), words.subList(1, words.size()))
            : unknown(typed);
      }
    }
  }

  private int unknown(String typed) {
    shell.err().line(typed + ": Unknown command");
    String bare = typed.replaceFirst("^-+", "").toLowerCase(Locale.ROOT);
    List<String> words = Arrays.stream(CommandWord.values()).map(CommandWord::word).toList();
    shell
        .err()
        .line(
            NearestWord.of(bare, words)
                .map(nearest -> "Did you mean -" + nearest + "?")
                .orElse("dfs -usage lists all commands."));
    return Command.MISUSED;
  }

  private int run(String typed, CommandWord word, List<String> arguments) {
    if (asksForHelp(arguments)) {
      word.help().forEach(shell.out()::line);
      return Command.DONE;
    }
    String name = word.word();
    word.replacement()
        .ifPresent(
            better ->
                shell.err().line(name + ": DEPRECATED: Please use '" + better + "' instead."));
    Output err = shell.err();
    try {
      return word.command().run(shell, name, arguments);
    } catch (UsageException | IllegalArgumentException e) {
      shell.out().flush();
      err.line(typed + ": " + e.getMessage());
      Manual.usageOf(word, err);
      return Command.MISUSED;
    } catch (OutputException e) {
      err.line(name + ": " + e.getMessage());
      return Command.FAILED;
    } catch (RuntimeException e) {
      err.line(typed + ": Fatal internal error");
      StringWriter trace = new StringWriter();
      e.printStackTrace(new PrintWriter(trace));
      err.print(trace.toString());
      return Command.MISUSED;
    }
  }

  private static boolean asksForHelp(List<String> arguments) {
    for (String argument : arguments) {
      if (argument.equals("--")) {
        return false;
      }
      if (argument.equals("--help")) {
        return true;
      }
    }
    return false;
  }
}
