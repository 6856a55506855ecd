/**
 * Files for writing. {@link io.cairnfs.client.write.WriteService} is the entry; a {@link
 * io.cairnfs.client.write.FileWriter} is one open file.
 *
 * <p>Tiny content travels inside a metadata command; small whole files follow each other in the
 * session's shared chunks; everything else streams into chunks of its own. A {@code ChunkAppender}
 * turns packets into placements and goes on in another chunk when a pipeline fails; its monitor
 * guards it and its chunks, for short moments only, because event loops take it too. A writer's own
 * lock may be held over a wait. Knows sessions and cells, no paths.
 */
package io.cairnfs.client.write;
