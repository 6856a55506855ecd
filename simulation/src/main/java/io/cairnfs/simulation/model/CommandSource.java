package io.cairnfs.simulation.model;

import com.google.protobuf.ByteString;
import io.cairnfs.proto.command.Bootstrap;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.ExpireSession;
import io.cairnfs.proto.command.OpenSession;
import io.cairnfs.proto.command.RevokeLease;
import io.cairnfs.proto.metadata.Accessed;
import io.cairnfs.proto.metadata.AclChange;
import io.cairnfs.proto.metadata.AclEntry;
import io.cairnfs.proto.metadata.AclScope;
import io.cairnfs.proto.metadata.AclTag;
import io.cairnfs.proto.metadata.ChangeBatch;
import io.cairnfs.proto.metadata.CloseSession;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.DeleteTree;
import io.cairnfs.proto.metadata.DirectoryChange;
import io.cairnfs.proto.metadata.Fence;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.InlineWrite;
import io.cairnfs.proto.metadata.InodeRange;
import io.cairnfs.proto.metadata.LeaseDirectory;
import io.cairnfs.proto.metadata.Link;
import io.cairnfs.proto.metadata.Lock;
import io.cairnfs.proto.metadata.LockClaim;
import io.cairnfs.proto.metadata.LockMode;
import io.cairnfs.proto.metadata.LockScope;
import io.cairnfs.proto.metadata.MakeNode;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.OpenForWrite;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.RecoverLease;
import io.cairnfs.proto.metadata.Release;
import io.cairnfs.proto.metadata.ReleaseLocks;
import io.cairnfs.proto.metadata.RemoveXattr;
import io.cairnfs.proto.metadata.Rename;
import io.cairnfs.proto.metadata.RenameMode;
import io.cairnfs.proto.metadata.Rmdir;
import io.cairnfs.proto.metadata.SetAcl;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.metadata.SetLength;
import io.cairnfs.proto.metadata.SetXattr;
import io.cairnfs.proto.metadata.StopWaiting;
import io.cairnfs.proto.metadata.Symlink;
import io.cairnfs.proto.metadata.Unlink;
import io.cairnfs.proto.metadata.Unlock;
import io.cairnfs.proto.metadata.XattrMode;
import io.cairnfs.proto.types.FileType;
import io.cairnfs.proto.types.NodeRef;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Random commands of several users on few names, so that they meet: with retries, calls below and
 * far above the mark, sessions of others, clocks that go back, references by id and malformed
 * paths.
 */
final class CommandSource {
  private static final List<String> USERS = List.of("root", "ann", "bob", "eve");
  private static final Map<String, List<String>> GROUPS =
      Map.of(
          "root", List.of("supergroup"),
          "ann", List.of("staff", "red"),
          "bob", List.of("staff"),
          "eve", List.of("guests", "red"));
  private static final List<String> NAMES = List.of("a", "b", "c", "\u00e9", "d d");
  private static final int[] MODES = {
    0755, 0700, 0777, 01777, 02775, 0644, 0600, 0000, 06755, 0111
  };
  private static final int REMEMBERED = 30;

  /** Which operations are among the commands. A seed's commands depend on it. */
  enum Operations {
    /** What version 0.1.0 had. */
    PLAIN,
    /** Symlinks, hard links and exchanges too. */
    LINKS,
    /** Extended attributes, access times and umasks too. */
    ATTRIBUTES,
    /** ACLs, too. */
    ACLS,
    /** Locks, and what is done under them. */
    LOCKS,
    /** Files that somebody cuts while another one has the write lease, too. */
    RECALLS,
    /** As with ACLs, and much of what the superuser asks is done on behalf of others. */
    BEHALF,
    /** Fifos, sockets and devices; and files without a name, by whoever has them open. */
    NODES,
    /** Directories that one session has for itself, and what it does there in batches. */
    DIRECTORIES
  }

  private static final List<String> ATTRIBUTES =
      List.of("user.a", "user.b", "trusted.a", "security.a", "system.a", "user.", "x", "user.n\0");

  private static final List<String> TARGETS =
      List.of(
          "a", "b", "c", "a", "b", "../b", "/tmp/c", "/tmp/a/b", ".", "..", "a/../b", "/", "c/c/");

