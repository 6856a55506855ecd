package io.cairnfs.simulation.system;

import io.cairnfs.metaserver.leader.DutyExecutor;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.TimeUnit;

/** Runs the tasks of one simulated process. */
final class VirtualExecutor extends AbstractExecutorService implements DutyExecutor {
  private final SimulatedNode node;

  VirtualExecutor(SimulatedNode node) {
    this.node = node;
  }

  @Override
  public void execute(Runnable task) {
    node.execute(task);
  }

  @Override
  public void every(Duration period, Runnable task) {
    node.execute(
        () -> {
          task.run();
          again(period.toNanos(), task);
        });
  }

  private void again(long nanos, Runnable task) {
    node.after(
        nanos,
        () -> {
          task.run();
          again(nanos, task);
        });
  }

  @Override
  public void close() {
    // Ends with its process.
  }

  @Override
  public void shutdown() {
    // Ends with its process.
  }

  @Override
  public List<Runnable> shutdownNow() {
    return List.of();
  }

  @Override
  public boolean isShutdown() {
    return false;
  }

  @Override
  public boolean isTerminated() {
    return false;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return false;
  }
}
