package io.cairnfs.client.read;

import java.time.Duration;

/**
 * How files are read.
 *
 * @param requestBytes largest request to a data server
 * @param readAheadBytes bytes fetched ahead of a sequential reader
 * @param timeout one read with all that is tried for it
 */
public record ReadOptions(int requestBytes, long readAheadBytes, Duration timeout) {}
