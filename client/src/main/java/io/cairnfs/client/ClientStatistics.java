package io.cairnfs.client;

/**
 * What a client did since it was connected.
 *
 * @param metadataCalls calls answered by metaservers
 * @param metadataRetries tries beyond the first
 * @param callFailovers calls that went on at another metaserver
 * @param pipelineFailovers chunks given up because a member failed
 * @param readFailovers reads that went on at another replica
 * @param hedgedReads reads sent to a second replica because the first was slow
 * @param degradedReads reads of a cell that no server gave, and that was computed from others
 * @param badReplicas replicas found with a bad checksum and reported
 * @param bytesWritten bytes of files acknowledged by pipelines, each once
 * @param bytesResent bytes sent again in another chunk
 * @param bytesRead bytes received from data servers
 * @param blockCacheHits cells of 4 KiB that small positional reads found in the block cache, or on
 *     their way to it
 * @param blockCacheMisses cells that they had to fetch
 * @param blockCacheBytes memory that the block cache uses now
 */
public record ClientStatistics(
    long metadataCalls,
    long metadataRetries,
    long callFailovers,
    long pipelineFailovers,
    long readFailovers,
    long hedgedReads,
    long degradedReads,
    long badReplicas,
    long bytesWritten,
    long bytesResent,
    long bytesRead,
    long blockCacheHits,
    long blockCacheMisses,
    long blockCacheBytes) {}
