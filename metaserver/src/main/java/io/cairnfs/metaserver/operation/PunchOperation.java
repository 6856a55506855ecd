package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.chunk.ExtentRanges;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.Punch;

/** Makes a hole in a file, which stays as long as it is. */
final class PunchOperation {
  private PunchOperation() {}

  static OperationResult apply(CommandContext context, Punch request) throws CairnException {
    long from = request.getOffset();
    long to = OpenFile.requireRange(from, request.getLength());
    if (from == to) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, "a hole of no bytes");
    }
    InodeRecord file = OpenFile.forWriting(context, request.getFile()).file();
    long until = to;
    switch (file.content()) {
      case NONE -> {}
      case INLINE -> {
        InlineBytes bytes = InlineBytes.of(context, file);
        bytes.zero(from, to);
        bytes.store();
      }
      case EXTENTS -> {
        ExtentRanges ranges = new ExtentRanges(context.namespace(), file);
        until = ranges.punch(from, to);
        ranges.finish();
      }
    }
    return OpenFile.result(context, OpenFile.putWritten(context, file), until);
  }
}
