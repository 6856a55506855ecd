package io.cairnfs.simulation.history;

import com.google.protobuf.ByteString;
import io.cairnfs.client.history.HistoryRecorder;
import io.cairnfs.common.disk.SystemDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.time.ManualClock;
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
import io.cairnfs.proto.metadata.DeleteTree;
import io.cairnfs.proto.metadata.ListDirectory;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.OpenForRead;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.Rename;
import io.cairnfs.proto.metadata.RenameMode;
import io.cairnfs.proto.metadata.Rmdir;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.metadata.Stat;
import io.cairnfs.proto.metadata.Unlink;
import io.cairnfs.proto.types.NodeRef;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.log.LogOptions;
import io.cairnfs.raft.log.RaftIdentity;
import io.cairnfs.raft.log.RaftStorage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Makes histories and the log that belongs to them without a cluster: clients that contend for
 * twenty names and work in directories of their own, the state machine in memory, a log on disk;
 * some commands are logged twice, some answers are lost. For trying and measuring the check.
 */
final class ExampleRun implements AutoCloseable {
  private static final String USER = "ann";
  private static final Principal PRINCIPAL = new Principal(USER, List.of("staff"), true);
  private static final int SHARED_NAMES = 20;
  private static final int OWN_NAMES = 200;
  private static final int LARGEST_BATCH = 16;

  private final SplittableRandom random;
  private final ManualClock clock = new ManualClock(1_700_000_000_000_000_000L);
  private final MetadataStateMachine machine;
  private final RaftStorage storage;
  private final List<Client> clients = new ArrayList<>();
  private final ArrayDeque<Client> proposals = new ArrayDeque<>();
  private long index;

  private static final class Client {
    private final int number;
    private final HistoryRecorder recorder;
    private long session;
    private long calls;
    private long recorded;
    private Command waiting;
    private CommandReply reply;

    Client(int number, HistoryRecorder recorder) {
      this.number = number;
      this.recorder = recorder;
    }

    boolean isIdle() {
      return waiting == null;
    }
  }

  private ExampleRun(Path directory, int clients, long seed) throws IOException {
    Path unused = Files.createDirectories(log(directory));
    random = new SplittableRandom(seed);
    machine = new MetadataStateMachine(new MemoryHome(), new ChunkExtents(), 1 << 16);
    RaftIdentity identity = new RaftIdentity("example", "m1");
    SystemDisk disk = new SystemDisk(log(directory));
    RaftStorage.format(disk, "", identity);
    storage = RaftStorage.open(disk, "", identity, LogOptions.DEFAULT, random.split());
    for (int i = 0; i < clients; i++) {
      this.clients.add(
          new Client(i, new HistoryRecorder(history(directory, i), USER, "client-" + i, clock)));
    }
  }

  /** Where the metaserver keeps its log. */
  static Path log(Path directory) {
    return directory.resolve("m1/raft/log");
  }

  static Path history(Path directory, int client) {
    return directory.resolve("client-" + client + ".history");
  }

  /** Makes all of it, in a directory where nothing of it is yet. */
  static void make(Path directory, int clients, long operations, long seed) throws IOException {
    try (ExampleRun run = new ExampleRun(directory, clients, seed)) {
      run.start();
      run.run(operations);
    }
  }

  private void start() throws IOException {
    List<CommandReply> unused =
        log(
            List.of(
                stamped()
                    .setBootstrap(
                        Bootstrap.newBuilder()
                            .setClusterId("example")
                            .setSuperuser(USER)
                            .setSupergroup("staff")
                            .setPoolSlots(64)
                            .setDefaultReplication(3)
                            .setDefaultChunkBytes(1 << 20)
                            .setInlineBytes(4096)
                            .setMinReplicas(1)
                            .setFeatureLevel(1))
                    .build()));
    for (Client client : clients) {
      Command open =
          stamped()
              .setOpenSession(
                  OpenSession.newBuilder()
                      .setNonce(ByteString.copyFromUtf8("nonce-%08d".formatted(client.number)))
                      .setHost("localhost")
                      .setClientName("client-" + client.number))
              .build();
      client.session = log(List.of(open)).get(0).getSession();
    }
    for (Client client : clients) {
      String own = client.number == 0 ? "/shared" : "/own-" + client.number;
      send(client, mkdir(own));
      serve();
      answer(client);
    }
  }

  private void run(long operations) throws IOException {
    for (long sent = 0; sent < operations; ) {
      clock.advance(Duration.ofNanos(1 + random.nextInt(20_000)));
      Client client = clients.get(random.nextInt(clients.size()));
      if (!client.isIdle()) {
        if (client.reply != null) {
          answer(client);
        } else if (random.nextInt(4) == 0) {
          serve();
        }
        continue;
      }
      sent++;
      if (random.nextInt(100) < 40) {
        read(client);
      } else {
        send(client, operation(client));
      }
    }
    serve();
    for (Client client : clients) {
      if (client.reply != null) {
        answer(client);
      }
    }
    storage.log().force();
  }

  private Command.Builder stamped() {
    return Command.newBuilder()
        .setStampNanos(clock.wallNanos())
        .setUser(USER)
        .addGroups("staff")
        .setSuperuser(true);
  }

