package io.cairnfs.shell.text;

/** Permission bits as letters. */
public final class ModeText {
  private static final String LETTERS = "rwxrwxrwx";
  private static final int STICKY = 01000;

  private ModeText() {}

  /** {@code rwxr-x--t}: nine letters, as HDFS prints them; the last tells the sticky bit. */
  public static String symbolic(int mode) {
    StringBuilder text = new StringBuilder(9);
    for (int i = 0; i < 9; i++) {
      text.append((mode >> (8 - i) & 1) == 1 ? LETTERS.charAt(i) : '-');
    }
    if ((mode & STICKY) != 0) {
      text.setCharAt(8, (mode & 1) == 1 ? 't' : 'T');
    }
    return text.toString();
  }

  /** {@code 644} or {@code 1777}. */
  public static String octal(int mode) {
    return Integer.toOctalString(mode);
  }
}
