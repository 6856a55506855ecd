/**
 * What each command does to the namespace: one class per operation, and {@link
 * io.cairnfs.metaserver.operation.CommandExecutor}, which makes a command atomic and exactly-once
 * and hands it to its class.
 *
 * <p>Runs on the thread that applies the log. Reads the command and the store, nothing else: no
 * socket, thread, clock, randomness or local configuration.
 */
package io.cairnfs.metaserver.operation;
