package io.cairnfs.simulation.system;

import com.google.errorprone.annotations.FormatMethod;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandBatch;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.SettleChunk;
import io.cairnfs.proto.metadata.DirectoryEntry;
import io.cairnfs.proto.metadata.MutateReply;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.Extent;
import io.cairnfs.proto.types.NodeRef;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.simulation.InvariantViolation;
import io.cairnfs.raft.simulation.Tally;
import io.cairnfs.simulation.model.ModelAnswer;
import io.cairnfs.simulation.model.ModelRange;
import io.cairnfs.simulation.model.NamespaceModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Knows what the cluster ought to answer: applies the log to the model, entry by entry as it is
 * first applied anywhere, and compares. Sees every acknowledgement, too.
 */
final class Oracle {
  private final NamespaceModel model = new NamespaceModel();
  private final Tally tally;
  private final Consumer<SettleChunk> settling;
  private final Map<CallId, Executed> executed = new HashMap<>();
  private final Map<CallId, Long> writers = new HashMap<>();
  private final Map<FileAt, List<ModelRange>> expected = new HashMap<>();
  private final List<Promise> promises = new ArrayList<>();
  private long index;
  private long acknowledgedIndex;

  private record CallId(long session, long call) {}

  private record Executed(long index, CommandReply reply) {}

  private record FileAt(long inode, long index) {}

  private final Map<Long, Flushed> flushed = new HashMap<>();

  /** Bytes of an open tail that all members of a chunk have had. */
  private record Flushed(long upTo, BooleanSupplier continuous) {}

  private record Promise(long inode, long writer, long upTo, long sinceIndex) {}

  /** Makes an answer. */
  interface Reading {
    ReadReply read() throws CairnException;
  }

  /**
   * @param settling hears of each length that is settled, before anybody else can
   */
  Oracle(Tally tally, Consumer<SettleChunk> settling) {
    this.tally = tally;
    this.settling = settling;
  }

  NamespaceModel model() {
    return model;
  }

  long index() {
    return index;
  }

  // The log.

