package io.cairnfs.metaserver.store;

/**
 * The store could not be read. Unchecked, because no caller can go on: the process stops before
 * anything that was built on the read is written or answered.
 */
public final class StoreFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  public StoreFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
