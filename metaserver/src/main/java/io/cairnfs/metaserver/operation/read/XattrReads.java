package io.cairnfs.metaserver.operation.read;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.namespace.XattrName;
import io.cairnfs.metaserver.namespace.XattrTable;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.metadata.GetXattrs;
import io.cairnfs.proto.metadata.Xattr;
import io.cairnfs.proto.metadata.XattrsResult;

/**
 * Extended attributes of an inode. Their names are for everybody who may search the way, save those
 * that are hidden; values of user attributes for whoever may read the file.
 */
final class XattrReads {
  private XattrReads() {}

  static XattrsResult read(Reader reader, GetXattrs request) throws CairnException {
    StoreView view = reader.view();
    Principal principal = reader.principal();
    if (request.getNamesCount() > XattrTable.MAX_COUNT) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          request.getNamesCount() + " names; at most " + XattrTable.MAX_COUNT + " are possible");
    }
    LastLink lastLink = request.getNoFollow() ? LastLink.KEPT : LastLink.FOLLOWED;
    InodeRecord inode = reader.paths().resolve(request.getTarget(), lastLink);
    String where = PathResolver.describe(request.getTarget());
    XattrsResult.Builder result = XattrsResult.newBuilder();
    if (request.getNamesCount() == 0) {
      for (XattrTable.Entry entry : XattrTable.all(view, inode.id())) {
        if (Permissions.maySeeAttribute(inode, principal, entry.name())) {
          if (!request.getWithoutValues()) {
            Permissions.requireMayReadAttribute(inode, principal, entry.name(), () -> where);
          }
          add(result, entry, request.getWithoutValues());
        }
      }
    }
    for (ByteString asked : request.getNamesList()) {
      XattrName name =
          Permissions.requireAttributeName(
              inode, principal, asked.toByteArray(), Permissions.READ, () -> where);
      Permissions.requireMayReadAttribute(inode, principal, name, () -> where);
      byte[] value =
          XattrTable.get(view, inode.id(), name)
              .orElseThrow(
                  () ->
                      new CairnException(
                          ErrorCode.ATTRIBUTE_NOT_FOUND, where + ": no attribute '" + name + "'"));
      add(
          result,
          new XattrTable.Entry(name, UnsafeByteOperations.unsafeWrap(value)),
          request.getWithoutValues());
    }
    return result.build();
  }

  private static void add(
      XattrsResult.Builder result, XattrTable.Entry entry, boolean withoutValue) {
    Xattr.Builder attribute =
        Xattr.newBuilder().setName(UnsafeByteOperations.unsafeWrap(entry.name().bytes()));
    if (!withoutValue) {
      attribute.setValue(entry.value());
    }
    result.addAttributes(attribute);
  }
}
