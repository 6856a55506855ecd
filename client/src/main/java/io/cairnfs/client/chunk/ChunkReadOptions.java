package io.cairnfs.client.chunk;

import java.time.Duration;

/**
 * How chunks are read.
 *
 * @param requestTimeout one request to one member
 * @param hedgeDelay the least time before a slow request is sent to a second member as well
 */
public record ChunkReadOptions(Duration requestTimeout, Duration hedgeDelay) {}
