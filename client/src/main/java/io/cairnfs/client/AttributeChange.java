package io.cairnfs.client;

import java.util.Optional;

/**
 * What {@link CairnFileSystem#setAttributes} changes, atomically; empty fields stay as they are.
 * Example: {@code AttributeChange.none().mode(0640).group("staff")}.
 */
public record AttributeChange(
    Optional<Integer> newMode,
    Optional<String> newOwner,
    Optional<String> newGroup,
    Optional<Long> newModificationTimeNanos,
    Optional<Long> newAccessTimeNanos,
    Optional<Integer> newReplication) {

  private static final AttributeChange NONE =
      new AttributeChange(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());

  public static AttributeChange none() {
    return NONE;
  }

  /** Permission bits, 0 to 07777. */
  public AttributeChange mode(int mode) {
    return new AttributeChange(
        Optional.of(mode),
        newOwner,
        newGroup,
        newModificationTimeNanos,
        newAccessTimeNanos,
        newReplication);
  }

  public AttributeChange owner(String owner) {
    return new AttributeChange(
        newMode,
        Optional.of(owner),
        newGroup,
        newModificationTimeNanos,
        newAccessTimeNanos,
        newReplication);
  }

  public AttributeChange group(String group) {
    return new AttributeChange(
        newMode,
        newOwner,
        Optional.of(group),
        newModificationTimeNanos,
        newAccessTimeNanos,
        newReplication);
  }

  /** Nanoseconds since the epoch. */
  public AttributeChange modificationTimeNanos(long nanos) {
    return new AttributeChange(
        newMode, newOwner, newGroup, Optional.of(nanos), newAccessTimeNanos, newReplication);
  }

  /** Nanoseconds since the epoch. */
  public AttributeChange accessTimeNanos(long nanos) {
    return new AttributeChange(
        newMode, newOwner, newGroup, newModificationTimeNanos, Optional.of(nanos), newReplication);
  }

  /** Copies of every byte, at least 1. */
  public AttributeChange replication(int replication) {
    return new AttributeChange(
        newMode,
        newOwner,
        newGroup,
        newModificationTimeNanos,
        newAccessTimeNanos,
        Optional.of(replication));
  }
}
