package io.cairnfs.metaserver.operation.read;

import io.cairnfs.metaserver.namespace.DirectoryGuard;
import io.cairnfs.metaserver.namespace.LeaseGuard;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.metadata.ReadRequest;

/**
 * Who reads, and in which view.
 *
 * @param guard which directories he may look at
 */
record Reader(StoreView view, Namespace namespace, Principal principal, DirectoryGuard guard) {
  static Reader of(StoreView view, Principal principal, ReadRequest request) {
    return new Reader(
        view,
        new Namespace(view),
        principal,
        LeaseGuard.ofRead(view, principal, request.getSession()));
  }

  PathResolver paths() {
    return new PathResolver(namespace, principal, guard);
  }
}
