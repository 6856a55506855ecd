/**
 * Bytes of chunks: checksums of cells, and reads that fail over and hedge among the members. {@link
 * io.cairnfs.client.chunk.ChunkReader} is the entry. A fetch is owned by the thread that waits for
 * it; answers arrive from event loops. Knows no files.
 */
package io.cairnfs.client.chunk;