  void applied(LogEntry entry, List<CommandReply> replies) {
    if (entry.index() <= index) {
      return;
    }
    index = entry.index();
    if (replies == null) {
      return;
    }
    CommandBatch batch;
    try {
      batch = CommandBatch.parseFrom(entry.payload());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
    for (int i = 0; i < batch.getCommandsCount(); i++) {
      apply(batch.getCommands(i), replies.get(i));
    }
  }

  /** What a repeated call is told again: what others are to be told is said once. */
  private static CommandReply repeatable(CommandReply reply) {
    return reply.toBuilder().clearGrantedTickets().clearRecalledLeases().build();
  }

  private void apply(Command command, CommandReply reply) {
    CallId call = new CallId(command.getSession(), command.getCall());
    long writer = writers.getOrDefault(call, 0L);
    long settled = model.grownBySettling();
    keepPromises(command, reply);
    ModelAnswer answer = model.apply(command, reply, writer);
    if (model.grownBySettling() > settled) {
      tally.count(SystemSighting.TAIL_GROWN_BY_SETTLING);
    }
    SystemSighting.of(command, reply).forEach(tally::count);
    if (command.hasOperation()) {
      Executed before = executed.get(call);
      boolean refusedUnexecuted =
          reply.getErrorCode() == ErrorCode.SESSION_EXPIRED.number()
              || reply.getErrorCode() == ErrorCode.STALE_CALL.number();
      if (before == null) {
        if (!refusedUnexecuted) {
          executed.put(call, new Executed(index, repeatable(reply)));
        }
      } else if (!refusedUnexecuted) {
        tally.count(SystemSighting.RETRY_DEDUPLICATED);
        if (!before.reply.equals(repeatable(reply))) {
          fail("%s was executed twice: first\n%s\nthen\n%s", call, before.reply, reply);
        }
      }
    }
    if (command.hasOperation()
        || command.hasBootstrap()
        || command.hasOpenSession()
        || command.hasExpireSession()) {
      ModelAnswer found = ModelAnswer.of(reply);
      if (!found.equals(answer) && !isSameButForItsPurge(found, answer)) {
        fail("entry %d: expected\n%s\nfound\n%s\nfor\n%s", index, answer, found, command);
      }
    }
    if (command.hasSettleChunk() && reply.getChanged()) {
      settling.accept(command.getSettleChunk());
      requireFlushed(command.getSettleChunk());
    }
    if (command.hasPurgeStep()) {
      tally.count(SystemSighting.TREE_PURGED);
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

  // Clients.

  /** A call is about to be sent: what is acknowledged by now is in its past. */
  long invoked() {
    return acknowledgedIndex;
  }

  /** The bytes that this call makes part of a file are this writer's. */
  void writes(long session, long call, long writer) {
    writers.put(new CallId(session, call), writer);
  }

  void acknowledged(long session, long call, MutateReply reply, long floor) {
    Executed done = executed.get(new CallId(session, call));
    if (done == null
        || done.index > index
        || done.reply.getErrorCode() != 0
        || done.reply.getLogIndex() != reply.getLogIndex()
        || !done.reply.getResult().equals(reply.getResult())) {
      fail(
          "call %d of session %d was acknowledged with\n%s\nlogged\n%s",
          call, session, reply, done);
    }
    if (reply.getLogIndex() <= floor) {
      fail(
          "call %d of session %d took effect at %d, before it was sent: %d was acknowledged then",
          call, session, reply.getLogIndex(), floor);
    }
    acknowledgedIndex = Math.max(acknowledgedIndex, reply.getLogIndex());
    tally.count(SystemSighting.OPERATION_ACKNOWLEDGED);
  }

  void refused(long session, long call, CairnException refusal) {
    Executed done = executed.get(new CallId(session, call));
    boolean beforeTheLog =
        switch (refusal.code()) {
          case SESSION_EXPIRED, STALE_CALL, TOO_FEW_SERVERS, NO_SPACE -> true;
          default -> false;
        };
    if (!beforeTheLog && (done == null || done.reply.getErrorCode() != refusal.code().number())) {
      fail("call %d of session %d was refused with %s, logged\n%s", call, session, refusal, done);
    }
    tally.count(SystemSighting.OPERATION_REFUSED);
  }

  /** Bytes up to here are on the disks of all members, though no command knows of them yet. */
  void promised(long inode, long writer, long upTo) {
    promises.add(new Promise(inode, writer, upTo, index));
    tally.count(SystemSighting.TAIL_SYNCED);
  }

  /**
   * Bytes of a chunk up to here were acknowledged by all members, in memory: who dies does not take
   * them along while one member lives on.
   *
   * @param continuous false once all of them were restarted
   */
  void flushed(long chunk, long upTo, BooleanSupplier continuous) {
    flushed.put(chunk, new Flushed(upTo, continuous));
  }

  private void requireFlushed(SettleChunk settled) {
    Flushed tail = flushed.get(settled.getChunk());
    if (tail == null || settled.getPossibleLoss() || !tail.continuous.getAsBoolean()) {
      return;
    }
    if (settled.getLength() < tail.upTo) {
      fail("chunk %d: all had %d\n%s", settled.getChunk(), tail.upTo, settled);
    }
    tally.count(SystemSighting.FLUSHED_TAIL_SETTLED);
  }

  /** Who cuts a file, or writes over others' bytes, takes what was promised of it. */
  private void keepPromises(Command command, CommandReply reply) {
    boolean shared = command.getOperation().getCommit().getLease() == 0;
    if (reply.getErrorCode() == 0 && reply.getResult().hasRange()) {
      promises.removeIf(
          promise ->
              requirePromise(promise, reply.getResult().getRange().getAttributes().getInode()));
    } else if (reply.getErrorCode() == 0 && reply.getResult().hasCommit() && shared) {
      promises.removeIf(
          promise ->
              requirePromise(promise, reply.getResult().getCommit().getAttributes().getInode()));
    }
  }

  private boolean requirePromise(Promise promise, long inode) {
    if (promise.inode != inode) {
      return false;
    }
    requireKept(promise);
    return true;
  }

  /** Synced bytes must be there for as long as the file has anything of that writer. */
  void requirePromises() {
    promises.forEach(this::requireKept);
  }

  private void requireKept(Promise promise) {
    long end = 0;
    for (ModelRange range : model.ranges(promise.inode)) {
      if (range.writer() == promise.writer) {
        end = Math.max(end, range.end());
      }
    }
    if (end > 0 && end < promise.upTo) {
      fail("%s: the file ends at %d", promise, end);
    }
  }

  void readAnswered(ReadReply reply, long floor) {
    if (reply.getLogIndex() < floor) {
      fail("a read was answered at %d, %d was acknowledged before", reply.getLogIndex(), floor);
    }
    acknowledgedIndex = Math.max(acknowledgedIndex, reply.getLogIndex());
    tally.count(SystemSighting.READ_ANSWERED);
  }

  // Reads.

  ReadReply served(ReadRequest request, Principal principal, Reading reading)
      throws CairnException {
    try {
      ReadReply reply = reading.read();
      if (reply.getLogIndex() > index) {
        fail("a read was answered at %d, applied is %d", reply.getLogIndex(), index);
      }
      if (reply.getLogIndex() == index) {
        compare(request, reply);
      } else {
        tally.count(SystemSighting.READ_BEHIND_OTHERS);
      }
      return reply;
    } catch (CairnException e) {
      if (e.code() == ErrorCode.NOT_FOUND && request.hasStat() && principal.superuser()) {
        requireMissing(request.getStat().getTarget());
      }
      throw e;
    }
  }

  private static ByteString path(NodeRef target) {
    String path = target.getPath().toStringUtf8();
    return ByteString.copyFromUtf8(path.startsWith("/") ? path.substring(1) : path);
  }

  private void requireMissing(NodeRef target) {
    if (target.getBase() == 0 && model.tree().containsKey(path(target))) {
      fail("%s exists and was not found", path(target).toStringUtf8());
    }
    tally.count(SystemSighting.ABSENCE_COMPARED);
  }

  private void compare(ReadRequest request, ReadReply reply) {
    switch (request.getKindCase()) {
      case STAT -> {
        tally.count(SystemSighting.STAT_COMPARED);
        requireEqual(request.getStat().getTarget(), reply.getAttributes());
      }
      case LIST -> compareList(request.getList().getTarget(), reply);
      case OPEN -> compareOpen(request, reply);
      default -> {
        // Of chunks and servers the model knows nothing.
      }
    }
  }

  private void requireEqual(NodeRef target, Attributes found) {
    Attributes wanted = model.tree().get(path(target));
    if (!ModelAnswer.comparable(found).equals(wanted)) {
      fail("%s: expected\n%s\nfound\n%s", path(target).toStringUtf8(), wanted, found);
    }
  }

  private void compareList(NodeRef target, ReadReply reply) {
    String prefix = path(target).toStringUtf8() + "/";
    Map<String, Attributes> wanted = new HashMap<>();
    model
        .tree()
        .forEach(
            (path, attributes) -> {
              String text = path.toStringUtf8();
              if (text.startsWith(prefix) && text.indexOf('/', prefix.length()) < 0) {
                wanted.put(text.substring(prefix.length()), attributes);
              }
            });
    for (DirectoryEntry entry : reply.getList().getEntriesList()) {
      Attributes one = wanted.remove(entry.getName().toStringUtf8());
      if (!ModelAnswer.comparable(entry.getAttributes()).equals(one)) {
        fail("%s lists\n%s\nexpected\n%s", prefix, entry, one);
      }
    }
    if (!wanted.isEmpty() && !reply.getList().getMore()) {
      fail("%s does not list %s", prefix, wanted.keySet());
    }
    tally.count(SystemSighting.LIST_COMPARED);
  }

  private void compareOpen(ReadRequest request, ReadReply reply) {
    requireEqual(request.getOpen().getTarget(), reply.getOpen().getAttributes());
    long inode = reply.getOpen().getAttributes().getInode();
    if (reply.getOpen().getHasInline()) {
      if (!reply.getOpen().getInline().equals(model.content(inode))) {
        fail("inode %d has other inline bytes than were written", inode);
      }
      tally.count(SystemSighting.INLINE_COMPARED);
      return;
    }
    List<ModelRange> ranges = model.ranges(inode);
    requireSameHoles(inode, ranges, reply);
    expected.put(new FileAt(inode, reply.getLogIndex()), ranges);
  }

  /** Bytes are where somebody wrote them, and nowhere else. */
  private static void requireSameHoles(long inode, List<ModelRange> ranges, ReadReply reply) {
    NavigableMap<Long, Long> wanted = new TreeMap<>();
    ranges.forEach(range -> join(wanted, range.start(), range.end()));
    NavigableMap<Long, Long> found = new TreeMap<>();
    for (Extent extent : reply.getOpen().getExtentsList()) {
      join(found, extent.getFileOffset(), extent.getFileOffset() + extent.getLength());
    }
    if (!found.equals(wanted)) {
      fail("inode %d has bytes at %s, written were %s:\n%s", inode, found, wanted, reply);
    }
  }

  /** Adds a range behind all others. */
  private static void join(NavigableMap<Long, Long> ends, long start, long end) {
    Map.Entry<Long, Long> last = ends.lastEntry();
    if (last != null && last.getValue() == start) {
      ends.put(last.getKey(), end);
    } else {
      ends.put(start, end);
    }
  }

  /** Whose bytes an answer to an open must lead to; null where it could not be compared. */
  List<ModelRange> expected(long inode, long logIndex) {
    return expected.get(new FileAt(inode, logIndex));
  }

  @FormatMethod
  static void fail(String message, Object... arguments) {
    InvariantViolation violation = new InvariantViolation(message.formatted(arguments));
    Watched.remember(violation);
    throw violation;
  }
}
