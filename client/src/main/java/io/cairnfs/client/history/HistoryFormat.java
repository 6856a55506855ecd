package io.cairnfs.client.history;

/** Numbers of the format, as the package's tables have them. */
final class HistoryFormat {
  static final int MAGIC = 0x43524849; // CRHI
  static final int VERSION = 2;
  static final int HEADER_CRC_OFFSET = 8;
  static final int HEADER_CHECKED_OFFSET = 12;
  static final int HEADER_BYTES = 16;
  static final int RECORD_PREFIX_BYTES = 8;
  static final int RECORD_FIXED_BYTES = 17;

  /** Larger than any message of a call can be. */
  static final int MAX_RECORD_BYTES = 16 << 20;

  static final byte MUTATION = 1;
  static final byte READ = 2;
  static final byte ANSWERED = 3;
  static final byte REFUSED = 4;

  private HistoryFormat() {}
}
