package io.cairnfs.simulation.model;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.ClusterRecord;
import io.cairnfs.metaserver.namespace.FileHandle;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.proto.command.Bootstrap;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.RevokeLease;
import io.cairnfs.proto.metadata.Accessed;
import io.cairnfs.proto.metadata.AclChange;
import io.cairnfs.proto.metadata.AclEntry;
import io.cairnfs.proto.metadata.AclResult;
import io.cairnfs.proto.metadata.AclScope;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.AllocateRange;
import io.cairnfs.proto.metadata.ChangeBatch;
import io.cairnfs.proto.metadata.ChunkProgress;
import io.cairnfs.proto.metadata.CloneRange;
import io.cairnfs.proto.metadata.CloseChunks;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.Concat;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.DirectoryChange;
import io.cairnfs.proto.metadata.DirectoryEntry;
import io.cairnfs.proto.metadata.DirectoryPage;
import io.cairnfs.proto.metadata.Fence;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.GetAcl;
import io.cairnfs.proto.metadata.GetXattrs;
import io.cairnfs.proto.metadata.InlineWrite;
import io.cairnfs.proto.metadata.LeaseDirectory;
import io.cairnfs.proto.metadata.Link;
import io.cairnfs.proto.metadata.ListDirectory;
import io.cairnfs.proto.metadata.Lock;
import io.cairnfs.proto.metadata.LockMode;
import io.cairnfs.proto.metadata.LockScope;
import io.cairnfs.proto.metadata.MakeNode;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.OpenForRead;
import io.cairnfs.proto.metadata.OpenForWrite;
import io.cairnfs.proto.metadata.OpenResult;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.Punch;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.RecoverLease;
import io.cairnfs.proto.metadata.Release;
import io.cairnfs.proto.metadata.ReleaseLocks;
import io.cairnfs.proto.metadata.RemoveXattr;
import io.cairnfs.proto.metadata.Rename;
import io.cairnfs.proto.metadata.RenameMode;
import io.cairnfs.proto.metadata.SetAcl;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.metadata.SetLength;
import io.cairnfs.proto.metadata.SetXattr;
import io.cairnfs.proto.metadata.Stat;
import io.cairnfs.proto.metadata.Symlink;
import io.cairnfs.proto.metadata.Unlock;
import io.cairnfs.proto.metadata.Xattr;
import io.cairnfs.proto.metadata.XattrMode;
import io.cairnfs.proto.metadata.XattrsResult;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import io.cairnfs.proto.types.FileType;
import io.cairnfs.proto.types.NodeRef;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The namespace as its rules say it: a tree of objects, sessions with their replies, and a function
 * from commands to answers. Knows names, inline content, and of bytes in chunks who wrote them.
 */
public final class NamespaceModel {
  private static final int READ = 4;
  private static final int WRITE = 2;
  private static final int SEARCH = 1;
  private static final int MAX_CALLS = 1024;

  private static final class Session {
    private final String user;
    private long lowWater;
    private final Map<Long, ModelAnswer> replies = new HashMap<>();

    Session(String user) {
      this.user = user;
    }
  }

  /** Who may commit what is in a chunk; for one inode, or, as 0, for any. */
  private record ChunkOwner(long session, long inode) {}

  /** Where a path leads; an empty name = the node itself. */
  private record Spot(ModelNode directory, String name, ModelNode node) {}

  private final Map<Long, ModelNode> nodes = new HashMap<>();
  private final Map<Long, Session> sessions = new HashMap<>();
  private final Map<ByteString, Long> nonces = new HashMap<>();
  private final Map<Long, ChunkOwner> chunkOwners = new HashMap<>();
  private ModelNode root = new ModelNode(1, true);
  private Bootstrap settings = Bootstrap.getDefaultInstance();
  private long time;
  private long lastInode = 15;
  private long lastSession;
  private long lastGrant;
  private final LockModel locks = new LockModel();
  private Map<Long, ModelChanger> changers = new HashMap<>();

  /** The change of a batch that is being done, or null. */
  private DirectoryChange changing;

  private long removedDirectory;

  /** The lease that the command asks for. */
  private long recalled;

  private Command command = Command.getDefaultInstance();
  private final Map<ModelNode, ModelNode> before = new HashMap<>();
  private final Set<ModelNode> made = new HashSet<>();
  private CommandReply told = CommandReply.getDefaultInstance();
  private long writer;
  private int umask;
  private long grownBySettling;

  /** A command was executed that this model has no part in. */
  void passTime(long stampNanos) {
    time = Math.max(stampNanos, time + 1);
  }

  /** What the command ought to answer; the model is as it is after it. */
  public ModelAnswer apply(Command next) {
    return apply(next, CommandReply.getDefaultInstance(), 0);
  }

  /**
   * As {@link #apply(Command)}, for a cluster with chunks: of which the model knows nothing but the
   * lengths and writers of files. Whether the state of chunks forbids a command is taken from what
   * it did answer; what it does to files is not.
   *
   * @param writer of the bytes that the command makes part of a file
   */
  public ModelAnswer apply(Command next, CommandReply told, long writer) {
    command = next;
    this.told = told;
    this.writer = writer;
    passTime(next.getStampNanos());
    return switch (next.getKindCase()) {
      case OPERATION -> call(next);
      case BOOTSTRAP -> bootstrap(next.getBootstrap());
      case OPEN_SESSION -> openSession(next.getOpenSession().getNonce());
      case SETTLE_CHUNK -> {
        if (told.getErrorCode() == 0 && told.getChanged()) {
          settle(next.getSettleChunk().getChunk(), next.getSettleChunk().getLength());
        }
        yield ModelAnswer.done(0);
      }
      case TICK,
          REGISTER_SERVER,
          SET_SERVER,
          FENCE_CHUNK,
          REPAIR_DONE,
          REPAIR_NEEDED,
          REPLICAS_FOUND,
          GARBAGE_DONE,
          RELEASE_GARBAGE,
          BEGIN_JOIN,
          ADVANCE_JOIN,
          PROMOTE,
          ADD_POOL,
          BEGIN_STRIPE,
          COMMIT_STRIPE,
          BEGIN_COMPACTION,
          COMPACT,
          PURGE_STEP ->
          ModelAnswer.done(0);
      case EXPIRE_SESSION -> {
        endSession(next.getExpireSession().getSession());
        yield ModelAnswer.done(0);
      }
      case REVOKE_LEASE -> {
        revoke(next.getRevokeLease());
        yield ModelAnswer.done(0);
      }
      case EMPTY_TRASH ->
          throw new IllegalArgumentException("simulated clusters have no trash to be emptied");
      case KIND_NOT_SET -> throw new IllegalArgumentException("a command of no kind");
    };
  }

  private void revoke(RevokeLease request) {
    ModelNode file = nodes.get(request.getInode());
    if (file != null && file.heldBy != 0 && file.heldAs == request.getLease()) {
      file.heldBy = 0;
    }
    if (file != null && file.leaseSession != 0 && file.leaseGrant == request.getLease()) {
      file.leaseSession = 0;
    }
  }

  /** Everything deleted has been purged. */
  public void purgeAll() {
    nodes.values().forEach(ModelNode::dropCutOffNames);
    nodes.values().stream().filter(ModelNode::isCutOff).forEach(node -> locks.drop(node.id));
    nodes.values().removeIf(ModelNode::isCutOff);
  }

  private ModelAnswer bootstrap(Bootstrap request) {
    if (!settings.getClusterId().isEmpty()) {
      return ModelAnswer.done(0);
    }
    settings = request;
    stamp(root, 0755, request.getSuperuser(), request.getSupergroup());
    nodes.put(1L, root);
    addDirectory(root, "tmp", 01777, request.getSuperuser(), request.getSupergroup());
    addDirectory(root, "user", 0755, request.getSuperuser(), request.getSupergroup());
    keepChanges();
    return ModelAnswer.done(0);
  }

  private ModelAnswer openSession(ByteString nonce) {
    Long known = nonces.get(nonce);
    if (known == null) {
      known = ++lastSession;
      nonces.put(nonce, known);
      sessions.put(known, new Session(command.getUser()));
    } else if (!sessions.get(known).user.equals(command.getUser())) {
      return ModelAnswer.failure(ErrorCode.PERMISSION_DENIED);
    }
    return ModelAnswer.done(known);
  }

  private void endSession(long id) {
    sessions.remove(id);
    locks.endSession(id);
    changers.remove(id);
    nonces.values().removeIf(session -> session == id);
    for (ModelNode node : nodes.values()) {
      if (node.leaseSession == id) {
        node.leaseSession = 0;
      }
      if (node.heldBy == id) {
        node.heldBy = 0;
      }
    }
  }

  private ModelAnswer call(Command next) {
    Session session = sessions.get(next.getSession());
    if (session == null) {
      return ModelAnswer.failure(ErrorCode.SESSION_EXPIRED);
    }
    if (!session.user.equals(next.getUser())) {
      return ModelAnswer.failure(ErrorCode.PERMISSION_DENIED);
    }
    long mark = Math.max(session.lowWater, next.getLowWater());
    long call = next.getCall();
    if (call < mark || call < 1) {
      return ModelAnswer.failure(ErrorCode.STALE_CALL);
    }
    if (call >= mark + MAX_CALLS) {
      return ModelAnswer.failure(ErrorCode.BUSY);
    }
    if (session.replies.containsKey(call)) {
      return session.replies.get(call);
    }
    session.lowWater = mark;
    session.replies.keySet().removeIf(old -> old < mark);
    ModelAnswer answer = attempt(next.getOperation());
    session.replies.put(call, answer.stored());
    return answer;
  }

  /** A refusal leaves everything as it was. */
  private ModelAnswer attempt(Operation operation) {
    long inode = lastInode;
    long grant = lastGrant;
    Map<Long, ModelChanger> given = new HashMap<>(changers);
    removedDirectory = 0;
    recalled = 0;
    try {
      ModelAnswer answer = execute(operation);
      refuseAsChunksDid();
      if (removedDirectory != 0) {
        locks.drop(removedDirectory);
      }
      return answer;
    } catch (ModelRefusal refusal) {
      takeBack();
      changers = given;
      lastInode = inode;
      lastGrant = grant;
      return ModelAnswer.failure(refusal.code(), recalled);
    } finally {
      keepChanges();
    }
  }

