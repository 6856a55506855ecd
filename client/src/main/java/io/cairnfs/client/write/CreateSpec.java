package io.cairnfs.client.write;

import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.types.NodeRef;

/**
 * What is to be created.
 *
 * @param replication 0 = the cluster's default
 * @param chunkBytes 0 = the cluster's default
 * @param modificationTimeNanos 0 = now; only for a file that appears with its content
 */
public record CreateSpec(
    NodeRef target,
    int mode,
    int umask,
    int replication,
    long chunkBytes,
    boolean overwrite,
    boolean parents,
    long modificationTimeNanos) {

  Create.Builder toCommand() {
    return Create.newBuilder()
        .setTarget(target)
        .setMode(mode)
        .setUmask(umask)
        .setReplication(replication)
        .setChunkBytes(chunkBytes)
        .setOverwrite(overwrite)
        .setParents(parents);
  }

  Create.Builder toWholeCommand() {
    return toCommand().setMtimeNanos(modificationTimeNanos);
  }
}
