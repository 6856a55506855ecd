package io.cairnfs.raft.log;

/**
 * Sizes of a log.
 *
 * @param segmentBytes length of a segment file; an entry that is larger gets a longer one
 * @param electionReserveBytes room at the end of what is allocated that ordinary entries leave to
 *     the small ones an election needs
 * @param maxEntryBytes largest payload of one entry
 */
public record LogOptions(int segmentBytes, int electionReserveBytes, int maxEntryBytes) {
  /** 32 MiB segments, 64 KiB kept for elections, entries up to 4 MiB. */
  public static final LogOptions DEFAULT = new LogOptions(32 << 20, 64 << 10, 4 << 20);

  public LogOptions {
    if (segmentBytes < 2 * SegmentFormat.HEADER_BYTES || segmentBytes % 512 != 0) {
      throw new IllegalArgumentException(
          "segment of "
              + segmentBytes
              + " bytes: wanted a multiple of 512 of at least "
              + 2 * SegmentFormat.HEADER_BYTES);
    }
    if (electionReserveBytes < 0
        || electionReserveBytes > segmentBytes - SegmentFormat.HEADER_BYTES) {
      throw new IllegalArgumentException(
          "election reserve of " + electionReserveBytes + " bytes does not fit into a segment");
    }
    if (maxEntryBytes <= 0 || maxEntryBytes > 1 << 30) {
      throw new IllegalArgumentException("largest entry of " + maxEntryBytes + " bytes");
    }
  }
}
