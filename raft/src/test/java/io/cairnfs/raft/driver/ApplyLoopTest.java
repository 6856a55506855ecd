package io.cairnfs.raft.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.raft.StateMachine;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ApplyLoopTest {
  /** Notes what it is asked for; returns the index of each batch. */
  private static final class NotingMachine implements StateMachine<Long> {
    private final List<String> asked = new ArrayList<>();
    private long index;

    @Override
    public Long apply(long atIndex, long term, byte[] payload) {
      throw new UnsupportedOperationException("batches come by applyAll");
    }

    @Override
    public List<Long> applyAll(List<Batch> batches) {
      List<Long> indexes = batches.stream().map(Batch::index).toList();
      asked.add("apply " + indexes);
      index = indexes.get(indexes.size() - 1);
      return indexes;
    }

    @Override
    public void skip(long atIndex, long term) {
      asked.add("skip " + atIndex);
      index = atIndex;
    }

    @Override
    public long appliedIndex() {
      return index;
    }

    @Override
    public long appliedTerm() {
      return index == 0 ? 0 : 1;
    }

    @Override
    public CheckpointPosition checkpoint(Path directory) {
      throw new UnsupportedOperationException("not asked here");
    }

    @Override
    public void install(Path directory) {
      throw new UnsupportedOperationException("not asked here");
    }

    @Override
    public long digest() {
      return index;
    }
  }

  private static LogEntry commands(long index, int bytes) {
    return new LogEntry(index, 1, EntryKind.COMMANDS, new byte[bytes]);
  }

  @Test
  void commandsThatFollowOneAnotherAreAppliedAtOnceUpToABound() {
    NotingMachine machine = new NotingMachine();
    List<Submission<?>> waiting = new ArrayList<>();
    List<CompletableFuture<Long>> answers = new ArrayList<>();
    List<LogEntry> entries =
        List.of(
            commands(1, 10),
            commands(2, 10),
            new LogEntry(3, 1, EntryKind.NO_OP, new byte[0]),
            commands(4, 40 << 10),
            commands(5, 20 << 10),
            commands(6, 20 << 10),
            commands(7, 100 << 10),
            commands(8, 10));
    for (LogEntry entry : entries) {
      Submission<Long> submission = new Submission<>(entry.payload(), 0);
      waiting.add(submission);
      answers.add(submission.future());
    }
    ApplyLoop<Long> loop =
        new ApplyLoop<>(
            machine,
            new ManualClock(0),
            new EngineMetrics(new MetricRegistry()),
            EngineOptions.DEFAULT,
            0,
            0,
            () -> {},
            () -> {});
    var unused = answers.get(7).whenComplete((index, failure) -> loop.stop());
    loop.apply(entries, waiting);
    loop.run();
    assertThat(machine.asked)
        .containsExactly(
            "apply [1, 2]", "skip 3", "apply [4, 5]", "apply [6]", "apply [7]", "apply [8]");
    assertThat(answers.stream().map(CompletableFuture::join))
        .containsExactly(1L, 2L, null, 4L, 5L, 6L, 7L, 8L);
    assertThat(loop.appliedIndex()).isEqualTo(8);
  }
}
