package io.cairnfs.dataserver.storage;

/**
 * How much of a replica a reader may see.
 *
 * @param continuous this process opened the replica and has not been restarted since: it knows
 *     everything that was ever acknowledged, also after the stream has ended. Otherwise the
 *     metadata knows better
 */
public record VisibleLength(long length, boolean continuous) {}
