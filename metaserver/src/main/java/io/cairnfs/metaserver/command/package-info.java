/**
 * The way into the log: {@link io.cairnfs.metaserver.command.CommandSink} takes single commands
 * from any thread, {@link io.cairnfs.metaserver.command.CommandGatherer} packs those that wait into
 * one entry. Knows the engine's interface, no sockets.
 */
package io.cairnfs.metaserver.command;
