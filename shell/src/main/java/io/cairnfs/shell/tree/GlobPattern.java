package io.cairnfs.shell.tree;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * One component of a path with HDFS' wild cards: {@code * ? [abc] [a-b] [^a] {x,y}}, and {@code \}
 * before a character that means itself.
 */
final class GlobPattern {
  private final Pattern pattern;
  private final boolean wild;
  private final String literal;

  private GlobPattern(Pattern pattern, boolean wild, String literal) {
    this.pattern = pattern;
    this.wild = wild;
    this.literal = literal;
  }

  /**
   * @throws IllegalArgumentException saying what is wrong and where
   */
  static GlobPattern compile(String glob) {
    Translation translation = new Translation(glob);
    String regex = translation.regex();
    try {
      return new GlobPattern(
          Pattern.compile(regex, Pattern.DOTALL), translation.wild, translation.literal());
    } catch (PatternSyntaxException e) {
      throw illegal(e.getDescription(), e.getIndex(), glob, e);
    }
  }

  private static IllegalArgumentException illegal(
      String what, int position, String glob, Throwable cause) {
    return new IllegalArgumentException(
        "Illegal file pattern: error parsing regexp: "
            + what
            + " at pos "
            + position
            + ": `"
            + glob
            + "`",
        cause);
  }

  /** Whether it can match more than one name. */
  boolean isWild() {
    return wild;
  }

  /** The one name of a pattern that is not wild. */
  String literal() {
    return literal;
  }

  boolean matches(String name) {
    return pattern.matcher(name).matches();
  }

  /**
   * Alternatives in braces that contain a slash are alternative paths: they are written out, one
   * pattern each. Other braces stay.
   */
  static List<String> expandPaths(String glob) {
    List<String> done = new ArrayList<>();
    List<String> open = new ArrayList<>(List.of(glob));
    while (!open.isEmpty()) {
      String next = open.remove(0);
      int[] group = groupWithSlash(next);
      if (group == null) {
        done.add(next);
      } else {
        String before = next.substring(0, group[0]);
        String after = next.substring(group[1] + 1);
        int at = 0;
        for (String alternative : alternatives(next.substring(group[0] + 1, group[1]))) {
          open.add(at++, before + alternative + after);
        }
      }
    }
    return done;
  }

  /** Begin and end of the first outermost group that has a slash in it, or null. */
  private static int[] groupWithSlash(String glob) {
    int depth = 0;
    int begin = -1;
    boolean slash = false;
    for (int i = 0; i < glob.length(); i++) {
      char c = glob.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == '{') {
        if (depth++ == 0) {
          begin = i;
          slash = false;
        }
      } else if (c == '}' && depth > 0) {
        if (--depth == 0 && slash) {
          return new int[] {begin, i};
        }
      } else if (c == '/' && depth > 0) {
        slash = true;
      }
    }
    return null;
  }

  private static List<String> alternatives(String inside) {
    List<String> result = new ArrayList<>();
    int depth = 0;
    int start = 0;
    for (int i = 0; i < inside.length(); i++) {
      char c = inside.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == '{') {
        depth++;
      } else if (c == '}') {
        depth--;
      } else if (c == ',' && depth == 0) {
        result.add(inside.substring(start, i));
        start = i + 1;
      }
    }
    result.add(inside.substring(start));
    return result;
  }

  /** From the glob to a regular expression, one character after the other. */
  private static final class Translation {
    private final String glob;
    private final StringBuilder regex = new StringBuilder();
    private boolean wild;
    private boolean inSet;
    private int groups;

    Translation(String glob) {
      this.glob = glob;
    }

    String regex() {
      for (int i = 0; i < glob.length(); i++) {
        char c = glob.charAt(i);
        if (c == '\\') {
          i++;
          if (i == glob.length()) {
            throw illegal("Missing escaped character", i, glob, null);
          }
          quote(glob.charAt(i));
        } else {
          translate(c, i);
        }
      }
      if (inSet) {
        throw illegal("Unclosed character class", glob.length(), glob, null);
      }
      if (groups > 0) {
        throw illegal("Unclosed group", glob.length(), glob, null);
      }
      return regex.toString();
    }

    private void translate(char c, int at) {
      if (inSet) {
        inSet(c, at);
        return;
      }
      switch (c) {
        case '*' -> wild(".*");
        case '?' -> wild(".");
        case '{' -> {
          groups++;
          wild("(?:");
        }
        case ',' -> regex.append(groups > 0 ? "|" : ",");
        case '}' -> {
          regex.append(groups > 0 ? ")" : "\\}");
          groups = Math.max(0, groups - 1);
        }
        case '[' -> {
          inSet = true;
          wild("[");
        }
        default -> quote(c);
      }
    }

    private void inSet(char c, int at) {
      char before = glob.charAt(at - 1);
      switch (c) {
        case '[' -> throw illegal("Unclosed character class", at, glob, null);
        case ']' -> {
          inSet = false;
          regex.append(']');
        }
        case '!' -> regex.append(before == '[' ? "^" : "!");
        case '^', '-' -> regex.append(c);
        default -> quote(c);
      }
    }

    private void wild(String text) {
      wild = true;
      regex.append(text);
    }

    private void quote(char c) {
      if ("\\^$.|?*+()[]{}&~#-".indexOf(c) >= 0) {
        regex.append('\\');
      }
      regex.append(c);
    }

    String literal() {
      return glob.replaceAll("\\\\(.)", "$1");
    }
  }
}
