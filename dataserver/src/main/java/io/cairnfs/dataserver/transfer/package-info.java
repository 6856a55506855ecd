/**
 * Chunk bytes over the network: pipelines, reads, and what metaservers ask about replicas. Entry:
 * {@link io.cairnfs.dataserver.transfer.TransferService}. A stream's state is owned by the event
 * loop of its upstream connection; everything that touches the disk runs on the disk threads. Knows
 * nothing of registration and heartbeats.
 */
package io.cairnfs.dataserver.transfer;
