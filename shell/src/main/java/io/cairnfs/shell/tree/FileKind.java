package io.cairnfs.shell.tree;

/** What a name stands for. Only files have content that can be read and copied. */
public enum FileKind {
  FILE('-', "regular file"),
  DIRECTORY('d', "directory"),
  SYMLINK('l', "symlink"),
  FIFO('p', "fifo"),
  SOCKET('s', "socket"),
  CHARACTER_DEVICE('c', "character special file"),
  BLOCK_DEVICE('b', "block special file");

  private final char letter;
  private final String text;

  FileKind(char letter, String text) {
    this.letter = letter;
    this.text = text;
  }

  /** What {@code ls -l} begins a line with. */
  public char letter() {
    return letter;
  }

  /** What {@code stat} calls it. */
  public String text() {
    return text;
  }
}
