package io.cairnfs.metaserver.operation.read;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.ClusterRecord;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.FileHandle;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.operation.AclEntries;
import io.cairnfs.metaserver.store.Applied;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.metadata.Access;
import io.cairnfs.proto.metadata.AclResult;
import io.cairnfs.proto.metadata.ExtentsResult;
import io.cairnfs.proto.metadata.OpenForRead;
import io.cairnfs.proto.metadata.OpenResult;
import io.cairnfs.proto.metadata.ReadExtents;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.Stat;
import io.cairnfs.proto.metadata.StatFsResult;
import io.cairnfs.proto.metadata.StoreDigestResult;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.NodeRef;
import java.util.Optional;

/**
 * Answers reads of names from one view. What only the leader knows stays empty for the caller to
 * fill: tokens, capacities. Any thread.
 */
public final class NamespaceReads {
  private final ChunkLookup chunks;

  public NamespaceReads(ChunkLookup chunks) {
    this.chunks = chunks;
  }

  /** The kinds of requests that {@link #read} answers. */
  public static boolean answers(ReadRequest.KindCase kind) {
    return switch (kind) {
      case STAT,
          LIST,
          OPEN,
          EXTENTS,
          STAT_FS,
          WALK,
          DIGEST,
          CHECK,
          XATTRS,
          ACL,
          LOCKS,
          TEST_LOCK,
          POLICIES,
          CODING_POLICIES ->
          true;
      case REPORT, RING, CHUNK, TRASH, WHY, DEPENDENCE, KIND_NOT_SET -> false;
    };
  }

  /**
   * @param view of an instant that is new enough for the reader; stays open
   * @throws CairnException as each kind of request says; MALFORMED for other kinds
   */
  public ReadReply read(StoreView view, Principal principal, ReadRequest request)
      throws CairnException {
    ReadReply.Builder reply = ReadReply.newBuilder().setLogIndex(view.applied().index());
    Reader reader = Reader.of(view, principal, request);
    switch (request.getKindCase()) {
      case STAT -> reply.setAttributes(stat(reader, request.getStat()));
      case LIST -> reply.setList(DirectoryListing.read(reader, request.getList()));
      case OPEN -> reply.setOpen(open(reader, request.getOpen()));
      case EXTENTS -> reply.setExtents(extents(view, principal, request.getExtents()));
      case STAT_FS -> reply.setStatFs(statFs(view));
      case WALK -> reply.setWalk(new TreeWalk(reader, chunks).read(request.getWalk()));
      case DIGEST -> reply.setDigest(digest(view));
      case XATTRS -> reply.setXattrs(XattrReads.read(reader, request.getXattrs()));
      case ACL -> reply.setAcl(acl(reader, request.getAcl().getTarget()));
      case POLICIES -> reply.setPolicies(PolicyReads.inForce(reader, request.getPolicies()));
      case CODING_POLICIES -> reply.setCodingPolicies(PolicyReads.coding(view));
      case LOCKS -> reply.setLocks(LockReads.all(reader, request.getLocks()));
      case TEST_LOCK -> reply.setLocks(LockReads.test(reader, request.getTestLock()));
      case CHECK -> reply.setCheck(StoreCheck.page(view, principal, request.getCheck()));
      case REPORT, RING, CHUNK, TRASH, WHY, DEPENDENCE, KIND_NOT_SET ->
          throw new CairnException(
              ErrorCode.MALFORMED, "a read of kind " + request.getKindCase() + " about names");
    }
    return reply.build();
  }

  /**
   * Attributes of what a reference leads to; nothing but search permission is needed, and the
   * rights that are asked about.
   */
  private static Attributes stat(Reader reader, Stat request) throws CairnException {
    LastLink lastLink = request.getFollow() ? LastLink.FOLLOWED : LastLink.KEPT;
    InodeRecord inode = reader.paths().resolve(request.getTarget(), lastLink);
    Permissions.requireAccess(
        inode,
        reader.principal(),
        request.getRights(),
        () -> PathResolver.describe(request.getTarget()));
    return reader.namespace().attributes(inode);
  }

  /** The ACLs of what a reference leads to; nothing but search permission is needed. */
  private static AclResult acl(Reader reader, NodeRef target) throws CairnException {
    InodeRecord inode = reader.paths().resolve(target, LastLink.FOLLOWED);
    return AclResult.newBuilder()
        .setAttributes(reader.namespace().attributes(inode))
        .addAllEntries(AclEntries.of(inode))
        .build();
  }

