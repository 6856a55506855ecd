package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.chunk.ExtentRanges;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.InodeRecord.ContentKind;
import io.cairnfs.proto.metadata.CloneRange;
import io.cairnfs.proto.metadata.OperationResult;

/** Makes committed bytes of one file, or of another part of the same, part of a file as well. */
final class CloneRangeOperation {
  private final CommandContext context;
  private final InodeRecord source;
  private final InodeRecord target;
  private final long from;
  private final long to;
  private final long at;
  private final long end;

  private CloneRangeOperation(
      CommandContext context, InodeRecord source, InodeRecord target, CloneRange request)
      throws CairnException {
    this.context = context;
    this.source = source;
    this.target = target;
    this.from = request.getSourceOffset();
    this.to = OpenFile.requireRange(from, request.getLength());
    this.at = request.getTargetOffset();
    this.end = OpenFile.requireRange(at, request.getLength());
  }

  static OperationResult apply(CommandContext context, CloneRange request) throws CairnException {
    InodeRecord source = OpenFile.forReading(context, request.getSource()).file();
    InodeRecord target = OpenFile.forWriting(context, request.getTarget()).file();
    return new CloneRangeOperation(context, source, target, request).apply();
  }

  private OperationResult apply() throws CairnException {
    if (to > source.length()) {
      throw invalid("a range up to " + to + " of " + source.length() + " committed bytes");
    }
    if (source.id().equals(target.id()) && from < end && at < to) {
      throw invalid("a range overlaps the one that it is cloned to");
    }
    if (from == to) {
      return OpenFile.result(context, target, at);
    }
    return source.content() == ContentKind.INLINE ? copyInline() : share();
  }

  private OperationResult copyInline() throws CairnException {
    requireSupported(target.content() != ContentKind.EXTENTS && fitsInline());
    InlineBytes bytes = InlineBytes.of(context, target);
    bytes.write(at, InlineBytes.of(context, source).range(from, to));
    return OpenFile.result(context, OpenFile.putWritten(context, bytes.store()), end);
  }

  private boolean fitsInline() throws CairnException {
    return Math.max(end, target.length()) <= context.cluster().inlineBytes();
  }

  private OperationResult share() throws CairnException {
    boolean covered = at == 0 && end >= target.length();
    requireSupported(target.content() != ContentKind.INLINE || covered);
    ExtentRanges ranges = new ExtentRanges(context.namespace(), target);
    long until = ranges.share(source.id(), from, to - from, at, ExtentRanges.MAX_SHARED);
    ranges.finish();
    if (target.content() == ContentKind.INLINE) {
      requireSupported(until >= target.length());
      context.namespace().deleteInlineContent(target.id());
    }
    InodeRecord cloned =
        target.edit().content(ContentKind.EXTENTS).length(Math.max(target.length(), until)).done();
    return OpenFile.result(context, OpenFile.putWritten(context, cloned), until);
  }

  private void requireSupported(boolean possible) throws CairnException {
    if (!possible) {
      throw new CairnException(
          ErrorCode.UNSUPPORTED,
          "bytes of "
              + source.id()
              + " or "
              + target.id()
              + " are inline, and can only be copied to ["
              + at
              + ", "
              + end
              + ")");
    }
  }

  private CairnException invalid(String what) {
    return new CairnException(ErrorCode.INVALID_ARGUMENT, source.id() + ": " + what);
  }
}
