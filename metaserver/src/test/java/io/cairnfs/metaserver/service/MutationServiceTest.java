package io.cairnfs.metaserver.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.metaserver.leader.FixedLog;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.AllocateRange;
import io.cairnfs.proto.metadata.ClusterSettings;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.MutateReply;
import io.cairnfs.proto.metadata.MutateRequest;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.RangeResult;
import io.cairnfs.proto.metadata.SetLength;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.Extent;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcClientOptions;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.RpcServerOptions;
import io.cairnfs.rpc.server.SecurityMode;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class MutationServiceTest {
  private static final long FILE = 7;

  private final SystemClock clock = new SystemClock();
  private final RpcEventLoops loops = RpcEventLoops.create(1, "mutation-test");
  private final PeerIdentity user =
      new PeerIdentity("c1", PeerRole.CLIENT, "ann", "ann", "127.0.0.1", "test");
  private final RpcClient client =
      RpcClient.create(loops, RpcClientOptions.DEFAULT, () -> user, clock);
  private final FixedLog log = new FixedLog();
  private final Queue<Command> submitted = new ConcurrentLinkedQueue<>();
  private final Set<Long> fragmented = ConcurrentHashMap.newKeySet();
  private final Queue<Long> changed = new ConcurrentLinkedQueue<>();
  private volatile CommandReply answer = CommandReply.getDefaultInstance();
  private RpcServer server;

  /** What a leader would say of the files. */
  private final class Contents implements ContentWatch {
    @Override
    public void policiesChanged() {
      changed.add(0L);
    }

    @Override
    public void changed(long inode) {
      changed.add(inode);
    }

    @Override
    public boolean isTooFragmented(long inode) {
      return fragmented.contains(inode);
    }
  }

  private static final class NoRoom implements AllocationStamp {
    @Override
    public boolean takes(PoolId pool, int replication) {
      return false;
    }

    @Override
    public void stamp(Command.Builder command, PoolId pool, int replication) throws CairnException {
      throw new CairnException(ErrorCode.TOO_FEW_SERVERS, "none");
    }

    @Override
    public void stamp(Command.Builder command, Allocate request, String writerHost)
        throws CairnException {
      throw new CairnException(ErrorCode.TOO_FEW_SERVERS, "none");
    }

    @Override
    public void requireSpace(AllocateRange request) throws CairnException {
      throw new CairnException(ErrorCode.NO_SPACE, "none");
    }
  }

  @BeforeEach
  void start() throws CairnException {
    MutationService service =
        new MutationService(
            new Leadership(log),
            command -> {
              submitted.add(command.build());
              return CompletableFuture.completedFuture(answer);
            },
            new HostGroups(Runnable::run, List::of, () -> new HostGroups.Superuser("root", "root")),
            new NoRoom(),
            new Contents(),
            new SpaceGuard("/data", () -> 1000, 1),
            ClusterSettings::getDefaultInstance,
            Duration.ofSeconds(30),
            new MetadataService.SessionEvents(id -> {}, id -> {}, () -> {}),
            clock,
            new MetricRegistry());
    PeerIdentity self = new PeerIdentity("c1", PeerRole.METASERVER, "", "m1", "127.0.0.1", "test");
    server =
        RpcServer.builder(
                loops,
                RpcServerOptions.of("127.0.0.1", 0, SecurityMode.LOOPBACK_ONLY),
                () -> self,
                clock)
            .handler(Method.MUTATE, service::mutate)
            .start();
    log.lead(1);
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
    loops.close();
  }

  private MutateReply mutate(Operation.Builder operation) throws Exception {
    try {
      return client
          .call(
              server.address(),
              Method.MUTATE,
              MutateRequest.newBuilder().setSession(1).setCall(1).setOperation(operation).build(),
              MutateReply.parser(),
              Duration.ofSeconds(20))
          .get();
    } catch (ExecutionException e) {
      throw (Exception) e.getCause();
    }
  }

  private static void assertCode(ThrowingCallable call, ErrorCode code) {
    assertThatThrownBy(call)
        .asInstanceOf(type(CairnException.class))
        .extracting(CairnException::code)
        .isEqualTo(code);
  }

  private static Operation.Builder commit(long inode, long lease) {
    return Operation.newBuilder()
        .setCommit(
            CommitExtents.newBuilder()
                .setInode(inode)
                .setLease(lease)
                .addExtents(Extent.newBuilder().setLength(1)));
  }

  @Test
  void commitsOfAFileInTooManyExtentsHaveToWait() throws Exception {
    fragmented.add(FILE);
    assertCode(() -> mutate(commit(FILE, 0)), ErrorCode.RETRY);
    assertThat(submitted).as("in the log").isEmpty();
    assertThat(changed).isEmpty();
    MutateReply unused = mutate(commit(FILE + 1, 0));
    // A stream appends: it does not make many extents of few bytes.
    unused = mutate(commit(FILE, 3));
    unused = mutate(Operation.newBuilder().setSetLength(SetLength.getDefaultInstance()));
    assertThat(submitted).hasSize(3);
    fragmented.clear();
    unused = mutate(commit(FILE, 0));
    assertThat(submitted).hasSize(4);
    assertThat(changed).containsExactly(FILE + 1, FILE, FILE);
  }

  @Test
  void whatTheStateMachineWantsToBeTriedAgainIsToldSo() {
    answer =
        CommandReply.newBuilder()
            .setErrorCode(ErrorCode.RETRY.number())
            .setErrorMessage("a lease is in the way")
            .build();
    assertCode(() -> mutate(commit(FILE, 0)), ErrorCode.RETRY);
    assertThat(changed).isEmpty();
  }

  @Test
  void whoeverCutOrSharedBytesHasTheFileLookedAt() throws Exception {
    answer =
        CommandReply.newBuilder()
            .setResult(
                OperationResult.newBuilder()
                    .setRange(
                        RangeResult.newBuilder()
                            .setAttributes(Attributes.newBuilder().setInode(FILE))))
            .build();
    MutateReply unused =
        mutate(Operation.newBuilder().setSetLength(SetLength.getDefaultInstance()));
    assertThat(changed).containsExactly(FILE);
  }

  @Test
  void whoDoesNotLeadAndWhoHasNoRoomRefuses() {
    assertCode(
        () -> mutate(Operation.newBuilder().setAllocateRange(AllocateRange.getDefaultInstance())),
        ErrorCode.NO_SPACE);
    assertCode(
        () -> mutate(Operation.newBuilder().setAllocate(Allocate.getDefaultInstance())),
        ErrorCode.TOO_FEW_SERVERS);
    log.depose();
    assertCode(() -> mutate(commit(FILE, 0)), ErrorCode.NOT_LEADER);
    assertThat(submitted).isEmpty();
  }
}
