package io.cairnfs.shell.tree;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Attributes to set; absent ones stay as they are. */
public record AttributeUpdate(
    OptionalInt mode,
    Optional<String> owner,
    Optional<String> group,
    OptionalLong modifiedNanos,
    OptionalLong accessedNanos) {

  public static AttributeUpdate mode(int mode) {
    return new AttributeUpdate(
        OptionalInt.of(mode),
        Optional.empty(),
        Optional.empty(),
        OptionalLong.empty(),
        OptionalLong.empty());
  }

  public static AttributeUpdate ownership(Optional<String> owner, Optional<String> group) {
    return new AttributeUpdate(
        OptionalInt.empty(), owner, group, OptionalLong.empty(), OptionalLong.empty());
  }

  public static AttributeUpdate times(OptionalLong modifiedNanos, OptionalLong accessedNanos) {
    return new AttributeUpdate(
        OptionalInt.empty(), Optional.empty(), Optional.empty(), modifiedNanos, accessedNanos);
  }
}
