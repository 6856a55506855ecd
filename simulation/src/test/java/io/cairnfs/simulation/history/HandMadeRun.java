package io.cairnfs.simulation.history;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.cairnfs.client.history.HistoryFile;
import io.cairnfs.client.history.HistoryHeader;
import io.cairnfs.client.history.RecordedCall;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.chunk.ChunkExtents;
import io.cairnfs.metaserver.machine.MetadataStateMachine;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.operation.read.ChunkReads;
import io.cairnfs.metaserver.operation.read.NamespaceReads;
import io.cairnfs.metaserver.store.MemoryHome;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.Bootstrap;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandBatch;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.OpenSession;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.ListDirectory;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.Rename;
import io.cairnfs.proto.metadata.Stat;
import io.cairnfs.proto.metadata.Unlink;
import io.cairnfs.proto.types.NodeRef;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.log.StoredLog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A log and histories put together by hand: what is logged, what is answered and what a client says
 * of it are separate steps. Time goes on by one with each.
 */
final class HandMadeRun implements AutoCloseable {
  private static final Principal ANN = new Principal("ann", List.of("staff"), true);

  private final MetadataStateMachine machine;
  private final List<LogEntry> log = new ArrayList<>();
  private final Map<String, Long> sessions = new HashMap<>();
  private final Map<String, List<RecordedCall>> histories = new HashMap<>();
  private long nanos = 1_000;

  /** A call on its way. */
  record Sent(String client, int place) {}

  HandMadeRun(String... clients) throws IOException {
    machine = new MetadataStateMachine(new MemoryHome(), new ChunkExtents(), 64);
    CommandReply unused =
        log(
            command()
                .setBootstrap(
                    Bootstrap.newBuilder()
                        .setClusterId("c")
                        .setSuperuser("ann")
                        .setSupergroup("staff")
                        .setPoolSlots(64)
                        .setDefaultReplication(3)
                        .setDefaultChunkBytes(1 << 20)
                        .setInlineBytes(4096)
                        .setMinReplicas(1)
                        .setFeatureLevel(1)));
    for (String client : clients) {
      histories.put(client, new ArrayList<>());
      CommandReply opened =
          log(
              command()
                  .setOpenSession(
                      OpenSession.newBuilder()
                          .setNonce(ByteString.copyFromUtf8("nonce-of-" + client))));
      sessions.put(client, opened.getSession());
    }
  }

  private static Command.Builder command() {
    return Command.newBuilder().setUser("ann").addGroups("staff").setSuperuser(true);
  }

  /** The next entry. */
  private CommandReply log(Command.Builder command) throws IOException {
    long index = log.size() + 1L;
    byte[] payload =
        CommandBatch.newBuilder().addCommands(command.setStampNanos(index)).build().toByteArray();
    log.add(new LogEntry(index, 1, EntryKind.COMMANDS, payload));
    return machine.apply(index, 1, payload).get(0);
  }

  // Clients.

  private Sent sent(String client, RecordedCall.Kind kind, MessageLite request) {
    List<RecordedCall> calls = histories.get(client);
    boolean mutation = kind == RecordedCall.Kind.MUTATION;
    long call =
        mutation
            ? 1 + calls.stream().filter(each -> each.kind() == RecordedCall.Kind.MUTATION).count()
            : 0;
    calls.add(
        new RecordedCall(
            calls.size() + 1,
            kind,
            mutation ? sessions.get(client) : 0,
            call,
            mutation ? 1 : 0,
            request.toByteString(),
            nanos++,
            Optional.empty()));
    return new Sent(client, calls.size() - 1);
  }

  Sent send(String client, Operation operation) {
    return sent(client, RecordedCall.Kind.MUTATION, operation);
  }

  Sent send(String client, ReadRequest request) {
    return sent(client, RecordedCall.Kind.READ, request);
  }

  RecordedCall call(Sent sent) {
    return histories.get(sent.client).get(sent.place);
  }

  /** Puts a mutation into the log. */
  CommandReply log(Sent sent) throws IOException {
    return log(command(sent));
  }

  /** What a mutation is in the log. */
  Command.Builder command(Sent sent) throws IOException {
    RecordedCall call = call(sent);
    return command()
        .setSession(call.session())
        .setCall(call.call())
        .setLowWater(call.lowWater())
        .setOperation(Operation.parseFrom(call.request()));
  }

  /** Changes what a client recorded. */
  void change(Sent sent, UnaryOperator<RecordedCall> change) {
    histories.get(sent.client).set(sent.place, change.apply(call(sent)));
  }

