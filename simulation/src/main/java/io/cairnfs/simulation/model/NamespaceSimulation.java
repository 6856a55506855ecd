package io.cairnfs.simulation.model;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.machine.MetadataStateMachine;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.operation.read.ChunkLookup;
import io.cairnfs.metaserver.operation.read.NamespaceReads;
import io.cairnfs.metaserver.store.StoreDigest;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandBatch;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.PurgeStep;
import io.cairnfs.proto.metadata.BatchResult;
import io.cairnfs.proto.metadata.CheckPage;
import io.cairnfs.proto.metadata.CreateResult;
import io.cairnfs.proto.metadata.DirectoryChange;
import io.cairnfs.proto.metadata.GetAcl;
import io.cairnfs.proto.metadata.GetXattrs;
import io.cairnfs.proto.metadata.ListDirectory;
import io.cairnfs.proto.metadata.OpenForRead;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.ReadExtents;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.Stat;
import io.cairnfs.proto.metadata.Walk;
import io.cairnfs.proto.metadata.WalkPage;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.FileType;
import io.cairnfs.proto.types.NodeRef;
import io.cairnfs.simulation.model.CommandSource.Operations;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * Sends random commands to state machines and to the model, and compares: every answer, the whole
 * tree, the digests, and what the store's own check says. A difference is an {@link AssertionError}
 * that names the command.
 */
public final class NamespaceSimulation {
  private static final Principal SUPERUSER = new Principal("root", List.of("supergroup"), true);
  private static final int ENTRIES_BETWEEN_CHECKS = 40;
  private static final int MAX_COMMANDS = 4;

  private final RandomGenerator random;
  private final List<MetadataStateMachine> machines;
  private final NamespaceReads reads;
  private final NamespaceModel model = new NamespaceModel();
  private final CommandSource source;
  private final List<byte[]> log = new ArrayList<>();
  private final Map<String, Integer> seen = new TreeMap<>();

  /**
   * @param machines empty ones, all to be kept equal
   */
  public NamespaceSimulation(
      RandomGenerator random, List<MetadataStateMachine> machines, ChunkLookup chunks) {
    this(random, machines, chunks, Operations.PLAIN);
  }

  NamespaceSimulation(
      RandomGenerator random,
      List<MetadataStateMachine> machines,
      ChunkLookup chunks,
      Operations operations) {
    this.random = random;
    this.machines = List.copyOf(machines);
    this.reads = new NamespaceReads(chunks);
    this.source = new CommandSource(random, model, operations);
  }

  /** Runs so many log entries. */
  public void run(int entries) throws IOException {
    submit(List.of(source.bootstrap()));
    for (int i = 1; i < entries; i++) {
      List<Command> commands = new ArrayList<>();
      for (int j = random.nextInt(MAX_COMMANDS); j >= 0; j--) {
        commands.add(source.next());
      }
      submit(commands);
      if (i % ENTRIES_BETWEEN_CHECKS == 0) {
        compareStates();
        if (random.nextInt(3) == 0) {
          purgeAll();
        }
      }
    }
    purgeAll();
    compareStates();
  }

  /** The payloads of all entries so far, the first one at index 1. */
  public List<byte[]> log() {
    return List.copyOf(log);
  }

  /** How often each kind of command had each outcome. */
  public Map<String, Integer> seen() {
    return Map.copyOf(seen);
  }

  private List<CommandReply> apply(List<Command> commands) throws IOException {
    byte[] payload = CommandBatch.newBuilder().addAllCommands(commands).build().toByteArray();
    log.add(payload);
    List<CommandReply> first = machines.get(0).apply(log.size(), 1, payload);
    for (MetadataStateMachine other : machines.subList(1, machines.size())) {
      require(other.apply(log.size(), 1, payload).equals(first), "replies differ", commands);
    }
    return first;
  }

  private void submit(List<Command> commands) throws IOException {
    if (commands.isEmpty()) {
      return;
    }
    List<CommandReply> replies = apply(commands);
    for (int i = 0; i < commands.size(); i++) {
      Command command = commands.get(i);
      ModelAnswer expected = model.apply(command);
      ModelAnswer found = ModelAnswer.of(replies.get(i));
      require(
          found.equals(expected),
          "entry " + log.size() + ": expected\n" + expected + "\nfound\n" + found + "\nfor",
          command);
      note(command, expected, replies.get(i));
    }
  }

