package io.cairnfs.metaserver.operation.read;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.FileLocks;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.LockClaim;
import io.cairnfs.metaserver.namespace.LockOwner;
import io.cairnfs.metaserver.namespace.LockTable;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.SessionRecord;
import io.cairnfs.metaserver.operation.LockRequests;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.GetLocks;
import io.cairnfs.proto.metadata.LockEntry;
import io.cairnfs.proto.metadata.LockMode;
import io.cairnfs.proto.metadata.LockScope;
import io.cairnfs.proto.metadata.LocksResult;
import io.cairnfs.proto.metadata.TestLock;
import java.util.Optional;

/** Who has locks of a file. Nothing but search permission is needed. */
final class LockReads {
  private LockReads() {}

  static LocksResult all(Reader reader, GetLocks request) throws CairnException {
    StoreView view = reader.view();
    InodeRecord file = resolve(reader, request.getFile());
    FileLocks locks = LockTable.of(view, file.id());
    Namespace namespace = new Namespace(view);
    LocksResult.Builder result = LocksResult.newBuilder().setInode(file.id().value());
    for (LockClaim lock : locks.held()) {
      result.addHeld(entry(namespace, lock).setToken(lock.number()));
    }
    for (LockClaim claim : locks.waiting()) {
      result.addWaiting(entry(namespace, claim));
    }
    return result.build();
  }

  static LocksResult test(Reader reader, TestLock request) throws CairnException {
    StoreView view = reader.view();
    InodeRecord file = resolve(reader, request.getFile());
    // Whoever has no session is no owner of any lock.
    SessionId session = new SessionId(Math.max(1, request.getSession()));
    LockClaim claim =
        LockRequests.claim(
            new LockOwner(session, request.getOwner()),
            request.getScope(),
            request.getMode(),
            request.getStart(),
            request.getLength());
    LocksResult.Builder result = LocksResult.newBuilder().setInode(file.id().value());
    LockTable.of(view, file.id())
        .conflict(claim)
        .ifPresent(
            lock -> result.addHeld(entry(new Namespace(view), lock).setToken(lock.number())));
    return result.build();
  }

  private static InodeRecord resolve(Reader reader, FileRef file) throws CairnException {
    if (!file.getHandle().isEmpty()) {
      throw new CairnException(ErrorCode.UNSUPPORTED, "locks by handle are not built");
    }
    return reader.paths().resolve(file.getTarget(), LastLink.FOLLOWED);
  }

  private static LockEntry.Builder entry(Namespace namespace, LockClaim claim) {
    LockEntry.Builder entry =
        LockEntry.newBuilder()
            .setSession(claim.owner().session().value())
            .setOwner(claim.owner().number())
            .setScope(
                switch (claim.scope()) {
                  case WHOLE_FILE -> LockScope.WHOLE_FILE;
                  case BYTE_RANGE -> LockScope.BYTE_RANGE;
                })
            .setMode(
                switch (claim.mode()) {
                  case SHARED -> LockMode.SHARED_LOCK;
                  case EXCLUSIVE -> LockMode.EXCLUSIVE_LOCK;
                })
            .setStart(claim.start())
            .setLength(claim.end() == LockClaim.NO_END ? 0 : claim.end() - claim.start());
    Optional<SessionRecord> session = namespace.session(claim.owner().session());
    session.ifPresent(
        of -> entry.setUser(of.user()).setHost(of.host()).setClientName(of.clientName()));
    return entry;
  }
}
