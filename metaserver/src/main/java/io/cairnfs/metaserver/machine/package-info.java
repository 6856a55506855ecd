/**
 * What the replicated log is applied to: {@link io.cairnfs.metaserver.machine.MetadataStateMachine}
 * turns each log entry into one transaction and one write batch. The engine's thread owns it; views
 * are for any thread. It knows the engine's interface and the operations, no socket and no clock.
 */
package io.cairnfs.metaserver.machine;