  private void takeBack() {
    before.forEach(ModelNode::restore);
    made.forEach(node -> nodes.remove(node.id));
  }

  private void keepChanges() {
    before.keySet().forEach(node -> node.children.keep());
    before.clear();
    made.clear();
  }

  private void refuseAsChunksDid() throws ModelRefusal {
    ErrorCode code = ErrorCode.ofNumber(told.getErrorCode());
    boolean ofChunks =
        switch (code) {
          case RETRY, CHUNK_NOT_FOUND, CHUNK_FENCED, CHUNK_CLOSED, TOO_FEW_SERVERS -> true;
          default -> false;
        };
    if (told.getErrorCode() != 0 && ofChunks) {
      throw new ModelRefusal(code);
    }
    if (namesForeignChunk(command.getOperation())) {
      throw new ModelRefusal(ErrorCode.PERMISSION_DENIED);
    }
  }

  /** Hazard A11: bytes are committed by the session that has the chunk, for the inode it is for. */
  private boolean namesForeignChunk(Operation operation) {
    return switch (operation.getKindCase()) {
      case CREATE ->
          operation.getCreate().getExtents().getExtentsList().stream()
              .anyMatch(extent -> isForeign(extent, 0));
      case COMMIT ->
          operation.getCommit().getExtentsList().stream()
              .anyMatch(extent -> isForeign(extent, operation.getCommit().getInode()));
      default -> false;
    };
  }

  private boolean isForeign(Extent extent, long inode) {
    ChunkOwner owner = chunkOwners.get(extent.getChunk());
    return owner != null
        && (owner.session != command.getSession() || (owner.inode != 0 && owner.inode != inode));
  }

  private ModelAnswer allocate(Allocate request) {
    for (ChunkLocation chunk : told.getResult().getAllocate().getChunksList()) {
      chunkOwners.put(chunk.getChunk(), new ChunkOwner(command.getSession(), request.getInode()));
    }
    return asTold();
  }

  private ModelAnswer asTold() {
    return told.getErrorCode() == 0
        ? ModelAnswer.done(0)
        : ModelAnswer.failure(ErrorCode.ofNumber(told.getErrorCode()));
  }

  private ModelAnswer execute(Operation operation) throws ModelRefusal {
    umask =
        operation.getMkdir().getUmask()
            | operation.getCreate().getUmask()
            | operation.getMakeNode().getUmask();
    if (operation.hasFence()) {
      requireInForce(operation.getFence());
    }
    return switch (operation.getKindCase()) {
      case MKDIR -> mkdir(operation.getMkdir());
      case CREATE -> create(operation.getCreate());
      case RENAME -> rename(operation.getRename());
      case UNLINK -> unlink(operation.getUnlink().getTarget());
      case RMDIR -> rmdir(operation.getRmdir().getTarget());
      case DELETE_TREE -> deleteTree(operation.getDeleteTree().getTarget());
      case SET_ATTRIBUTES -> setAttributes(operation.getSetAttributes());
      case SYMLINK -> symlink(operation.getSymlink());
      case LINK -> link(operation.getLink());
      case MAKE_NODE -> makeNode(operation.getMakeNode());
      case ACCESSED -> accessed(operation.getAccessed());
      case SET_XATTR -> setXattr(operation.getSetXattr());
      case REMOVE_XATTR -> removeXattr(operation.getRemoveXattr());
      case SET_ACL -> setAcl(operation.getSetAcl());
      case RELEASE -> release(operation.getRelease());
      case OPEN_FOR_WRITE -> openForWrite(operation.getOpenForWrite());
      case CLOSE_SESSION -> {
        endSession(command.getSession());
        yield ModelAnswer.done(0);
      }
      case COMMIT -> commit(operation.getCommit());
      case ALLOCATE -> allocate(operation.getAllocate());
      case CLOSE_CHUNKS -> closeChunks(operation.getCloseChunks());
      case RECOVER_LEASE -> recoverLease(operation.getRecoverLease());
      case LOCK -> lock(operation.getLock());
      case UNLOCK -> unlock(operation.getUnlock());
      case STOP_WAITING -> stopWaiting(operation.getStopWaiting().getClaim());
      case RELEASE_LOCKS -> releaseLocks(operation.getReleaseLocks());
      case SET_MEMBERSHIP, SET_CODING_POLICY, SET_STORAGE_POLICY, ENABLE_CODING_POLICY -> asTold();
      case SET_LENGTH -> setLength(operation.getSetLength());
      case PUNCH -> punch(operation.getPunch());
      case ALLOCATE_RANGE -> allocateRange(operation.getAllocateRange());
      case CLONE_RANGE -> cloneRange(operation.getCloneRange());
      case CONCAT -> concat(operation.getConcat());
      case LEASE_DIRECTORY -> leaseDirectory(operation.getLeaseDirectory());
      case BATCH -> batch(operation.getBatch());
      case KIND_NOT_SET -> throw new IllegalArgumentException("an operation of no kind");
    };
  }

  // Directories that one session has for itself.

  private void enter(ModelNode directory) throws ModelRefusal {
    if (changing != null) {
      refuseIf(directory.heldBy != command.getSession(), ErrorCode.LEASE_LOST);
    } else if (directory.heldBy != 0 && directory.heldBy != command.getSession()) {
      recalled = directory.heldAs;
      throw new ModelRefusal(ErrorCode.RETRY);
    }
  }

  private ModelChanger changer() {
    return changers.getOrDefault(command.getSession(), new ModelChanger(time, List.of()));
  }

  private void setAside(int count) throws ModelRefusal {
    refuseIf(count < 0 || count > 65_536, ErrorCode.INVALID_ARGUMENT);
    if (count > 0) {
      refuseIf(changer().ids().size() >= 8, ErrorCode.INVALID_ARGUMENT);
      changers.put(command.getSession(), changer().with(lastInode + 1, lastInode + 1 + count));
      lastInode += count;
    }
  }

  private ModelAnswer leaseDirectory(LeaseDirectory request) throws ModelRefusal {
    int most = request.getMaxEntries();
    refuseIf(request.getDirectory() <= 0, ErrorCode.INVALID_ARGUMENT);
    refuseIf(most < 0 || most > 4096, ErrorCode.INVALID_ARGUMENT);
    ModelNode directory =
        find(NodeRef.newBuilder().setBase(request.getDirectory()).build(), -1).node;
    refuseIf(!directory.directory, ErrorCode.NOT_A_DIRECTORY);
    refuseIf(!may(directory, WRITE | SEARCH), ErrorCode.PERMISSION_DENIED);
    int count = 0;
    for (ModelNode child : directory.children.values()) {
      refuseIf(count++ == most, ErrorCode.TOO_LARGE);
      if (child.directory) {
        enter(child);
      }
    }
    setAside(request.getInodes());
    changers.put(command.getSession(), changer().since(time));
    if (directory.heldBy == 0) {
      change(directory).heldBy = command.getSession();
      directory.heldAs = ++lastGrant;
    }
    return ModelAnswer.of(attributes(directory), directory.heldAs);
  }

  private ModelAnswer batch(ChangeBatch request) throws ModelRefusal {
    int count = request.getChangesCount();
    refuseIf(count < 1 || count > 4096, ErrorCode.INVALID_ARGUMENT);
    setAside(request.getInodes());
    keepChanges();
    long now = time;
    int done = 0;
    for (DirectoryChange next : request.getChangesList()) {
      Map<Long, ModelChanger> given = new HashMap<>(changers);
      removedDirectory = 0;
      try {
        change(next, now);
        if (removedDirectory != 0) {
          locks.drop(removedDirectory);
        }
      } catch (ModelRefusal refusal) {
        takeBack();
        changers = given;
        if (refusal.code() == ErrorCode.RETRY && done == 0 && request.getInodes() == 0) {
          throw refusal;
        }
        return ModelAnswer.done(ModelAnswer.batch(done, refusal.code().number()));
      } finally {
        removedDirectory = 0;
        changing = null;
        time = now;
        keepChanges();
      }
      done++;
    }
    return ModelAnswer.done(ModelAnswer.batch(done, 0));
  }

  private void change(DirectoryChange next, long now) throws ModelRefusal {
    Operation operation = next.getOperation();
    boolean makes = operation.hasMkdir() || operation.hasCreate() || operation.hasSymlink();
    refuseIf(!suitsBatch(operation), ErrorCode.INVALID_ARGUMENT);
    refuseIf(makes != next.getInode() > 0, ErrorCode.INVALID_ARGUMENT);
    refuseIf(next.getLeased() && !operation.hasMkdir(), ErrorCode.INVALID_ARGUMENT);
    refuseIf(!changers.containsKey(command.getSession()), ErrorCode.LEASE_LOST);
    ModelChanger changer = changer();
    if (next.getInode() != 0) {
      changer =
          changer
              .using(next.getInode())
              .orElseThrow(() -> new ModelRefusal(ErrorCode.INVALID_ARGUMENT));
    }
    time = Math.min(now, Math.max(changer.since(), next.getTimeNanos()));
    changers.put(command.getSession(), changer);
    changing = next;
    ModelAnswer answer = execute(operation);
    if (next.getLeased()) {
      ModelNode directory = nodes.get(answer.attributes().orElseThrow().getInode());
      directory.heldBy = command.getSession();
      directory.heldAs = directory.parent.heldAs;
    }
  }

  private static boolean suitsBatch(Operation operation) {
    return switch (operation.getKindCase()) {
      case SYMLINK, UNLINK, RMDIR, RENAME, SET_ATTRIBUTES -> true;
      case MKDIR -> !operation.getMkdir().getParents() && !operation.getMkdir().getExistOk();
      case CREATE ->
          operation.getCreate().hasInline()
              && !operation.getCreate().getOverwrite()
              && !operation.getCreate().getParents()
              && !operation.getCreate().getFollow();
      case COMMIT ->
          operation.getCommit().getLease() == 0
              && operation.getCommit().getExtentsCount() == 0
              && operation.getCommit().getChunksCount() == 0;
      default -> false;
    };
  }

  private long newId() {
    return changing == null ? ++lastInode : changing.getInode();
  }

