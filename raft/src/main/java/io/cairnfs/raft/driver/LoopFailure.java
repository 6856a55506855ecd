package io.cairnfs.raft.driver;

/** A thread of the engine cannot go on: the process must end. */
final class LoopFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  LoopFailure(String what, Throwable cause) {
    super(what + ": " + cause.getMessage(), cause);
  }
}
