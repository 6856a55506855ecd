package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.metaserver.namespace.XattrName;
import io.cairnfs.metaserver.namespace.XattrTable;
import io.cairnfs.proto.metadata.Done;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.SetXattr;
import io.cairnfs.proto.metadata.XattrMode;
import java.util.List;

/** Gives an inode an extended attribute: setxattr(2) of Linux, whose rules POSIX has not. */
final class SetXattrOperation {
  private SetXattrOperation() {}

  static OperationResult apply(CommandContext context, SetXattr request) throws CairnException {
    byte[] asked = request.getName().toByteArray();
    XattrName.requireLength(asked);
    byte[] value = request.getValue().toByteArray();
    if (value.length > XattrTable.MAX_VALUE_BYTES) {
      throw new CairnException(
          ErrorCode.VALUE_TOO_LARGE,
          "value of " + value.length + " bytes; at most " + XattrTable.MAX_VALUE_BYTES);
    }
    LastLink lastLink = request.getNoFollow() ? LastLink.KEPT : LastLink.FOLLOWED;
    InodeRecord inode = context.paths().resolve(request.getTarget(), lastLink);
    String where = PathResolver.describe(request.getTarget());
    XattrName name =
        Permissions.requireAttributeName(
            inode, context.principal(), asked, Permissions.WRITE, () -> where);
    Permissions.requireMayWriteAttribute(inode, context.principal(), name, () -> where);
    List<XattrTable.Entry> present = XattrTable.all(context.transaction(), inode.id());
    requireMode(request.getMode(), present, name, where);
    requireRoom(present, new XattrTable.Entry(name, request.getValue()), where);
    XattrTable.put(context.transaction(), inode.id(), name, value);
    context.namespace().putInode(inode.edit().ctimeNanos(context.nowNanos()).done());
    return OperationResult.newBuilder().setDone(Done.getDefaultInstance()).build();
  }

  private static void requireMode(
      XattrMode mode, List<XattrTable.Entry> present, XattrName name, String where)
      throws CairnException {
    boolean exists = present.stream().anyMatch(entry -> entry.name().equals(name));
    switch (mode) {
      case XATTR_SET -> {}
      case XATTR_CREATE -> {
        if (exists) {
          throw new CairnException(
              ErrorCode.EXISTS, where + " has an attribute '" + name + "' already");
        }
      }
      case XATTR_REPLACE -> {
        if (!exists) {
          throw notFound(name, where);
        }
      }
      case UNRECOGNIZED ->
          throw new CairnException(ErrorCode.MALFORMED, "an unknown mode of setting attributes");
    }
  }

  private static void requireRoom(
      List<XattrTable.Entry> present, XattrTable.Entry added, String where) throws CairnException {
    int count = 1;
    int bytes = added.size();
    for (XattrTable.Entry entry : present) {
      if (!entry.name().equals(added.name())) {
        count++;
        bytes += entry.size();
      }
    }
    if (count > XattrTable.MAX_COUNT || bytes > XattrTable.MAX_TOTAL_BYTES) {
      throw new CairnException(
          ErrorCode.NO_SPACE,
          where
              + " would have "
              + count
              + " attributes of "
              + bytes
              + " bytes; at most "
              + XattrTable.MAX_COUNT
              + " of "
              + XattrTable.MAX_TOTAL_BYTES
              + " together are possible");
    }
  }

  static CairnException notFound(XattrName name, String where) {
    return new CairnException(
        ErrorCode.ATTRIBUTE_NOT_FOUND, where + ": no attribute '" + name + "'");
  }
}
