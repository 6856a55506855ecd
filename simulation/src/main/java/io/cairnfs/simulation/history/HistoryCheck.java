package io.cairnfs.simulation.history;

import io.cairnfs.client.history.HistoryFile;
import io.cairnfs.client.history.RecordedCall;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.raft.log.StoredLog;
import io.cairnfs.simulation.history.Findings.Looked;
import io.cairnfs.simulation.history.Findings.Rule;
import io.cairnfs.simulation.history.ObservedCall.Outcome;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Whether the log of a cluster is a linearization of what its clients saw. The log is replayed from
 * its first entry; then
 *
 * <ul>
 *   <li>each acknowledged mutation is in it, executed once, with the result and the index that the
 *       client was told; what was refused by the state machine is in it as that refusal;
 *   <li>what nobody acknowledged is executed at most once; nothing of a recorded session is in it
 *       that its client did not send;
 *   <li>each read tells what the model says at the read's index;
 *   <li>a call that was sent after another one was answered has a higher index, or, as a read, no
 *       lower one: over all clients that share a clock.
 * </ul>
 */
public final class HistoryCheck {
  private final Findings findings = new Findings();
  private final Map<CallId, Mutation> mutations = new HashMap<>();
  private final Set<Long> sessions = new HashSet<>();
  private final List<Read> reads = new ArrayList<>();
  private int nextRead;

  private record CallId(long session, long call) {}

  private record Read(ObservedCall call, String user) {}

  /** Where the entries come from. */
  public interface Log {
    void read(StoredLog.Sink sink) throws IOException;
  }

  /** A mutation, and what the log says of it. */
  private static final class Mutation {
    private final ObservedCall call;
    private CommandReply executed;
    private final List<CommandReply> unexecuted = new ArrayList<>(0);

    Mutation(ObservedCall call) {
      this.call = call;
    }
  }

  private final RealTimeOrder order = new RealTimeOrder(findings);

  private HistoryCheck(List<HistoryFile> histories) throws CairnException {
    take(histories);
  }

  /**
   * Checks histories of clients against the log.
   *
   * @throws CairnException INVALID_ARGUMENT if the log does not begin with the first entry, or two
   *     histories are of the same session and call
   */
  public static Findings check(List<HistoryFile> histories, Log log) throws IOException {
    HistoryCheck check = of(histories);
    check.replay(log);
    return check.judge();
  }

  /** To be told of the log, then to judge. */
  static HistoryCheck of(List<HistoryFile> histories) throws CairnException {
    return new HistoryCheck(histories);
  }

  Findings judge() {
    mutations.values().forEach(this::judge);
    order.check();
    return findings;
  }

  private void take(List<HistoryFile> histories) throws CairnException {
    long zero =
        histories.stream()
            .flatMap(history -> history.calls().stream().limit(1))
            .mapToLong(RecordedCall::sentNanos)
            .min()
            .orElse(0);
    for (HistoryFile history : histories) {
      for (RecordedCall recorded : history.calls()) {
        ObservedCall call = new ObservedCall(history.header().client(), recorded, zero);
        findings.count(Looked.CALLS);
        if (call.isMutation()) {
          order.call(call, history.header().clock());
          takeMutation(call);
        } else if (call.outcome() != Outcome.UNKNOWN) {
          order.call(call, history.header().clock());
          reads.add(new Read(call, history.header().user()));
        }
      }
    }
    reads.sort(Comparator.comparingLong(read -> read.call.end().logIndex()));
  }

