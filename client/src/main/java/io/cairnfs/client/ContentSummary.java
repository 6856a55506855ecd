package io.cairnfs.client;

/**
 * Totals of a path and all below it.
 *
 * @param files files, symlinks, fifos, sockets and devices
 * @param directories directories, the path itself included if it is one
 * @param bytes committed bytes of the files
 * @param replicatedBytes each file's bytes times its replication
 */
public record ContentSummary(long files, long directories, long bytes, long replicatedBytes) {}
