package io.cairnfs.simulation.model;

import java.util.Optional;

/**
 * A range of a file that one writer wrote.
 *
 * @param writer says what the bytes are
 * @param shift the writer's byte n stands at offset n + shift
 */
public record ModelRange(long start, long end, long writer, long shift) {
  /** The part before an offset. */
  Optional<ModelRange> before(long offset) {
    return part(start, Math.min(end, offset));
  }

  /** The part from an offset on. */
  Optional<ModelRange> after(long offset) {
    return part(Math.max(start, offset), end);
  }

  /** The same bytes so much farther behind. */
  ModelRange moved(long by) {
    return new ModelRange(start + by, end + by, writer, shift + by);
  }

  private Optional<ModelRange> part(long from, long to) {
    return from < to ? Optional.of(new ModelRange(from, to, writer, shift)) : Optional.empty();
  }
}
