package io.cairnfs.simulation.history;

import static io.cairnfs.simulation.history.HandMadeRun.list;
import static io.cairnfs.simulation.history.HandMadeRun.mkdir;
import static io.cairnfs.simulation.history.HandMadeRun.rename;
import static io.cairnfs.simulation.history.HandMadeRun.stat;
import static io.cairnfs.simulation.history.HandMadeRun.unlink;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.history.HistoryFile;
import io.cairnfs.client.history.HistoryHeader;
import io.cairnfs.client.history.RecordedCall;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.RenameMode;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.simulation.history.Findings.Looked;
import io.cairnfs.simulation.history.Findings.Rule;
import io.cairnfs.simulation.history.HandMadeRun.Sent;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Right and wrong histories, put together by hand, against their log and by search. */
class HistoryCheckTest {
  private HandMadeRun run;

  @BeforeEach
  void start() throws IOException {
    run = new HandMadeRun("a", "b");
    run.done("a", mkdir("/d"));
  }

  @AfterEach
  void stop() {
    run.close();
  }

  private void assertGood() throws IOException {
    assertThat(run.replayed().texts()).isEmpty();
    assertThat(run.searched().texts()).isEmpty();
  }

  private void assertReplayFinds(Rule rule, String... words) throws IOException {
    Findings findings = run.replayed();
    assertThat(findings.counts()).as(findings.texts().toString()).containsOnlyKeys(rule);
    assertThat(findings.texts().get(0)).contains(words);
  }

  private void assertSearchFinds(String... words) {
    Findings findings = run.searched();
    assertThat(findings.counts()).as(findings.texts().toString()).containsOnlyKeys(Rule.NO_ORDER);
    assertThat(findings.texts().get(0)).contains(words);
  }

  // What is right.

  @Test
  void callsOneAfterTheOtherAreGood() throws Exception {
    run.done("a", HandMadeRun.create("/d/x"));
    run.done("b", HandMadeRun.create("/d/x"));
    run.done("b", rename("/d/x", "/d/y"));
    run.done("a", stat("/d/x"));
    run.done("a", stat("/d/y"));
    run.done("a", list("/d"));
    run.done("b", unlink("/d/y"));
    run.done("b", list("/d"));
    assertGood();
    Findings findings = run.replayed();
    assertThat(findings.of(Looked.MUTATIONS_ACKNOWLEDGED)).isEqualTo(4);
    assertThat(findings.of(Looked.MUTATIONS_REFUSED)).isEqualTo(1);
    assertThat(findings.of(Looked.READS_COMPARED)).isEqualTo(3);
    assertThat(findings.of(Looked.READS_REFUSED_AND_COMPARED)).isEqualTo(1);
    assertThat(run.searched().of(Looked.SEARCHED_CALLS)).isEqualTo(9);
  }

  @Test
  void aReadBesideAMutationMaySeeEither() throws Exception {
    for (boolean after : new boolean[] {false, true}) {
      Sent create = run.send("a", HandMadeRun.create("/d/x" + after));
      Sent stat = run.send("b", stat("/d/x" + after));
      CommandReply reply;
      if (after) {
        reply = run.log(create);
        run.serve(stat);
      } else {
        run.serve(stat);
        reply = run.log(create);
      }
      run.answer(create, reply);
    }
    assertGood();
  }

  @Test
  void aRetryThatHearsTheFirstAnswerIsGood() throws Exception {
    Sent create = run.send("a", HandMadeRun.create("/d/x"));
    run.log(create);
    run.answer(create, run.log(create));
    run.done("b", stat("/d/x"));
    assertGood();
    assertThat(run.replayed().of(Looked.CALLS_LOGGED_TWICE)).isEqualTo(1);
  }

  @Test
  void whatNobodyAnsweredMayHaveHappenedOrNot() throws Exception {
    Sent happened = run.send("a", HandMadeRun.create("/d/x"));
    run.log(happened);
    run.refuse(happened, ErrorCode.TIMED_OUT, 0);
    run.done("b", stat("/d/x"));
    Sent never = run.send("b", HandMadeRun.create("/d/y"));
    run.done("a", stat("/d/y"));
    assertGood();
    assertThat(run.replayed().of(Looked.MUTATIONS_OF_UNKNOWN_OUTCOME)).isEqualTo(2);
    assertThat(run.replayed().of(Looked.UNKNOWN_OUTCOMES_THAT_TOOK_EFFECT)).isEqualTo(1);
    run.log(never);
    run.done("a", list("/d"));
    assertGood();
  }

