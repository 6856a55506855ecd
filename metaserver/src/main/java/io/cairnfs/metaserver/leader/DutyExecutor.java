package io.cairnfs.metaserver.leader;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;

/** Runs the leader's duties, one at a time: what owns their volatile state. */
public interface DutyExecutor extends Executor, AutoCloseable {
  /** Runs the task now and again and again, with such a pause after each run. */
  void every(Duration period, Runnable task);

  /** Goes on here with what comes of a stage. */
  default <T> void then(CompletionStage<T> stage, BiConsumer<? super T, ? super Throwable> next) {
    var unused = stage.whenComplete((value, failure) -> execute(() -> next.accept(value, failure)));
  }

  /** Takes no more tasks; those that wait are dropped. */
  @Override
  void close();
}
