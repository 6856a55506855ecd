/**
 * What is answered without changing anything: {@link
 * io.cairnfs.metaserver.operation.read.NamespaceReads} is the entry. Every answer comes from one
 * view of one instant, which the caller holds; any thread. Permissions are checked here as in
 * operations that change something.
 */
package io.cairnfs.metaserver.operation.read;
