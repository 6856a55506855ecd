package io.cairnfs.shell.policy;

import io.cairnfs.shell.policy.PolicyWord.Misuse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What was typed behind a word of a tool. */
final class Words {
  private final String command;
  private final List<String> left;

  /**
   * @param command the word itself, for messages
   */
  Words(String command, List<String> typed) {
    this.command = command;
    this.left = new ArrayList<>(typed);
  }

  /** Takes an option and its value. */
  Optional<String> take(String option) throws Misuse {
    int at = left.indexOf(option);
    if (at < 0) {
      return Optional.empty();
    }
    left.remove(at);
    if (at == left.size()) {
      throw new Misuse("option " + option + " requires 1 argument.");
    }
    return Optional.of(left.remove(at));
  }

  /** As {@link #take}, of what must be given. */
  String require(String option, String otherwise) throws Misuse {
    return take(option).orElseThrow(() -> new Misuse(otherwise));
  }

  /** Takes an option without a value. */
  boolean has(String option) {
    return left.remove(option);
  }

  /** All of it has been taken. */
  void requireEnd() throws Misuse {
    if (!left.isEmpty()) {
      throw new Misuse("-" + command + ": Too many arguments");
    }
  }
}
