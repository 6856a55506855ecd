package io.cairnfs.shell.policy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.shell.policy.PolicyWord.Misuse;
import io.cairnfs.shell.text.Output;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.Trees;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A command whose words begin with a dash, as HDFS' administration has them. Exit codes: 0 done; 1
 * the command line was wrong; 2 (3 where HDFS says so) it was refused.
 */
public abstract class PolicyTool {
  static final int DONE = 0;
  static final int MISUSED = 1;
  static final int REFUSED = 2;

  private final String name;
  private final Trees trees;
  private final Output out;
  private final Output err;

  PolicyTool(String name, Trees trees, Output out, Output err) {
    this.name = name;
    this.trees = trees;
    this.out = out;
    this.err = err;
  }

  /** All words but the one for help, in the order of the usage. */
  abstract List<PolicyWord> words();

  final Trees trees() {
    return trees;
  }

  final Output out() {
    return out;
  }

  final Output err() {
    return err;
  }

  /** The exit code. */
  public final int run(List<String> typed) {
    if (typed.isEmpty()) {
      usage();
      return MISUSED;
    }
    String first = typed.get(0);
    List<String> rest = typed.subList(1, typed.size());
    if (first.equals("-help") || first.equals("--help") || first.equals("-h")) {
      return help(rest);
    }
    Optional<PolicyWord> word =
        words().stream().filter(each -> first.equals("-" + each.name())).findFirst();
    if (word.isEmpty()) {
      err.line("Can't understand command '" + first + "'");
      if (!first.startsWith("-")) {
        err.line("Command names must start with dashes.");
      }
      usage();
      return MISUSED;
    }
    return run(word.get(), new Words(word.get().name(), rest));
  }

  private int run(PolicyWord word, Words words) {
    try {
      return word.action().run(words);
    } catch (Misuse e) {
      err.line(e.getMessage());
      err.line("Usage: cairn " + name + " " + word.usage());
      return MISUSED;
    } catch (IOException e) {
      err.line(worded(e));
      return REFUSED;
    }
  }

  /** A refusal as HDFS prints it: the kind of its exception, and the message's first line. */
  static String worded(IOException refusal) {
    String message = String.valueOf(refusal.getMessage()).split("\n", 2)[0];
    if (refusal instanceof FileNotFoundException) {
      return "FileNotFoundException: " + message;
    }
    if (!(refusal instanceof CairnException cairn)) {
      return "IOException: " + message;
    }
    return switch (cairn.code()) {
      case PERMISSION_DENIED, NOT_PERMITTED ->
          "AccessControlException: Permission denied: " + message;
      case ATTRIBUTE_NOT_FOUND -> "NoECPolicySetException: " + message;
      case INVALID_ARGUMENT, NOT_A_DIRECTORY -> "RemoteException: " + message;
      default -> "IOException: " + message;
    };
  }

  /**
   * What stands at a path.
   *
   * @param missing how the refusal begins where nothing does
   */
  final Item require(String path, String missing) throws IOException {
    Item item = trees.inCluster(path);
    if (!item.exists()) {
      throw new FileNotFoundException(missing + item.path());
    }
    return item;
  }

  private void usage() {
    err.line("Usage: cairn " + name + " [COMMAND]");
    words().forEach(word -> err.line("          " + word.usage()));
    err.line("          [-help <command-name>]");
  }

  private int help(List<String> asked) {
    if (asked.isEmpty()) {
      words().forEach(this::explain);
      return DONE;
    }
    if (asked.size() > 1) {
      err.line("You must give exactly one argument to -help.");
      return MISUSED;
    }
    String wanted = asked.get(0).replaceFirst("^-+", "");
    Optional<PolicyWord> word =
        words().stream().filter(each -> each.name().equals(wanted)).findFirst();
    if (word.isEmpty()) {
      err.line("Sorry, I don't know the command '" + asked.get(0) + "'.");
      err.line(
          "Valid help command names are: "
              + String.join(", ", words().stream().map(PolicyWord::name).toList()));
      return MISUSED;
    }
    explain(word.get());
    return DONE;
  }

  private void explain(PolicyWord word) {
    out.line(word.usage());
    out.line("");
    out.line(word.explanation());
    word.options().forEach(option -> out.line("  " + option.get(0) + "  " + option.get(1)));
    out.line("");
  }
}
