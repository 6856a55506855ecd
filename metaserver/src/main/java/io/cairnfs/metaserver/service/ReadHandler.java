package io.cairnfs.metaserver.service;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;

/** Answers reads from one state of the store. Any thread, several at once. */
@FunctionalInterface
public interface ReadHandler {
  /**
   * Answers one request.
   *
   * @param readerHost for the order of replicas
   */
  ReadReply read(StoreView view, ReadRequest request, Principal principal, String readerHost)
      throws CairnException;
}
