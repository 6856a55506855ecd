package io.cairnfs.metaserver.operation;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.ClusterRecord;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.InodeRecord.ContentKind;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.PathResolver.Place;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.proto.metadata.Access;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.Create.ContentCase;
import io.cairnfs.proto.metadata.CreateResult;
import io.cairnfs.proto.metadata.ExtentContent;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.types.NodeRef;

/**
 * Makes a file, or empties an existing one, which keeps its mode and owner, and its inode unless it
 * has bytes in chunks. Without content the caller gets the write lease; with whole content the file
 * is complete.
 */
final class CreateOperation {
  /** Mode of directories made on the way. */
  private static final int PARENT_MODE = 0755;

  private final CommandContext context;
  private final NamespaceEditor namespace;
  private final Create request;
  private final ClusterRecord cluster;
  private final Tree tree;

  private CreateOperation(CommandContext context, Create request) throws CairnException {
    this.context = context;
    this.namespace = context.namespace();
    this.request = request;
    this.cluster = context.cluster();
    this.tree = new Tree(context);
  }

  static OperationResult apply(CommandContext context, Create request) throws CairnException {
    return new CreateOperation(context, request).apply();
  }

  private OperationResult apply() throws CairnException {
    NodeRef target = request.getTarget();
    NewMode mode = NewMode.checked(request.getMode(), request.getUmask());
    int replication =
        FileLimits.requireReplication(
            request.getReplication() == 0
                ? cluster.defaultReplication()
                : request.getReplication());
    long chunkBytes =
        FileLimits.requireChunkBytes(
            request.getChunkBytes() == 0 ? cluster.defaultChunkBytes() : request.getChunkBytes());
    requireContentFits();
    Tree.Parents parents = request.getParents() ? Tree.Parents.CREATED : Tree.Parents.REQUIRED;
    // Only who insists on a new file does not mean what a symlink leads to.
    LastLink lastLink =
        request.getOverwrite() || request.getFollow() ? LastLink.FOLLOWED : LastLink.KEPT;
    Place place =
        tree.locate(target, lastLink, parents, new NewMode(PARENT_MODE, request.getUmask()));
    boolean isNew = place.target().isEmpty();
    InodeRecord file;
    if (isNew) {
      tree.requireMayAdd(place.parent(), place.requireName(target), target);
      file = tree.addFile(place.parent(), place.requireName(target), mode, replication, chunkBytes);
    } else {
      file = emptied(place, place.target().get(), replication, chunkBytes);
    }
    return request.getContentCase() == ContentCase.CONTENT_NOT_SET
        ? leased(file, isNew)
        : complete(file);
  }

  private void requireContentFits() throws CairnException {
    if (request.hasInline() && request.getInline().size() > cluster.inlineBytes()) {
      throw new CairnException(
          ErrorCode.TOO_LARGE,
          "inline content of "
              + request.getInline().size()
              + " bytes; at most "
              + cluster.inlineBytes()
              + " are possible");
    }
  }

  private InodeRecord emptied(Place place, InodeRecord file, int replication, long chunkBytes)
      throws CairnException {
    NodeRef target = request.getTarget();
    if (!request.getOverwrite()) {
      throw new CairnException(ErrorCode.EXISTS, PathResolver.describe(target) + " exists");
    }
    Tree.requireFile(file, target);
    Permissions.require(
        file, context.principal(), Permissions.WRITE, () -> PathResolver.describe(target));
    WriteLeases.requireFree(context, file, target);
    InodeRecord emptied =
        tree.withoutContent(place, file, target)
            .edit()
            .replication(replication)
            .chunkBytes(chunkBytes)
            .mtimeNanos(context.nowNanos())
            .ctimeNanos(context.nowNanos())
            .done();
    return namespace.putInode(emptied);
  }

  private OperationResult leased(InodeRecord file, boolean isNew) throws CairnException {
    SessionId session = context.requireSession().id();
    long grant =
        (isNew
                ? namespace.grantFirstLease(file.id(), session)
                : namespace.grantLease(file.id(), session))
            .grant();
    return result(file, grant, OpenFile.handle(context, file, Access.READ_WRITE_ACCESS));
  }

  private OperationResult complete(InodeRecord file) throws CairnException {
    InodeRecord.Editor edit = file.edit();
    if (request.hasInline()) {
      byte[] content = request.getInline().toByteArray();
      if (content.length > 0) {
        namespace.putInlineContent(file.id(), content);
        edit.content(ContentKind.INLINE).length(content.length);
      }
    } else {
      ExtentContent content = request.getExtents();
      if (content.getLength() < 0) {
        throw new CairnException(ErrorCode.TOO_LARGE, "length above 2^63 - 1");
      }
      context.extents().adopt(namespace, context.requireSession().id(), file, content);
      edit.content(content.getExtentsCount() == 0 ? ContentKind.NONE : ContentKind.EXTENTS)
          .length(content.getLength());
    }
    if (request.getMtimeNanos() != 0) {
      edit.mtimeNanos(request.getMtimeNanos());
    }
    InodeRecord stored = namespace.putInode(edit.done());
    // Who makes an empty file goes on to write it, whatever its mode.
    ByteString handle =
        stored.content() == ContentKind.NONE || context.change().isPresent()
            ? OpenFile.handle(context, stored, Access.READ_WRITE_ACCESS)
            : ByteString.EMPTY;
    return result(stored, 0, handle);
  }

  private OperationResult result(InodeRecord file, long grant, ByteString handle) {
    return OperationResult.newBuilder()
        .setCreate(
            CreateResult.newBuilder()
                .setAttributes(namespace.attributes(file))
                .setLease(grant)
                .setHandle(handle))
        .build();
  }
}
