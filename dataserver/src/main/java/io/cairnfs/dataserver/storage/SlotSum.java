package io.cairnfs.dataserver.storage;

/**
 * Number of SEALED replicas of a slot with one replication, and the sum of their {@link
 * io.cairnfs.common.checksum.ReplicaHash}.
 *
 * @param replication of cells {@link io.cairnfs.common.checksum.ReplicaHash#group}
 */
public record SlotSum(int pool, int slot, int replication, long sum, long count) {}
