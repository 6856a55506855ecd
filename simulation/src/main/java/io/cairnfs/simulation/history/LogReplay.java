package io.cairnfs.simulation.history;

import com.google.protobuf.InvalidProtocolBufferException;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.chunk.ChunkExtents;
import io.cairnfs.metaserver.machine.MetadataStateMachine;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.operation.read.ChunkReads;
import io.cairnfs.metaserver.operation.read.NamespaceReads;
import io.cairnfs.metaserver.store.MemoryHome;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandBatch;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.simulation.model.ModelAnswer;
import io.cairnfs.simulation.model.NamespaceModel;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The log once more, from its first entry on: through the state machine over a store in memory, for
 * what each command was answered, and through the model, which must say the same.
 */
final class LogReplay implements AutoCloseable {
  private static final int CACHE_PLACES = 1 << 16;

  private final MetadataStateMachine machine;
  private final NamespaceModel model = new NamespaceModel();
  private final Map<String, Principal> principals = new HashMap<>();
  private final Findings findings;
  private long index;

  /** Hears of every command and its answer. */
  interface Commands {
    void applied(long index, Command command, CommandReply reply);
  }

  LogReplay(Findings findings) throws IOException {
    this.findings = findings;
    machine = new MetadataStateMachine(new MemoryHome(), new ChunkExtents(), CACHE_PLACES);
  }

  long index() {
    return index;
  }

  NamespaceModel model() {
    return model;
  }

  /** Who somebody is, as far as the log has said. */
  Optional<Principal> principal(String user) {
    return Optional.ofNullable(principals.get(user));
  }

  void apply(LogEntry entry, Commands commands) throws IOException {
    if (entry.index() != index + 1) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "the log goes on with index "
              + entry.index()
              + " behind "
              + index
              + ": what came between is in a checkpoint only (raft.checkpoint-log-bytes says how"
              + " much log is kept)");
    }
    index = entry.index();
    findings.count(Findings.Looked.LOG_ENTRIES);
    if (entry.kind() != EntryKind.COMMANDS) {
      machine.skip(entry.index(), entry.term());
      return;
    }
    List<CommandReply> replies = machine.apply(entry.index(), entry.term(), entry.payload());
    List<Command> batch = parse(entry).getCommandsList();
    for (int i = 0; i < batch.size(); i++) {
      Command command = batch.get(i);
      learn(command);
      compare(command, replies.get(i));
      findings.count(Findings.Looked.LOG_COMMANDS);
      commands.applied(index, command, replies.get(i));
    }
  }

  private static CommandBatch parse(LogEntry entry) {
    try {
      return CommandBatch.parseFrom(entry.payload());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("entry " + entry + " is no batch of commands", e);
    }
  }

  private void learn(Command command) {
    if (command.hasBootstrap()) {
      String superuser = command.getBootstrap().getSuperuser();
      principals.put(superuser, new Principal(superuser, List.of(), true));
    }
    boolean actsForAnother = !command.getOnBehalf().isEmpty();
    if (!actsForAnother && (command.hasOperation() || command.hasOpenSession())) {
      principals.put(
          command.getUser(),
          new Principal(command.getUser(), command.getGroupsList(), command.getSuperuser()));
    }
  }

  private void compare(Command command, CommandReply reply) {
    ModelAnswer expected = model.apply(command, reply, 0);
    if (command.hasOperation()
        || command.hasBootstrap()
        || command.hasOpenSession()
        || command.hasExpireSession()) {
      ModelAnswer found = ModelAnswer.of(reply);
      if (!found.equals(expected) && !isSameButForItsPurge(found, expected)) {
        findings.add(
            Findings.Rule.MODEL,
            "entry %d: the model answers\n%s\nthe state machine\n%s\nto\n%s",
            index,
            expected,
            found,
            command);
      }
    }
  }

  /** A deleted tree is taken apart later: what was below loses its names and parents only then. */
  private boolean isSameButForItsPurge(ModelAnswer found, ModelAnswer wanted) {
    if (found.attributes().isEmpty() || wanted.attributes().isEmpty()) {
      return false;
    }
    Attributes one = found.attributes().get();
    Attributes other = wanted.attributes().get();
    return model.isCutOff(one.getInode())
        && found.number() == wanted.number()
        && one.toBuilder()
            .setParent(other.getParent())
            .setLinkCount(other.getLinkCount())
            .build()
            .equals(other);
  }

  /** What the state machine has to say to a read now. */
  ReadReply read(ReadRequest request, Principal principal) throws CairnException {
    try (StoreView view = machine.view()) {
      ChunkReads chunks = new ChunkReads(view, server -> ServerHealth.UP, "");
      return new NamespaceReads(chunks).read(view, principal, request);
    }
  }

  @Override
  public void close() {
    machine.close();
  }
}
