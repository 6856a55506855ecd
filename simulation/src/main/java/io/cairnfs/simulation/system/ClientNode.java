package io.cairnfs.simulation.system;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.DeleteTree;
import io.cairnfs.proto.metadata.ListDirectory;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.MutateReply;
import io.cairnfs.proto.metadata.MutateRequest;
import io.cairnfs.proto.metadata.OpenSessionReply;
import io.cairnfs.proto.metadata.OpenSessionRequest;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.Rename;
import io.cairnfs.proto.metadata.RenameMode;
import io.cairnfs.proto.metadata.Rmdir;
import io.cairnfs.proto.metadata.SessionHeartbeatReply;
import io.cairnfs.proto.metadata.SessionHeartbeatRequest;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.metadata.Stat;
import io.cairnfs.proto.metadata.Unlink;
import io.cairnfs.proto.types.NodeRef;
import io.cairnfs.rpc.frame.PeerIdentity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;

/**
 * A client: random operations on names, files written and read, one after the other in each of
 * three lanes.
 */
final class ClientNode extends SimulatedProcess {
  private static final long MILLI = 1_000_000;
  private static final List<String> NAMES = List.of("a", "b", "c", "d");

  private final int number;
  private final String user;
  private final SystemRun run;
  private final RandomGenerator random;
  private NodeRpcClient client;
  private LeaderFinder leader;

  private long session;
  private boolean opening;
  private ByteString nonce = ByteString.EMPTY;
  private final List<Runnable> waitingForSession = new ArrayList<>();
  private long calls;
  private final TreeSet<Long> underWay = new TreeSet<>();
  private final TreeMap<Long, Integer> openInodes = new TreeMap<>();
  private final TreeMap<Long, Runnable> leases = new TreeMap<>();
  private boolean draining;
  private Set<Long> wantedChunks = Set.of();
  private int lanes;
  private int writes;

  ClientNode(int number, String user, SystemRun run, RandomGenerator random) {
    super("c" + number, run.events(), 0.98 + random.nextDouble() * 0.04);
    this.number = number;
    this.user = user;
    this.run = run;
    this.random = random;
  }

  @Override
  void begin() {
    client =
        run.transport()
            .clientOf(
                this,
                new PeerIdentity(
                    MetadataNode.CLUSTER, PeerRole.CLIENT, user, name(), name(), "simulated"));
    leader = new LeaderFinder(this, client, run::metaservers, random);
    session = 0;
    opening = false;
    waitingForSession.clear();
    underWay.clear();
    openInodes.clear();
    leases.clear();
    lanes = draining ? 0 : run.isLocking() ? 4 : 3;
    if (draining) {
      return;
    }
    after(random.nextLong(500 * MILLI), this::nameLane);
    after(random.nextLong(500 * MILLI), this::writeLane);
    after(random.nextLong(500 * MILLI), this::readLane);
    after(2_000 * MILLI, this::heartbeat);
    if (run.isLocking()) {
      after(random.nextLong(500 * MILLI), this::lockLane);
    }
  }

  void kill() {
    if (isUp()) {
      stop();
      run.trace(name(), "killed");
    }
  }

  /** No new work from now on. */
  void drain() {
    draining = true;
  }

  /** Its session was told to close the chunk. */
  boolean isWanted(ChunkId chunk) {
    return wantedChunks.contains(chunk.value());
  }

  boolean isDone() {
    return !isUp() || lanes == 0;
  }

  int number() {
    return number;
  }

  SystemRun run() {
    return run;
  }

  RandomGenerator random() {
    return random;
  }

  NodeRpcClient rpc() {
    return client;
  }

  LeaderFinder leader() {
    return leader;
  }

  long session() {
    return session;
  }

  /** Another writer's number: says what its bytes are. */
  long nextWriter() {
    writes++;
    return number * 1_000_000L + life() * 10_000L + writes;
  }

  void opened(long inode) {
    openInodes.merge(inode, 1, Integer::sum);
  }

  boolean holds(long inode) {
    return openInodes.containsKey(inode);
  }

  String user() {
    return user;
  }

  void closed(long inode) {
    openInodes.remove(inode);
  }

  // Sessions.

