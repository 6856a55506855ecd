package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.proto.command.RecalledLease;
import io.cairnfs.proto.types.NodeRef;

/** RETRY: another session has a directory leased, and is to be asked for it. */
public final class DirectoryHeld extends CairnException {
  private static final long serialVersionUID = 1;

  private final transient RecalledLease lease;

  public DirectoryHeld(InodeId directory, LeaseRecord lease, NodeRef ref) {
    super(
        ErrorCode.RETRY,
        PathResolver.describe(ref)
            + ": "
            + directory
            + " is leased to "
            + lease.session()
            + ", which is asked for it");
    this.lease =
        RecalledLease.newBuilder()
            .setInode(directory.value())
            .setSession(lease.session().value())
            .setLease(lease.grant())
            .build();
  }

  /** What is wanted back. */
  public RecalledLease lease() {
    return lease;
  }
}