  private final RandomGenerator random;
  private final NamespaceModel model;
  private final Operations operations;
  private final List<Command> sent = new ArrayList<>();
  private final Map<Long, Long> calls = new HashMap<>();
  private final Map<Long, String> owners = new HashMap<>();
  private final List<long[]> leases = new ArrayList<>();
  private final List<long[]> grants = new ArrayList<>();
  private final List<Handled> handles = new ArrayList<>();

  /** By session, the ids that it may use: the next one, and the end. */
  private final Map<Long, long[]> setAside = new HashMap<>();

  private long stamp = 1_000_000;
  private int nonces;

  CommandSource(RandomGenerator random, NamespaceModel model, Operations operations) {
    this.random = random;
    this.model = model;
    this.operations = operations;
  }

  private Command.Builder by(String user) {
    stamp += random.nextInt(40) - 10;
    return Command.newBuilder()
        .setUser(user)
        .addAllGroups(GROUPS.get(user))
        .setSuperuser(user.equals("root"))
        .setStampNanos(stamp);
  }

  Command bootstrap() {
    return by("root")
        .setBootstrap(
            Bootstrap.newBuilder()
                .setClusterId("simulated")
                .setSuperuser("root")
                .setSupergroup("supergroup")
                .setPoolSlots(16)
                .setDefaultReplication(3)
                .setDefaultChunkBytes(1 << 20)
                .setInlineBytes(8)
                .setMinReplicas(2)
                .setFeatureLevel(1))
        .build();
  }

  Command next() {
    int kind = random.nextInt(100);
    if (kind < 3 || model.sessions().isEmpty()) {
      return openSession();
    }
    if (kind < 4) {
      return by("root")
          .setExpireSession(ExpireSession.newBuilder().setSession(anySession()))
          .build();
    }
    if (kind < 10 && !sent.isEmpty()) {
      Command again = sent.get(random.nextInt(sent.size()));
      return again.toBuilder().setStampNanos(stamp).build();
    }
    if (revokes() && kind < 16 && !leases.isEmpty()) {
      return revocation();
    }
    Command command = call();
    sent.add(command);
    if (sent.size() > REMEMBERED) {
      sent.remove(0);
    }
    return command;
  }

  private boolean revokes() {
    return operations == Operations.RECALLS || operations == Operations.DIRECTORIES;
  }

  private Command revocation() {
    long[] lease = any(leases);
    return by("root")
        .setRevokeLease(
            RevokeLease.newBuilder()
                .setInode(lease[1])
                .setLease(lease[2] - (random.nextInt(6) == 0 ? 1 : 0)))
        .build();
  }

  /** Takes every leased directory away from whoever has it. */
  List<Command> revocations() {
    List<Command> commands = new ArrayList<>();
    for (long session : model.sessions()) {
      for (long directory : model.leased(session)) {
        commands.add(
            by("root")
                .setRevokeLease(
                    RevokeLease.newBuilder().setInode(directory).setLease(model.leaseOf(directory)))
                .build());
      }
    }
    return commands;
  }

  /** What a grant answered, so that it can be released. */
  void granted(long session, long inode, long lease) {
    leases.add(new long[] {session, inode, lease});
  }

  void opened(long session, String user) {
    owners.put(session, user);
  }

  private Command openSession() {
    String user = any(USERS);
    int nonce = random.nextInt(4) == 0 ? random.nextInt(nonces + 1) : nonces++;
    return by(user)
        .setOpenSession(
            OpenSession.newBuilder()
                .setNonce(ByteString.copyFromUtf8("nonce-%08d".formatted(nonce))))
        .build();
  }

  private long anySession() {
    return any(model.sessions());
  }

  private Command call() {
    long session = random.nextInt(50) == 0 ? random.nextLong(50) : anySession();
    String owner = owners.getOrDefault(session, "eve");
    String user = random.nextInt(60) == 0 ? any(USERS) : owner;
    long call = calls.merge(session, 1L, Long::sum);
    long mark = Math.max(1, call - random.nextInt(5));
    if (random.nextInt(40) == 0) {
      call += random.nextInt(2000) - 5;
    }
    return acting(user)
        .setSession(session)
        .setCall(call)
        .setLowWater(mark)
        .setOperation(operation(session))
        .build();
  }

