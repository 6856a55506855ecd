package io.cairnfs.metaserver.operation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.DirectoryGuard;
import io.cairnfs.metaserver.namespace.FileExtents;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.MemoryStore;
import io.cairnfs.metaserver.store.StoreDigest;
import io.cairnfs.metaserver.store.WriteBatch;
import io.cairnfs.proto.command.Bootstrap;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.ExpireSession;
import io.cairnfs.proto.command.OpenSession;
import io.cairnfs.proto.command.PurgeStep;
import io.cairnfs.proto.metadata.CloseSession;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.DeleteTree;
import io.cairnfs.proto.metadata.Link;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.OpenForWrite;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.Rename;
import io.cairnfs.proto.metadata.RenameMode;
import io.cairnfs.proto.metadata.Rmdir;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.metadata.Symlink;
import io.cairnfs.proto.metadata.Unlink;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.NodeRef;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Runs commands, one a log entry, as users who each have a session. */
public final class TestCluster {
  public static final String ROOT_USER = "hdfs";
  public static final String SUPERGROUP = "supergroup";

  final MemoryStore store = new MemoryStore();
  final NoChunks chunks = new NoChunks();
  private final CommandExecutor executor;
  private final Map<String, List<String>> groups = new HashMap<>();
  private final Map<String, Long> sessions = new HashMap<>();
  private final Map<Long, Long> calls = new HashMap<>();
  private long index;
  private long stamp = 1_000;
  private int written;

  public TestCluster() {
    this(Optional.empty());
  }

  /** With chunks, as far as this side of them goes. */
  public TestCluster(FileExtents extents) {
    this(Optional.of(extents));
  }

  private TestCluster(Optional<FileExtents> extents) {
    executor = new CommandExecutor(extents.orElse(chunks));
    groups.put(ROOT_USER, List.of(SUPERGROUP));
    groups.put("ann", List.of("staff", "red"));
    groups.put("bob", List.of("staff"));
    groups.put("eve", List.of("guests"));
    run(
        ROOT_USER,
        Command.newBuilder()
            .setBootstrap(
                Bootstrap.newBuilder()
                    .setClusterId("c1")
                    .setSuperuser(ROOT_USER)
                    .setSupergroup(SUPERGROUP)
                    .setPoolSlots(16)
                    .setDefaultReplication(3)
                    .setDefaultChunkBytes(1 << 20)
                    .setInlineBytes(16)
                    .setMinReplicas(2)
                    .setFeatureLevel(1)));
  }

  public CommandReply run(String user, Command.Builder command) {
    Transaction transaction = new Transaction(store, ++index, 1);
    CommandReply reply = executor.execute(transaction, stamped(user, command));
    WriteBatch batch = transaction.finish();
    written = batch.writes().size();
    store.write(batch);
    assertThat(StoreDigest.recompute(store)).isEqualTo(store.applied().digest());
    return reply;
  }

  /** How many records the last command changed. */
  public int written() {
    return written;
  }

  public MemoryStore store() {
    return store;
  }

  /** Changes records as no command would. */
  public void damage(Consumer<NamespaceEditor> change) {
    Transaction transaction = new Transaction(store, ++index, 1);
    transaction.begin();
    change.accept(new NamespaceEditor(transaction));
    transaction.keep();
    store.write(transaction.finish());
  }

  /** As {@link #run}, stamped by a leader whose clock stands elsewhere. */
  public CommandReply runAt(long stampNanos, String user, Command.Builder command) {
    stamp = stampNanos - 10;
    return run(user, command);
  }

  Command stamped(String user, Command.Builder command) {
    return command
        .setUser(user)
        .addAllGroups(groups.getOrDefault(user, List.of()))
        .setSuperuser(user.equals(ROOT_USER))
        .setStampNanos(stamp += 10)
        .build();
  }

  CommandExecutor executor() {
    return executor;
  }

  public long index() {
    return index;
  }

  /** The session of a user. */
  public long session(String user) {
    return sessions.computeIfAbsent(
        user,
        name ->
            run(
                    name,
                    Command.newBuilder()
                        .setOpenSession(
                            OpenSession.newBuilder()
                                .setNonce(ByteString.copyFromUtf8("nonce-of-" + name))))
                .getSession());
  }

  public Command.Builder call(String user, Operation.Builder operation) {
    long session = session(user);
    long call = calls.merge(session, 1L, Long::sum);
    return Command.newBuilder()
        .setSession(session)
        .setCall(call)
        .setLowWater(call)
        .setOperation(operation);
  }

  public CommandReply run(String user, Operation.Builder operation) {
    return run(user, call(user, operation));
  }

  public static NodeRef path(String path) {
    return NodeRef.newBuilder().setPath(ByteString.copyFromUtf8(path)).build();
  }