  private OpenResult open(Reader reader, OpenForRead request) throws CairnException {
    StoreView view = reader.view();
    Principal principal = reader.principal();
    Namespace namespace = reader.namespace();
    NodeRef target = request.getTarget();
    InodeRecord file = reader.paths().resolve(target, LastLink.FOLLOWED);
    if (file.isDirectory()) {
      throw new CairnException(
          ErrorCode.IS_A_DIRECTORY, PathResolver.describe(target) + " is a directory");
    }
    if (file.isSpecial()) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          PathResolver.describe(target) + " is a " + file.type() + ", not a file");
    }
    if (file.isSymlink()) {
      throw new CairnException(
          ErrorCode.SYMLINK_LOOP, PathResolver.describe(target) + " is a symlink, not a file");
    }
    Permissions.require(
        file, principal, rightsOf(request.getAccess()), () -> PathResolver.describe(target));
    OpenResult.Builder result =
        OpenResult.newBuilder()
            .setAttributes(namespace.attributes(file))
            .setContentIndex(file.contentIndex())
            .setHandle(handle(view, principal, request, file));
    switch (file.content()) {
      case NONE -> result.setExtentsUntil(Long.MAX_VALUE);
      case INLINE -> result.setInline(inline(namespace, file)).setHasInline(true);
      case EXTENTS -> {
        ExtentRange range =
            ExtentRange.read(view, chunks, file.id(), request.getOffset(), request.getLength());
        result
            .addAllExtents(range.extents())
            .addAllChunks(range.chunks())
            .setExtentsUntil(range.until());
      }
    }
    return result.build();
  }

  private static int rightsOf(Access access) throws CairnException {
    return switch (access) {
      case READ_ACCESS -> Permissions.READ;
      case WRITE_ACCESS -> Permissions.WRITE;
      case READ_WRITE_ACCESS -> Permissions.READ | Permissions.WRITE;
      case UNRECOGNIZED ->
          throw new CairnException(ErrorCode.INVALID_ARGUMENT, "an access that is not known here");
    };
  }

  private static ByteString handle(
      StoreView view, Principal principal, OpenForRead request, InodeRecord file)
      throws CairnException {
    Access access = request.getAccess();
    long session = request.getSession();
    if (session != 0) {
      requireSession(view, principal, session);
    } else if (access != Access.READ_ACCESS) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "only a session can open a file for writing");
    }
    return new FileHandle(session, file.id(), access).encode(cluster(view), principal.caller());
  }

  private static ClusterRecord cluster(StoreView view) throws CairnException {
    return ClusterRecord.find(view)
        .orElseThrow(
            () -> new CairnException(ErrorCode.UNAVAILABLE, "the cluster is not bootstrapped yet"));
  }

  private static void requireSession(StoreView view, Principal principal, long session)
      throws CairnException {
    boolean open =
        session > 0
            && new Namespace(view)
                .session(new SessionId(session))
                .filter(found -> found.user().equals(principal.caller()))
                .isPresent();
    if (!open) {
      throw new CairnException(
          ErrorCode.SESSION_EXPIRED,
          "session=" + session + " of " + principal.caller() + " is not open");
    }
  }

  /** Without a handle the rights are those of now; a handle shows that they were there before. */
  private static void requireMayRead(
      StoreView view, Principal principal, ReadExtents request, InodeRecord file)
      throws CairnException {
    if (request.getHandle().isEmpty()) {
      Permissions.require(file, principal, Permissions.READ, () -> file.id().toString());
      return;
    }
    FileHandle handle =
        FileHandle.verify(cluster(view), request.getHandle(), file.id(), principal.caller());
    if (handle.session() != 0) {
      requireSession(view, principal, handle.session());
    }
  }

  /**
   * Extents of a range of a file that is open already. Works for a file without a name, too. Any
   * handle is enough: who may write a tiny file has to move its bytes when it grows.
   *
   * @throws CairnException STALE_HANDLE if the file is gone, or for the handle of somebody else
   */
  private ExtentsResult extents(StoreView view, Principal principal, ReadExtents request)
      throws CairnException {
    Namespace namespace = new Namespace(view);
    InodeRecord file =
        (request.getInode() <= 0
                ? Optional.<InodeRecord>empty()
                : namespace.inode(new InodeId(request.getInode())))
            .filter(inode -> !inode.isDirectory())
            .orElseThrow(
                () ->
                    new CairnException(
                        ErrorCode.STALE_HANDLE, "inode=" + request.getInode() + " is gone"));
    requireMayRead(view, principal, request, file);
    ExtentsResult.Builder result =
        ExtentsResult.newBuilder()
            .setAttributes(namespace.attributes(file))
            .setContentIndex(file.contentIndex());
    switch (file.content()) {
      case NONE -> result.setExtentsUntil(Long.MAX_VALUE);
      case INLINE -> result.setInline(inline(namespace, file)).setHasInline(true);
      case EXTENTS -> {
        ExtentRange range =
            ExtentRange.read(view, chunks, file.id(), request.getOffset(), request.getLength());
        result
            .addAllExtents(range.extents())
            .addAllChunks(range.chunks())
            .setExtentsUntil(range.until());
      }
    }
    return result.build();
  }

  private static ByteString inline(Namespace namespace, InodeRecord file) {
    return UnsafeByteOperations.unsafeWrap(namespace.inlineContent(file.id()));
  }

  /** Totals of names; capacities are the caller's to fill. */
  private static StatFsResult statFs(StoreView view) {
    return StatFsResult.newBuilder()
        .setFiles(Counter.FILES.in(view))
        .setDirectories(Counter.DIRECTORIES.in(view))
        .build();
  }

  private static StoreDigestResult digest(StoreView view) {
    Applied applied = view.applied();
    return StoreDigestResult.newBuilder()
        .setAppliedIndex(applied.index())
        .setAppliedTerm(applied.term())
        .setDigest(UnsafeByteOperations.unsafeWrap(applied.digest().bytes()))
        .build();
  }
}
