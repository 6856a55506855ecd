package io.cairnfs.contract;

import java.io.IOException;

/** A refusal with Linux' errno. */
public final class PosixException extends IOException {
  private static final long serialVersionUID = 1;

  private final int errno;

  public PosixException(int errno, String message) {
    super("errno " + errno + ": " + message);
    this.errno = errno;
  }

  public PosixException(int errno, String message, Throwable cause) {
    super("errno " + errno + ": " + message, cause);
    this.errno = errno;
  }

  public int errno() {
    return errno;
  }
}