  private List<CommandReply> log(List<Command> commands) throws IOException {
    byte[] payload = CommandBatch.newBuilder().addAllCommands(commands).build().toByteArray();
    index++;
    storage.write(List.of(new LogEntry(index, 1, EntryKind.COMMANDS, payload)));
    return machine.apply(index, 1, payload);
  }

  private void send(Client client, Operation operation) throws CairnException {
    long call = ++client.calls;
    client.recorded = client.recorder.mutationSent(client.session, call, call, operation);
    client.waiting =
        stamped()
            .setSession(client.session)
            .setCall(call)
            .setLowWater(call)
            .setOperation(operation)
            .build();
    client.reply = null;
    proposals.add(client);
  }

  /** One entry of what waits; a tenth of it is logged once more. */
  private void serve() throws IOException {
    List<Client> batch = new ArrayList<>();
    while (!proposals.isEmpty() && batch.size() < LARGEST_BATCH) {
      batch.add(proposals.remove());
    }
    if (batch.isEmpty()) {
      return;
    }
    List<CommandReply> replies = log(batch.stream().map(client -> client.waiting).toList());
    for (int i = 0; i < batch.size(); i++) {
      batch.get(i).reply = replies.get(i);
    }
    Client again = batch.get(0);
    if (random.nextInt(10) == 0) {
      List<CommandReply> unused = log(List.of(again.waiting));
    }
  }

  private void answer(Client client) {
    CommandReply reply = client.reply;
    client.waiting = null;
    client.reply = null;
    if (random.nextInt(1_000) == 0) {
      client.recorder.refused(
          client.recorded, new CairnException(ErrorCode.TIMED_OUT, "nobody answered"));
    } else if (reply.getErrorCode() == 0) {
      client.recorder.answered(client.recorded, reply.getLogIndex(), reply.getResult());
    } else {
      client.recorder.refused(
          client.recorded,
          new CairnException(ErrorCode.ofNumber(reply.getErrorCode()), reply.getErrorMessage())
              .atLogIndex(reply.getLogIndex()));
    }
    clock.advance(Duration.ofNanos(1));
  }

  private void read(Client client) throws CairnException {
    NodeRef target = target(name(client));
    ReadRequest request =
        switch (random.nextInt(6)) {
          case 0 ->
              ReadRequest.newBuilder()
                  .setList(ListDirectory.newBuilder().setTarget(target("/shared")).setLimit(1_000))
                  .build();
          case 1 ->
              ReadRequest.newBuilder().setOpen(OpenForRead.newBuilder().setTarget(target)).build();
          default -> ReadRequest.newBuilder().setStat(Stat.newBuilder().setTarget(target)).build();
        };
    long number = client.recorder.readSent(request);
    clock.advance(Duration.ofNanos(1 + random.nextInt(5_000)));
    try (StoreView view = machine.view()) {
      ChunkReads chunks = new ChunkReads(view, server -> ServerHealth.UP, "");
      try {
        ReadReply reply = new NamespaceReads(chunks).read(view, PRINCIPAL, request);
        client.recorder.answered(number, reply.getLogIndex(), reply);
      } catch (CairnException e) {
        client.recorder.refused(number, e.atLogIndex(view.applied().index()));
      }
    }
    clock.advance(Duration.ofNanos(1));
  }

  private String name(Client client) {
    return client.number == 0 || random.nextBoolean()
        ? "/shared/n" + random.nextInt(SHARED_NAMES)
        : "/own-" + client.number + "/f" + random.nextInt(OWN_NAMES);
  }

  private static NodeRef target(String path) {
    return NodeRef.newBuilder().setPath(ByteString.copyFrom(path, StandardCharsets.UTF_8)).build();
  }

  private static Operation mkdir(String path) {
    return Operation.newBuilder()
        .setMkdir(Mkdir.newBuilder().setTarget(target(path)).setMode(0755))
        .build();
  }

  private Operation operation(Client client) {
    NodeRef name = target(name(client));
    Operation.Builder operation = Operation.newBuilder();
    return switch (random.nextInt(12)) {
      case 0, 1, 2, 3 ->
          operation
              .setCreate(
                  Create.newBuilder()
                      .setTarget(name)
                      .setMode(0644)
                      .setOverwrite(random.nextBoolean())
                      .setInline(ByteString.copyFromUtf8("bytes " + random.nextInt())))
              .build();
      case 4, 5 -> operation.setUnlink(Unlink.newBuilder().setTarget(name)).build();
      case 6 -> mkdir(name.getPath().toStringUtf8());
      case 7 -> operation.setRmdir(Rmdir.newBuilder().setTarget(name)).build();
      case 8 ->
          operation
              .setSetAttributes(
                  SetAttributes.newBuilder().setTarget(name).setMode(random.nextInt(01000)))
              .build();
      case 9 -> operation.setDeleteTree(DeleteTree.newBuilder().setTarget(name)).build();
      default ->
          operation
              .setRename(
                  Rename.newBuilder()
                      .setSource(name)
                      .setTarget(target(name(client)))
                      .setMode(random.nextBoolean() ? RenameMode.REPLACE : RenameMode.NO_REPLACE))
              .build();
    };
  }

  @Override
  public void close() throws IOException {
    for (Client client : clients) {
      client.recorder.close();
    }
    machine.close();
    storage.close();
  }
}
