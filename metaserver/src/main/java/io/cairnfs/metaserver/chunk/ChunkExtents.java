package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.FileExtents;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.proto.metadata.ExtentContent;
import java.util.Set;
import java.util.TreeSet;

/** The bytes behind files, for operations on names. */
public final class ChunkExtents implements FileExtents {
  /** Chunks whose replication one command may change. */
  private static final int MAX_REPLICATED = 100_000;

  @Override
  public void adopt(
      NamespaceEditor namespace, SessionId session, InodeRecord file, ExtentContent content)
      throws CairnException {
    ChunkCommit commit = new ChunkCommit(namespace, session, file.id());
    commit.advance(content.getChunksList());
    long end = commit.insert(content.getExtentsList());
    if (end > content.getLength()) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          file.id() + ": extents up to " + end + " in a file of " + content.getLength());
    }
    commit.finish();
  }

  @Override
  public boolean hasMoreThan(NamespaceEditor namespace, InodeId file, int extents) {
    return ExtentMap.hasMoreThan(namespace.reader(), file, extents);
  }

  @Override
  public int release(NamespaceEditor namespace, InodeId file, int limit) {
    ExtentMap extents = new ExtentMap(namespace.transaction(), file);
    int removed = extents.removeFirst(limit);
    new ChunkLifecycle(namespace).collect(extents.dereferenced());
    return removed;
  }

  @Override
  public void requireSettled(NamespaceEditor namespace, InodeRecord file) throws CairnException {
    for (ChunkRecord chunk : ChunkTable.openOfInode(namespace.reader(), file.id())) {
      if (chunk.isSettling()) {
        throw new CairnException(
            ErrorCode.RETRY, file.id() + ": the length of " + chunk.id() + " is being settled");
      }
    }
  }

  @Override
  public void endWriting(NamespaceEditor namespace, InodeId file, SessionId session) {
    ChunkLifecycle chunks = new ChunkLifecycle(namespace);
    for (ChunkRecord chunk : ChunkTable.openOfInode(namespace.reader(), file)) {
      if (chunk.session() == session.value()) {
        chunks.fence(chunk, chunk.epoch());
      }
    }
  }

  @Override
  public void changeReplication(NamespaceEditor namespace, InodeRecord file, int replication)
      throws CairnException {
    Transaction transaction = namespace.transaction();
    new SlotMembership(transaction).widen(replication);
    Set<ChunkId> ids = new TreeSet<>();
    for (ExtentRecord extent :
        ExtentMap.overlapping(transaction, file.id(), 0, Long.MAX_VALUE, MAX_REPLICATED + 1)) {
      ids.add(extent.chunk());
    }
    if (ids.size() > MAX_REPLICATED) {
      throw new CairnException(
          ErrorCode.TOO_LARGE, file.id() + " has more than " + MAX_REPLICATED + " chunks");
    }
    ChunkLifecycle chunks = new ChunkLifecycle(namespace);
    for (ChunkId id : ids) {
      ChunkRecord chunk = ChunkTable.require(transaction, id);
      // Other files in the chunk may need as many as they have: it can only get more.
      boolean ofThisAlone =
          !chunk.isShared() && ReferenceTable.isOfOneFile(transaction, id, file.id());
      if (ofThisAlone || replication > chunk.replication()) {
        chunks.replicate(chunk, replication);
      }
    }
  }

  @Override
  public void endSession(NamespaceEditor namespace, SessionId session) {
    ChunkLifecycle chunks = new ChunkLifecycle(namespace);
    for (ChunkRecord chunk : ChunkTable.openOfSession(namespace.reader(), session)) {
      chunks.fence(chunk, chunk.epoch());
    }
  }
}
