package io.cairnfs.localcluster;

/** A local cluster cannot do what was asked; the message says why and what helps. */
public final class LocalClusterException extends Exception {
  private static final long serialVersionUID = 1;

  public LocalClusterException(String message) {
    super(message);
  }

  public LocalClusterException(String message, Throwable cause) {
    super(message, cause);
  }
}