  private void note(Command command, ModelAnswer answer, CommandReply reply) {
    String kind =
        command.hasOperation()
            ? command.getOperation().getKindCase().name()
            : command.getKindCase().name();
    seen.merge(kind + " " + answer.error().map(ErrorCode::name).orElse("OK"), 1, Integer::sum);
    if (reply.getLogIndex() != log.size()) {
      seen.merge("RETRY", 1, Integer::sum);
    }
    if (command.hasOpenSession() && answer.error().isEmpty()) {
      source.opened(answer.number(), command.getUser());
    }
    NodeRef changed = command.getOperation().getSetAttributes().getTarget();
    boolean handled = !changed.getHandle().isEmpty() && model.isCutOff(changed.getBase());
    if (handled && answer.error().isEmpty()) {
      seen.merge("HANDLED OK", 1, Integer::sum);
    }
    if (!reply.getResult().getCreate().getHandle().isEmpty()) {
      CreateResult made = reply.getResult().getCreate();
      source.handled(command.getSession(), made.getAttributes().getInode(), made.getHandle());
    }
    noteDirectories(command, reply);
    if (reply.getResult().hasLock()) {
      source.locked(reply.getResult().getLock().getInode(), answer.number());
    }
    if (answer.number() != 0 && answer.attributes().isPresent()) {
      source.granted(command.getSession(), answer.attributes().get().getInode(), answer.number());
    }
  }

  private void noteDirectories(Command command, CommandReply reply) {
    long session = command.getSession();
    source.setAside(session, reply.getResult().getDirectoryLease().getInodes());
    BatchResult batch = reply.getResult().getBatch();
    source.setAside(session, batch.getInodes());
    for (OperationResult done : batch.getResultsList()) {
      if (!done.getCreate().getHandle().isEmpty()) {
        CreateResult made = done.getCreate();
        source.handled(session, made.getAttributes().getInode(), made.getHandle());
      }
    }
    if (reply.getResult().hasBatch()) {
      for (DirectoryChange change :
          command.getOperation().getBatch().getChangesList().subList(0, batch.getDone())) {
        seen.merge("BATCHED " + change.getOperation().getKindCase(), 1, Integer::sum);
      }
      seen.merge("BATCH ENDED BY " + ErrorCode.ofNumber(batch.getErrorCode()), 1, Integer::sum);
    }
  }

  private void purgeAll() throws IOException {
    int count;
    do {
      Command purge =
          Command.newBuilder()
              .setUser("root")
              .setSuperuser(true)
              .setPurgeStep(PurgeStep.newBuilder().setLimit(1 + random.nextInt(7)))
              .build();
      model.passTime(purge.getStampNanos());
      count = apply(List.of(purge)).get(0).getCount();
    } while (count > 0);
    model.purgeAll();
  }

  /** The tree, the digests and the store's own check, on every machine. */
  private void compareStates() throws IOException {
    StoreDigest digest = machines.get(0).applied().digest();
    for (MetadataStateMachine machine : machines) {
      try (StoreView view = machine.view()) {
        require(view.applied().digest().equals(digest), "digests differ at", view.applied());
        require(StoreDigest.recompute(view).equals(digest), "digest is not that of", "the records");
        compareReads(view);
        check(view);
      }
    }
    // Nobody may walk through what is leased.
    submit(source.revocations());
    for (MetadataStateMachine machine : machines) {
      try (StoreView view = machine.view()) {
        compareTree(view);
      }
    }
  }

  private void compareTree(StoreView view) throws CairnException {
    Map<ByteString, Attributes> expected = model.tree();
    Map<ByteString, Attributes> found = walk(view);
    for (Map.Entry<ByteString, Attributes> entry : expected.entrySet()) {
      Attributes attributes = found.get(entry.getKey());
      require(
          entry.getValue().equals(attributes),
          "expected\n" + entry.getValue() + "\nfound\n" + attributes + "\nat",
          entry.getKey().toStringUtf8());
      if (attributes.getType() == FileType.FILE) {
        compareContent(view, attributes.getInode());
      }
    }
    require(found.size() == expected.size(), "names that should not be there", found.keySet());
  }