  private Command.Builder acting(String user) {
    if (operations != Operations.BEHALF || !user.equals("root") || random.nextInt(4) == 0) {
      return by(user);
    }
    String other = any(USERS.subList(1, USERS.size()));
    return by(other).setUser(user).setOnBehalf(other);
  }

  private Operation.Builder operation(long session) {
    return switch (operations) {
      case PLAIN -> plainOperation(session);
      case LINKS -> random.nextInt(3) == 0 ? linkOperation() : plainOperation(session);
      case ACLS, BEHALF ->
          switch (random.nextInt(5)) {
            case 0, 1 -> aclOperation();
            case 2 -> linkOperation();
            default -> masked(plainOperation(session));
          };
      case LOCKS ->
          switch (random.nextInt(5)) {
            case 0, 1, 2 -> lockOperation();
            case 3 -> fenced(plainOperation(session));
            default -> plainOperation(session);
          };
      case NODES ->
          switch (random.nextInt(5)) {
            case 0 -> nodeOperation();
            case 1 -> handledOperation(session);
            case 2 -> random.nextBoolean() ? linkOperation() : attributeOperation();
            default -> masked(plainOperation(session));
          };
      case DIRECTORIES ->
          switch (random.nextInt(8)) {
            case 0 -> directoryLease();
            case 1, 2, 3, 4 -> batch(session);
            default -> plainOperation(session);
          };
      case RECALLS -> random.nextInt(4) == 0 ? cut() : plainOperation(session);
      case ATTRIBUTES ->
          switch (random.nextInt(6)) {
            case 0, 1 -> attributeOperation();
            case 2 -> linkOperation();
            default -> masked(plainOperation(session));
          };
    };
  }

  private Operation.Builder directoryLease() {
    return Operation.newBuilder()
        .setLeaseDirectory(
            LeaseDirectory.newBuilder()
                .setDirectory(random.nextInt(30) == 0 ? -1 : any(model.inodes()))
                .setMaxEntries(random.nextInt(20) == 0 ? 5000 : random.nextInt(12))
                .setInodes(random.nextInt(20) == 0 ? 70_000 : random.nextInt(9)));
  }

  private Operation.Builder batch(long session) {
    List<Long> leased = new ArrayList<>(model.leased(session));
    ChangeBatch.Builder batch =
        ChangeBatch.newBuilder().setInodes(random.nextInt(3) == 0 ? random.nextInt(9) : 0);
    for (int i = random.nextInt(5); i >= 0 && random.nextInt(50) > 0; i--) {
      batch.addChanges(batchChange(session, leased));
    }
    return Operation.newBuilder().setBatch(batch);
  }

  private DirectoryChange batchChange(long session, List<Long> leased) {
    Operation.Builder operation = batchOperation(session, leased);
    boolean makes = operation.hasMkdir() || operation.hasCreate() || operation.hasSymlink();
    DirectoryChange.Builder change =
        DirectoryChange.newBuilder()
            .setTimeNanos(stamp + random.nextInt(60) - 40)
            .setWantsResult(random.nextBoolean())
            .setLeased(operation.hasMkdir() ? random.nextInt(4) > 0 : random.nextInt(60) == 0);
    long[] ids = setAside.getOrDefault(session, new long[] {any(model.inodes()), 0});
    if (makes == random.nextInt(60) > 0) {
      long id = ids[0] + (random.nextInt(10) == 0 ? random.nextInt(3) : 0);
      ids[0] = id + 1;
      change.setInode(id);
      if (change.getLeased()) {
        leased.add(id);
      }
    }
    return change.setOperation(operation).build();
  }

  private Operation.Builder batchOperation(long session, List<Long> leased) {
    Operation.Builder operation = Operation.newBuilder();
    NodeRef target = placeIn(leased);
    return switch (random.nextInt(13)) {
      case 0, 1, 2 -> operation.setMkdir(Mkdir.newBuilder().setTarget(target).setMode(mode()));
      case 3, 4, 5 ->
          operation.setCreate(
              create()
                  .setTarget(target)
                  .setParents(false)
                  .setOverwrite(random.nextInt(30) == 0)
                  .setInline(ByteString.copyFromUtf8("x".repeat(random.nextInt(9)))));
      case 6 -> operation.setSymlink(Symlink.newBuilder().setTarget(target()).setLink(target));
      case 7 -> operation.setUnlink(Unlink.newBuilder().setTarget(target));
      case 8 -> operation.setRmdir(Rmdir.newBuilder().setTarget(target));
      case 9 ->
          operation.setRename(
              Rename.newBuilder()
                  .setSource(target)
                  .setTarget(placeIn(leased))
                  .setModeValue(random.nextInt(3)));
      case 10, 11 ->
          operation.setSetAttributes(
              attributes().setTarget(random.nextBoolean() ? target : existing()));
      default -> {
        List<Handled> own = handles.stream().filter(each -> each.session == session).toList();
        yield own.isEmpty() ? plainOperation(session) : operation.setCommit(inlineCommit(any(own)));
      }
    };
  }