  @Test
  void aDirectoryMovedOntoItselfStaysOrExists() throws Exception {
    run.done("a", mkdir("/d/x"));
    Sent moved = run.done("a", rename("/d/x", "/d/x"));
    assertThat(run.call(moved).end().orElseThrow().errorCode()).isZero();
    Operation keeps =
        Operation.newBuilder()
            .setRename(
                rename("/d/x", "/d/x").getRename().toBuilder().setMode(RenameMode.NO_REPLACE))
            .build();
    Sent refused = run.done("b", keeps);
    assertThat(run.call(refused).end().orElseThrow().errorCode())
        .isEqualTo(ErrorCode.EXISTS.number());
    run.done("b", stat("/d/x"));
    assertGood();
  }

  // What is wrong.

  @Test
  void aStaleReadIsFound() throws Exception {
    run.done("a", HandMadeRun.create("/d/x"));
    Sent early = run.send("b", stat("/d/y"));
    run.serve(early);
    RecordedCall.End old = run.call(early).end().orElseThrow();
    Sent created = run.done("a", HandMadeRun.create("/d/y"));
    Sent stale = run.send("b", stat("/d/y"));
    run.refuse(stale, ErrorCode.NOT_FOUND, old.logIndex());
    assertReplayFinds(Rule.WRONG_ORDER, "b #2 [stat /d/y", "a #3 [create /d/y", "a stale read");
    assertSearchFinds("below /d", "b #2 [stat /d/y", "/d/y = Node");
    assertThat(run.call(created).end()).isPresent();
  }

  @Test
  void aReadOfWhatIsNotThereIsFound() throws Exception {
    Sent created = run.done("a", HandMadeRun.create("/d/x"));
    Sent listed = run.done("b", list("/d"));
    run.done("a", unlink("/d/x"));
    Sent wrong = run.done("b", list("/d"));
    RecordedCall.End now = run.call(wrong).end().orElseThrow();
    RecordedCall.End before = run.call(listed).end().orElseThrow();
    run.change(
        wrong,
        call ->
            call.withEnd(new RecordedCall.End(now.nanos(), now.logIndex(), 0, before.result())));
    assertReplayFinds(Rule.WRONG_READ, "b #2 [list /d", "told", "by the model it is");
    assertSearchFinds("b #2 [list /d");
    assertThat(run.call(created).end()).isPresent();
  }

  @Test
  void aLostWriteIsFound() throws Exception {
    Sent sent = run.send("a", HandMadeRun.create("/d/x"));
    CommandReply reply = run.log(sent);
    LogEntry lost = run.log().remove(run.log().size() - 1);
    run.answer(sent, reply);
    assertReplayFinds(
        Rule.LOST_WRITE, "a #2 [create /d/x", "was acknowledged and is not in the log");
    assertThat(lost.index()).isEqualTo(reply.getLogIndex());
  }

  @Test
  void aLostWriteIsFoundByTheSearchWhenSomebodyLooks() throws Exception {
    run.done("a", HandMadeRun.create("/d/x"));
    Sent looks = run.send("b", stat("/d/x"));
    run.refuse(looks, ErrorCode.NOT_FOUND, 5);
    assertSearchFinds("b #1 [stat /d/x");
  }

  @Test
  void aDoubledRetryIsFound() throws Exception {
    Sent sent = run.send("a", HandMadeRun.create("/d/x"));
    CommandReply first = run.log(sent);
    // The second execution of the retry hears of the first: EXISTS, which a client must never see.
    CommandReply again =
        first.toBuilder()
            .clearResult()
            .setErrorCode(ErrorCode.EXISTS.number())
            .setLogIndex(first.getLogIndex())
            .build();
    run.answer(sent, again);
    assertReplayFinds(Rule.WRONG_RESULT, "refused", "EXISTS", "that it took effect");
    assertSearchFinds("a #2 [create /d/x");
  }