  private void takeMutation(ObservedCall call) throws CairnException {
    RecordedCall recorded = call.recorded();
    sessions.add(recorded.session());
    CallId id = new CallId(recorded.session(), recorded.call());
    Mutation before = mutations.put(id, new Mutation(call));
    if (before != null) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, before.call + " and " + call + " are the same call");
    }
  }

  private void replay(Log log) throws IOException {
    try (LogReplay replay = new LogReplay(findings)) {
      ReadCheck check = new ReadCheck(replay, findings);
      log.read(
          entry -> {
            replay.apply(entry, this::applied);
            while (nextRead < reads.size()
                && reads.get(nextRead).call.end().logIndex() <= replay.index()) {
              Read read = reads.get(nextRead++);
              check.check(read.call, read.user);
            }
          });
      for (Read read : reads.subList(nextRead, reads.size())) {
        findings.add(Rule.WRONG_INDEX, "%s: the log ends at index %d", read.call, replay.index());
      }
    }
  }

  /** A command of the log and what the state machine answered. */
  void applied(long index, Command command, CommandReply reply) {
    if (!command.hasOperation()) {
      return;
    }
    Mutation mutation = mutations.get(new CallId(command.getSession(), command.getCall()));
    if (mutation == null) {
      if (sessions.contains(command.getSession())) {
        findings.add(
            Rule.NOT_ASKED_FOR,
            "entry %d has call %d of session %d, which its client never sent:\n%s",
            index,
            command.getCall(),
            command.getSession(),
            command.getOperation());
      } else {
        findings.count(Looked.COMMANDS_OF_OTHERS);
      }
      return;
    }
    if (!command.getOperation().equals(mutation.call.operation())) {
      findings.add(
          Rule.NOT_ASKED_FOR,
          "entry %d has under the number of %s\n%s",
          index,
          mutation.call,
          command.getOperation());
      return;
    }
    if (ObservedCall.refusesUnexecuted(ErrorCode.ofNumber(reply.getErrorCode()))) {
      mutation.unexecuted.add(reply);
    } else if (mutation.executed == null) {
      mutation.executed = reply;
    } else {
      findings.count(Looked.CALLS_LOGGED_TWICE);
      if (!mutation.executed.equals(reply)) {
        findings.add(
            Rule.DOUBLED,
            "%s was executed at index %d and again at %d",
            mutation.call,
            mutation.executed.getLogIndex(),
            index);
      }
    }
  }

  private void judge(Mutation mutation) {
    if (mutation.executed != null) {
      order.tookEffect(mutation.call, mutation.executed.getLogIndex());
    }
    switch (mutation.call.outcome()) {
      case ANSWERED -> judgeAnswered(mutation.call, mutation.executed);
      case REFUSED -> judgeRefused(mutation.call, mutation.executed);
      case UNKNOWN -> {
        findings.count(Looked.MUTATIONS_OF_UNKNOWN_OUTCOME);
        if (mutation.executed != null) {
          findings.count(Looked.UNKNOWN_OUTCOMES_THAT_TOOK_EFFECT);
        }
        judgeUnexecuted(mutation);
      }
    }
  }

  private void judgeAnswered(ObservedCall call, CommandReply executed) {
    findings.count(Looked.MUTATIONS_ACKNOWLEDGED);
    if (executed == null) {
      findings.add(Rule.LOST_WRITE, "%s was acknowledged and is not in the log", call);
    } else if (executed.getErrorCode() != 0) {
      findings.add(
          Rule.WRONG_RESULT,
          "%s was acknowledged, but at index %d the log refuses it: %s %s",
          call,
          executed.getLogIndex(),
          ErrorCode.ofNumber(executed.getErrorCode()),
          executed.getErrorMessage());
    } else if (!executed.getResult().equals(call.result())) {
      findings.add(
          Rule.WRONG_RESULT,
          "%s told\n%sbut the log at index %d\n%s",
          call,
          call.result(),
          executed.getLogIndex(),
          executed.getResult());
    } else {
      judgeIndex(call, executed);
    }
  }

  private void judgeIndex(ObservedCall call, CommandReply executed) {
    if (executed.getLogIndex() != call.end().logIndex()) {
      findings.add(Rule.WRONG_INDEX, "%s took effect at index %d", call, executed.getLogIndex());
    }
  }

  private void judgeRefused(ObservedCall call, CommandReply executed) {
    findings.count(Looked.MUTATIONS_REFUSED);
    if (executed == null) {
      findings.add(Rule.WRONG_RESULT, "%s is not in the log", call);
    } else if (executed.getErrorCode() != call.end().errorCode()) {
      findings.add(
          Rule.WRONG_RESULT,
          "%s, but the log at index %d says %s",
          call,
          executed.getLogIndex(),
          executed.getErrorCode() == 0
              ? "that it took effect"
              : ErrorCode.ofNumber(executed.getErrorCode()).name());
    } else {
      judgeIndex(call, executed);
    }
  }

  /** A refusal that says an index is in the log, though it does not say what became of the call. */
  private void judgeUnexecuted(Mutation mutation) {
    ObservedCall call = mutation.call;
    if (call.recorded().end().isEmpty() || call.end().logIndex() == 0) {
      return;
    }
    boolean there =
        mutation.unexecuted.stream()
            .anyMatch(
                reply ->
                    reply.getErrorCode() == call.end().errorCode()
                        && reply.getLogIndex() == call.end().logIndex());
    if (!there) {
      findings.add(Rule.WRONG_INDEX, "%s is not refused there by the log", call);
    }
  }
}
