package io.cairnfs.shell.text;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code chmod}'s first argument asks for: an octal mode of three or four digits, or clauses
 * such as {@code u=rwx,g-w,+t} that change the mode a file has. Without {@code augo} all three
 * classes are meant and no umask is applied.
 */
public final class ModeChange {
  private static final Pattern OCTAL = Pattern.compile("\\s*[+]?([01]?)([0-7]{3})\\s*");
  private static final Pattern CLAUSE = Pattern.compile("\\s*([ugoa]*)([+=-]+)([rwxXt]+)\\s*");
  private static final int STICKY = 01000;

  private record Clause(int classes, char operator, String letters) {}

  private final int octal;
  private final List<Clause> clauses;

  private ModeChange(int octal, List<Clause> clauses) {
    this.octal = octal;
    this.clauses = clauses;
  }

  /**
   * @throws IllegalArgumentException naming the text, when it is neither form
   */
  public static ModeChange parse(String text) {
    Matcher octal = OCTAL.matcher(text);
    if (octal.matches()) {
      return new ModeChange(Integer.parseInt(octal.group(1) + octal.group(2), 8), List.of());
    }
    List<Clause> clauses = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      Matcher clause = CLAUSE.matcher(part);
      if (!clause.matches()) {
        throw new IllegalArgumentException(
            "mode '" + text + "' does not match the expected pattern.");
      }
      String operators = clause.group(2);
      clauses.add(
          new Clause(
              classes(clause.group(1)), operators.charAt(operators.length() - 1), clause.group(3)));
    }
    return new ModeChange(-1, clauses);
  }

  private static int classes(String letters) {
    if (letters.isEmpty() || letters.indexOf('a') >= 0) {
      return 0777;
    }
    return (letters.indexOf('u') >= 0 ? 0700 : 0)
        | (letters.indexOf('g') >= 0 ? 0070 : 0)
        | (letters.indexOf('o') >= 0 ? 0007 : 0);
  }

  /** The new mode of something that has {@code mode}. Set-id bits stay unless the mode is octal. */
  public int apply(int mode, boolean directory) {
    if (clauses.isEmpty()) {
      return octal;
    }
    int result = mode;
    for (Clause clause : clauses) {
      result = apply(clause, result, directory);
    }
    return result;
  }

  private static int apply(Clause clause, int mode, boolean directory) {
    int bits = 0;
    for (int i = 0; i < clause.letters().length(); i++) {
      bits |=
          switch (clause.letters().charAt(i)) {
            case 'r' -> 0444;
            case 'w' -> 0222;
            case 'x' -> 0111;
            case 'X' -> directory || (mode & 0111) != 0 ? 0111 : 0;
            default -> 0;
          };
    }
    bits &= clause.classes();
    if (clause.letters().indexOf('t') >= 0) {
      bits |= STICKY;
    }
    return switch (clause.operator()) {
      case '+' -> mode | bits;
      case '-' -> mode & ~bits;
      default -> (mode & ~clause.classes()) | bits;
    };
  }
}