  private void withSession(Runnable action) {
    if (session != 0) {
      action.run();
      return;
    }
    waitingForSession.add(action);
    if (opening) {
      return;
    }
    opening = true;
    byte[] bytes = new byte[16];
    random.nextBytes(bytes);
    nonce = ByteString.copyFrom(bytes);
    leader.callUntilAnswered(
        Method.OPEN_SESSION,
        OpenSessionRequest.newBuilder().setNonce(nonce).setHost(name()).build(),
        OpenSessionReply.parser(),
        () -> run.tally().count(SystemSighting.OPERATION_RETRIED),
        (reply, refusal) -> {
          opening = false;
          if (refusal != null) {
            Oracle.fail("%s gets no session: %s", name(), refusal);
          }
          session = reply.getSession();
          calls = 0;
          underWay.clear();
          List<Runnable> waiting = List.copyOf(waitingForSession);
          waitingForSession.clear();
          waiting.forEach(Runnable::run);
        });
  }

  private void heartbeat() {
    after(1_500 * MILLI, this::heartbeat);
    if (session == 0) {
      return;
    }
    long mine = session;
    leader.call(
        Method.SESSION_HEARTBEAT,
        SessionHeartbeatRequest.newBuilder()
            .setSession(mine)
            .addAllOpenInodes(openInodes.keySet())
            .build(),
        SessionHeartbeatReply.parser(),
        Duration.ofSeconds(1),
        (reply, refusal) -> {
          if (refusal != null && refusal.code() == ErrorCode.SESSION_EXPIRED) {
            expired(mine);
          } else if (refusal == null && mine == session) {
            reply.getRecalledInodesList().forEach(this::recalled);
            wantedChunks = Set.copyOf(reply.getWantedChunksList());
          }
        });
  }

  /**
   * @param recalled runs when somebody wants the write lease; may run again
   */
  void leaseTaken(long inode, Runnable recalled) {
    leases.put(inode, recalled);
  }

  void leaseGone(long inode, Runnable recalled) {
    leases.remove(inode, recalled);
  }

  private void recalled(long inode) {
    Runnable recalled = leases.get(inode);
    if (recalled != null) {
      recalled.run();
    }
  }

  private void expired(long ended) {
    if (session == ended) {
      run.trace(name(), "session " + ended + " has ended");
      session = 0;
      openInodes.clear();
    }
  }

  // Calls.

  /** One mutation, sent under one number until it is decided; by the present session. */
  void mutate(
      Operation.Builder operation, long writer, BiConsumer<MutateReply, CairnException> next) {
    withSession(() -> mutate(session, operation, writer, next));
  }

  /** As above, by a given session, which may have ended. */
  void mutate(
      long by,
      Operation.Builder operation,
      long writer,
      BiConsumer<MutateReply, CairnException> next) {
    if (by != session) {
      execute(
          () -> next.accept(null, new CairnException(ErrorCode.SESSION_EXPIRED, "it has ended")));
      return;
    }
    long call = ++calls;
    underWay.add(call);
    if (writer != 0) {
      run.oracle().writes(by, call, writer);
    }
    long floor = run.oracle().invoked();
    run.operationBegun();
    leader.callUntilAnswered(
        Method.MUTATE,
        MutateRequest.newBuilder()
            .setSession(by)
            .setCall(call)
            .setLowWater(underWay.first())
            .setOperation(operation)
            .build(),
        MutateReply.parser(),
        () -> run.tally().count(SystemSighting.OPERATION_RETRIED),
        (reply, refusal) -> {
          if (session == by) {
            underWay.remove(call);
          }
          if (refusal == null) {
            run.oracle().acknowledged(by, call, reply, floor);
          } else {
            run.oracle().refused(by, call, refusal);
            if (refusal.code() == ErrorCode.SESSION_EXPIRED) {
              expired(by);
            }
          }
          if (run.isTraced()) {
            run.trace(
                name(),
                "call %d.%d %s: %s"
                    .formatted(
                        by,
                        call,
                        operation.toString().replace('\n', ' '),
                        refusal == null ? "index " + reply.getLogIndex() : refusal.toString()));
          }
          next.accept(reply, refusal);
        });
  }

