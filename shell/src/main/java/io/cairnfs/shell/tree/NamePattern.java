package io.cairnfs.shell.tree;

import java.io.IOException;
import java.util.Locale;

/** A pattern for names alone, with the wild cards of paths. */
public final class NamePattern {
  /** Whether upper and lower case differ. */
  public enum Case {
    EXACT,
    IGNORED
  }

  private final GlobPattern pattern;
  private final Case letters;

  private NamePattern(GlobPattern pattern, Case letters) {
    this.pattern = pattern;
    this.letters = letters;
  }

  /**
   * @throws IOException saying where the pattern is malformed
   */
  public static NamePattern of(String pattern, Case letters) throws IOException {
    try {
      return new NamePattern(GlobPattern.compile(fold(pattern, letters)), letters);
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  public boolean matches(String name) {
    return pattern.matches(fold(name, letters));
  }

  private static String fold(String text, Case letters) {
    return letters == Case.IGNORED ? text.toLowerCase(Locale.ROOT) : text;
  }
}
