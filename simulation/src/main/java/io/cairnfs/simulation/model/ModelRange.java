package io.cairnfs.simulation.model;

import java.util.Optional;

/**
 * A range of a file that one writer wrote.
 *
 * @param writer says what the bytes are
 */
public record ModelRange(long start, long end, long writer) {
  /** The part before an offset. */
  Optional<ModelRange> before(long offset) {
    return part(start, Math.min(end, offset));
  }

  /** The part from an offset on. */
  Optional<ModelRange> after(long offset) {
    return part(Math.max(start, offset), end);
  }

  private Optional<ModelRange> part(long from, long to) {
    return from < to ? Optional.of(new ModelRange(from, to, writer)) : Optional.empty();
  }
}
