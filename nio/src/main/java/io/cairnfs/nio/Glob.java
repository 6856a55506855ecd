package io.cairnfs.nio;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Globs as {@code FileSystem.getPathMatcher} describes them, as regular expressions. */
final class Glob {
  private static final String SPECIAL_IN_REGEX = "\\.^$|()+{}[]*?";

  private final String glob;
  private final StringBuilder regex = new StringBuilder();
  private boolean inGroup;
  private int at;

  private Glob(String glob) {
    this.glob = glob;
  }

  /**
   * @throws PatternSyntaxException naming what is wrong
   */
  static Pattern toPattern(String glob) {
    return new Glob(glob).translated();
  }

  private Pattern translated() {
    while (at < glob.length()) {
      char c = glob.charAt(at++);
      switch (c) {
        case '\\' -> {
          if (at == glob.length()) {
            throw wrong("nothing follows the backslash");
          }
          literal(glob.charAt(at++));
        }
        case '*' -> {
          boolean across = at < glob.length() && glob.charAt(at) == '*';
          at += across ? 1 : 0;
          regex.append(across ? ".*" : "[^/]*");
        }
        case '?' -> regex.append("[^/]");
        case '[' -> bracket();
        case '{' -> {
          if (inGroup) {
            throw wrong("a group within a group");
          }
          inGroup = true;
          regex.append("(?:(?:");
        }
        case '}' -> {
          if (inGroup) {
            inGroup = false;
            regex.append("))");
          } else {
            literal(c);
          }
        }
        case ',' -> {
          if (inGroup) {
            regex.append(")|(?:");
          } else {
            literal(c);
          }
        }
        default -> literal(c);
      }
    }
    if (inGroup) {
      throw wrong("'}' is missing");
    }
    return Pattern.compile(regex.toString(), Pattern.DOTALL);
  }

  private void bracket() {
    regex.append("(?:(?!/)[");
    if (at < glob.length() && glob.charAt(at) == '!') {
      regex.append('^');
      at++;
    }
    int start = at;
    while (at < glob.length() && (glob.charAt(at) != ']' || at == start)) {
      char c = glob.charAt(at++);
      if (c == '/') {
        throw wrong("'/' in a bracket");
      }
      if (c == '-' && at - 1 > start && at < glob.length() && glob.charAt(at) != ']') {
        regex.append('-');
      } else {
        regex.append(c == '-' || c == '&' || c == '^' || isSpecial(c) ? "\\" : "").append(c);
      }
    }
    if (at == glob.length()) {
      throw wrong("']' is missing");
    }
    at++;
    regex.append("])");
  }

  private void literal(char c) {
    regex.append(isSpecial(c) ? "\\" : "").append(c);
  }

  private static boolean isSpecial(char c) {
    return SPECIAL_IN_REGEX.indexOf(c) >= 0;
  }

  private PatternSyntaxException wrong(String what) {
    return new PatternSyntaxException(what, glob, at - 1);
  }
}
