package io.cairnfs.shell.command;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The options a command takes, HDFS' way: each a word of its own with one dash ({@code -R -h}, not
 * {@code -Rh}), all before the first operand; {@code -} is an operand and {@code --} ends the
 * options.
 */
final class OptionSyntax {
  private static final int ANY = Integer.MAX_VALUE;

  private final int least;
  private final int most;
  private final Set<String> flags;
  private final Set<String> withValue = new HashSet<>();
  private boolean othersAreOperands;

  private OptionSyntax(int least, int most, String... flags) {
    this.least = least;
    this.most = most;
    this.flags = new HashSet<>(Arrays.asList(flags));
  }

  static OptionSyntax atLeast(int operands, String... flags) {
    return new OptionSyntax(operands, ANY, flags);
  }

  static OptionSyntax exactly(int operands, String... flags) {
    return new OptionSyntax(operands, operands, flags);
  }

  /** Options that take the next word, unless that is missing, needed or looks like an option. */
  OptionSyntax value(String... options) {
    withValue.addAll(Arrays.asList(options));
    return this;
  }

  /**
   * Words that look like options but are none of these are operands, such as {@code -w} in chmod.
   */
  OptionSyntax othersAreOperands() {
    othersAreOperands = true;
    return this;
  }

  /**
   * @throws UsageException for an option that is not known, or too few or too many operands
   */
  Options parse(List<String> arguments) throws UsageException {
    List<String> rest = new ArrayList<>(arguments);
    Set<String> given = new HashSet<>();
    Map<String, String> values = new HashMap<>();
    int at = 0;
    while (at < rest.size() && rest.get(at).startsWith("-") && !rest.get(at).equals("-")) {
      String word = rest.get(at);
      if (word.equals("--")) {
        rest.remove(at);
        break;
      }
      String option = word.substring(1);
      if (flags.contains(option)) {
        rest.remove(at);
        given.add(option);
      } else if (withValue.contains(option)) {
        rest.remove(at);
        boolean hasValue = at < rest.size() && rest.size() > least && !rest.get(at).startsWith("-");
        values.put(option, hasValue ? rest.remove(at) : "");
      } else if (othersAreOperands) {
        at++;
      } else {
        throw new UsageException("Illegal option " + word);
      }
    }
    checkCount(rest.size());
    return new Options(given, values, rest);
  }

  private void checkCount(int count) throws UsageException {
    if (count < least) {
      throw new UsageException("Not enough arguments: expected " + least + " but got " + count);
    }
    if (count > most) {
      throw new UsageException("Too many arguments: expected " + most + " but got " + count);
    }
  }

  /** What was given. */
  record Options(Set<String> given, Map<String, String> values, List<String> operands) {
    boolean has(String option) {
      return given.contains(option);
    }

    /** The value of an option; empty text if it was given without one. */
    Optional<String> value(String option) {
      return Optional.ofNullable(values.get(option));
    }
  }
}