  @Test
  void aRetryThatTheLogExecutesAgainIsFound() throws Exception {
    Sent sent = run.send("a", HandMadeRun.create("/d/x"));
    CommandReply first = run.log(sent);
    run.answer(sent, first);
    HistoryCheck check = HistoryCheck.of(run.histories());
    Command command = run.command(sent).build();
    check.applied(5, command, first);
    check.applied(6, command, first.toBuilder().setLogIndex(6).build());
    assertThat(check.judge().texts())
        .anyMatch(text -> text.contains("was executed at index 5 and again at 6"));
  }

  @Test
  void aCallOfTheLogThatNobodyMadeIsFound() throws Exception {
    Sent sent = run.done("a", HandMadeRun.create("/d/x"));
    run.change(sent, call -> HandMadeRun.withRequest(call, HandMadeRun.create("/d/other")));
    assertThat(run.replayed().counts()).containsKey(Rule.NOT_ASKED_FOR);
    Sent second = run.done("a", HandMadeRun.create("/d/y"));
    run.change(
        second,
        call ->
            HandMadeRun.at(HandMadeRun.numbered(call, 99, 1), call.sentNanos(), Optional.empty()));
    assertThat(run.replayed().texts())
        .anyMatch(text -> text.contains("call 3 of session 1, which its client never sent"));
  }

  @Test
  void aReorderedRenameIsFound() throws Exception {
    run.done("a", HandMadeRun.create("/d/x"));
    Sent rename = run.send("a", rename("/d/x", "/d/y"));
    run.answer(rename, run.log(rename));
    // Told at once that the name is free again, and logged before the rename.
    Sent early = run.done("b", stat("/d/x"));
    RecordedCall.End end = run.call(early).end().orElseThrow();
    assertThat(end.errorCode()).isEqualTo(ErrorCode.NOT_FOUND.number());
    run.change(
        rename,
        call ->
            HandMadeRun.at(
                call,
                end.nanos() + 10,
                Optional.of(
                    new RecordedCall.End(
                        end.nanos() + 20,
                        call.end().orElseThrow().logIndex(),
                        0,
                        call.end().orElseThrow().result()))));
    assertReplayFinds(
        Rule.WRONG_ORDER,
        "a #3 [rename /d/x /d/y REPLACE",
        "b #1 [stat /d/x",
        "before it was sent");
    assertSearchFinds("b #1 [stat /d/x");
  }

  @Test
  void aWrongResultIsFound() throws Exception {
    Sent x = run.done("a", HandMadeRun.create("/d/x"));
    Sent y = run.done("a", HandMadeRun.create("/d/y"));
    RecordedCall.End right = run.call(y).end().orElseThrow();
    RecordedCall.End other = run.call(x).end().orElseThrow();
    run.change(
        y,
        call ->
            call.withEnd(new RecordedCall.End(right.nanos(), right.logIndex(), 0, other.result())));
    assertReplayFinds(Rule.WRONG_RESULT, "a #3 [create /d/y", "told", "but the log at index 6");
    run.done("b", stat("/d/y"));
    assertSearchFinds("b #1 [stat /d/y");
  }

  @Test
  void aWrongIndexIsFound() throws Exception {
    Sent x = run.done("a", HandMadeRun.create("/d/x"));
    RecordedCall.End end = run.call(x).end().orElseThrow();
    run.change(
        x,
        call ->
            call.withEnd(new RecordedCall.End(end.nanos(), end.logIndex() + 1, 0, end.result())));
    assertReplayFinds(Rule.WRONG_INDEX, "a #2 [create /d/x", "took effect at index 5");
    Sent stat = run.send("b", stat("/d/none"));
    run.refuse(stat, ErrorCode.NOT_FOUND, 1_000);
    assertThat(run.replayed().texts()).anyMatch(text -> text.contains("the log ends at index 5"));
  }

