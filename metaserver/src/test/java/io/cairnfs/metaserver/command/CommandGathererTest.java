package io.cairnfs.metaserver.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandBatch;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.OpenSession;
import io.cairnfs.proto.command.Tick;
import io.cairnfs.raft.LeadershipListener;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.RaftStatus;
import io.cairnfs.raft.ReplicatedLog;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

final class CommandGathererTest {
  /** Keeps entries until the test commits them. */
  private static final class HeldLog implements ReplicatedLog<List<CommandReply>> {
    final ArrayDeque<CommandBatch> batches = new ArrayDeque<>();
    final ArrayDeque<CompletableFuture<List<CommandReply>>> futures = new ArrayDeque<>();

    @Override
    public CompletableFuture<List<CommandReply>> submit(byte[] batch) {
      try {
        batches.add(CommandBatch.parseFrom(batch));
      } catch (InvalidProtocolBufferException e) {
        throw new AssertionError(e);
      }
      futures.add(new CompletableFuture<>());
      return futures.peekLast();
    }

    /** Applies the oldest entry: each command's reply says what it was. */
    void commit() {
      List<CommandReply> replies = new ArrayList<>();
      for (Command command : batches.remove().getCommandsList()) {
        replies.add(
            CommandReply.newBuilder().setLogIndex(command.getTick().getElapsedMillis()).build());
      }
      futures.remove().complete(replies);
    }

    @Override
    public CompletableFuture<Long> readBarrier() {
      throw new AssertionError();
    }

    @Override
    public CompletableFuture<Void> transferLeadership(MemberId target) {
      throw new AssertionError();
    }

    @Override
    public CompletableFuture<Void> changeMembers(Membership membership) {
      throw new AssertionError();
    }

    @Override
    public RaftStatus status() {
      throw new AssertionError();
    }

    @Override
    public void addListener(LeadershipListener listener) {}
  }

  private final HeldLog log = new HeldLog();
  private final ManualClock clock = new ManualClock(1234);
  private final CommandGatherer gatherer =
      new CommandGatherer(log, Runnable::run, clock, new MetricRegistry());

  private CompletableFuture<CommandReply> submit(long number) {
    return gatherer.submit(
        Command.newBuilder().setTick(Tick.newBuilder().setElapsedMillis(number)));
  }

  private static ErrorCode failure(CompletableFuture<?> future) {
    try {
      future.join();
      throw new AssertionError("it did not fail");
    } catch (CompletionException e) {
      return ((CairnException) e.getCause()).code();
    }
  }

  @Test
  void commandsThatWaitTravelTogetherAndEachGetsItsOwnReply() {
    List<CompletableFuture<CommandReply>> replies = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      replies.add(submit(i));
    }
    int inFlight = CommandGatherer.MAX_IN_FLIGHT;
    assertThat(log.batches).hasSize(inFlight).allMatch(batch -> batch.getCommandsCount() == 1);
    log.commit();
    assertThat(log.batches).hasSize(inFlight);
    assertThat(log.batches.peekLast().getCommandsCount()).isEqualTo(100 - inFlight);
    while (!log.batches.isEmpty()) {
      log.commit();
    }
    for (int i = 0; i < 100; i++) {
      assertThat(replies.get(i).join().getLogIndex()).isEqualTo(i);
    }
  }

  @Test
  void commandsThatArriveTogetherTravelTogether() {
    ArrayDeque<Runnable> loop = new ArrayDeque<>();
    CommandGatherer reading = new CommandGatherer(log, loop::add, clock, new MetricRegistry());
    List<CompletableFuture<CommandReply>> replies = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      replies.add(reading.submit(Command.newBuilder().setTick(Tick.getDefaultInstance())));
    }
    assertThat(log.batches).isEmpty();
    assertThat(loop).hasSize(1);
    loop.remove().run();
    assertThat(log.batches).hasSize(1);
    assertThat(log.batches.peek().getCommandsCount()).isEqualTo(10);
    // Two more: one goes at once, the other when the loop is through again.
    replies.add(reading.submit(Command.newBuilder().setTick(Tick.getDefaultInstance())));
    loop.remove().run();
    replies.add(reading.submit(Command.newBuilder().setTick(Tick.getDefaultInstance())));
    log.commit();
    loop.remove().run();
    while (!log.batches.isEmpty()) {
      log.commit();
    }
    assertThat(replies).hasSize(12).allMatch(CompletableFuture::isDone);
  }

  @Test
  void whoeverWaitsWhenTheLoopHasEndedIsToldSo() {
    CommandGatherer ended =
        new CommandGatherer(
            log,
            task -> {
              throw new RejectedExecutionException();
            },
            clock,
            new MetricRegistry());
    assertThat(failure(ended.submit(Command.newBuilder().setTick(Tick.getDefaultInstance()))))
        .isEqualTo(ErrorCode.UNAVAILABLE);
    assertThat(failure(ended.submit(Command.newBuilder().setTick(Tick.getDefaultInstance()))))
        .isEqualTo(ErrorCode.UNAVAILABLE);
  }

  @Test
  void commandsKeepTheirOrderAndGetTheLeadersTime() {
    List<CompletableFuture<CommandReply>> replies = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      replies.add(submit(i));
    }
    long expected = 0;
    while (!log.batches.isEmpty()) {
      for (Command command : log.batches.peek().getCommandsList()) {
        assertThat(command.getTick().getElapsedMillis()).isEqualTo(expected++);
        assertThat(command.getStampNanos()).isEqualTo(1234);
      }
      log.commit();
    }
    assertThat(expected).isEqualTo(50);
    assertThat(replies).allMatch(CompletableFuture::isDone);
  }

  @Test
  void whatTheLogRefusesFailsAllOfTheEntryAndTheNextGoesOn() {
    CompletableFuture<CommandReply> refused = submit(1);
    log.batches.remove();
    log.futures.remove().completeExceptionally(CairnException.notLeader(""));
    assertThat(failure(refused)).isEqualTo(ErrorCode.NOT_LEADER);
    CompletableFuture<CommandReply> next = submit(2);
    log.commit();
    assertThat(next.join().getLogIndex()).isEqualTo(2);
  }

  @Test
  void aFullQueueMeansBusyAndAHugeCommandTooLarge() {
    List<CompletableFuture<CommandReply>> replies = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      replies.add(submit(i));
    }
    assertThat(failure(replies.get(19_999))).isEqualTo(ErrorCode.BUSY);
    while (!log.batches.isEmpty()) {
      log.commit();
    }
    assertThat(replies.get(10_000).join().getLogIndex()).isEqualTo(10_000);
    assertThat(
            failure(
                gatherer.submit(
                    Command.newBuilder()
                        .setOpenSession(
                            OpenSession.newBuilder()
                                .setNonce(ByteString.copyFrom(new byte[7 << 20]))))))
        .isEqualTo(ErrorCode.TOO_LARGE);
  }
}
