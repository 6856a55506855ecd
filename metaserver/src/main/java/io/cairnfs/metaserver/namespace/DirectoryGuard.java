package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.proto.types.NodeRef;

/** Says whether the caller may look at a directory now, whatever rights he has there. */
@FunctionalInterface
public interface DirectoryGuard {
  /** Of the cluster's own operations: nothing is in their way. */
  DirectoryGuard NONE = (directory, ref) -> {};

  /**
   * A directory is about to be looked at: its own record, or the names in it.
   *
   * @param ref what was asked for, for messages
   * @throws CairnException RETRY, as {@link DirectoryHeld}, while another session has it leased
   */
  void enter(InodeRecord directory, NodeRef ref) throws CairnException;
}