  private CommitExtents.Builder inlineCommit(Handled handled) {
    return CommitExtents.newBuilder()
        .setInode(handled.inode)
        .setHandle(handled.handle)
        .addInlineWrites(
            InlineWrite.newBuilder()
                .setOffset(random.nextInt(6))
                .setData(ByteString.copyFromUtf8("y".repeat(random.nextInt(5)))));
  }

  private NodeRef placeIn(List<Long> leased) {
    if (leased.isEmpty() || random.nextInt(25) == 0) {
      return path();
    }
    return NodeRef.newBuilder()
        .setBase(any(leased))
        .setPath(ByteString.copyFrom(name(), StandardCharsets.ISO_8859_1))
        .build();
  }

  /** Ids were set aside for a session. */
  void setAside(long session, InodeRange range) {
    if (range.getCount() > 0) {
      setAside.put(session, new long[] {range.getFirst(), range.getFirst() + range.getCount()});
    }
  }

  private Operation.Builder nodeOperation() {
    FileType type = FileType.forNumber(random.nextInt(30) == 0 ? 1 : 4 + random.nextInt(4));
    boolean device = type.getNumber() >= 6;
    return Operation.newBuilder()
        .setMakeNode(
            MakeNode.newBuilder()
                .setTarget(path())
                .setType(type)
                .setMode(mode())
                .setUmask(any(List.of(0, 022, 077)))
                .setDevice(device || random.nextInt(30) == 0 ? random.nextInt() : 0));
  }

  /** What can be done with a file that is open, whether it has a name or not. */
  private Operation.Builder handledOperation(long session) {
    Operation.Builder operation = Operation.newBuilder();
    List<Handled> own =
        handles.stream()
            .filter(handled -> handled.session == session || random.nextInt(9) == 0)
            .toList();
    if (own.isEmpty()) {
      return operation.setCreate(create().clearInline().setInline(ByteString.EMPTY));
    }
    List<Handled> nameless = own.stream().filter(handled -> isNameless(handled.inode)).toList();
    if (nameless.isEmpty() && random.nextInt(3) > 0) {
      return operation.setUnlink(Unlink.newBuilder().setTarget(path()));
    }
    Handled handled = any(nameless.isEmpty() ? own : nameless);
    NodeRef node = NodeRef.newBuilder().setBase(handled.inode).setHandle(handled.handle).build();
    FileRef file = FileRef.newBuilder().setTarget(node).build();
    return switch (random.nextInt(6)) {
      case 0, 1 -> operation.setSetAttributes(attributes().setTarget(node));
      case 2 -> operation.setLink(Link.newBuilder().setExisting(node).setLink(path()));
      case 3 ->
          operation.setSetLength(SetLength.newBuilder().setFile(file).setLength(random.nextInt(9)));
      case 4 ->
          operation.setLock(
              Lock.newBuilder()
                  .setFile(file)
                  .setMode(LockMode.EXCLUSIVE_LOCK)
                  .setOwner(random.nextInt(2)));
      default ->
          operation.setSetXattr(
              SetXattr.newBuilder()
                  .setTarget(node)
                  .setName(attribute())
                  .setValue(ByteString.copyFromUtf8("v")));
    };
  }

  private boolean isNameless(long inode) {
    return model.inodes().contains(inode) && model.isCutOff(inode);
  }

  private record Handled(long session, long inode, ByteString handle) {}

  /** What making or opening a file answered. */
  void handled(long session, long inode, ByteString handle) {
    handles.add(new Handled(session, inode, handle));
    if (handles.size() > REMEMBERED) {
      handles.remove(0);
    }
  }

