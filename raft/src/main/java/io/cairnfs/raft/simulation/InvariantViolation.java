package io.cairnfs.raft.simulation;

/** Something happened that must never happen, whatever fails. */
public final class InvariantViolation extends RuntimeException {
  private static final long serialVersionUID = 1;

  public InvariantViolation(String message) {
    super(message);
  }
}
