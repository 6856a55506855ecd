package io.cairnfs.shell.policy;

import java.io.IOException;
import java.util.List;

/**
 * One word of a tool.
 *
 * @param name without its dash
 * @param arguments as the usage shows them; empty if there are none
 * @param explanation one sentence
 * @param options what each argument is: its name and a text
 */
record PolicyWord(
    String name, String arguments, String explanation, List<List<String>> options, Action action) {
  /** What a word does. */
  @FunctionalInterface
  interface Action {
    /**
     * Carries it out.
     *
     * @return the exit code
     * @throws Misuse for words that make no sense
     */
    int run(Words words) throws IOException, Misuse;
  }

  /** The command line was wrong. */
  static final class Misuse extends Exception {
    private static final long serialVersionUID = 1;

    Misuse(String message) {
      super(message);
    }
  }

  String usage() {
    return arguments.isEmpty() ? "[-" + name + "]" : "[-" + name + " " + arguments + "]";
  }
}
