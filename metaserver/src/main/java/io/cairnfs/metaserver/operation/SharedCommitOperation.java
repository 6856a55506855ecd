package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.chunk.ChunkCommit;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.InodeRecord.ContentKind;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.CommitResult;
import io.cairnfs.proto.metadata.InlineWrite;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.types.Extent;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes bytes part of a file that any number of sessions write: by a handle, without the write
 * lease. The order of the log is the order of the writes, and decides where an append lands.
 */
final class SharedCommitOperation {
  private final CommandContext context;
  private final NamespaceEditor namespace;
  private final CommitExtents request;
  private final InodeRecord file;

  /** What offsets count from. */
  private final long base;

  private SharedCommitOperation(CommandContext context, CommitExtents request, InodeRecord file) {
    this.context = context;
    this.namespace = context.namespace();
    this.request = request;
    this.file = file;
    this.base = request.getAppend() ? file.length() : 0;
  }

  static OperationResult apply(CommandContext context, CommitExtents request)
      throws CairnException {
    requireConsistent(request);
    InodeRecord file =
        OpenFile.forWriting(context, new InodeId(request.getInode()), request.getHandle()).file();
    requireExpected(request, file);
    return new SharedCommitOperation(context, request, file).apply();
  }

  /**
   * The content is the one that the writer knows.
   *
   * @throws CairnException CONTENT_CHANGED
   */
  static void requireExpected(CommitExtents request, InodeRecord file) throws CairnException {
    long expected = request.getExpectedContentIndex();
    if (expected != 0 && expected != file.contentIndex()) {
      throw new CairnException(
          ErrorCode.CONTENT_CHANGED,
          file.id() + " has content " + file.contentIndex() + ", not " + expected);
    }
  }

  private static void requireConsistent(CommitExtents request) throws CairnException {
    if (request.getClose() || request.getOpenTail() || request.getHasInline()) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "inode="
              + request.getInode()
              + ": whole inline content, an open tail and the end of the writing need a lease");
    }
    if (request.getInlineWritesCount() > 0 && request.getExtentsCount() > 0) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "inode=" + request.getInode() + ": inline writes together with extents");
    }
  }

  private OperationResult apply() throws CairnException {
    long least = OpenFile.requireRange(base, request.getLength());
    InodeRecord written =
        request.getInlineWritesCount() > 0 ? writeInline(least) : insertExtents(least);
    boolean changed =
        request.getInlineWritesCount() > 0
            || request.getExtentsCount() > 0
            || written.length() > file.length();
    InodeRecord stored = changed ? OpenFile.putWritten(context, written) : file;
    return OperationResult.newBuilder()
        .setCommit(
            CommitResult.newBuilder()
                .setAttributes(namespace.attributes(stored))
                .setOffset(base)
                .setContentIndex(stored.contentIndex()))
        .build();
  }

  private InodeRecord writeInline(long least) throws CairnException {
    InlineBytes bytes = InlineBytes.of(context, file);
    for (InlineWrite write : request.getInlineWritesList()) {
      bytes.write(OpenFile.requireRange(base, write.getOffset()), write.getData());
    }
    if (least > bytes.length()) {
      bytes.resize(least);
    }
    // Chunks of the session may have come on as well.
    ChunkCommit commit = new ChunkCommit(namespace, context.requireSession().id(), file.id());
    commit.advance(request.getChunksList());
    commit.finish();
    return bytes.store();
  }

  private InodeRecord insertExtents(long least) throws CairnException {
    ChunkCommit commit = new ChunkCommit(namespace, context.requireSession().id(), file.id());
    commit.advance(request.getChunksList());
    long end = commit.insert(shifted());
    long length = Math.max(file.length(), Math.max(least, end));
    ContentKind content = file.content();
    if (request.getExtentsCount() > 0) {
      content = leaveInline(commit);
    } else if (content == ContentKind.INLINE && length > file.length()) {
      InlineBytes bytes = InlineBytes.of(context, file);
      bytes.resize(length);
      commit.finish();
      return bytes.store();
    }
    commit.finish();
    return file.edit().length(length).content(content).done();
  }

  private List<Extent> shifted() throws CairnException {
    if (base == 0) {
      return request.getExtentsList();
    }
    List<Extent> shifted = new ArrayList<>(request.getExtentsCount());
    for (Extent extent : request.getExtentsList()) {
      long offset = OpenFile.requireRange(base, extent.getFileOffset());
      shifted.add(extent.toBuilder().setFileOffset(offset).build());
    }
    return shifted;
  }

  private ContentKind leaveInline(ChunkCommit commit) throws CairnException {
    if (file.content() == ContentKind.INLINE) {
      if (!commit.covers(file.length())) {
        throw new CairnException(
            ErrorCode.CONTENT_CHANGED,
            file.id()
                + " has "
                + file.length()
                + " bytes inline, which the extents do not take the place of");
      }
      namespace.deleteInlineContent(file.id());
    }
    return ContentKind.EXTENTS;
  }
}
