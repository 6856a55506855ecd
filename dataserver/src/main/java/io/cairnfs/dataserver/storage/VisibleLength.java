package io.cairnfs.dataserver.storage;

/**
 * How much of a replica a reader may see.
 *
 * @param continuous the stream that writes it has not been interrupted; if it was, the metadata
 *     knows better
 */
public record VisibleLength(long length, boolean continuous) {}
