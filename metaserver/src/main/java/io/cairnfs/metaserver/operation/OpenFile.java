package io.cairnfs.metaserver.operation;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.FileHandle;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.proto.metadata.Access;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.RangeResult;
import io.cairnfs.proto.types.NodeRef;
import java.util.function.Predicate;

/**
 * A file that a command reads or changes, with the rights to it: the caller's own where he named it
 * by a path, his handle's where he has it open.
 *
 * @param ref names it in messages
 */
record OpenFile(InodeRecord file, NodeRef ref) {

  /**
   * The file, whose bytes may be read.
   *
   * @throws CairnException as the path demands; STALE_HANDLE
   */
  static OpenFile forReading(CommandContext context, FileRef ref) throws CairnException {
    return of(context, ref, Permissions.READ);
  }

  /**
   * The file, whose bytes may be changed: nobody writes it exclusively, and its length is known.
   *
   * @throws CairnException as the path demands; STALE_HANDLE; RETRY, also after asking for a lease
   */
  static OpenFile forWriting(CommandContext context, FileRef ref) throws CairnException {
    OpenFile open = of(context, ref, Permissions.WRITE);
    WriteLeases.recall(context, open.file, open.ref);
    return open;
  }

  /** As {@link #forWriting(CommandContext, FileRef)}, by its handle. */
  static OpenFile forWriting(CommandContext context, InodeId inode, ByteString handle)
      throws CairnException {
    return forWriting(
        context, FileRef.newBuilder().setInode(inode.value()).setHandle(handle).build());
  }

  private static OpenFile of(CommandContext context, FileRef ref, int right) throws CairnException {
    if (ref.hasTarget()) {
      NodeRef target = ref.getTarget();
      InodeRecord file = context.paths().resolve(target, LastLink.FOLLOWED);
      Tree.requireFile(file, target);
      Permissions.require(file, context.principal(), right, () -> PathResolver.describe(target));
      return new OpenFile(file, target);
    }
    InodeId inode = requireInode(ref.getInode());
    NodeRef named = NodeRef.newBuilder().setBase(inode.value()).build();
    return new OpenFile(requireHandle(context, inode, ref.getHandle(), right), named);
  }

  private static InodeId requireInode(long inode) throws CairnException {
    if (inode <= 0) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "neither a path nor an inode (" + inode + ")");
    }
    return new InodeId(inode);
  }

  /**
   * The file that the caller's own session has open with the right.
   *
   * @throws CairnException STALE_HANDLE
   */
  static InodeRecord requireHandle(
      CommandContext context, InodeId inode, ByteString bytes, int right) throws CairnException {
    return requireHandle(
        context,
        inode,
        bytes,
        right == Permissions.WRITE ? FileHandle::mayWrite : FileHandle::mayRead);
  }

  /**
   * The file that the caller's own session has open, for whatever.
   *
   * @throws CairnException STALE_HANDLE
   */
  static InodeRecord requireAnyHandle(CommandContext context, InodeId inode, ByteString bytes)
      throws CairnException {
    return requireHandle(context, inode, bytes, handle -> true);
  }

  private static InodeRecord requireHandle(
      CommandContext context, InodeId inode, ByteString bytes, Predicate<FileHandle> right)
      throws CairnException {
    FileHandle handle =
        FileHandle.verify(context.cluster(), bytes, inode, context.principal().caller());
    long session = context.requireSession().id().value();
    boolean allowed = right.test(handle);
    if (handle.session() != session || !allowed) {
      throw new CairnException(
          ErrorCode.STALE_HANDLE,
          inode
              + ": a handle of session="
              + handle.session()
              + " for "
              + handle.access()
              + ", presented by session="
              + session);
    }
    return context
        .namespace()
        .inode(inode)
        .filter(InodeRecord::isFile)
        .orElseThrow(() -> new CairnException(ErrorCode.STALE_HANDLE, inode + " is gone"));
  }

  /** Its handle, for a session that has just got it. */
  static ByteString handle(CommandContext context, InodeRecord file, Access access)
      throws CairnException {
    long session = context.requireSession().id().value();
    return new FileHandle(session, file.id(), access)
        .encode(context.cluster(), context.principal().caller());
  }

  /** Stores the file with bytes that the caller has changed: times and mode follow. */
  static InodeRecord putWritten(CommandContext context, InodeRecord changed) {
    return context
        .namespace()
        .putInode(
            changed
                .edit()
                .mode(Permissions.modeAfterWrite(changed, context.principal()))
                .mtimeNanos(context.nowNanos())
                .ctimeNanos(context.nowNanos())
                .contentChanged(context.index())
                .done());
  }

  /** The answer of an operation on a range. */
  static OperationResult result(CommandContext context, InodeRecord stored, long until) {
    return OperationResult.newBuilder()
        .setRange(
            RangeResult.newBuilder()
                .setAttributes(context.namespace().attributes(stored))
                .setUntil(until)
                .setContentIndex(stored.contentIndex()))
        .build();
  }

  /**
   * The end of a range of a file.
   *
   * @throws CairnException INVALID_ARGUMENT for a negative offset or length, TOO_LARGE for an end
   *     that no file has
   */
  static long requireRange(long offset, long length) throws CairnException {
    if (offset < 0 || length < 0) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "offset " + offset + ", length " + length);
    }
    if (offset > Long.MAX_VALUE - length) {
      throw new CairnException(
          ErrorCode.TOO_LARGE, length + " bytes at " + offset + " end above 2^63 - 1");
    }
    return offset + length;
  }
}