  private void end(Sent sent, long index, int error, ByteString result) {
    RecordedCall.End end = new RecordedCall.End(nanos++, index, error, result);
    change(sent, call -> call.withEnd(end));
  }

  static RecordedCall at(RecordedCall call, long sentNanos, Optional<RecordedCall.End> end) {
    return new RecordedCall(
        call.number(),
        call.kind(),
        call.session(),
        call.call(),
        call.lowWater(),
        call.request(),
        sentNanos,
        end);
  }

  /** Under another number, with another mark. */
  static RecordedCall numbered(RecordedCall call, long number, long lowWater) {
    return new RecordedCall(
        call.number(),
        call.kind(),
        call.session(),
        number,
        lowWater,
        call.request(),
        call.sentNanos(),
        call.end());
  }

  static RecordedCall withRequest(RecordedCall call, Operation operation) {
    return new RecordedCall(
        call.number(),
        call.kind(),
        call.session(),
        call.call(),
        call.lowWater(),
        operation.toByteString(),
        call.sentNanos(),
        call.end());
  }

  void answer(Sent sent, CommandReply reply) {
    if (reply.getErrorCode() == 0) {
      end(sent, reply.getLogIndex(), 0, reply.getResult().toByteString());
    } else {
      end(
          sent,
          reply.getLogIndex(),
          reply.getErrorCode(),
          ByteString.copyFromUtf8(reply.getErrorMessage()));
    }
  }

  void refuse(Sent sent, ErrorCode code, long index) {
    end(sent, index, code.number(), ByteString.EMPTY);
  }

  void answer(Sent sent, ReadReply reply) {
    end(sent, reply.getLogIndex(), 0, reply.toByteString());
  }

  /** Answers a read from what is logged by now. */
  void serve(Sent sent) throws IOException {
    try (StoreView view = machine.view()) {
      ChunkReads chunks = new ChunkReads(view, server -> ServerHealth.UP, "");
      ReadRequest request = ReadRequest.parseFrom(call(sent).request());
      try {
        answer(sent, new NamespaceReads(chunks).read(view, ANN, request));
      } catch (CairnException e) {
        refuse(sent, e.code(), view.applied().index());
      }
    }
  }

  /** Sends, logs and answers. */
  Sent done(String client, Operation operation) throws IOException {
    Sent sent = send(client, operation);
    answer(sent, log(sent));
    return sent;
  }

  Sent done(String client, ReadRequest request) throws IOException {
    Sent sent = send(client, request);
    serve(sent);
    return sent;
  }

  // Requests.

  static NodeRef at(String path) {
    return NodeRef.newBuilder().setPath(ByteString.copyFromUtf8(path)).build();
  }

  static Operation mkdir(String path) {
    return Operation.newBuilder()
        .setMkdir(Mkdir.newBuilder().setTarget(at(path)).setMode(0755))
        .build();
  }

  static Operation create(String path) {
    return Operation.newBuilder()
        .setCreate(
            Create.newBuilder()
                .setTarget(at(path))
                .setMode(0644)
                .setInline(ByteString.copyFromUtf8("x")))
        .build();
  }

  static Operation unlink(String path) {
    return Operation.newBuilder().setUnlink(Unlink.newBuilder().setTarget(at(path))).build();
  }

  static Operation rename(String from, String to) {
    return Operation.newBuilder()
        .setRename(Rename.newBuilder().setSource(at(from)).setTarget(at(to)))
        .build();
  }

  static ReadRequest stat(String path) {
    return ReadRequest.newBuilder().setStat(Stat.newBuilder().setTarget(at(path))).build();
  }

  static ReadRequest list(String path) {
    return ReadRequest.newBuilder()
        .setList(ListDirectory.newBuilder().setTarget(at(path)).setLimit(100))
        .build();
  }

  // Checks.

  List<HistoryFile> histories() {
    return histories.entrySet().stream()
        .map(
            entry ->
                new HistoryFile(
                    Path.of(entry.getKey()),
                    new HistoryHeader("ann", entry.getKey(), "clock"),
                    List.copyOf(entry.getValue()),
                    0))
        .toList();
  }

  List<LogEntry> log() {
    return log;
  }

  Findings replayed() throws IOException {
    return HistoryCheck.check(histories(), this::feed);
  }

  private void feed(StoredLog.Sink sink) throws IOException {
    for (LogEntry entry : log) {
      sink.take(entry);
    }
  }

  Findings searched() {
    return OrderSearch.check(histories());
  }

  @Override
  public void close() {
    machine.close();
  }
}
