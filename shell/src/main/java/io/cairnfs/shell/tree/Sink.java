package io.cairnfs.shell.tree;

import java.io.IOException;
import java.io.OutputStream;

/** A file being written. It is whole after {@link #close()} only. */
public abstract class Sink extends OutputStream {
  @Override
  public final void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public abstract void write(byte[] bytes, int offset, int length) throws IOException;

  @Override
  public abstract void close() throws IOException;

  /**
   * Ends the writing without completing the file; what was visible at once stays, incomplete. Never
   * throws; nothing after {@link #close()}.
   */
  public abstract void abort();
}