  private void requireInForce(Fence fence) throws ModelRefusal {
    ModelNode node = nodes.get(fence.getInode());
    boolean mayBePurged = node == null || node.isCutOff();
    boolean gone = mayBePurged && told.getErrorCode() == ErrorCode.FENCED_OUT.number();
    refuseIf(gone || !locks.isInForce(fence.getInode(), fence.getToken()), ErrorCode.FENCED_OUT);
  }

  private ModelAnswer makeNode(MakeNode request) throws ModelRefusal {
    refuseIf(request.getMode() >>> 12 != 0, ErrorCode.INVALID_ARGUMENT);
    refuseIf(request.getUmask() >>> 9 != 0, ErrorCode.INVALID_ARGUMENT);
    boolean device = request.getTypeValue() >= 6;
    boolean special = request.getTypeValue() >= 4 && request.getTypeValue() <= 7;
    refuseIf(!special || (!device && request.getDevice() != 0), ErrorCode.INVALID_ARGUMENT);
    Spot spot = find(request.getTarget(), -1);
    refuseIf(spot.node != null, ErrorCode.EXISTS);
    requireMayAdd(spot.directory, spot.name);
    refuseIf(device && !isRoot(), ErrorCode.NOT_PERMITTED);
    ModelNode node = ModelNode.special(++lastInode, request.getType(), request.getDevice());
    stamp(node, 0, actor(), groupOfNew(spot.directory));
    giveMode(node, spot.directory, request.getMode());
    dropGroupOfStranger(node);
    return answer(add(spot.directory, spot.name, node));
  }

  /** Nobody makes what runs with the rights of a group that he is not in. */
  private void dropGroupOfStranger(ModelNode node) {
    boolean stranger = !isRoot() && !command.getGroupsList().contains(node.group);
    node.mode &= stranger && (node.mode & 02010) == 02010 ? 05777 : 07777;
  }

  private ModelAnswer lock(Lock request) throws ModelRefusal {
    ModelNode node = follow(request.getFile().getTarget()).node;
    boolean range = request.getScope() == LockScope.BYTE_RANGE;
    boolean exclusive = request.getMode() == LockMode.EXCLUSIVE_LOCK;
    if (range) {
      refuseIf(node.directory, ErrorCode.IS_A_DIRECTORY);
      refuseIf(node.isSymlink(), ErrorCode.SYMLINK_LOOP);
      refuseIf(node.isSpecial(), ErrorCode.INVALID_ARGUMENT);
      refuseIf(!may(node, exclusive ? WRITE : READ), ErrorCode.PERMISSION_DENIED);
    } else {
      refuseIf(!may(node, READ) && !may(node, WRITE), ErrorCode.PERMISSION_DENIED);
    }
    LockModel.Claim claim =
        claim(
            request.getOwner(),
            request.getScope(),
            exclusive,
            request.getStart(),
            request.getLength(),
            0);
    refuseIf(told.getErrorCode() == ErrorCode.RETRY.number(), ErrorCode.RETRY);
    return ModelAnswer.done(locks.lock(node.id, claim, request.getWait(), request.getFresh()));
  }

  private LockModel.Claim claim(
      long owner, LockScope scope, boolean exclusive, long start, long length, long ticket)
      throws ModelRefusal {
    boolean range = scope == LockScope.BYTE_RANGE;
    refuseIf(!range && (start != 0 || length != 0), ErrorCode.INVALID_ARGUMENT);
    boolean fits = start >= 0 && length >= 0 && start <= Long.MAX_VALUE - Math.max(1, length);
    refuseIf(!fits, ErrorCode.INVALID_ARGUMENT);
    return new LockModel.Claim(
        new LockModel.Owner(command.getSession(), owner),
        range,
        exclusive,
        start,
        length == 0 ? Long.MAX_VALUE : start + length,
        ticket);
  }

  private ModelAnswer unlock(Unlock request) throws ModelRefusal {
    refuseIf(request.getInode() <= 0, ErrorCode.INVALID_ARGUMENT);
    locks.unlock(
        request.getInode(),
        claim(
            request.getOwner(),
            request.getScope(),
            true,
            request.getStart(),
            request.getLength(),
            0));
    return ModelAnswer.done(0);
  }

  private ModelAnswer stopWaiting(io.cairnfs.proto.metadata.LockClaim named) throws ModelRefusal {
    refuseIf(named.getInode() <= 0, ErrorCode.INVALID_ARGUMENT);
    return ModelAnswer.done(
        locks.stopWaiting(
            named.getInode(),
            claim(
                named.getOwner(),
                named.getScope(),
                named.getMode() == LockMode.EXCLUSIVE_LOCK,
                named.getStart(),
                named.getLength(),
                named.getTicket())));
  }

  private ModelAnswer releaseLocks(ReleaseLocks request) throws ModelRefusal {
    refuseIf(request.getInode() < 0, ErrorCode.INVALID_ARGUMENT);
    locks.release(
        new LockModel.Owner(command.getSession(), request.getOwner()), request.getInode());
    return ModelAnswer.done(0);
  }

  private static void refuseIf(boolean bad, ErrorCode code) throws ModelRefusal {
    if (bad) {
      throw new ModelRefusal(code);
    }
  }

  // Changes, each remembered so that a refusal can take it back.

  private ModelNode change(ModelNode node) {
    before.computeIfAbsent(node, ModelNode::copy);
    return node;
  }

  private void stamp(ModelNode node, int mode, String owner, String group) {
    node.mode = mode;
    node.owner = owner;
    node.group = group;
    node.mtime = time;
    node.atime = time;
    node.ctime = time;
  }

  private void touch(ModelNode directory) {
    change(directory);
    directory.mtime = time;
    directory.ctime = time;
  }

  private ModelNode add(ModelNode parent, String name, ModelNode node) {
    made.add(node);
    nodes.put(node.id, node);
    touch(parent);
    parent.children.put(name, node);
    node.parent = parent;
    return node;
  }

  private ModelNode addDirectory(
      ModelNode parent, String name, int mode, String owner, String group) {
    ModelNode node = new ModelNode(newId(), true);
    stamp(node, 0, owner, group);
    giveMode(node, parent, mode | (parent.mode & 02000));
    return add(parent, name, node);
  }

  /** The first mode of something made in a directory, and its first ACLs. */
  private void giveMode(ModelNode node, ModelNode parent, int mode) {
    if (parent.defaultAcl.isEmpty()) {
      node.mode = mode & ~umask;
      return;
    }
    node.acl = new TreeMap<>(parent.defaultAcl);
    node.defaultAcl = node.directory ? parent.defaultAcl : new TreeMap<>();
    int asked = mode & 0777;
    node.acl.merge("0", asked >> 6, (left, right) -> left & right);
    node.acl.merge(node.acl.containsKey("2") ? "2" : "1", asked >> 3 & 7, (l, r) -> l & r);
    node.acl.merge("3", asked & 7, (left, right) -> left & right);
    takeModeOfAcl(node, mode & 07000);
  }

  private static void takeModeOfAcl(ModelNode node, int special) {
    int group = node.acl.getOrDefault("2", node.acl.get("1"));
    node.mode = special | node.acl.get("0") << 6 | group << 3 | node.acl.get("3");
    node.acl = node.acl.size() == 3 ? new TreeMap<>() : node.acl;
  }

  private static void setMode(ModelNode node, int mode) {
    node.mode = mode;
    if (!node.acl.isEmpty()) {
      TreeMap<String, Integer> changed = new TreeMap<>(node.acl);
      changed.put("0", mode >> 6 & 7);
      changed.put(changed.containsKey("2") ? "2" : "1", mode >> 3 & 7);
      changed.put("3", mode & 7);
      node.acl = changed;
    }
  }

  private void remove(ModelNode parent, String name) {
    ModelNode node = parent.children.get(name);
    touch(parent);
    parent.children.remove(name);
    change(node).dropName(parent, name);
  }

  // Who may.

  private boolean isRoot() {
    return command.getSuperuser();
  }

  /** Whose rights count, and to whom belongs what is made; the session is the user's. */
  private String actor() {
    return command.getOnBehalf().isEmpty() ? command.getUser() : command.getOnBehalf();
  }

  private boolean owns(ModelNode node) {
    return isRoot() || node.owner.equals(actor());
  }

  private boolean may(ModelNode node, int rights) {
    if (isRoot()) {
      return true;
    }
    boolean owner = node.owner.equals(actor());
    if (!owner && !node.acl.isEmpty()) {
      return aclAllows(node, rights);
    }
    int shift = command.getGroupsList().contains(node.group) ? 3 : 0;
    if (owner) {
      shift = 6;
    }
    return ((node.mode >> shift) & rights) == rights;
  }

  private boolean aclAllows(ModelNode node, int rights) {
    int mask = node.acl.getOrDefault("2", 7);
    if (node.acl.containsKey("0" + actor())) {
      return (node.acl.get("0" + actor()) & mask & rights) == rights;
    }
    List<Integer> matching = new ArrayList<>();
    for (String group : command.getGroupsList()) {
      if (group.equals(node.group)) {
        matching.add(node.acl.get("1"));
      }
      if (node.acl.containsKey("1" + group)) {
        matching.add(node.acl.get("1" + group));
      }
    }
    return matching.isEmpty()
        ? (node.acl.get("3") & rights) == rights
        : matching.stream().anyMatch(bits -> (bits & mask & rights) == rights);
  }

  private void requireMayAdd(ModelNode directory, String name) throws ModelRefusal {
    boolean ownHome = directory == root.children.get("user") && name.equals(actor());
    refuseIf(!ownHome && !may(directory, WRITE | SEARCH), ErrorCode.PERMISSION_DENIED);
  }

  private void requireMayRemove(ModelNode directory, ModelNode node) throws ModelRefusal {
    refuseIf(!may(directory, WRITE | SEARCH), ErrorCode.PERMISSION_DENIED);
    boolean sticky = (directory.mode & 01000) != 0;
    refuseIf(sticky && !owns(directory) && !owns(node), ErrorCode.NOT_PERMITTED);
  }

  private String groupOfNew(ModelNode parent) {
    return (parent.mode & 02000) != 0 ? parent.group : command.getGroups(0);
  }

  // Paths.

