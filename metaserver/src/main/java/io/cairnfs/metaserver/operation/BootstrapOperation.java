package io.cairnfs.metaserver.operation;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.name.FileName;
import io.cairnfs.metaserver.namespace.Acls;
import io.cairnfs.metaserver.namespace.ClusterRecord;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.InodeRecord.ContentKind;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.proto.command.Bootstrap;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.types.FileType;
import java.util.List;
import java.util.Optional;

/**
 * The first command of a cluster: its settings, the root directory, {@code /tmp} for everybody and
 * {@code /user} for homes. Repeating it for the same cluster changes nothing.
 */
final class BootstrapOperation {
  /** Inode ids up to this one are kept for the root, the deleted root and what may come. */
  private static final long RESERVED_INODES = 15;

  private static final int TMP_MODE = 01777;
  private static final int DIRECTORY_MODE = 0755;

  private BootstrapOperation() {}

  static CommandReply.Builder apply(CommandContext context, Bootstrap request)
      throws CairnException {
    Optional<ClusterRecord> existing = ClusterRecord.find(context.namespace().reader());
    if (existing.isPresent()) {
      return repeated(existing.get(), request);
    }
    requireUsable(request);
    ClusterRecord cluster =
        new ClusterRecord(
            request.getClusterId(),
            request.getSuperuser(),
            request.getSupergroup(),
            request.getPoolSlots(),
            FileLimits.requireReplication(request.getDefaultReplication()),
            FileLimits.requireChunkBytes(request.getDefaultChunkBytes()),
            request.getInlineBytes(),
            request.getMinReplicas(),
            request.getFeatureLevel(),
            request.getTokenKey());
    cluster.put(context.transaction());
    context.transaction().setCounter(Counter.INODE_ID, RESERVED_INODES);
    makeTree(context, cluster);
    return CommandReply.newBuilder().setChanged(true);
  }

  private static CommandReply.Builder repeated(ClusterRecord existing, Bootstrap request)
      throws CairnException {
    if (!existing.clusterId().equals(request.getClusterId())) {
      throw new CairnException(
          ErrorCode.EXISTS, "this is cluster " + existing.clusterId() + " already");
    }
    return CommandReply.newBuilder();
  }

  private static void requireUsable(Bootstrap request) throws CairnException {
    boolean named =
        !request.getClusterId().isEmpty()
            && !request.getSuperuser().isEmpty()
            && !request.getSupergroup().isEmpty();
    if (!named) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "cluster id, superuser and supergroup are needed");
    }
    if (request.getInlineBytes() < 0 || Integer.bitCount(request.getPoolSlots()) != 1) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "inline bytes "
              + request.getInlineBytes()
              + ", slots of a pool "
              + request.getPoolSlots()
              + ": slots must be a power of two");
    }
  }

  private static void makeTree(CommandContext context, ClusterRecord cluster)
      throws CairnException {
    long now = context.nowNanos();
    InodeRecord root =
        context
            .namespace()
            .putInode(
                new InodeRecord(
                    InodeId.ROOT,
                    FileType.DIRECTORY,
                    DIRECTORY_MODE,
                    cluster.superuser(),
                    cluster.supergroup(),
                    now,
                    now,
                    now,
                    0,
                    2,
                    0,
                    0,
                    0,
                    ContentKind.NONE,
                    ByteString.EMPTY,
                    context.index(),
                    context.index(),
                    Acls.NONE,
                    0));
    context.transaction().addTo(Counter.DIRECTORIES, 1);
    Principal superuser = new Principal(cluster.superuser(), List.of(cluster.supergroup()), true);
    Tree tree =
        new Tree(
            new CommandContext(
                context.command(),
                context.namespace(),
                superuser,
                now,
                context.session(),
                context.extents(),
                context.grantedTickets(),
                context.recalledLeases(),
                context.change()));
    tree.addDirectory(root, FileName.of("tmp"), new NewMode(TMP_MODE, 0));
    tree.addDirectory(root, FileName.of("user"), new NewMode(DIRECTORY_MODE, 0));
  }
}