  @Test
  void aSuccessThatTheLogRefusesIsFound() throws Exception {
    Sent first = run.done("a", HandMadeRun.create("/d/x"));
    Sent second = run.send("b", HandMadeRun.create("/d/x"));
    CommandReply refused = run.log(second);
    assertThat(refused.getErrorCode()).isEqualTo(ErrorCode.EXISTS.number());
    RecordedCall.End end = run.call(first).end().orElseThrow();
    run.answer(
        second,
        CommandReply.newBuilder()
            .setLogIndex(refused.getLogIndex())
            .setResult(OperationResult.parseFrom(end.result()))
            .build());
    assertReplayFinds(Rule.WRONG_RESULT, "b #1 [create /d/x", "the log refuses it: EXISTS");
    assertSearchFinds("b #1 [create /d/x");
  }

  @Test
  void aRefusalThatIsNotInTheLogIsFound() throws Exception {
    Sent sent = run.send("a", HandMadeRun.create("/d/x"));
    run.refuse(sent, ErrorCode.EXISTS, 5);
    assertReplayFinds(Rule.WRONG_RESULT, "a #2 [create /d/x", "is not in the log");
    Sent expired = run.send("a", HandMadeRun.create("/d/y"));
    run.refuse(expired, ErrorCode.SESSION_EXPIRED, 4);
    assertThat(run.replayed().counts()).containsEntry(Rule.WRONG_INDEX, 1L);
  }

  @Test
  void anEffectBeforeItsCallIsFoundThoughNobodyAnswered() throws Exception {
    run.done("a", HandMadeRun.create("/d/x"));
    Sent sent = run.send("a", unlink("/d/x"));
    run.log(sent);
    // Sent, as its client says, only after somebody else had seen the next index.
    Sent seen = run.done("b", mkdir("/e"));
    run.change(
        sent,
        call ->
            HandMadeRun.at(call, run.call(seen).end().orElseThrow().nanos() + 1, Optional.empty()));
    assertReplayFinds(Rule.WRONG_ORDER, "a #3 [unlink /d/x", "never answered", "b #1 [mkdir /e");
  }

  /** Hazard B8: what is below the mark of a call that was executed is never executed again. */
  @Test
  void anEffectBehindALaterMarkIsFoundBySearchThoughNobodyAnswered() throws Exception {
    run.done("a", HandMadeRun.create("/d/x"));
    Sent lost = run.send("a", unlink("/d/x"));
    run.refuse(lost, ErrorCode.TIMED_OUT, 0);
    Sent next = run.done("a", mkdir("/d/next"));
    run.done("b", stat("/d/x"));
    run.log(lost);
    run.done("b", stat("/d/x"));
    assertThat(run.searched().isEmpty()).isTrue();
    // Had the next call told that the lost one was over, it could not have come later.
    long call = run.call(next).call();
    run.change(next, each -> HandMadeRun.numbered(each, call, call));
    assertSearchFinds("b #2 [stat /d/x");
  }

  @Test
  void aLogThatBeginsLaterIsRefused() throws Exception {
    run.log().remove(0);
    assertThatThrownBy(run::replayed).hasMessageContaining("raft.checkpoint-log-bytes");
  }

  @Test
  void twoHistoriesOfOneCallAreRefused() throws Exception {
    Sent sent = run.done("a", HandMadeRun.create("/d/x"));
    run.change(sent, call -> HandMadeRun.numbered(call, 1, 1));
    assertThatThrownBy(run::replayed).hasMessageContaining("are the same call");
  }

  @Test
  void timesOfDifferentClocksAreNotCompared() throws Exception {
    run.done("a", HandMadeRun.create("/d/x"));
    Sent stale = run.send("b", stat("/d/x"));
    run.refuse(stale, ErrorCode.NOT_FOUND, 4);
    List<HistoryFile> histories =
        run.histories().stream()
            .map(
                history ->
                    new HistoryFile(
                        history.path(),
                        new HistoryHeader(
                            "ann", history.header().client(), history.header().client()),
                        history.calls(),
                        0))
            .toList();
    assertThat(run.replayed().counts()).containsOnlyKeys(Rule.WRONG_ORDER);
    Findings apart =
        HistoryCheck.check(
            histories,
            sink -> {
              for (LogEntry entry : run.log()) {
                sink.take(entry);
              }
            });
    assertThat(apart.texts()).isEmpty();
  }
}
