package io.cairnfs.client;

/** Capacity and content of the whole file system; bytes are raw disk bytes of all data servers. */
public record FileSystemStatus(
    long capacityBytes, long usedBytes, long availableBytes, long files, long directories) {}
