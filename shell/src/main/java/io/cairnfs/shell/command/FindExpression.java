package io.cairnfs.shell.command;

import io.cairnfs.shell.text.Output;
import io.cairnfs.shell.tree.FileKind;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.NamePattern;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;

/**
 * What {@code find} looks for and does: HDFS' {@code -name -iname -print -print0 -a} and brackets,
 * and {@code -type -size -mtime -empty -delete} as POSIX and GNU know them. All terms must hold, in
 * the order in which they stand. Without an action what matches is printed.
 */
final class FindExpression {
  /** One condition or action. */
  @FunctionalInterface
  private interface Term {
    boolean holds(Item item, Output out) throws IOException;
  }

  private static final long DAY_NANOS = 86_400_000_000_000L;
  private static final String SIZE_UNITS = "bckMGT";
  private static final long[] SIZE_FACTORS = {512, 1, 1L << 10, 1L << 20, 1L << 30, 1L << 40};

  private final List<Term> terms = new ArrayList<>();
  private final long nowNanos;
  private boolean acts;
  private boolean deletes;

  private FindExpression(long nowNanos) {
    this.nowNanos = nowNanos;
  }

  /**
   * @throws IOException for a word that is no part of an expression, as HDFS does it
   * @throws UsageException for a missing or malformed argument
   */
  static FindExpression parse(List<String> words, long nowNanos)
      throws IOException, UsageException {
    FindExpression expression = new FindExpression(nowNanos);
    Deque<String> rest = new ArrayDeque<>(words);
    int open = 0;
    while (!rest.isEmpty()) {
      String word = rest.remove();
      switch (word) {
        case "(" -> open++;
        case ")" -> open--;
        case "-a", "-and" -> checkFollowed(word, rest);
        default -> expression.add(word, rest);
      }
    }
    if (open > 0) {
      throw new UsageException("missing )");
    }
    if (!expression.acts) {
      expression.terms.add(FindExpression::print);
    }
    return expression;
  }

  private static void checkFollowed(String word, Deque<String> rest) throws UsageException {
    if (rest.isEmpty()) {
      throw new UsageException("nothing follows " + word);
    }
  }

  private void add(String word, Deque<String> rest) throws IOException, UsageException {
    switch (word) {
      case "-print" -> act(FindExpression::print);
      case "-print0" ->
          act(
              (item, out) -> {
                out.print(item + "\0");
                return true;
              });
      case "-delete" -> {
        deletes = true;
        act(
            (item, out) -> {
              item.tree().delete(item.path(), false);
              return true;
            });
      }
      case "-empty" -> terms.add((item, out) -> isEmpty(item));
      case "-name" -> addName(argument(word, rest), NamePattern.Case.EXACT);
      case "-iname" -> addName(argument(word, rest), NamePattern.Case.IGNORED);
      case "-type" -> addType(argument(word, rest));
      case "-size" -> addSize(argument(word, rest));
      case "-mtime" -> addAge(argument(word, rest));
      default -> throw new IOException("Unexpected argument: " + word);
    }
  }

  private void act(Term action) {
    acts = true;
    terms.add(action);
  }

  private static boolean print(Item item, Output out) {
    out.line(item.text());
    return true;
  }

  private static String argument(String word, Deque<String> rest) throws UsageException {
    if (rest.isEmpty()) {
      throw new UsageException(word + " requires an argument");
    }
    return rest.remove();
  }

  private void addName(String pattern, NamePattern.Case letters) throws IOException {
    NamePattern compiled = NamePattern.of(pattern, letters);
    terms.add((item, out) -> compiled.matches(item.name()));
  }

  private void addType(String type) throws UsageException {
    switch (type) {
      case "f" -> terms.add((item, out) -> item.facts().isFile());
      case "d" -> terms.add((item, out) -> item.facts().isDirectory());
      case "l" -> terms.add((item, out) -> item.facts().isSymlink());
      case "p" -> addKind(FileKind.FIFO);
      case "s" -> addKind(FileKind.SOCKET);
      case "c" -> addKind(FileKind.CHARACTER_DEVICE);
      case "b" -> addKind(FileKind.BLOCK_DEVICE);
      default -> throw new UsageException("-type takes f, d, l, p, s, c or b, not " + type);
    }
  }

  private void addKind(FileKind kind) {
    terms.add((item, out) -> item.facts().kind() == kind);
  }

  /** Sizes are counted in whole units, rounded up. */
  private void addSize(String size) throws UsageException {
    int unit = SIZE_UNITS.indexOf(size.isEmpty() ? ' ' : size.charAt(size.length() - 1));
    Comparison wanted =
        Comparison.parse("-size", unit < 0 ? size : size.substring(0, size.length() - 1));
    long factor = SIZE_FACTORS[Math.max(0, unit)];
    terms.add(
        (item, out) ->
            item.facts().isFile() && wanted.holds((item.facts().length() + factor - 1) / factor));
  }

  /** Ages are counted in whole days, rounded down. */
  private void addAge(String days) throws UsageException {
    Comparison wanted = Comparison.parse("-mtime", days);
    terms.add(
        (item, out) ->
            wanted.holds(Math.floorDiv(nowNanos - item.facts().modifiedNanos(), DAY_NANOS)));
  }

  private static boolean isEmpty(Item item) throws IOException {
    return item.isDirectory()
        ? item.children().isEmpty()
        : item.facts().isFile() && item.facts().length() == 0;
  }

  /** {@code n}, {@code +n} for more, {@code -n} for less. */
  private record Comparison(int sign, long number) {
    static Comparison parse(String word, String text) throws UsageException {
      int sign = text.startsWith("+") ? 1 : text.startsWith("-") ? -1 : 0;
      String digits = sign == 0 ? text : text.substring(1);
      if (!digits.matches("[0-9]{1,18}")) {
        throw new UsageException(
            String.format(Locale.ROOT, "%s takes [+-]number, not %s", word, text));
      }
      return new Comparison(sign, Long.parseLong(digits));
    }

    boolean holds(long value) {
      return Long.signum(Long.compare(value, number)) == sign;
    }
  }

  boolean deletes() {
    return deletes;
  }

  /** Does what the expression says with one item. */
  void apply(Item item, Output out) throws IOException {
    for (Term term : terms) {
      if (!term.holds(item, out)) {
        return;
      }
    }
  }
}
