package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.chunk.ExtentRanges;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.InodeRecord.ContentKind;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.SetLength;

/**
 * Cuts a file or makes it longer by a hole. What was cut never comes back: bytes up to a new end
 * read as zeros.
 */
final class SetLengthOperation {
  private SetLengthOperation() {}

  static OperationResult apply(CommandContext context, SetLength request) throws CairnException {
    long length = request.getLength();
    if (length < 0) {
      throw new CairnException(ErrorCode.TOO_LARGE, "length above 2^63 - 1");
    }
    InodeRecord file = OpenFile.forWriting(context, request.getFile()).file();
    InodeRecord stored = OpenFile.putWritten(context, withLength(context, file, length));
    return OpenFile.result(context, stored, stored.length());
  }

  private static InodeRecord withLength(CommandContext context, InodeRecord file, long length)
      throws CairnException {
    return switch (file.content()) {
      case NONE -> file.edit().length(length).done();
      case INLINE -> {
        InlineBytes bytes = InlineBytes.of(context, file);
        bytes.resize(length);
        yield bytes.store();
      }
      case EXTENTS -> length < file.length() ? cut(context, file, length) : grown(file, length);
    };
  }

  private static InodeRecord grown(InodeRecord file, long length) {
    return file.edit().length(length).done();
  }

  private static InodeRecord cut(CommandContext context, InodeRecord file, long length) {
    ExtentRanges ranges = new ExtentRanges(context.namespace(), file);
    long end = ranges.cut(length);
    ranges.finish();
    return file.edit()
        .content(end == 0 ? ContentKind.NONE : ContentKind.EXTENTS)
        .length(end)
        .done();
  }
}
