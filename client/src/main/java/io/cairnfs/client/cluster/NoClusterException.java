package io.cairnfs.client.cluster;

import java.io.IOException;

/** It cannot be told which cluster is meant, or where it is; the message says what to do. */
public final class NoClusterException extends IOException {
  private static final long serialVersionUID = 1;

  public NoClusterException(String message) {
    super(message);
  }

  public NoClusterException(String message, Throwable cause) {
    super(message, cause);
  }
}
