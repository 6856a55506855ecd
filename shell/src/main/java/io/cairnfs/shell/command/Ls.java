package io.cairnfs.shell.command;

import io.cairnfs.client.CairnPath;
import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.text.ByteText;
import io.cairnfs.shell.text.ModeText;
import io.cairnfs.shell.text.Sizes;
import io.cairnfs.shell.tree.Facts;
import io.cairnfs.shell.tree.Item;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** {@code ls}: what directories hold. Columns are as wide as all that was listed so far needs. */
final class Ls extends Command {
  private static final String REPLICATED = "Replicated";

  private final boolean recursiveByName;
  private Options options;
  private int replicationWidth = 3;
  private int ownerWidth;
  private int groupWidth;
  private int lengthWidth = 10;

  /** What counts for the files of the directory that was asked about last. */
  private Optional<CairnPath> policyPlace = Optional.empty();

  private String policyThere = REPLICATED;

  private Ls(boolean recursiveByName) {
    this.recursiveByName = recursiveByName;
  }

  static Ls ls() {
    return new Ls(false);
  }

  /** The old word for {@code ls -R}. */
  static Ls lsr() {
    return new Ls(true);
  }

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    options =
        OptionSyntax.atLeast(0, "C", "d", "h", "q", "R", "t", "S", "r", "u", "e").parse(arguments);
    setRecursive((options.has("R") || recursiveByName) && !options.has("d"));
    return options.operands().isEmpty() ? List.of(".") : options.operands();
  }

  @Override
  protected void operand(Item item) throws IOException {
    if (item.isDirectory() && !options.has("d")) {
      below(item);
    } else {
      adjustWidths(List.of(item));
      super.operand(item);
    }
  }

  @Override
  protected void siblings(List<Item> items) {
    List<Item> shown = items;
    if (!isRecursive() && !items.isEmpty()) {
      if (!options.has("C")) {
        out().line("Found " + items.size() + " items");
      }
      shown = new ArrayList<>(items);
      shown.sort(order());
    }
    adjustWidths(shown);
    super.siblings(shown);
  }

  private Comparator<Item> order() {
    Comparator<Item> order = Comparator.comparing(Item::path);
    if (options.has("t")) {
      order = Comparator.comparingLong((Item item) -> shownTime(item.facts())).reversed();
    } else if (options.has("S")) {
      order = Comparator.comparingLong((Item item) -> item.facts().length()).reversed();
    }
    return options.has("r") ? order.reversed() : order;
  }

  private long shownTime(Facts facts) {
    return options.has("u") ? facts.accessedMillis() : facts.modifiedMillis();
  }

  private void adjustWidths(List<Item> items) {
    for (Item item : items) {
      Facts facts = item.facts();
      replicationWidth = Math.max(replicationWidth, Integer.toString(facts.replication()).length());
      ownerWidth = Math.max(ownerWidth, facts.owner().length());
      groupWidth = Math.max(groupWidth, facts.group().length());
      lengthWidth = Math.max(lengthWidth, Long.toString(facts.length()).length());
    }
  }

  @Override
  protected void visit(Item item) throws IOException {
    String shown = options.has("q") ? ByteText.printable(item.text()) : item.text();
    out().line(options.has("C") ? shown : line(item) + shown);
  }

  private String line(Item item) throws IOException {
    Facts facts = item.facts();
    StringBuilder line = new StringBuilder();
    line.append(facts.kind().letter());
    line.append(ModeText.symbolic(facts.mode())).append(facts.hasAcl() ? '+' : ' ');
    right(line, facts.isFile() ? Integer.toString(facts.replication()) : "-", replicationWidth);
    left(line.append(' '), facts.owner(), ownerWidth);
    left(line, facts.group(), groupWidth);
    if (options.has("e")) {
      line.append(' ').append(policy(item)).append(' ');
    }
    right(line, Sizes.plainOrHuman(facts.length(), options.has("h")), lengthWidth);
    line.append(' ').append(TimeText.minutes(shownTime(facts), shell().zone())).append(' ');
    return line.toString();
  }

  /** Of a file that is its directory's, which is asked once for all of its files. */
  private String policy(Item item) throws IOException {
    Optional<CairnPath> place =
        item.isDirectory() ? Optional.of(item.path()) : item.path().parent();
    if (!place.equals(policyPlace)) {
      policyThere = item.tree().codingPolicy(place.orElse(item.path())).orElse(REPLICATED);
      policyPlace = place;
    }
    return policyThere;
  }

  private static void right(StringBuilder line, String value, int width) {
    line.append(" ".repeat(Math.max(0, width - value.length()))).append(value);
  }

  /** A column that nothing has anything in takes no room at all. */
  private static void left(StringBuilder line, String value, int width) {
    if (width > 0) {
      line.append(value).append(" ".repeat(width - value.length() + 1));
    }
  }
}
