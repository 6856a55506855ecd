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
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/** The bytes behind files, for operations on names. */
public final class ChunkExtents implements FileExtents {
  /** Chunks whose replication one command may change. */
  private static final int MAX_REPLICATED = 100_000;

  /** Extents that one command looks at to find them. */
  private static final int MAX_EXTENTS = 2_000_000;

  private static final int PAGE = 10_000;

  /** References that one command looks at before it takes replicas away. */
  private static final int MAX_REFERENCES = 65_536;

  private final int maxReplicated;
  private final int maxExtents;

  public ChunkExtents() {
    this(MAX_REPLICATED, MAX_EXTENTS);
  }

  /** All members of a cluster must have the same bounds. */
  ChunkExtents(int maxReplicated, int maxExtents) {
    this.maxReplicated = maxReplicated;
    this.maxExtents = maxExtents;
  }

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
    fenceOpen(namespace, file, session, chunk -> true);
  }

  @Override
  public void endOpenTails(NamespaceEditor namespace, InodeId file, SessionId session) {
    fenceOpen(namespace, file, session, ChunkRecord::hasOpenTail);
  }

  private static void fenceOpen(
      NamespaceEditor namespace,
      InodeId file,
      SessionId session,
      Predicate<ChunkRecord> isConcerned) {
    ChunkLifecycle chunks = new ChunkLifecycle(namespace);
    for (ChunkRecord chunk : ChunkTable.openOfInode(namespace.reader(), file)) {
      if (chunk.session() == session.value() && isConcerned.test(chunk)) {
        chunks.fence(chunk, chunk.epoch());
      }
    }
  }

  @Override
  public void changeReplication(NamespaceEditor namespace, InodeRecord file, int replication)
      throws CairnException {
    Transaction transaction = namespace.transaction();
    new SlotMembership(transaction).widen(replication);
    Set<ChunkId> ids = chunksOf(transaction, file.id());
    ChunkLifecycle chunks = new ChunkLifecycle(namespace);
    int lookedAt = 0;
    for (ChunkId id : ids) {
      ChunkRecord chunk = ChunkTable.require(transaction, id);
      if (replication >= chunk.replication()) {
        chunks.replicate(chunk, replication);
      } else if (!chunk.isShared()) {
        // Other files in the chunk may need as many as they have; where it would take too long to
        // find out, it keeps them.
        OptionalInt references =
            ReferenceTable.countOfOneFile(transaction, id, file.id(), MAX_REFERENCES - lookedAt);
        lookedAt += references.orElse(1);
        if (references.isPresent()) {
          chunks.replicate(chunk, replication);
        }
      }
    }
  }

  private Set<ChunkId> chunksOf(Transaction transaction, InodeId file) throws CairnException {
    Set<ChunkId> ids = new TreeSet<>();
    long from = 0;
    int seen = 0;
    List<ExtentRecord> page;
    do {
      page = ExtentMap.overlapping(transaction, file, from, Long.MAX_VALUE, PAGE);
      for (ExtentRecord extent : page) {
        ids.add(extent.chunk());
        from = extent.end();
      }
      seen += page.size();
      if (ids.size() > maxReplicated || seen > maxExtents) {
        throw new CairnException(
            ErrorCode.TOO_LARGE,
            file + " has more than " + maxReplicated + " chunks or " + maxExtents + " extents");
      }
    } while (page.size() == PAGE);
    return ids;
  }

  @Override
  public void endSession(NamespaceEditor namespace, SessionId session) {
    ChunkLifecycle chunks = new ChunkLifecycle(namespace);
    for (ChunkRecord chunk : ChunkTable.openOfSession(namespace.reader(), session)) {
      if (chunk.isSealed()) {
        chunks.release(chunk);
      } else {
        chunks.fence(chunk, chunk.epoch());
      }
    }
  }
}