  private Operation.Builder cut() {
    return Operation.newBuilder()
        .setSetLength(
            SetLength.newBuilder()
                .setFile(FileRef.newBuilder().setTarget(path()))
                .setLength(random.nextInt(12)));
  }

  private Operation.Builder lockOperation() {
    Operation.Builder operation = Operation.newBuilder();
    boolean whole = random.nextInt(3) == 0;
    LockScope scope = whole ? LockScope.WHOLE_FILE : LockScope.BYTE_RANGE;
    LockMode mode = random.nextInt(3) == 0 ? LockMode.SHARED_LOCK : LockMode.EXCLUSIVE_LOCK;
    long owner = random.nextInt(2);
    long start = whole && random.nextInt(30) > 0 ? 0 : random.nextInt(13) - 1;
    long length = whole && random.nextInt(30) > 0 ? 0 : random.nextInt(6);
    int kind = random.nextInt(100);
    if (kind < 55 || grants.isEmpty()) {
      NodeRef file =
          grants.isEmpty() || random.nextInt(3) == 0
              ? path()
              : NodeRef.newBuilder().setBase(any(grants)[0]).build();
      return operation.setLock(
          Lock.newBuilder()
              .setFile(FileRef.newBuilder().setTarget(file))
              .setOwner(owner)
              .setScope(scope)
              .setMode(mode)
              .setStart(start)
              .setLength(length)
              .setWait(random.nextBoolean())
              .setFresh(random.nextInt(6) == 0));
    }
    long[] grant = any(grants);
    if (kind < 59) {
      return operation.setRecoverLease(
          RecoverLease.newBuilder().setFile(FileRef.newBuilder().setTarget(path())));
    }
    if (kind < 85) {
      return operation.setUnlock(
          Unlock.newBuilder()
              .setInode(grant[0])
              .setOwner(owner)
              .setScope(scope)
              .setStart(start)
              .setLength(length));
    }
    if (kind < 93) {
      return operation.setStopWaiting(
          StopWaiting.newBuilder()
              .setClaim(
                  LockClaim.newBuilder()
                      .setInode(grant[0])
                      .setOwner(owner)
                      .setScope(scope)
                      .setMode(mode)
                      .setStart(start)
                      .setLength(length)
                      .setTicket(Math.max(0, -grant[1]))));
    }
    return operation.setReleaseLocks(
        ReleaseLocks.newBuilder()
            .setOwner(owner)
            .setInode(random.nextBoolean() ? grant[0] : random.nextInt(3) - 1));
  }

  private Operation.Builder fenced(Operation.Builder operation) {
    if (grants.isEmpty()) {
      return operation;
    }
    long[] grant = any(grants);
    return operation.setFence(Fence.newBuilder().setInode(grant[0]).setToken(Math.abs(grant[1])));
  }

  /** What a lock was answered with: a token, or a ticket as a negative number. */
  void locked(long inode, long number) {
    grants.add(new long[] {inode, number});
    if (grants.size() > REMEMBERED) {
      grants.remove(0);
    }
  }

  private Operation.Builder aclOperation() {
    SetAcl.Builder set =
        SetAcl.newBuilder()
            .setTarget(path())
            .setChange(AclChange.forNumber(Math.max(0, random.nextInt(9) - 4)));
    if (random.nextInt(4) == 0) {
      set.setChange(AclChange.ACL_MODIFY);
    }
    AclScope scope = random.nextInt(3) == 0 ? AclScope.DEFAULT : AclScope.ACCESS;
    if (random.nextInt(3) > 0) {
      for (AclTag tag : List.of(AclTag.ACL_USER, AclTag.ACL_GROUP, AclTag.ACL_OTHER)) {
        set.addEntries(aclEntry(scope, tag, ""));
      }
    }
    for (int i = random.nextInt(random.nextInt(20) == 0 ? 40 : 4); i > 0; i--) {
      AclScope other = random.nextInt(8) == 0 ? AclScope.DEFAULT : scope;
      set.addEntries(
          switch (random.nextInt(5)) {
            case 0, 1 -> aclEntry(other, AclTag.ACL_USER, any(USERS));
            case 2 -> aclEntry(other, AclTag.ACL_GROUP, any(List.of("staff", "red", "guests")));
            case 3 -> aclEntry(other, AclTag.ACL_MASK, random.nextInt(9) == 0 ? "x" : "");
            default -> aclEntry(other, AclTag.ACL_USER, "u" + random.nextInt(50));
          });
    }
    return Operation.newBuilder().setSetAcl(set);
  }

