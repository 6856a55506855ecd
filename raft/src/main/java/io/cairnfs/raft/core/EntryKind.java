package io.cairnfs.raft.core;

/** What an entry's payload is. */
public enum EntryKind {
  /** A batch of the state machine's commands. */
  COMMANDS(1),
  /** Empty: the first entry of a term. */
  NO_OP(2),
  /** A {@link MembershipCodec} membership, in force from its append on. */
  MEMBERSHIP(3);

  private final int number;

  EntryKind(int number) {
    this.number = number;
  }

  /** The number on disk and on the wire. */
  public int number() {
    return number;
  }

  /**
   * @throws IllegalArgumentException for a number that no kind has
   */
  public static EntryKind ofNumber(int number) {
    return switch (number) {
      case 1 -> COMMANDS;
      case 2 -> NO_OP;
      case 3 -> MEMBERSHIP;
      default -> throw new IllegalArgumentException("entry kind " + number);
    };
  }
}
