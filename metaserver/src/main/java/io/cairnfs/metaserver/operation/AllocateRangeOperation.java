package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.InodeRecord.ContentKind;
import io.cairnfs.proto.metadata.AllocateRange;
import io.cairnfs.proto.metadata.OperationResult;

/** Makes a file at least as long as a range reaches, by a hole. Space is not set aside. */
final class AllocateRangeOperation {
  private AllocateRangeOperation() {}

  static OperationResult apply(CommandContext context, AllocateRange request)
      throws CairnException {
    long end = OpenFile.requireRange(request.getOffset(), request.getLength());
    if (request.getLength() == 0) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, "no bytes to allocate");
    }
    InodeRecord file = OpenFile.forWriting(context, request.getFile()).file();
    boolean grows = !request.getKeepLength() && end > file.length();
    InodeRecord longer = grows ? grown(context, file, end) : file;
    return OpenFile.result(context, OpenFile.putWritten(context, longer), end);
  }

  private static InodeRecord grown(CommandContext context, InodeRecord file, long end)
      throws CairnException {
    if (file.content() != ContentKind.INLINE) {
      return file.edit().length(end).done();
    }
    InlineBytes bytes = InlineBytes.of(context, file);
    bytes.resize(end);
    return bytes.store();
  }
}
