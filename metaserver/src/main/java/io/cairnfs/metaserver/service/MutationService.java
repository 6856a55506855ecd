package io.cairnfs.metaserver.service;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.common.metrics.Counter;
import io.cairnfs.common.metrics.Histogram;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.time.Clock;
import io.cairnfs.metaserver.command.CommandSink;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.OpenSession;
import io.cairnfs.proto.metadata.ClusterSettings;
import io.cairnfs.proto.metadata.MutateReply;
import io.cairnfs.proto.metadata.MutateRequest;
import io.cairnfs.proto.metadata.OnBehalf;
import io.cairnfs.proto.metadata.OpenSessionReply;
import io.cairnfs.proto.metadata.OpenSessionRequest;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.rpc.server.ServerCall;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/** Logs what clients ask to be changed. Handlers for event loops: they do not block. */
final class MutationService {
  private final Leadership leadership;
  private final CommandSink sink;
  private final HostGroups groups;
  private final AllocationStamp allocation;
  private final ContentWatch contents;
  private final SpaceGuard space;
  private final Supplier<ClusterSettings> settings;
  private final Duration sessionTimeout;
  private final MetadataService.SessionEvents sessions;
  private final Clock clock;
  private final Counter mutations;
  private final Histogram micros;

  MutationService(
      Leadership leadership,
      CommandSink sink,
      HostGroups groups,
      AllocationStamp allocation,
      ContentWatch contents,
      SpaceGuard space,
      Supplier<ClusterSettings> settings,
      Duration sessionTimeout,
      MetadataService.SessionEvents sessions,
      Clock clock,
      MetricRegistry metrics) {
    this.leadership = leadership;
    this.sink = sink;
    this.groups = groups;
    this.allocation = allocation;
    this.contents = contents;
    this.space = space;
    this.settings = settings;
    this.sessionTimeout = sessionTimeout;
    this.sessions = sessions;
    this.clock = clock;
    this.mutations = metrics.counter("metaserver.mutations.count");
    this.micros = metrics.histogram("metaserver.mutation.micros");
  }

  /** Method MUTATE. */
  void mutate(ServerCall call) throws CairnException {
    leadership.require();
    MutateRequest request = call.message(MutateRequest.parser());
    if (request.getSession() <= 0) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "session " + request.getSession() + " is none");
    }
    space.admit(request.getOperation());
    requireNotTooFragmented(request.getOperation());
    if (request.getOperation().hasAllocateRange()) {
      allocation.requireSpace(request.getOperation().getAllocateRange());
    }
    long start = clock.monotonicNanos();
    Operation asked = request.getOperation();
    withPrincipal(
        call,
        asked.hasOnBehalf() ? Optional.of(asked.getOnBehalf()) : Optional.empty(),
        principal -> {
          Command.Builder command =
              command(principal)
                  .setSession(request.getSession())
                  .setCall(request.getCall())
                  .setLowWater(request.getLowWater())
                  .setOperation(request.getOperation());
          stampAllocation(command, request.getOperation(), call);
          return command;
        },
        (command, reply) -> {
          mutations.increment();
          micros.record((clock.monotonicNanos() - start) / 1_000);
          if (request.getOperation().hasRecoverLease()) {
            sessions.leaseRecovered().run();
          }
          if (request.getOperation().hasCloseSession()) {
            sessions.closed().accept(new SessionId(request.getSession()));
          }
          noteContent(request.getOperation(), reply);
          call.reply(
              MutateReply.newBuilder()
                  .setLogIndex(reply.getLogIndex())
                  .setResult(reply.getResult())
                  .build());
        });
  }

  /** Many small writes wait for what makes their extents fewer. */
  private void requireNotTooFragmented(Operation operation) throws CairnException {
    if (operation.hasCommit()
        && operation.getCommit().getLease() == 0
        && contents.isTooFragmented(operation.getCommit().getInode())) {
      throw new CairnException(
          ErrorCode.RETRY,
          "inode=" + operation.getCommit().getInode() + " has too many extents for now");
    }
  }

  private void noteContent(Operation operation, CommandReply reply) {
    if (operation.hasCommit() && operation.getCommit().getExtentsCount() > 0) {
      contents.changed(operation.getCommit().getInode());
    } else if (operation.hasSetStoragePolicy()) {
      contents.policiesChanged();
    } else if (reply.getResult().hasRange()) {
      contents.changed(reply.getResult().getRange().getAttributes().getInode());
    }
  }

  private void stampAllocation(Command.Builder command, Operation operation, ServerCall call)
      throws CairnException {
    if (operation.hasAllocate()) {
      allocation.stamp(command, operation.getAllocate(), call.peer().identity().host());
    }
  }

  /** Method OPEN_SESSION. */
  void openSession(ServerCall call) throws CairnException {
    leadership.require();
    OpenSessionRequest request = call.message(OpenSessionRequest.parser());
    withPrincipal(
        call,
        Optional.empty(),
        principal ->
            command(principal)
                .setOpenSession(
                    OpenSession.newBuilder()
                        .setNonce(request.getNonce())
                        .setHost(request.getHost())
                        .setClientName(request.getClientName())),
        (command, reply) -> {
          sessions.opened().accept(new SessionId(reply.getSession()));
          call.reply(
              OpenSessionReply.newBuilder()
                  .setSession(reply.getSession())
                  .setLogIndex(reply.getLogIndex())
                  .setTimeoutMillis((int) sessionTimeout.toMillis())
                  .setSettings(settings.get())
                  .build());
        });
  }

  private static Command.Builder command(Principal principal) {
    boolean acts = !principal.user().equals(principal.caller());
    return Command.newBuilder()
        .setUser(principal.caller())
        .setOnBehalf(acts ? principal.user() : "")
        .addAllGroups(principal.groups())
        .setSuperuser(principal.superuser());
  }

  private interface CommandOf {
    Command.Builder make(Principal principal) throws CairnException;
  }

  private void withPrincipal(
      ServerCall call,
      Optional<OnBehalf> other,
      CommandOf maker,
      BiConsumer<Command.Builder, CommandReply> answer)
      throws CairnException {
    CompletableFuture<Principal> principal = groups.principal(call.peer().identity().user(), other);
    if (principal.isDone() && !principal.isCompletedExceptionally()) {
      submit(call, maker.make(principal.join()), answer);
      return;
    }
    CompletableFuture<?> unused =
        principal.whenComplete(
            (found, failure) -> {
              if (failure != null) {
                Refusals.fail(call, failure);
                return;
              }
              try {
                submit(call, maker.make(found), answer);
              } catch (CairnException e) {
                call.fail(e);
              }
            });
  }

  private void submit(
      ServerCall call, Command.Builder command, BiConsumer<Command.Builder, CommandReply> answer) {
    CompletableFuture<?> unused =
        sink.submit(command)
            .whenComplete(
                (reply, failure) -> {
                  if (failure != null) {
                    Refusals.fail(call, failure);
                  } else if (reply.getErrorCode() != 0) {
                    call.fail(Refusals.of(reply));
                  } else {
                    answer.accept(command, reply);
                  }
                });
  }
}
