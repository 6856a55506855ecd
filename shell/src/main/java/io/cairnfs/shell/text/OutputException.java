package io.cairnfs.shell.text;

import java.io.IOException;

/** Whoever read our output has gone: there is nobody left to tell, so the command ends. */
public final class OutputException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public OutputException(IOException cause) {
    super("Unable to write to output stream.", cause);
  }
}
