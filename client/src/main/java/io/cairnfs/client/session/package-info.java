/**
 * Exactly-once mutations. {@link io.cairnfs.client.session.Sessions} opens a {@link
 * io.cairnfs.client.session.Session} with the first mutation and keeps it alive; a session numbers
 * its calls. State is guarded by each object's monitor, never held over a call. Knows metadata
 * calls, no files.
 */
package io.cairnfs.client.session;
