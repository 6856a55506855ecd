package io.cairnfs.dataserver.storage;

/**
 * What a fence found.
 *
 * @param validLength longest prefix whose checksums verify
 * @param continuous this process opened the replica: it holds every byte that was ever acknowledged
 */
public record FenceResult(boolean exists, long validLength, boolean continuous) {}
