package io.cairnfs.dataserver.storage;

import io.cairnfs.common.id.ChunkId;

/** A replica that is bad, missing or too short and not made good yet. */
public record BadReplica(ChunkId chunk, String problem) {}
