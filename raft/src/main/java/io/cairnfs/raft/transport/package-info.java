/**
 * How members' messages travel. {@link io.cairnfs.raft.transport.RaftTransport} is what the driver
 * knows; {@link io.cairnfs.raft.transport.RpcRaftTransport} carries it over the RPC module's
 * streams. Messages may be lost and reordered; parts of checkpoints are calls of their own.
 */
package io.cairnfs.raft.transport;