  private static List<String> names(NodeRef ref) throws ModelRefusal {
    refuseIf(ref.getPath().size() > 4096, ErrorCode.NAME_TOO_LONG);
    List<String> names = new ArrayList<>();
    for (String name : ref.getPath().toString(StandardCharsets.ISO_8859_1).split("/", -1)) {
      if (!name.isEmpty()) {
        refuseIf(name.length() > 255, ErrorCode.NAME_TOO_LONG);
        boolean bad = name.contains("\0") || name.equals(".") || name.equals("..");
        refuseIf(bad, ErrorCode.INVALID_ARGUMENT);
        names.add(name);
      }
    }
    return names;
  }

  private ModelNode base(NodeRef ref) throws ModelRefusal {
    ModelNode base = ref.getBase() == 0 ? root : nodes.get(ref.getBase());
    refuseIf(base == null || (base.isCutOff() && !isOpen(base, ref)), ErrorCode.NOT_FOUND);
    return base;
  }

  /** The caller shows that he has it open; when it is purged is no part of the model. */
  private boolean isOpen(ModelNode node, NodeRef ref) throws ModelRefusal {
    boolean purged = told.getErrorCode() == ErrorCode.NOT_FOUND.number();
    if (ref.getHandle().isEmpty() || purged) {
      return false;
    }
    try {
      FileHandle handle =
          FileHandle.verify(cluster(), ref.getHandle(), new InodeId(node.id), command.getUser());
      Session session = sessions.get(handle.session());
      return session != null && session.user.equals(command.getUser());
    } catch (CairnException e) {
      throw new ModelRefusal(e.code());
    }
  }

  private ModelNode child(ModelNode directory, String name) throws ModelRefusal {
    refuseIf(!directory.directory, ErrorCode.NOT_A_DIRECTORY);
    enter(directory);
    refuseIf(!may(directory, SEARCH), ErrorCode.PERMISSION_DENIED);
    return directory.children.get(name);
  }

  private Spot find(NodeRef ref, int modeOfMissing) throws ModelRefusal {
    return find(ref, modeOfMissing, false);
  }

  /** Makes missing directories on the way if their mode is given (not negative). */
  private Spot find(NodeRef ref, int modeOfMissing, boolean follow) throws ModelRefusal {
    List<String> names = names(ref);
    Spot spot = walk(base(ref), names, modeOfMissing, follow, new int[1]);
    if (spot.node != null && spot.node.directory) {
      enter(spot.node);
    }
    return spot;
  }

