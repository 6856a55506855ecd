package io.cairnfs.client.write;

import com.google.protobuf.ByteString;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.Release;
import io.cairnfs.proto.types.Attributes;

/**
 * A file that is open for writing under its exclusive lease; numbers the commits, which the
 * metaserver applies in this order. Guarded by the writer's lock.
 */
final class FileHandle {
  private final Attributes attributes;
  private final ByteString handle;
  private final long lease;
  private long lastSequence;

  FileHandle(Attributes attributes, ByteString handle, long lease) {
    this.attributes = attributes;
    this.handle = handle;
    this.lease = lease;
  }

  Attributes attributes() {
    return attributes;
  }

  CommitExtents.Builder nextCommit() {
    lastSequence++;
    return CommitExtents.newBuilder()
        .setInode(attributes.getInode())
        .setHandle(handle)
        .setLease(lease)
        .setSequence(lastSequence);
  }

  /** Good without the lease. */
  ByteString shared() {
    return handle;
  }

  Operation share() {
    return Operation.newBuilder()
        .setRelease(
            Release.newBuilder()
                .setInode(attributes.getInode())
                .setLease(lease)
                .setKeepChunks(true))
        .build();
  }

  Operation release() {
    return Operation.newBuilder()
        .setRelease(Release.newBuilder().setInode(attributes.getInode()).setLease(lease))
        .build();
  }
}
