package io.cairnfs.raft.simulation;

import java.io.IOException;

/** A member's disk failed it: the member stops. */
final class StorageFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  StorageFailure(IOException cause) {
    super(cause);
  }

  IOException failure() {
    return (IOException) getCause();
  }
}
