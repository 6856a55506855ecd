package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.text.Sizes;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.Totals;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * {@code count}: directories, files and bytes below paths. There are no quotas, snapshots or
 * storage types yet: their columns say so as HDFS does for what is not set.
 */
final class Count extends Command {
  private static final String SUMMARY = "%12s %12s %18s ";
  private static final String QUOTA = "%12s %15s %15s %15s ";
  private static final String SNAPSHOT = "%18s %24s %24s %28s ";
  private static final String POLICY = "%20s ";

  private Options options;

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    options =
        OptionSyntax.atLeast(1, "q", "h", "v", "u", "x", "e", "s").value("t").parse(arguments);
    if (options.has("v")) {
      out().line(header() + "PATHNAME");
    }
    return options.operands();
  }

  private String header() {
    String quota = format(QUOTA, "QUOTA", "REM_QUOTA", "SPACE_QUOTA", "REM_SPACE_QUOTA");
    if (options.has("u")) {
      return quota;
    }
    String summary = format(SUMMARY, "DIR_COUNT", "FILE_COUNT", "CONTENT_SIZE");
    return (options.has("q") ? quota : "")
        + summary
        + (options.has("e") ? "ERASURECODING_POLICY " : "")
        + (options.has("s")
            ? format(
                SNAPSHOT,
                "SNAPSHOT_LENGTH",
                "SNAPSHOT_FILE_COUNT",
                "SNAPSHOT_DIR_COUNT",
                "SNAPSHOT_SPACE_CONSUMED")
            : "");
  }

  @Override
  protected void visit(Item item) throws IOException {
    String quota = format(QUOTA, "none", "inf", "none", "inf");
    if (options.has("u")) {
      out().line(quota + item);
      return;
    }
    Totals totals = item.tree().totals(item.path());
    boolean human = options.has("h");
    String summary =
        format(
            SUMMARY,
            Sizes.plainOrHuman(totals.directories(), human),
            Sizes.plainOrHuman(totals.files(), human),
            Sizes.plainOrHuman(totals.bytes(), human));
    out()
        .line(
            (options.has("q") ? quota : "")
                + summary
                + (options.has("e") ? format(POLICY, policy(item)) : "")
                + (options.has("s") ? format(SNAPSHOT, "0", "0", "0", "0") : "")
                + item);
  }

  private static String policy(Item item) throws IOException {
    return item.tree().codingPolicy(item.path()).orElse("Replicated");
  }

  private static String format(String format, String... values) {
    return String.format(Locale.ROOT, format, (Object[]) values);
  }
}
