package io.cairnfs.shell.text;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Standard output or standard error: lines of text whose names keep their bytes, and raw bytes.
 * Buffered until {@link #flush()}. Safe for any thread; a line is never torn.
 */
public final class Output {
  private final OutputStream out;

  public Output(OutputStream out) {
    this.out = new BufferedOutputStream(out, 1 << 16);
  }

  /**
   * @throws OutputException if nobody takes the bytes any more
   */
  public synchronized void line(String text) {
    print(text + "\n");
  }

  /** As {@link #line}, without an end of line. */
  public synchronized void print(String text) {
    try {
      out.write(ByteText.encode(text));
    } catch (IOException e) {
      throw new OutputException(e);
    }
  }

  /** As {@link #line}, for file content. */
  public synchronized void bytes(byte[] bytes, int offset, int length) {
    try {
      out.write(bytes, offset, length);
    } catch (IOException e) {
      throw new OutputException(e);
    }
  }

  public synchronized void flush() {
    try {
      out.flush();
    } catch (IOException e) {
      throw new OutputException(e);
    }
  }
}