  /** One read, repeated until it is answered. */
  void read(ReadRequest.Builder request, BiConsumer<ReadReply, CairnException> next) {
    long floor = run.oracle().invoked();
    run.operationBegun();
    leader.callUntilAnswered(
        Method.READ,
        request.build(),
        ReadReply.parser(),
        () -> run.tally().count(SystemSighting.OPERATION_RETRIED),
        (reply, refusal) -> {
          if (refusal == null) {
            run.oracle().readAnswered(reply, floor);
          }
          next.accept(reply, refusal);
        });
  }

  static NodeRef path(String path) {
    return NodeRef.newBuilder().setPath(ByteString.copyFromUtf8(path)).build();
  }

  String anyPath() {
    StringBuilder path = new StringBuilder("/tmp");
    for (int depth = random.nextInt(3); depth >= 0; depth--) {
      path.append('/').append(NAMES.get(random.nextInt(NAMES.size())));
    }
    return path.toString();
  }

  String anyFile() {
    return "/tmp/f" + random.nextInt(12);
  }

  // Lanes.

  private void pause(Runnable lane) {
    if (draining) {
      lanes--;
      return;
    }
    after(random.nextLong(500 * MILLI), lane);
  }

  private void nameLane() {
    int kind = random.nextInt(100);
    if (kind < 25) {
      ReadRequest.Builder request = ReadRequest.newBuilder();
      if (random.nextInt(3) == 0) {
        request.setList(ListDirectory.newBuilder().setTarget(path("/tmp")).setLimit(1_000));
      } else {
        request.setStat(Stat.newBuilder().setTarget(path(anyOf())));
      }
      read(request, (reply, refusal) -> pause(this::nameLane));
      return;
    }
    mutate(operation(kind), 0, (reply, refusal) -> pause(this::nameLane));
  }

  private String anyOf() {
    return random.nextBoolean() ? anyPath() : anyFile();
  }

  private Operation.Builder operation(int kind) {
    Operation.Builder operation = Operation.newBuilder();
    if (kind < 45) {
      return operation.setMkdir(
          Mkdir.newBuilder()
              .setTarget(path(anyPath()))
              .setMode(0777)
              .setParents(random.nextBoolean()));
    }
    if (kind < 60) {
      byte[] bytes = new byte[random.nextInt(MetadataNode.INLINE_BYTES)];
      random.nextBytes(bytes);
      return operation.setCreate(
          Create.newBuilder()
              .setTarget(path(anyOf()))
              .setMode(0666)
              .setOverwrite(random.nextBoolean())
              .setInline(ByteString.copyFrom(bytes)));
    }
    if (kind < 72) {
      return operation.setRename(
          Rename.newBuilder()
              .setSource(path(anyOf()))
              .setTarget(path(anyOf()))
              .setMode(random.nextInt(4) == 0 ? RenameMode.NO_REPLACE : RenameMode.REPLACE));
    }
    if (kind < 80) {
      return operation.setUnlink(Unlink.newBuilder().setTarget(path(anyOf())));
    }
    if (kind < 84) {
      return operation.setRmdir(Rmdir.newBuilder().setTarget(path(anyPath())));
    }
    if (kind < 88) {
      return operation.setDeleteTree(DeleteTree.newBuilder().setTarget(path(anyPath())));
    }
    SetAttributes.Builder change = SetAttributes.newBuilder().setTarget(path(anyOf()));
    if (random.nextInt(3) == 0) {
      change.setReplication(2 + random.nextInt(2));
    } else {
      change.setMode(random.nextBoolean() ? 0777 : 0755).setMtimeNanos(random.nextInt(1_000));
    }
    return operation.setSetAttributes(change);
  }

  private void writeLane() {
    if (run.sharesFiles() && random.nextInt(3) > 0) {
      new SharedFileWrite(this, anyFile(), () -> pause(this::writeLane)).start();
    } else if (random.nextInt(4) == 0) {
      new SharedWrite(this, () -> pause(this::writeLane)).start();
    } else {
      new FileWrite(this, anyFile(), () -> pause(this::writeLane)).start();
    }
  }

  private void lockLane() {
    new LockLane(this, () -> pause(this::lockLane)).start();
  }

  private void readLane() {
    new FileRead(this, anyFile(), false, () -> pause(this::readLane)).start();
  }
}
