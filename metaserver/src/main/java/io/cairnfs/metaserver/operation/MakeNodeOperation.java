package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.name.FileName;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.PathResolver.Place;
import io.cairnfs.proto.metadata.MakeNode;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.types.NodeRef;

/**
 * Makes a fifo, a socket or a device: POSIX mknod(). Fifos and sockets anybody makes who may make
 * files; devices, which are a way around all rights, only the superuser.
 */
final class MakeNodeOperation {
  private MakeNodeOperation() {}

  static OperationResult apply(CommandContext context, MakeNode request) throws CairnException {
    NewMode mode = NewMode.checked(request.getMode(), request.getUmask());
    boolean isDevice = requireType(request);
    NodeRef target = request.getTarget();
    Tree tree = new Tree(context);
    Place place = tree.paths().locate(target, LastLink.KEPT);
    if (place.target().isPresent()) {
      throw new CairnException(ErrorCode.EXISTS, PathResolver.describe(target) + " exists");
    }
    FileName name = place.requireName(target);
    tree.requireMayAdd(place.parent(), name, target);
    if (isDevice && !context.principal().superuser()) {
      throw new CairnException(
          ErrorCode.NOT_PERMITTED,
          PathResolver.describe(target)
              + ": user="
              + context.principal().user()
              + " may not make a device");
    }
    InodeRecord made =
        tree.addSpecial(place.parent(), name, request.getType(), mode, request.getDevice());
    return OperationResult.newBuilder().setAttributes(context.namespace().attributes(made)).build();
  }

  /** Whether it is a device. */
  private static boolean requireType(MakeNode request) throws CairnException {
    boolean isDevice =
        switch (request.getType()) {
          case CHARACTER_DEVICE, BLOCK_DEVICE -> true;
          case FIFO, SOCKET -> false;
          case FILE, DIRECTORY, SYMLINK, FILE_TYPE_UNSPECIFIED, UNRECOGNIZED ->
              throw new CairnException(
                  ErrorCode.INVALID_ARGUMENT, "a " + request.getType() + " is made otherwise");
        };
    if (!isDevice && request.getDevice() != 0) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "a " + request.getType() + " with device " + Integer.toHexString(request.getDevice()));
    }
    return isDevice;
  }
}
