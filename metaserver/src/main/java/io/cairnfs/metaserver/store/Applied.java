package io.cairnfs.metaserver.store;

/**
 * How far the log is in the store, and the digest of all records there.
 *
 * @param index log index of the last applied entry; 0 = none
 * @param term its term
 * @param digest of every record of every table
 */
public record Applied(long index, long term, StoreDigest digest) {
  public static final Applied NOTHING = new Applied(0, 0, StoreDigest.EMPTY);
}
