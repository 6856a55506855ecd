package io.cairnfs.shell.command;

/** The command line is not what the command takes: nothing was done, and the usage is shown. */
public final class UsageException extends Exception {
  private static final long serialVersionUID = 1;

  public UsageException(String message) {
    super(message);
  }
}