  public static NodeRef path(long base, String path) {
    return path(path).toBuilder().setBase(base).build();
  }

  public CommandReply mkdir(String user, String path, int mode) {
    return run(
        user,
        Operation.newBuilder().setMkdir(Mkdir.newBuilder().setTarget(path(path)).setMode(mode)));
  }

  public CommandReply mkdirs(String user, String path) {
    return run(
        user,
        Operation.newBuilder()
            .setMkdir(
                Mkdir.newBuilder()
                    .setTarget(path(path))
                    .setMode(0755)
                    .setParents(true)
                    .setExistOk(true)));
  }

  public static Create.Builder creation(String path, String content) {
    return Create.newBuilder()
        .setTarget(path(path))
        .setMode(0644)
        .setInline(ByteString.copyFromUtf8(content));
  }

  public CommandReply create(String user, Create.Builder create) {
    return run(user, Operation.newBuilder().setCreate(create));
  }

  public CommandReply write(String user, String path, String content) {
    return create(user, creation(path, content).setOverwrite(true));
  }

  public CommandReply openForWrite(String user, String path) {
    return run(
        user,
        Operation.newBuilder().setOpenForWrite(OpenForWrite.newBuilder().setTarget(path(path))));
  }

  public CommandReply rename(String user, String from, String to, RenameMode mode) {
    return run(
        user,
        Operation.newBuilder()
            .setRename(
                Rename.newBuilder().setSource(path(from)).setTarget(path(to)).setMode(mode)));
  }

  public CommandReply rename(String user, String from, String to) {
    return rename(user, from, to, RenameMode.REPLACE);
  }

  public CommandReply symlink(String user, String target, String path) {
    return run(
        user,
        Operation.newBuilder()
            .setSymlink(
                Symlink.newBuilder()
                    .setTarget(ByteString.copyFromUtf8(target))
                    .setLink(path(path))));
  }

  public CommandReply link(String user, String existing, String path) {
    return run(
        user,
        Operation.newBuilder()
            .setLink(Link.newBuilder().setExisting(path(existing)).setLink(path(path))));
  }

  public CommandReply unlink(String user, String path) {
    return run(user, Operation.newBuilder().setUnlink(Unlink.newBuilder().setTarget(path(path))));
  }

  public CommandReply rmdir(String user, String path) {
    return run(user, Operation.newBuilder().setRmdir(Rmdir.newBuilder().setTarget(path(path))));
  }

  public CommandReply deleteTree(String user, String path) {
    return run(
        user, Operation.newBuilder().setDeleteTree(DeleteTree.newBuilder().setTarget(path(path))));
  }

  public CommandReply setAttributes(String user, String path, SetAttributes.Builder change) {
    return run(user, Operation.newBuilder().setSetAttributes(change.setTarget(path(path))));
  }

  public CommandReply closeSession(String user) {
    CommandReply reply =
        run(user, Operation.newBuilder().setCloseSession(CloseSession.getDefaultInstance()));
    sessions.remove(user);
    return reply;
  }

  public CommandReply expire(long session) {
    return run(
        ROOT_USER,
        Command.newBuilder().setExpireSession(ExpireSession.newBuilder().setSession(session)));
  }

  public CommandReply purge(int limit, Long... held) {
    return run(
        ROOT_USER,
        Command.newBuilder()
            .setPurgeStep(PurgeStep.newBuilder().setLimit(limit).addAllHeldInodes(List.of(held))));
  }

  /** Purges what was deleted at or before an index. */
  public CommandReply purgeUntil(long index) {
    return run(
        ROOT_USER,
        Command.newBuilder().setPurgeStep(PurgeStep.newBuilder().setLimit(2).setUntilIndex(index)));
  }

  public Optional<Attributes> stat(String path) {
    Namespace namespace = new Namespace(store);
    Principal root = new Principal(ROOT_USER, List.of(), true);
    try {
      return new PathResolver(namespace, root, DirectoryGuard.NONE)
          .locate(path(path), PathResolver.LastLink.KEPT)
          .target()
          .map(namespace::attributes);
    } catch (CairnException e) {
      return Optional.empty();
    }
  }

  public Attributes attributes(String path) {
    return stat(path).orElseThrow(() -> new AssertionError(path + " does not exist"));
  }

  public String content(String path) {
    return new String(
        new Namespace(store).inlineContent(new InodeId(attributes(path).getInode())),
        StandardCharsets.UTF_8);
  }

  public static ErrorCode error(CommandReply reply) {
    assertThat(reply.getErrorCode()).as("an error is expected").isNotZero();
    return ErrorCode.ofNumber(reply.getErrorCode());
  }

  public static CommandReply ok(CommandReply reply) {
    assertThat(reply.getErrorCode()).as(reply.getErrorMessage()).isZero();
    return reply;
  }
}
