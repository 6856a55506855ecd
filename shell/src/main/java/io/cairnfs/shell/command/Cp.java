package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.copy.Preserve;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** {@code cp}: copies within the cluster, always with all that directories hold. */
final class Cp extends CopyCommand {
  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException, IOException {
    List<String> rest = new ArrayList<>(arguments);
    Set<Preserve> preserve = takePreserve(rest);
    Options options = OptionSyntax.atLeast(2, "f", "d", "-reflink").value("t", "q").parse(rest);
    setRules(options, preserve);
    List<String> operands = options.operands();
    int last = operands.size() - 1;
    setDestination(matchingOne(operands.get(last)));
    return operands.subList(0, last);
  }

  /** Takes the first {@code -p[topax]} off. */
  private static Set<Preserve> takePreserve(List<String> arguments) throws UsageException {
    for (int i = 0; i < arguments.size() && !arguments.get(i).equals("--"); i++) {
      String word = arguments.get(i);
      if (word.startsWith("-p")) {
        arguments.remove(i);
        return word.length() == 2 ? allIf(true) : preserve(word.substring(2));
      }
    }
    return allIf(false);
  }

  /**
   * There are no ACLs and no extended attributes yet: {@code a} preserves the mode, {@code x}
   * nothing.
   */
  private static Set<Preserve> preserve(String letters) throws UsageException {
    Set<Preserve> result = EnumSet.noneOf(Preserve.class);
    for (int i = 0; i < letters.length(); i++) {
      char letter = letters.charAt(i);
      switch (letter) {
        case 't', 'T' -> result.add(Preserve.TIMESTAMPS);
        case 'o', 'O' -> result.add(Preserve.OWNERSHIP);
        case 'p', 'P', 'a', 'A' -> result.add(Preserve.PERMISSION);
        case 'x', 'X' -> {}
        default -> throw new UsageException("No attribute for " + letter);
      }
    }
    return result;
  }
}
