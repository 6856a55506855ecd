package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.chunk.ChunkCommit;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.InodeRecord.ContentKind;
import io.cairnfs.metaserver.namespace.LeaseRecord;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.CommitResult;
import io.cairnfs.proto.metadata.OperationResult;

/**
 * Makes bytes part of a file, under its write lease (without one: {@link SharedCommitOperation}).
 * Commits of one lease are numbered from 1 and applied in that order: one that comes too early is
 * sent again, one that comes too late is refused.
 */
final class CommitExtentsOperation {
  private final CommandContext context;
  private final NamespaceEditor namespace;
  private final CommitExtents request;
  private final InodeId inode;
  private final SessionId session;

  private CommitExtentsOperation(CommandContext context, CommitExtents request) {
    this.context = context;
    this.namespace = context.namespace();
    this.request = request;
    this.inode = new InodeId(request.getInode());
    this.session = context.requireSession().id();
  }

  static OperationResult apply(CommandContext context, CommitExtents request)
      throws CairnException {
    if (request.getInode() <= 0 || request.getLength() < 0) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "inode=" + request.getInode() + ", length " + request.getLength());
    }
    return request.getLease() == 0
        ? SharedCommitOperation.apply(context, request)
        : new CommitExtentsOperation(context, request).apply();
  }

  private OperationResult apply() throws CairnException {
    LeaseRecord lease = requireLease();
    InodeRecord file = namespace.requireInode(inode);
    context.extents().requireSettled(namespace, file);
    requireConsistent();
    SharedCommitOperation.requireExpected(request, file);
    namespace.putLease(inode, lease.withCommits(request.getSequence()));
    InodeRecord written = request.getHasInline() ? replaceInline(file) : insertExtents(file);
    InodeRecord stored =
        namespace.putInode(
            written
                .edit()
                .mode(Permissions.modeAfterWrite(written, context.principal()))
                .mtimeNanos(context.nowNanos())
                .ctimeNanos(context.nowNanos())
                .contentChanged(context.index())
                .done());
    if (request.getClose()) {
      WriteLeases.end(context, inode, request.getKeepChunks());
    }
    return OperationResult.newBuilder()
        .setCommit(
            CommitResult.newBuilder()
                .setAttributes(namespace.attributes(stored))
                .setContentIndex(stored.contentIndex()))
        .build();
  }

  private LeaseRecord requireLease() throws CairnException {
    LeaseRecord lease = WriteLeases.requireHeld(context, inode, request.getLease());
    long next = lease.commits() + 1;
    if (request.getSequence() > next) {
      throw new CairnException(
          ErrorCode.RETRY, inode + ": commit " + request.getSequence() + " before " + next);
    }
    if (request.getSequence() < next) {
      throw invalid("commit " + request.getSequence() + " after " + lease.commits());
    }
    return lease;
  }

  private void requireConsistent() throws CairnException {
    if (request.getHasInline() && (request.getExtentsCount() > 0 || request.getOpenTail())) {
      throw invalid("inline content together with extents");
    }
    if (request.getAppend() || request.getInlineWritesCount() > 0) {
      throw invalid("append and inline writes are for shared commits");
    }
    if (request.getClose() && request.getOpenTail()) {
      throw invalid("an open tail in a file that is closed");
    }
  }

  private InodeRecord replaceInline(InodeRecord file) throws CairnException {
    int size = request.getInline().size();
    if (size > context.cluster().inlineBytes()) {
      throw new CairnException(
          ErrorCode.TOO_LARGE,
          inode
              + ": inline content of "
              + size
              + " bytes; at most "
              + context.cluster().inlineBytes()
              + " are possible");
    }
    ChunkCommit commit = new ChunkCommit(namespace, session, inode);
    commit.endTail(file.length());
    commit.advance(request.getChunksList());
    commit.removeAll();
    commit.finish();
    if (size == 0) {
      namespace.deleteInlineContent(inode);
      return file.edit().content(ContentKind.NONE).length(request.getLength()).done();
    }
    namespace.putInlineContent(inode, request.getInline().toByteArray());
    if (request.getLength() > size) {
      throw invalid("inline content of " + size + " bytes in a file of " + request.getLength());
    }
    return file.edit().content(ContentKind.INLINE).length(size).done();
  }

  private InodeRecord insertExtents(InodeRecord file) throws CairnException {
    ChunkCommit commit = new ChunkCommit(namespace, session, inode);
    commit.endTail(file.length());
    commit.advance(request.getChunksList());
    long end = commit.insert(request.getExtentsList());
    long length = Math.max(file.length(), Math.max(request.getLength(), end));
    ContentKind content = file.content();
    if (request.getExtentsCount() > 0 || length > file.length()) {
      content = leaveInline(file, commit);
    }
    if (request.getOpenTail()) {
      commit.beginTail(length);
    }
    commit.finish();
    return file.edit().length(length).content(content).done();
  }

  /** A file has its bytes inline or in chunks: what was inline must lie in the new extents. */
  private ContentKind leaveInline(InodeRecord file, ChunkCommit commit) throws CairnException {
    if (file.content() == ContentKind.INLINE) {
      if (!commit.covers(file.length())) {
        throw invalid(
            "extents beside " + file.length() + " bytes of inline content, which they must hold");
      }
      namespace.deleteInlineContent(inode);
    }
    return ContentKind.EXTENTS;
  }

  private CairnException invalid(String message) {
    return new CairnException(ErrorCode.INVALID_ARGUMENT, inode + ": " + message);
  }
}
