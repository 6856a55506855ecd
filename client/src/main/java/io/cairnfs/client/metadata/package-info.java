/**
 * Calls to the metaservers: who leads is found out, retryable refusals are retried under one
 * deadline. {@link io.cairnfs.client.metadata.MetadataClient} is the entry. State is owned by the
 * event loops and guarded by atomics. Knows nothing of sessions, files or data servers.
 */
package io.cairnfs.client.metadata;
