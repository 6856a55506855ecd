package io.cairnfs.dataserver.storage;

import io.cairnfs.common.id.ChunkId;

/**
 * A bad replica that is kept for inspection after it was taken out of service.
 *
 * @param file its data file; its checksum file lies beside it
 * @param bytes of both files
 * @param sinceMillis wall time when it was taken out, milliseconds since the epoch
 */
public record QuarantinedReplica(ChunkId chunk, String file, long bytes, long sinceMillis) {}