  private AclEntry.Builder aclEntry(AclScope scope, AclTag tag, String name) {
    return AclEntry.newBuilder()
        .setScope(scope)
        .setTag(tag)
        .setName(name)
        .setPermissions(random.nextInt(50) == 0 ? 8 : random.nextInt(8));
  }

  private Operation.Builder attributeOperation() {
    Operation.Builder operation = Operation.newBuilder();
    int kind = random.nextInt(100);
    if (kind < 50) {
      return operation.setSetXattr(
          SetXattr.newBuilder()
              .setTarget(path())
              .setName(attribute())
              .setValue(ByteString.copyFrom(new byte[valueLength()]))
              .setMode(any(List.of(XattrMode.values()).subList(0, 3)))
              .setNoFollow(random.nextInt(4) == 0));
    }
    if (kind < 70) {
      return operation.setRemoveXattr(
          RemoveXattr.newBuilder()
              .setTarget(path())
              .setName(attribute())
              .setNoFollow(random.nextInt(4) == 0));
    }
    Accessed.Builder accessed = Accessed.newBuilder().addInodes(random.nextInt(60) - 5);
    for (int i = random.nextInt(4); i >= 0; i--) {
      accessed.addInodes(any(model.inodes()));
    }
    return operation.setAccessed(accessed);
  }

  private ByteString attribute() {
    return ByteString.copyFromUtf8(
        random.nextInt(60) == 0 ? "user." + "n".repeat(251) : any(ATTRIBUTES));
  }

  private int valueLength() {
    return switch (random.nextInt(40)) {
      case 0 -> 65_537;
      case 1, 2, 3, 4 -> 65_536;
      case 5, 6 -> 50_000;
      default -> random.nextInt(20);
    };
  }

  private Operation.Builder masked(Operation.Builder operation) {
    int umask = any(List.of(0, 022, 077, 0777, 01000));
    if (operation.hasMkdir()) {
      operation.getMkdirBuilder().setUmask(umask);
    } else if (operation.hasCreate()) {
      operation.getCreateBuilder().setUmask(umask);
    }
    return operation;
  }

  private Operation.Builder linkOperation() {
    Operation.Builder operation = Operation.newBuilder();
    int kind = random.nextInt(100);
    if (kind < 40) {
      return operation.setSymlink(Symlink.newBuilder().setTarget(target()).setLink(path()));
    }
    if (kind < 75) {
      return operation.setLink(
          Link.newBuilder()
              .setExisting(random.nextBoolean() ? path() : existing())
              .setLink(path())
              .setFollow(random.nextInt(3) == 0));
    }
    if (kind < 90) {
      return operation.setRename(
          Rename.newBuilder().setSource(path()).setTarget(path()).setMode(RenameMode.EXCHANGE));
    }
    return operation.setSetAttributes(attributes().setNoFollow(true));
  }

  private NodeRef existing() {
    return NodeRef.newBuilder().setBase(any(model.inodes())).build();
  }

  private ByteString target() {
    int odd = random.nextInt(60);
    return switch (odd) {
      case 0 -> ByteString.EMPTY;
      case 1 -> ByteString.copyFromUtf8("n".repeat(4096));
      case 2 -> ByteString.copyFromUtf8("nul\0");
      case 3 -> ByteString.copyFromUtf8("n".repeat(256));
      default -> ByteString.copyFromUtf8(any(TARGETS));
    };
  }