  /** Everything that exists, and something that does not, as somebody sees it. */
  private void compareReads(StoreView view) {
    // Of its own, so that a seed's commands stay what they are.
    SplittableRandom choices = new SplittableRandom(log.size());
    Principal reader =
        List.of(
                SUPERUSER,
                new Principal("ann", List.of("staff"), false),
                new Principal("zoe", List.of(), false))
            .get(choices.nextInt(3));
    for (ByteString path : model.tree().keySet()) {
      ByteString asked =
          choices.nextInt(10) == 0 ? path.concat(ByteString.copyFromUtf8("/x")) : path;
      NodeRef.Builder target = NodeRef.newBuilder().setPath(asked);
      Stat.Builder stat =
          Stat.newBuilder()
              .setTarget(target)
              .setFollow(asked.size() % 2 == 0)
              .setRights(asked.size() % 3 == 0 ? log.size() % 8 : 0);
      compareRead(view, reader, ReadRequest.newBuilder().setStat(stat));
      compareRead(
          view,
          reader,
          ReadRequest.newBuilder().setXattrs(GetXattrs.newBuilder().setTarget(target)));
      compareRead(
          view, reader, ReadRequest.newBuilder().setAcl(GetAcl.newBuilder().setTarget(target)));
      compareRead(
          view,
          reader,
          ReadRequest.newBuilder().setOpen(OpenForRead.newBuilder().setTarget(target)));
      compareRead(
          view,
          reader,
          ReadRequest.newBuilder()
              .setList(
                  ListDirectory.newBuilder()
                      .setTarget(target)
                      .setAfter(choices.nextBoolean() ? ByteString.EMPTY : lastName(path))
                      .setLimit(1 + choices.nextInt(5))));
    }
  }

  private static ByteString lastName(ByteString path) {
    String text = path.toString(StandardCharsets.ISO_8859_1);
    return ByteString.copyFrom(
        text.substring(text.lastIndexOf('/') + 1), StandardCharsets.ISO_8859_1);
  }

  private void compareRead(StoreView view, Principal reader, ReadRequest.Builder request) {
    ModelRead found;
    try {
      found = ModelRead.answered(reads.read(view, reader, request.build()));
    } catch (CairnException e) {
      found = ModelRead.refused(e.code());
    }
    ModelRead expected = model.read(request.build(), reader);
    require(
        found.equals(expected), "expected\n" + expected + "\nfound\n" + found + "\nfor", request);
    String outcome = found.error().map(ErrorCode::name).orElse("OK");
    seen.merge(request.getKindCase() + " " + outcome, 1, Integer::sum);
  }

  private Map<ByteString, Attributes> walk(StoreView view) throws CairnException {
    Map<ByteString, Attributes> found = new HashMap<>();
    int limit = 1 + random.nextInt(20);
    ByteString cursor = ByteString.EMPTY;
    WalkPage page;
    do {
      Walk.Builder walk =
          Walk.newBuilder()
              .setTarget(NodeRef.getDefaultInstance())
              .setLimit(limit)
              .setCursor(cursor);
      page = read(view, ReadRequest.newBuilder().setWalk(walk)).getWalk();
      page.getEntriesList()
          .forEach(
              entry -> found.put(entry.getPath(), ModelAnswer.comparable(entry.getAttributes())));
      cursor = page.getCursor();
    } while (page.getMore());
    return found;
  }

  private void compareContent(StoreView view, long inode) throws CairnException {
    ReadExtents.Builder request = ReadExtents.newBuilder().setInode(inode).setLength(100);
    ByteString found =
        read(view, ReadRequest.newBuilder().setExtents(request)).getExtents().getInline();
    require(found.equals(model.content(inode)), "other content of inode", inode);
  }

  private void check(StoreView view) throws CairnException {
    CheckPage.Builder request = CheckPage.newBuilder().setLimit(100_000);
    List<String> violations =
        read(view, ReadRequest.newBuilder().setCheck(request)).getCheck().getViolationsList();
    require(violations.isEmpty(), "violations", violations);
  }

  private ReadReply read(StoreView view, ReadRequest.Builder request) throws CairnException {
    return reads.read(view, SUPERUSER, request.build());
  }

  private static void require(boolean good, String what, Object about) {
    if (!good) {
      throw new AssertionError(what + " " + about);
    }
  }
}