  /**
   * @param links how many symlinks the whole path has led over so far
   */
  private Spot walk(
      ModelNode from, List<String> names, int modeOfMissing, boolean follow, int[] links)
      throws ModelRefusal {
    Spot spot = new Spot(from, "", from);
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      boolean last = i == names.size() - 1;
      ModelNode at = spot.node;
      if (name.equals("..")) {
        ModelNode unused = child(at, name);
        ModelNode above = at == root ? root : at.parent;
        spot = new Spot(above, "", above);
        continue;
      }
      spot = new Spot(at, name, child(at, name));
      if (spot.node != null && spot.node.isSymlink() && (!last || follow)) {
        refuseIf(++links[0] > 40, ErrorCode.SYMLINK_LOOP);
        String target = spot.node.symlink;
        ModelNode start = target.startsWith("/") ? root : at;
        // What is behind the link goes on from where the link leads, in the same walk.
        List<String> rest = new ArrayList<>(targetNames(target));
        rest.addAll(names.subList(i + 1, names.size()));
        return walk(start, rest, modeOfMissing, follow, links);
      }
      if (spot.node == null && !last) {
        refuseIf(modeOfMissing < 0, ErrorCode.NOT_FOUND);
        requireMayAdd(at, name);
        ModelNode made = addDirectory(at, name, modeOfMissing, actor(), groupOfNew(at));
        setMode(made, made.mode | 0300);
        spot = new Spot(at, name, made);
      }
    }
    return spot;
  }

  private static List<String> targetNames(String target) throws ModelRefusal {
    List<String> names = new ArrayList<>();
    for (String name : target.split("/", -1)) {
      if (!name.isEmpty() && !name.equals(".")) {
        refuseIf(name.length() > 255, ErrorCode.NAME_TOO_LONG);
        names.add(name);
      }
    }
    return names;
  }

  private Spot findExisting(NodeRef ref) throws ModelRefusal {
    return existing(find(ref, -1, false));
  }

  private Spot follow(NodeRef ref) throws ModelRefusal {
    return existing(find(ref, -1, true));
  }

  private static Spot existing(Spot spot) throws ModelRefusal {
    refuseIf(spot.node == null, ErrorCode.NOT_FOUND);
    return spot;
  }

  // Operations.

  private ModelAnswer mkdir(Mkdir request) throws ModelRefusal {
    refuseIf(request.getMode() >>> 12 != 0, ErrorCode.INVALID_ARGUMENT);
    refuseIf(request.getUmask() >>> 9 != 0, ErrorCode.INVALID_ARGUMENT);
    int mode = request.getMode();
    Spot spot = find(request.getTarget(), request.getParents() ? mode : -1);
    if (spot.node != null) {
      ModelNode there = spot.node;
      if (there.isSymlink() && request.getExistOk()) {
        ModelNode behind = find(request.getTarget(), -1, true).node;
        there = behind == null ? there : behind;
      }
      refuseIf(!there.directory || !request.getExistOk(), ErrorCode.EXISTS);
      return answer(there);
    }
    requireMayAdd(spot.directory, spot.name);
    return answer(
        addDirectory(spot.directory, spot.name, mode, actor(), groupOfNew(spot.directory)));
  }

  private ModelAnswer create(Create request) throws ModelRefusal {
    refuseIf(request.getMode() >>> 12 != 0, ErrorCode.INVALID_ARGUMENT);
    refuseIf(request.getUmask() >>> 9 != 0, ErrorCode.INVALID_ARGUMENT);
    refuseIf(request.getReplication() > 16, ErrorCode.INVALID_ARGUMENT);
    refuseIf(request.getInline().size() > settings.getInlineBytes(), ErrorCode.TOO_LARGE);
    boolean follow = request.getOverwrite() || request.getFollow();
    Spot spot = find(request.getTarget(), request.getParents() ? 0755 : -1, follow);
    ModelNode file = spot.node;
    if (file == null) {
      requireMayAdd(spot.directory, spot.name);
      file = new ModelNode(newId(), false);
      String group = groupOfNew(spot.directory);
      stamp(file, 0, actor(), group);
      giveMode(file, spot.directory, request.getMode());
      dropGroupOfStranger(file);
      add(spot.directory, spot.name, file);
    } else {
      refuseIf(!request.getOverwrite(), ErrorCode.EXISTS);
      refuseIf(file.directory, ErrorCode.IS_A_DIRECTORY);
      refuseIf(file.isSymlink(), ErrorCode.SYMLINK_LOOP);
      refuseIf(file.isSpecial(), ErrorCode.INVALID_ARGUMENT);
      refuseIf(!may(file, WRITE), ErrorCode.PERMISSION_DENIED);
      refuseIf(file.leaseSession != 0, ErrorCode.BEING_WRITTEN);
      file = emptied(spot);
      file.mtime = time;
      file.ctime = time;
    }
    file.replication =
        request.getReplication() == 0 ? settings.getDefaultReplication() : request.getReplication();
    file.chunkBytes = settings.getDefaultChunkBytes();
    file.setInline(request.getInline().toByteArray());
    if (request.hasExtents()) {
      file.inChunks = true;
      file.chunkedLength = request.getExtents().getLength();
      for (Extent extent : request.getExtents().getExtentsList()) {
        file.write(rangeOf(extent));
      }
    } else if (!request.hasInline()) {
      return lease(file);
    }
    if (request.getMtimeNanos() != 0) {
      file.mtime = request.getMtimeNanos();
    }
    return answer(file);
  }

  /** Bytes in chunks stay with their inode, which loses its name to another one. */
  private ModelNode emptied(Spot spot) {
    ModelNode file = change(spot.node);
    if (!file.inChunks
        || file.bare
        || spot.name.isEmpty()
        || !file.further.isEmpty()
        || locks.isLocked(file.id)) {
      file.setInline(new byte[0]);
      dropSetId(file);
      return file;
    }
    ModelNode fresh = new ModelNode(++lastInode, false);
    fresh.restore(file);
    fresh.setInline(new byte[0]);
    dropSetId(fresh);
    made.add(fresh);
    nodes.put(fresh.id, fresh);
    change(spot.directory).children.put(spot.name, fresh);
    file.unlinked = true;
    file.ctime = time;
    return fresh;
  }

  /** Others than the superuser have written it. */
  private void dropSetId(ModelNode file) {
    if (!isRoot()) {
      boolean member = command.getGroupsList().contains(file.group);
      file.mode &= (file.mode & 010) != 0 || !member ? 01777 : 03777;
    }
  }

  private ModelAnswer lease(ModelNode file) {
    change(file).leaseSession = command.getSession();
    file.leaseGrant = ++lastGrant;
    file.commits = 0;
    return ModelAnswer.of(attributes(file), file.leaseGrant);
  }

  private ModelAnswer openForWrite(OpenForWrite request) throws ModelRefusal {
    Spot spot = follow(request.getTarget());
    ModelNode file = spot.node;
    refuseIf(file.directory, ErrorCode.IS_A_DIRECTORY);
    refuseIf(file.isSymlink(), ErrorCode.SYMLINK_LOOP);
    refuseIf(file.isSpecial(), ErrorCode.INVALID_ARGUMENT);
    refuseIf(!may(file, WRITE), ErrorCode.PERMISSION_DENIED);
    refuseIf(file.leaseSession != 0, ErrorCode.BEING_WRITTEN);
    if (request.getTruncate() && file.length() > 0) {
      file = emptied(spot);
      file.mtime = time;
      file.ctime = time;
    }
    return lease(file);
  }

  private ModelAnswer recoverLease(RecoverLease request) throws ModelRefusal {
    ModelNode file = follow(request.getFile().getTarget()).node;
    refuseIf(file.directory, ErrorCode.IS_A_DIRECTORY);
    refuseIf(file.isSymlink(), ErrorCode.SYMLINK_LOOP);
    refuseIf(file.isSpecial(), ErrorCode.INVALID_ARGUMENT);
    refuseIf(!may(file, WRITE), ErrorCode.PERMISSION_DENIED);
    change(file).leaseSession = 0;
    return answer(file);
  }

  private ModelAnswer release(Release request) throws ModelRefusal {
    refuseIf(request.getInode() <= 0, ErrorCode.INVALID_ARGUMENT);
    ModelNode file = nodes.get(request.getInode());
    if (file != null && file.heldBy == command.getSession() && file.heldAs == request.getLease()) {
      change(file).heldBy = 0;
      return answer(file);
    }
    boolean held =
        file != null
            && file.leaseSession == command.getSession()
            && file.leaseGrant == request.getLease();
    refuseIf(!held || isPurged(file), ErrorCode.LEASE_LOST);
    change(file).leaseSession = 0;
    return answer(file);
  }

  /** What was deleted may be gone for good already: when that happens is no part of the model. */
  private boolean isPurged(ModelNode file) {
    return file.isCutOff() && told.getErrorCode() == ErrorCode.LEASE_LOST.number();
  }

  private ModelRange rangeOf(Extent extent) {
    long start = extent.getFileOffset();
    return new ModelRange(start, start + extent.getLength(), writer, 0);
  }

  private ModelAnswer commit(CommitExtents request) throws ModelRefusal {
    refuseIf(request.getInode() <= 0 || request.getLength() < 0, ErrorCode.INVALID_ARGUMENT);
    if (request.getLease() == 0) {
      return sharedCommit(request);
    }
    ModelNode file = nodes.get(request.getInode());
    boolean held =
        file != null
            && file.leaseSession == command.getSession()
            && file.leaseGrant == request.getLease();
    refuseIf(!held || isPurged(file), ErrorCode.LEASE_LOST);
    refuseIf(request.getSequence() > file.commits + 1, ErrorCode.RETRY);
    refuseIf(request.getSequence() <= file.commits, ErrorCode.INVALID_ARGUMENT);
    change(file).commits = request.getSequence();
    if (request.getHasInline()) {
      file.setInline(request.getInline().toByteArray());
    } else {
      insert(file, request);
    }
    dropSetId(file);
    file.mtime = time;
    file.ctime = time;
    if (request.getClose()) {
      file.leaseSession = 0;
    }
    return answer(file);
  }

  private void insert(ModelNode file, CommitExtents request) {
    long length = Math.max(file.length(), request.getLength());
    file.tailChunk = 0;
    for (Extent extent : request.getExtentsList()) {
      ModelRange range = rangeOf(extent);
      file.write(range);
      length = Math.max(length, range.end());
      if (request.getOpenTail() && range.end() == length) {
        file.tailChunk = extent.getChunk();
        file.tailEnd = extent.getChunkOffset() + extent.getLength();
      }
    }
    if (request.getExtentsCount() > 0 || length > file.length()) {
      file.setInChunks(length);
    }
  }

  // Files that several write.

  private ModelNode opened(FileRef ref, int right) throws ModelRefusal {
    if (!ref.hasTarget()) {
      refuseIf(ref.getInode() <= 0, ErrorCode.INVALID_ARGUMENT);
      return handled(ref, right);
    }
    ModelNode file = follow(ref.getTarget()).node;
    refuseIf(file.directory, ErrorCode.IS_A_DIRECTORY);
    refuseIf(file.isSymlink(), ErrorCode.SYMLINK_LOOP);
    refuseIf(file.isSpecial(), ErrorCode.INVALID_ARGUMENT);
    refuseIf(!may(file, right), ErrorCode.PERMISSION_DENIED);
    return file;
  }

  private ModelNode handled(FileRef ref, int right) throws ModelRefusal {
    FileHandle handle;
    try {
      handle =
          FileHandle.verify(
              cluster(), ref.getHandle(), new InodeId(ref.getInode()), command.getUser());
    } catch (CairnException e) {
      throw new ModelRefusal(e.code());
    }
    boolean allowed = right == WRITE ? handle.mayWrite() : handle.mayRead();
    refuseIf(handle.session() != command.getSession() || !allowed, ErrorCode.STALE_HANDLE);
    ModelNode file = nodes.get(ref.getInode());
    boolean purged =
        file == null || (file.isCutOff() && told.getErrorCode() == ErrorCode.STALE_HANDLE.number());
    refuseIf(purged, ErrorCode.STALE_HANDLE);
    return file;
  }

  private ClusterRecord cluster() {
    return new ClusterRecord(
        settings.getClusterId(),
        settings.getSuperuser(),
        settings.getSupergroup(),
        settings.getPoolSlots(),
        settings.getDefaultReplication(),
        settings.getDefaultChunkBytes(),
        settings.getInlineBytes(),
        settings.getMinReplicas(),
        settings.getFeatureLevel(),
        settings.getTokenKey());
  }

  /** Nobody writes it alone, or he is asked to let others write; and its length is known. */
  private void requireFree(ModelNode file) throws ModelRefusal {
    if (file.leaseSession != 0) {
      recalled = file.leaseGrant;
      throw new ModelRefusal(ErrorCode.RETRY);
    }
    refuseIf(told.getErrorCode() == ErrorCode.RETRY.number(), ErrorCode.RETRY);
  }

  private ModelNode writable(FileRef ref) throws ModelRefusal {
    ModelNode file = opened(ref, WRITE);
    requireFree(file);
    return change(file);
  }

  private ModelAnswer written(ModelNode file, long number) {
    dropSetId(file);
    file.mtime = time;
    file.ctime = time;
    return ModelAnswer.of(attributes(file), number);
  }

  private void requireInlineFits(long length) throws ModelRefusal {
    refuseIf(length > settings.getInlineBytes(), ErrorCode.CONTENT_CHANGED);
  }

  private ModelAnswer sharedCommit(CommitExtents request) throws ModelRefusal {
    boolean inline = request.getInlineWritesCount() > 0;
    refuseIf(
        request.getClose() || request.getOpenTail() || request.getHasInline(),
        ErrorCode.INVALID_ARGUMENT);
    refuseIf(inline && request.getExtentsCount() > 0, ErrorCode.INVALID_ARGUMENT);
    ModelNode file =
        writable(
            FileRef.newBuilder()
                .setInode(request.getInode())
                .setHandle(request.getHandle())
                .build());
    long base = request.getAppend() ? file.length() : 0;
    long length = Math.max(file.length(), base + request.getLength());
    if (inline) {
      writeInline(file, request.getInlineWritesList(), base, length);
    } else if (request.getExtentsCount() > 0) {
      writeExtents(file, request.getExtentsList(), base, length);
    } else if (length > file.length()) {
      grow(file, length);
    } else {
      return ModelAnswer.of(attributes(file), base);
    }
    return written(file, base);
  }

  private void writeInline(ModelNode file, List<InlineWrite> writes, long base, long least)
      throws ModelRefusal {
    refuseIf(file.inChunks && !file.bare, ErrorCode.CONTENT_CHANGED);
    long length = least;
    for (InlineWrite write : writes) {
      if (!write.getData().isEmpty()) {
        length = Math.max(length, base + write.getOffset() + write.getData().size());
      }
    }
    requireInlineFits(length);
    byte[] bytes = Arrays.copyOf(file.content, (int) length);
    for (InlineWrite write : writes) {
      if (!write.getData().isEmpty()) {
        write.getData().copyTo(bytes, (int) (base + write.getOffset()));
      }
    }
    file.setInline(bytes);
  }

  /** What stands where in the chunk is the writer's: the same bytes wherever in the file. */
  private void writeExtents(ModelNode file, List<Extent> extents, long base, long least)
      throws ModelRefusal {
    boolean wasInline = file.isInline();
    long before = file.length();
    long length = least;
    for (Extent extent : extents) {
      long start = base + extent.getFileOffset();
      long end = start + extent.getLength();
      file.write(new ModelRange(start, end, writer, start - extent.getChunkOffset()));
      length = Math.max(length, end);
    }
    refuseIf(wasInline && !file.covers(before), ErrorCode.CONTENT_CHANGED);
    file.setInChunks(length);
  }

  private void grow(ModelNode file, long length) throws ModelRefusal {
    if (file.isInline()) {
      requireInlineFits(length);
      file.setInline(Arrays.copyOf(file.content, (int) length));
    } else {
      file.bare |= !file.inChunks;
      file.inChunks = true;
      file.chunkedLength = length;
    }
  }

  private ModelAnswer setLength(SetLength request) throws ModelRefusal {
    long length = request.getLength();
    refuseIf(length < 0, ErrorCode.TOO_LARGE);
    ModelNode file = writable(request.getFile());
    if (length >= file.length()) {
      grow(file, length);
    } else if (length == 0) {
      file.setInline(new byte[0]);
    } else if (file.isInline()) {
      file.setInline(Arrays.copyOf(file.content, (int) length));
    } else {
      file.clear(length, Long.MAX_VALUE);
      file.chunkedLength = length;
    }
    return written(file, 0);
  }

  private static void requireRange(long offset, long length) throws ModelRefusal {
    refuseIf(offset < 0 || length < 0, ErrorCode.INVALID_ARGUMENT);
    refuseIf(offset > Long.MAX_VALUE - length, ErrorCode.TOO_LARGE);
  }

  private ModelAnswer punch(Punch request) throws ModelRefusal {
    long from = request.getOffset();
    requireRange(from, request.getLength());
    refuseIf(request.getLength() == 0, ErrorCode.INVALID_ARGUMENT);
    long to = from + request.getLength();
    ModelNode file = writable(request.getFile());
    if (file.isInline()) {
      byte[] bytes = file.content.clone();
      int start = (int) Math.min(from, bytes.length);
      Arrays.fill(bytes, start, (int) Math.min(to, bytes.length), (byte) 0);
      file.setInline(bytes);
    } else {
      file.clear(from, to);
    }
    return written(file, 0);
  }

  private ModelAnswer allocateRange(AllocateRange request) throws ModelRefusal {
    requireRange(request.getOffset(), request.getLength());
    refuseIf(request.getLength() == 0, ErrorCode.INVALID_ARGUMENT);
    long end = request.getOffset() + request.getLength();
    ModelNode file = writable(request.getFile());
    if (!request.getKeepLength() && end > file.length()) {
      grow(file, end);
    }
    return written(file, 0);
  }

  private ModelAnswer cloneRange(CloneRange request) throws ModelRefusal {
    ModelNode source = opened(request.getSource(), READ);
    ModelNode target = writable(request.getTarget());
    long from = request.getSourceOffset();
    long at = request.getTargetOffset();
    requireRange(from, request.getLength());
    requireRange(at, request.getLength());
    long to = from + request.getLength();
    long end = at + request.getLength();
    refuseIf(to > source.length(), ErrorCode.INVALID_ARGUMENT);
    refuseIf(source == target && from < end && at < to, ErrorCode.INVALID_ARGUMENT);
    if (from == to) {
      return answer(target);
    }
    long length = Math.max(target.length(), end);
    if (source.isInline()) {
      boolean possible = !target.inChunks || target.bare;
      refuseIf(!possible || length > settings.getInlineBytes(), ErrorCode.UNSUPPORTED);
      byte[] bytes = Arrays.copyOf(target.content, (int) length);
      System.arraycopy(source.content, (int) from, bytes, (int) at, (int) (to - from));
      target.setInline(bytes);
    } else {
      boolean covered = at == 0 && end >= target.length();
      refuseIf(target.isInline() && !covered, ErrorCode.UNSUPPORTED);
      List<ModelRange> cloned = source.part(from, to);
      target.clear(at, end);
      cloned.forEach(range -> target.write(range.moved(at - from)));
      target.setInChunks(length);
    }
    return written(target, 0);
  }

  private ModelAnswer concat(Concat request) throws ModelRefusal {
    int count = request.getSourcesCount();
    refuseIf(count < 1 || count > 1024, ErrorCode.INVALID_ARGUMENT);
    ModelNode target = writable(request.getTarget());
    List<ModelNode> all = new ArrayList<>(List.of(target));
    for (FileRef ref : request.getSourcesList()) {
      refuseIf(!ref.hasTarget(), ErrorCode.INVALID_ARGUMENT);
      ModelNode source = findExisting(ref.getTarget()).node;
      refuseIf(source.directory, ErrorCode.IS_A_DIRECTORY);
      refuseIf(source.isSymlink(), ErrorCode.SYMLINK_LOOP);
      refuseIf(source.isSpecial(), ErrorCode.INVALID_ARGUMENT);
      refuseIf(!may(source, READ), ErrorCode.PERMISSION_DENIED);
      // It loses its name: what its writer wrote later would be lost with it.
      refuseIf(source.leaseSession != 0, ErrorCode.BEING_WRITTEN);
      refuseIf(told.getErrorCode() == ErrorCode.RETRY.number(), ErrorCode.RETRY);
      refuseIf(all.contains(source), ErrorCode.INVALID_ARGUMENT);
      all.add(source);
    }
    long length = all.stream().mapToLong(ModelNode::length).sum();
    if (all.stream().anyMatch(ModelNode::isInline)) {
      boolean chunks = all.stream().anyMatch(file -> file.inChunks && !file.bare);
      refuseIf(chunks || length > settings.getInlineBytes(), ErrorCode.UNSUPPORTED);
      joinInline(target, all, (int) length);
    } else if (length > 0) {
      long end = target.length();
      for (ModelNode source : all.subList(1, all.size())) {
        for (ModelRange range : source.part(0, Long.MAX_VALUE)) {
          target.write(range.moved(end));
        }
        end += source.length();
      }
      target.setInChunks(length);
    }
    for (FileRef ref : request.getSourcesList()) {
      var unused = removeChecked(findExisting(ref.getTarget()));
    }
    return written(target, 0);
  }

  private static void joinInline(ModelNode target, List<ModelNode> all, int length) {
    byte[] bytes = new byte[length];
    int at = 0;
    for (ModelNode file : all) {
      System.arraycopy(file.content, 0, bytes, at, file.content.length);
      at += (int) file.length();
    }
    target.setInline(bytes);
  }

  /** What is open in a chunk that its writer gives up reaches as far as was acknowledged. */
  private ModelAnswer closeChunks(CloseChunks request) {
    if (told.getErrorCode() == 0) {
      for (ChunkProgress chunk : request.getChunksList()) {
        settle(chunk.getChunk(), chunk.getLength());
      }
    }
    return asTold();
  }

  /** The length of a chunk whose writer is gone: its file's open tail grows to it. */
  private void settle(long chunk, long length) {
    for (ModelNode file : nodes.values()) {
      if (file.tailChunk == chunk) {
        long more = length - file.tailEnd;
        if (more > 0) {
          ModelRange tail = file.ranges.lastEntry().getValue();
          file.write(new ModelRange(tail.start(), tail.end() + more, tail.writer(), tail.shift()));
          file.chunkedLength += more;
          grownBySettling++;
          file.mtime = time;
          file.ctime = time;
        }
        file.tailChunk = 0;
      }
    }
  }

  private ModelAnswer rename(Rename request) throws ModelRefusal {
    Spot from = find(request.getSource(), -1);
    Spot to = find(request.getTarget(), -1);
    Spot unused = existing(from);
    refuseIf(from.name.isEmpty() || to.name.isEmpty(), ErrorCode.INVALID_ARGUMENT);
    boolean exchanges = request.getMode() == RenameMode.EXCHANGE;
    refuseIf(to.node != null && request.getMode() == RenameMode.NO_REPLACE, ErrorCode.EXISTS);
    refuseIf(to.node == null && exchanges, ErrorCode.NOT_FOUND);
    boolean intoItself = from.node.directory && to.directory.isBelowOrSame(from.node);
    refuseIf(intoItself, ErrorCode.INVALID_ARGUMENT);
    boolean outOfIt = to.node != null && to.node.directory && from.directory.isBelowOrSame(to.node);
    refuseIf(outOfIt, exchanges ? ErrorCode.INVALID_ARGUMENT : ErrorCode.NOT_EMPTY);
    if (to.node == from.node) {
      return answer(from.node);
    }
    requireMayRemove(from.directory, from.node);
    if (to.node == null) {
      requireMayAdd(to.directory, to.name);
    } else {
      requireMayRemove(to.directory, to.node);
      if (exchanges) {
        return exchange(from, to);
      }
      refuseIf(from.node.directory && !to.node.directory, ErrorCode.NOT_A_DIRECTORY);
      refuseIf(!from.node.directory && to.node.directory, ErrorCode.IS_A_DIRECTORY);
      refuseIf(!to.node.children.isEmpty(), ErrorCode.NOT_EMPTY);
      removedDirectory = to.node.directory ? to.node.id : 0;
      change(to.node).heldBy = 0;
      remove(to.directory, to.name);
      change(to.node).ctime = time;
    }
    touch(from.directory);
    from.directory.children.remove(from.name);
    touch(to.directory);
    to.directory.children.put(to.name, from.node);
    change(from.node).moveName(from.directory, from.name, to.directory, to.name);
    from.node.ctime = time;
    return answer(from.node);
  }

  private ModelAnswer exchange(Spot from, Spot to) {
    touch(from.directory);
    touch(to.directory);
    from.directory.children.put(from.name, to.node);
    to.directory.children.put(to.name, from.node);
    change(from.node).moveName(from.directory, from.name, to.directory, to.name);
    change(to.node).moveName(to.directory, to.name, from.directory, from.name);
    from.node.ctime = time;
    to.node.ctime = time;
    return answer(from.node);
  }

  private ModelAnswer accessed(Accessed request) throws ModelRefusal {
    refuseIf(request.getInodesCount() > 1024, ErrorCode.INVALID_ARGUMENT);
    for (long id : request.getInodesList()) {
      ModelNode node = nodes.get(id);
      if (node != null && !node.unlinked && may(node, READ)) {
        boolean old = node.atime + Duration.ofDays(1).toNanos() <= time;
        if (old || node.atime <= Math.max(node.mtime, node.ctime)) {
          change(node).atime = time;
        }
      }
    }
    return ModelAnswer.done(0);
  }

  private String attributeToChange(ModelNode node, ByteString bytes) throws ModelRefusal {
    String name = bytes.toString(StandardCharsets.ISO_8859_1);
    boolean known = name.matches("(?s)(user|trusted|security)\\..*");
    refuseIf(
        !known && !name.startsWith("system.") && !may(node, WRITE), ErrorCode.PERMISSION_DENIED);
    refuseIf(!known, ErrorCode.UNSUPPORTED);
    refuseIf(
        name.endsWith(".") && name.indexOf('.') == name.length() - 1, ErrorCode.INVALID_ARGUMENT);
    refuseIf(name.contains("\0"), ErrorCode.INVALID_ARGUMENT);
    requireMayChangeAttribute(node, name);
    return name;
  }

  private void requireMayChangeAttribute(ModelNode node, String name) throws ModelRefusal {
    if (!name.startsWith("user.")) {
      refuseIf(!isRoot(), ErrorCode.NOT_PERMITTED);
      return;
    }
    boolean sticky = node.directory && (node.mode & 01000) != 0;
    boolean other = node.isSymlink() || node.isSpecial();
    refuseIf(other || (sticky && !owns(node)), ErrorCode.NOT_PERMITTED);
    refuseIf(!may(node, WRITE), ErrorCode.PERMISSION_DENIED);
  }

  private ModelAnswer setXattr(SetXattr request) throws ModelRefusal {
    refuseIf(request.getName().size() > 255, ErrorCode.NAME_TOO_LONG);
    refuseIf(request.getValue().size() > 65536, ErrorCode.VALUE_TOO_LARGE);
    ModelNode node = existing(find(request.getTarget(), -1, !request.getNoFollow())).node;
    String name = attributeToChange(node, request.getName());
    boolean there = node.attributes.containsKey(name);
    refuseIf(there && request.getMode() == XattrMode.XATTR_CREATE, ErrorCode.EXISTS);
    refuseIf(!there && request.getMode() == XattrMode.XATTR_REPLACE, ErrorCode.ATTRIBUTE_NOT_FOUND);
    TreeMap<String, ByteString> changed = new TreeMap<>(node.attributes);
    changed.put(name, request.getValue());
    int bytes =
        changed.entrySet().stream().mapToInt(e -> e.getKey().length() + e.getValue().size()).sum();
    refuseIf(changed.size() > 128 || bytes > 262144, ErrorCode.NO_SPACE);
    change(node).attributes = changed;
    node.ctime = time;
    return ModelAnswer.done(0);
  }

  private ModelAnswer removeXattr(RemoveXattr request) throws ModelRefusal {
    refuseIf(request.getName().size() > 255, ErrorCode.NAME_TOO_LONG);
    ModelNode node = existing(find(request.getTarget(), -1, !request.getNoFollow())).node;
    String name = attributeToChange(node, request.getName());
    refuseIf(!node.attributes.containsKey(name), ErrorCode.ATTRIBUTE_NOT_FOUND);
    TreeMap<String, ByteString> changed = new TreeMap<>(node.attributes);
    changed.remove(name);
    change(node).attributes = changed;
    node.ctime = time;
    return ModelAnswer.done(0);
  }

  private XattrsResult.Builder xattrs(GetXattrs request) throws ModelRefusal {
    ModelNode node = existing(find(request.getTarget(), -1, !request.getNoFollow())).node;
    XattrsResult.Builder result = XattrsResult.newBuilder();
    for (Map.Entry<String, ByteString> each : node.attributes.entrySet()) {
      if (each.getKey().startsWith("trusted.") && !isRoot()) {
        continue;
      }
      refuseIf(each.getKey().startsWith("user.") && !may(node, READ), ErrorCode.PERMISSION_DENIED);
      ByteString name = ByteString.copyFrom(each.getKey(), StandardCharsets.ISO_8859_1);
      result.addAttributes(Xattr.newBuilder().setName(name).setValue(each.getValue()));
    }
    return result;
  }

  private static SortedMap<String, Integer> entries(SetAcl request, AclScope scope)
      throws ModelRefusal {
    refuseIf(request.getEntriesCount() > 64, ErrorCode.INVALID_ARGUMENT);
    TreeMap<String, Integer> entries = new TreeMap<>();
    for (AclEntry entry : request.getEntriesList()) {
      boolean nameless = entry.getTagValue() >= 2;
      boolean bad =
          (nameless && !entry.getName().isEmpty())
              || entry.getName().length() > 255
              || entry.getPermissions() >>> 3 != 0;
      refuseIf(bad, ErrorCode.INVALID_ARGUMENT);
      if (entry.getScope() == scope) {
        String who = entry.getTagValue() + entry.getName();
        refuseIf(entries.put(who, entry.getPermissions()) != null, ErrorCode.INVALID_ARGUMENT);
      }
    }
    return entries;
  }

  private static SortedMap<String, Integer> changedAcl(
      Map<String, Integer> before, Map<String, Integer> asked, AclChange change) {
    TreeMap<String, Integer> changed = new TreeMap<>(before);
    switch (change) {
      case ACL_REPLACE -> {
        changed.clear();
        changed.putAll(asked);
      }
      case ACL_MODIFY -> changed.putAll(asked);
      default -> changed.keySet().removeAll(asked.keySet());
    }
    return changed;
  }

  private static void completeAcl(SortedMap<String, Integer> acl, boolean masked)
      throws ModelRefusal {
    if (!masked) {
      acl.remove("2");
      if (acl.keySet().stream().anyMatch(who -> who.length() > 1)) {
        int union = 0;
        for (Map.Entry<String, Integer> each : acl.entrySet()) {
          boolean counts = !each.getKey().equals("0") && !each.getKey().equals("3");
          union |= counts ? each.getValue() : 0;
        }
        acl.put("2", union);
      }
    }
    refuseIf(!acl.keySet().containsAll(List.of("0", "1", "3")), ErrorCode.INVALID_ARGUMENT);
    refuseIf(acl.size() > 32, ErrorCode.INVALID_ARGUMENT);
  }

  private static SortedMap<String, Integer> accessAcl(ModelNode node) {
    return node.acl.isEmpty()
        ? new TreeMap<>(
            Map.of("0", node.mode >> 6 & 7, "1", node.mode >> 3 & 7, "3", node.mode & 7))
        : new TreeMap<>(node.acl);
  }

  private ModelAnswer setAcl(SetAcl request) throws ModelRefusal {
    ModelNode node = follow(request.getTarget()).node;
    refuseIf(node.isSymlink(), ErrorCode.UNSUPPORTED);
    refuseIf(!owns(node), ErrorCode.NOT_PERMITTED);
    AclChange change = request.getChange();
    SortedMap<String, Integer> access = accessAcl(node);
    SortedMap<String, Integer> defaults = new TreeMap<>(node.defaultAcl);
    if (change == AclChange.ACL_REMOVE_ALL) {
      access.keySet().removeIf(who -> who.length() > 1);
      completeAcl(access, false);
    }
    if (change == AclChange.ACL_REMOVE_ALL || change == AclChange.ACL_REMOVE_DEFAULT) {
      defaults.clear();
    } else {
      boolean gives = change != AclChange.ACL_REMOVE;
      SortedMap<String, Integer> asked = entries(request, AclScope.ACCESS);
      if (!asked.isEmpty()) {
        access = changedAcl(access, asked, change);
        completeAcl(access, gives && asked.containsKey("2"));
      }
      SortedMap<String, Integer> askedDefaults = entries(request, AclScope.DEFAULT);
      if (!askedDefaults.isEmpty()) {
        defaults = changedAcl(defaults, askedDefaults, change);
        if (!defaults.isEmpty()) {
          for (String who : List.of("0", "1", "3")) {
            defaults.putIfAbsent(who, access.get(who));
          }
          completeAcl(defaults, gives && askedDefaults.containsKey("2"));
        }
      }
    }
    refuseIf(!defaults.isEmpty() && !node.directory, ErrorCode.INVALID_ARGUMENT);
    change(node).acl = access;
    boolean ofAccess =
        change == AclChange.ACL_REMOVE_ALL
            || request.getEntriesList().stream()
                .anyMatch(entry -> entry.getScope() == AclScope.ACCESS);
    boolean keepsGroup = !ofAccess || isRoot() || command.getGroupsList().contains(node.group);
    takeModeOfAcl(node, node.mode & (keepsGroup ? 07000 : 05000));
    node.defaultAcl = defaults;
    node.ctime = time;
    return answer(node);
  }

  private AclResult.Builder acl(GetAcl request) throws ModelRefusal {
    ModelNode node = follow(request.getTarget()).node;
    AclResult.Builder result = AclResult.newBuilder().setAttributes(attributes(node));
    accessAcl(node).forEach((who, bits) -> result.addEntries(entry(AclScope.ACCESS, who, bits)));
    node.defaultAcl.forEach((who, bits) -> result.addEntries(entry(AclScope.DEFAULT, who, bits)));
    return result;
  }

  private static AclEntry.Builder entry(AclScope scope, String who, int permissions) {
    return AclEntry.newBuilder()
        .setScope(scope)
        .setTagValue(who.charAt(0) - '0')
        .setName(who.substring(1))
        .setPermissions(permissions);
  }

  private ModelAnswer symlink(Symlink request) throws ModelRefusal {
    String target = request.getTarget().toString(StandardCharsets.ISO_8859_1);
    refuseIf(target.isEmpty(), ErrorCode.NOT_FOUND);
    refuseIf(target.length() > 4095, ErrorCode.NAME_TOO_LONG);
    refuseIf(target.contains("\0"), ErrorCode.INVALID_ARGUMENT);
    Spot spot = find(request.getLink(), -1);
    refuseIf(spot.node != null, ErrorCode.EXISTS);
    requireMayAdd(spot.directory, spot.name);
    ModelNode link = ModelNode.symlink(newId(), target);
    stamp(link, 0777, actor(), groupOfNew(spot.directory));
    return answer(add(spot.directory, spot.name, link));
  }

  private ModelAnswer link(Link request) throws ModelRefusal {
    ModelNode file = existing(find(request.getExisting(), -1, request.getFollow())).node;
    Spot spot = find(request.getLink(), -1);
    refuseIf(spot.node != null, ErrorCode.EXISTS);
    requireMayAdd(spot.directory, spot.name);
    refuseIf(file.isCutOff(), ErrorCode.NOT_FOUND);
    refuseIf(file.directory, ErrorCode.NOT_PERMITTED);
    change(file).addName(spot.directory, spot.name);
    file.ctime = time;
    touch(spot.directory);
    spot.directory.children.put(spot.name, file);
    return answer(file);
  }

  private ModelAnswer unlink(NodeRef target) throws ModelRefusal {
    Spot spot = findExisting(target);
    requireMayRemove(spot.directory, spot.node);
    refuseIf(spot.node.directory, ErrorCode.IS_A_DIRECTORY);
    return removeChecked(spot);
  }

  private ModelAnswer removeChecked(Spot spot) throws ModelRefusal {
    requireMayRemove(spot.directory, spot.node);
    refuseIf(spot.name.isEmpty(), ErrorCode.INVALID_ARGUMENT);
    remove(spot.directory, spot.name);
    change(spot.node).ctime = time;
    return ModelAnswer.done(0);
  }

  private ModelAnswer rmdir(NodeRef target) throws ModelRefusal {
    Spot spot = findExisting(target);
    requireMayRemove(spot.directory, spot.node);
    refuseIf(!spot.node.directory, ErrorCode.NOT_A_DIRECTORY);
    refuseIf(spot.name.isEmpty(), ErrorCode.INVALID_ARGUMENT);
    refuseIf(!spot.node.children.isEmpty(), ErrorCode.NOT_EMPTY);
    removedDirectory = spot.node.id;
    change(spot.node).heldBy = 0;
    return removeChecked(spot);
  }

  private ModelAnswer deleteTree(NodeRef target) throws ModelRefusal {
    Spot spot = findExisting(target);
    refuseIf(spot.name.isEmpty(), ErrorCode.INVALID_ARGUMENT);
    requireMayRemove(spot.directory, spot.node);
    requireRightsBelow(spot.node);
    if (spot.node.directory) {
      endLeasesBelow(spot.node);
    }
    return removeChecked(spot);
  }

  private void endLeasesBelow(ModelNode top) throws ModelRefusal {
    List<ModelNode> below =
        nodes.values().stream()
            .filter(node -> node.heldBy != 0 && node.isBelowOrSame(top))
            .sorted(Comparator.comparingLong(node -> node.id))
            .toList();
    for (ModelNode node : below) {
      enter(node);
    }
    below.forEach(node -> change(node).heldBy = 0);
  }

  /** Directory by directory, the one that was found last first. */
  private void requireRightsBelow(ModelNode top) throws ModelRefusal {
    if (isRoot()) {
      return;
    }
    Deque<ModelNode> directories = new ArrayDeque<>(List.of(top));
    while (!directories.isEmpty()) {
      ModelNode directory = directories.pop();
      refuseIf(
          !directory.children.isEmpty() && !may(directory, READ | WRITE | SEARCH),
          ErrorCode.PERMISSION_DENIED);
      for (ModelNode child : directory.children.values()) {
        requireMayRemove(directory, child);
        if (child.directory) {
          directories.push(child);
        }
      }
    }
  }

  private ModelAnswer setAttributes(SetAttributes request) throws ModelRefusal {
    ModelNode node = existing(find(request.getTarget(), -1, !request.getNoFollow())).node;
    boolean newOwner = request.hasOwner() && !request.getOwner().equals(node.owner);
    boolean newGroup = request.hasGroup() && !request.getGroup().equals(node.group);
    if (request.hasMode()) {
      refuseIf(request.getMode() >>> 12 != 0, ErrorCode.INVALID_ARGUMENT);
      refuseIf(node.isSymlink(), ErrorCode.UNSUPPORTED);
      refuseIf(!owns(node), ErrorCode.NOT_PERMITTED);
    }
    if (request.hasOwner()) {
      refuseIf(!owns(node) || (newOwner && !isRoot()), ErrorCode.NOT_PERMITTED);
    }
    if (request.hasGroup()) {
      boolean member = command.getGroupsList().contains(request.getGroup());
      refuseIf(!owns(node) || (newGroup && !isRoot() && !member), ErrorCode.NOT_PERMITTED);
    }
    if (request.hasMtimeNanos() || request.hasAtimeNanos()) {
      refuseIf(!owns(node) && node.isSymlink(), ErrorCode.NOT_PERMITTED);
      refuseIf(!owns(node) && !may(node, WRITE), ErrorCode.PERMISSION_DENIED);
    }
    if (request.hasReplication()) {
      refuseIf(node.directory, ErrorCode.IS_A_DIRECTORY);
      refuseIf(node.isSymlink(), ErrorCode.SYMLINK_LOOP);
      refuseIf(node.isSpecial(), ErrorCode.INVALID_ARGUMENT);
      boolean outside = request.getReplication() < 1 || request.getReplication() > 16;
      refuseIf(outside, ErrorCode.INVALID_ARGUMENT);
      refuseIf(!may(node, WRITE), ErrorCode.PERMISSION_DENIED);
    }
    change(node).ctime = time;
    change(node, request);
    return answer(node);
  }

  private void change(ModelNode node, SetAttributes request) {
    boolean member = isRoot() || command.getGroupsList().contains(node.group);
    boolean changesHands = request.hasOwner() || request.hasGroup();
    if (request.hasMode()) {
      setMode(node, request.getMode());
      node.mode &= member ? 07777 : 05777;
    }
    if (changesHands && !node.directory && !(request.hasMode() && isRoot())) {
      boolean runsAsGroup = (node.mode & 0010) != 0;
      node.mode &= runsAsGroup || !member ? 01777 : 03777;
    }
    if (request.hasOwner()) {
      node.owner = request.getOwner();
    }
    if (request.hasGroup()) {
      node.group = request.getGroup();
    }
    if (request.hasMtimeNanos()) {
      node.mtime = request.getMtimeNanos();
    }
    if (request.hasAtimeNanos()) {
      node.atime = request.getAtimeNanos();
    }
    if (request.hasReplication()) {
      node.replication = request.getReplication();
    }
  }

  // Answers.

  private ModelAnswer answer(ModelNode node) {
    return ModelAnswer.of(attributes(node), 0);
  }

  private static FileType typeOf(ModelNode node) {
    if (node.isSymlink()) {
      return FileType.SYMLINK;
    }
    return node.directory ? FileType.DIRECTORY : node.special;
  }

  private Attributes attributes(ModelNode node) {
    return Attributes.newBuilder()
        .setInode(node.id)
        .setType(typeOf(node))
        .setSymlinkTarget(ByteString.copyFrom(node.symlink, StandardCharsets.ISO_8859_1))
        .setDevice(node.device)
        .setMode(node.mode)
        .setOwner(node.owner)
        .setGroup(node.group)
        .setLength(node.length())
        .setHasAcl(!node.acl.isEmpty() || !node.defaultAcl.isEmpty())
        .setMtimeNanos(node.mtime)
        .setAtimeNanos(node.atime)
        .setCtimeNanos(node.ctime)
        .setLinkCount(node.linkCount())
        .setReplication(node.replication)
        .setChunkBytes(node.chunkBytes)
        .setBeingWritten(node.leaseSession != 0)
        .setParent(node.unlinked ? 2 : node == root ? 0 : node.parent.id)
        .build();
  }

  // Reads.

  /**
   * What a stat, a page of a directory or an open ought to answer.
   *
   * @throws IllegalArgumentException for another kind of read
   */
  public ModelRead read(ReadRequest request, Principal principal) {
    command =
        Command.newBuilder()
            .setUser(principal.user())
            .addAllGroups(principal.groups())
            .setSuperuser(principal.superuser())
            .setSession(request.getSession())
            .build();
    try {
      return ModelRead.of(
          switch (request.getKindCase()) {
            case STAT -> ReadReply.newBuilder().setAttributes(attributes(stat(request.getStat())));
            case LIST -> ReadReply.newBuilder().setList(list(request.getList()));
            case OPEN -> ReadReply.newBuilder().setOpen(open(request.getOpen()));
            case ACL -> ReadReply.newBuilder().setAcl(acl(request.getAcl()));
            case XATTRS -> ReadReply.newBuilder().setXattrs(xattrs(request.getXattrs()));
            default -> throw new IllegalArgumentException("the model does not read " + request);
          });
    } catch (ModelRefusal refusal) {
      return ModelRead.failure(refusal.code());
    }
  }

  private ModelNode stat(Stat request) throws ModelRefusal {
    ModelNode node = existing(find(request.getTarget(), -1, request.getFollow())).node;
    int rights = request.getRights();
    boolean runs = node.directory || node.isSymlink() || (node.mode & 0111) != 0;
    refuseIf((rights & SEARCH) != 0 && !runs, ErrorCode.PERMISSION_DENIED);
    refuseIf(!may(node, rights), ErrorCode.PERMISSION_DENIED);
    return node;
  }

  private DirectoryPage.Builder list(ListDirectory request) throws ModelRefusal {
    refuseIf(request.getLimit() < 1 || request.getLimit() > 4096, ErrorCode.INVALID_ARGUMENT);
    ModelNode directory = follow(request.getTarget()).node;
    DirectoryPage.Builder page = DirectoryPage.newBuilder().setAttributes(attributes(directory));
    if (!directory.directory) {
      return page;
    }
    refuseIf(!may(directory, READ | SEARCH), ErrorCode.PERMISSION_DENIED);
    String after = request.getAfter().toString(StandardCharsets.ISO_8859_1);
    for (Map.Entry<String, ModelNode> child : directory.children.after(after).entrySet()) {
      if (page.getEntriesCount() == request.getLimit()) {
        return page.setMore(true);
      }
      if (child.getValue().directory) {
        enter(child.getValue());
      }
      page.addEntries(
          DirectoryEntry.newBuilder()
              .setName(ByteString.copyFrom(child.getKey(), StandardCharsets.ISO_8859_1))
              .setAttributes(attributes(child.getValue())));
    }
    return page;
  }

  private OpenResult.Builder open(OpenForRead request) throws ModelRefusal {
    ModelNode file = follow(request.getTarget()).node;
    refuseIf(file.directory, ErrorCode.IS_A_DIRECTORY);
    refuseIf(file.isSymlink(), ErrorCode.SYMLINK_LOOP);
    refuseIf(file.isSpecial(), ErrorCode.INVALID_ARGUMENT);
    refuseIf(!may(file, READ), ErrorCode.PERMISSION_DENIED);
    return OpenResult.newBuilder()
        .setAttributes(attributes(file))
        .setInline(ByteString.copyFrom(file.content));
  }

  /** Every path that exists, from the root on, with its attributes. */
  public Map<ByteString, Attributes> tree() {
    Map<ByteString, Attributes> tree = new HashMap<>();
    collect(root, "", tree);
    return tree;
  }

  private void collect(ModelNode node, String path, Map<ByteString, Attributes> tree) {
    tree.put(ByteString.copyFrom(path, StandardCharsets.ISO_8859_1), attributes(node));
    node.children.forEach(
        (name, child) -> collect(child, path.isEmpty() ? name : path + "/" + name, tree));
  }

  /** Content of a file that exists. */
  public ByteString content(long inode) {
    return ByteString.copyFrom(nodes.get(inode).content);
  }

  /** Who wrote which bytes of a file with bytes in chunks; empty for what does not exist. */
  public List<ModelRange> ranges(long inode) {
    ModelNode file = nodes.get(inode);
    return file == null ? List.of() : List.copyOf(file.ranges.values());
  }

  /** Whether a file has no path any more. */
  public boolean isCutOff(long inode) {
    ModelNode node = nodes.get(inode);
    return node == null || node.isCutOff();
  }

  /** How many tails have turned out longer than any commit had said. */
  public long grownBySettling() {
    return grownBySettling;
  }

  /** Ids that the model has ever known and not purged; for references by id. */
  public List<Long> inodes() {
    return nodes.keySet().stream().sorted().toList();
  }

  /** Directories that a session has leased, by id. */
  public List<Long> leased(long session) {
    return nodes.values().stream()
        .filter(node -> node.heldBy == session)
        .map(node -> node.id)
        .sorted()
        .toList();
  }

  /** The number of the lease of a directory that is leased. */
  public long leaseOf(long directory) {
    return nodes.get(directory).heldAs;
  }

  /** Open sessions in order. */
  public List<Long> sessions() {
    return sessions.keySet().stream().sorted().toList();
  }
}
