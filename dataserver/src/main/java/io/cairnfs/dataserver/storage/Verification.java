package io.cairnfs.dataserver.storage;

/**
 * What reading a whole replica found.
 *
 * @param problem empty if it is good
 */
public record Verification(boolean exists, boolean good, long length, String problem) {
  static final Verification ABSENT = new Verification(false, false, 0, "not here");
}
