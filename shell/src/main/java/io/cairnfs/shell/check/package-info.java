/**
 * Checks of the file system from outside: {@link io.cairnfs.shell.check.FileSystemCheck} walks the
 * namespace as a client, asks data servers for the replicas, and the metaserver for what its own
 * tables say about themselves. Changes nothing.
 */
package io.cairnfs.shell.check;