  private Operation.Builder plainOperation(long session) {
    Operation.Builder operation = Operation.newBuilder();
    int kind = random.nextInt(100);
    if (kind < 22) {
      return operation.setMkdir(
          Mkdir.newBuilder()
              .setTarget(path())
              .setMode(mode())
              .setParents(random.nextInt(3) == 0)
              .setExistOk(random.nextBoolean()));
    }
    if (kind < 48) {
      return operation.setCreate(create());
    }
    if (kind < 62) {
      return operation.setRename(
          Rename.newBuilder()
              .setSource(path())
              .setTarget(path())
              .setMode(random.nextInt(4) == 0 ? RenameMode.NO_REPLACE : RenameMode.REPLACE));
    }
    if (kind < 68) {
      return operation.setUnlink(Unlink.newBuilder().setTarget(path()));
    }
    if (kind < 72) {
      return operation.setRmdir(Rmdir.newBuilder().setTarget(path()));
    }
    if (kind < 75) {
      return operation.setDeleteTree(DeleteTree.newBuilder().setTarget(path()));
    }
    if (kind < 88) {
      return operation.setSetAttributes(attributes());
    }
    if (kind < 93) {
      return operation.setOpenForWrite(
          OpenForWrite.newBuilder().setTarget(path()).setTruncate(random.nextBoolean()));
    }
    return kind < 99
        ? operation.setRelease(release(session))
        : operation.setCloseSession(CloseSession.getDefaultInstance());
  }

  private Create.Builder create() {
    Create.Builder create =
        Create.newBuilder()
            .setTarget(path())
            .setMode(mode())
            .setOverwrite(random.nextBoolean())
            .setParents(random.nextInt(4) == 0)
            .setReplication(random.nextInt(4) == 0 ? random.nextInt(20) : 0);
    if (random.nextInt(3) > 0) {
      create.setInline(ByteString.copyFromUtf8("x".repeat(random.nextInt(10))));
      create.setMtimeNanos(random.nextInt(4) == 0 ? random.nextInt(1000) - 100 : 0);
    }
    return create;
  }

  private SetAttributes.Builder attributes() {
    SetAttributes.Builder change = SetAttributes.newBuilder().setTarget(path());
    if (random.nextInt(2) == 0) {
      change.setMode(mode());
    }
    if (random.nextInt(5) == 0) {
      change.setOwner(any(USERS));
    }
    if (random.nextInt(4) == 0) {
      change.setGroup(any(List.of("staff", "red", "guests", "supergroup")));
    }
    if (random.nextInt(4) == 0) {
      change.setMtimeNanos(random.nextInt(1000)).setAtimeNanos(random.nextInt(1000));
    }
    if (random.nextInt(5) == 0) {
      change.setReplication(random.nextInt(18));
    }
    return change;
  }

  private Release.Builder release(long session) {
    if (leases.isEmpty() || random.nextInt(8) == 0) {
      return Release.newBuilder().setInode(random.nextInt(60)).setLease(random.nextInt(20));
    }
    // One of the caller's own, mostly.
    for (int i = leases.size() - 1; i >= 0; i--) {
      if (leases.get(i)[0] == session) {
        long[] lease = leases.remove(i);
        return Release.newBuilder().setInode(lease[1]).setLease(lease[2]);
      }
    }
    long[] other = any(leases);
    return Release.newBuilder().setInode(other[1]).setLease(other[2]);
  }

  private int mode() {
    return random.nextInt(40) == 0 ? 010000 : MODES[random.nextInt(MODES.length)];
  }

  private NodeRef path() {
    int odd = random.nextInt(100);
    StringBuilder path = new StringBuilder();
    NodeRef.Builder ref = NodeRef.newBuilder();
    if (odd < 12) {
      ref.setBase(any(model.inodes()));
    } else if (odd < 13) {
      ref.setBase(random.nextLong(100) - 5);
    } else {
      path.append(random.nextInt(12) == 0 ? "/user" : "/tmp");
    }
    for (int depth = random.nextInt(odd < 12 ? 3 : 4); depth > 0; depth--) {
      path.append(random.nextInt(20) == 0 ? "//" : "/").append(name());
    }
    if (odd >= 12 && random.nextInt(6) > 0) {
      path.append('/').append(name());
    }
    return ref.setPath(ByteString.copyFrom(path.toString(), StandardCharsets.ISO_8859_1)).build();
  }

  private String name() {
    int odd = random.nextInt(300);
    return switch (odd) {
      case 0 -> ".";
      case 1 -> "..";
      case 2 -> "n".repeat(256);
      case 3 -> "n".repeat(255);
      case 4 -> "nul\0";
      case 5, 6, 7, 8 -> any(USERS);
      case 9 -> "n/".repeat(2100);
      default -> any(NAMES);
    };
  }

  private <T> T any(List<T> from) {
    return from.get(random.nextInt(from.size()));
  }
}
