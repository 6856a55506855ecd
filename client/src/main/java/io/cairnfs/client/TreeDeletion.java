package io.cairnfs.client;

import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Failures;
import io.cairnfs.client.session.SessionSource;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.DeleteTree;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.Unlink;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;

/**
 * Deletes a tree: in one step where the cluster does that, otherwise from the leaves. The cluster
 * looks at the rights of a bounded number of entries in one step (the superuser's need no look).
 */
final class TreeDeletion {
  private static final int IN_FLIGHT = 64;

  /** Pages of a directory. */
  interface Lister {
    RemoteIterator<FileStatus> list(CairnPath directory) throws CairnException;
  }

  private final ClientEnvironment environment;
  private final SessionSource sessions;
  private final Lister lister;
  private final ArrayDeque<CompletableFuture<OperationResult>> unlinks = new ArrayDeque<>();

  TreeDeletion(ClientEnvironment environment, SessionSource sessions, Lister lister) {
    this.environment = environment;
    this.sessions = sessions;
    this.lister = lister;
  }

  /**
   * Deletes what the path names and all below it. After a failure some of it may be gone.
   *
   * @throws CairnException NOT_FOUND when there is nothing of that name
   */
  void delete(CairnPath path) throws CairnException {
    Operation tree =
        Operation.newBuilder()
            .setDeleteTree(DeleteTree.newBuilder().setTarget(Conversions.nodeRef(path)))
            .build();
    while (true) {
      try {
        var unused = environment.await(sessions.mutate(tree));
        return;
      } catch (CairnException e) {
        // Others may add entries meanwhile: as long as there are some to delete, it is tried again.
        if (e.code() != ErrorCode.UNSUPPORTED || !deleteEntries(path)) {
          throw e;
        }
      }
    }
  }

  /** True if there were any. */
  private boolean deleteEntries(CairnPath directory) throws CairnException {
    boolean any = false;
    try {
      RemoteIterator<FileStatus> entries = lister.list(directory);
      while (entries.hasNext()) {
        FileStatus entry = entries.next();
        any = true;
        if (entry.isDirectory()) {
          deleteIfThere(entry.path());
        } else {
          unlink(entry.path());
        }
      }
    } catch (CairnException e) {
      drain(e);
      throw e;
    }
    while (!unlinks.isEmpty()) {
      awaitFirst();
    }
    return any;
  }

  private void deleteIfThere(CairnPath path) throws CairnException {
    try {
      delete(path);
    } catch (CairnException e) {
      if (e.code() != ErrorCode.NOT_FOUND) {
        throw e;
      }
    }
  }

  private void unlink(CairnPath path) throws CairnException {
    if (unlinks.size() == IN_FLIGHT) {
      awaitFirst();
    }
    unlinks.add(
        sessions.mutate(
            Operation.newBuilder()
                .setUnlink(Unlink.newBuilder().setTarget(Conversions.nodeRef(path)))
                .build()));
  }

  private void awaitFirst() throws CairnException {
    try {
      var unused = environment.await(unlinks.remove());
    } catch (CairnException e) {
      if (e.code() != ErrorCode.NOT_FOUND) {
        throw e;
      }
    }
  }

  /** Nothing is under way any more when the caller is told of a failure. */
  private void drain(CairnException failure) {
    while (!unlinks.isEmpty()) {
      try {
        awaitFirst();
      } catch (CairnException e) {
        failure.addSuppressed(Failures.here(e));
      }
    }
  }
}
