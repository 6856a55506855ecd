package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.Release;

/** Gives a write lease back: what was committed stays, nothing else becomes part of the file. */
final class ReleaseOperation {
  private ReleaseOperation() {}

  static OperationResult apply(CommandContext context, Release request) throws CairnException {
    if (request.getInode() <= 0) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, "inode=" + request.getInode());
    }
    InodeId file = new InodeId(request.getInode());
    WriteLeases.requireHeld(context, file, request.getLease());
    WriteLeases.end(context, file, request.getKeepChunks());
    return OperationResult.newBuilder()
        .setAttributes(context.namespace().attributes(context.namespace().requireInode(file)))
        .build();
  }
}
