package io.cairnfs.shell.check;

/** How a file system is, from good to bad. */
public enum Verdict {
  HEALTHY("HEALTHY", 0),
  UNDER_REPLICATED("UNDER-REPLICATED", 1),
  CORRUPT("CORRUPT", 2);

  private final String word;
  private final int exitCode;

  Verdict(String word, int exitCode) {
    this.word = word;
    this.exitCode = exitCode;
  }

  public String word() {
    return word;
  }

  public int exitCode() {
    return exitCode;
  }
}
