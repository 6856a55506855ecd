package io.cairnfs.simulation.system;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.AbstractEventExecutor;
import io.netty.util.concurrent.DefaultPromise;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.Delayed;
import java.util.concurrent.TimeUnit;

/** The event loop of a simulated process: everything runs on the one thread there is. */
final class VirtualEventLoop extends AbstractEventExecutor implements EventLoop {
  private final SimulatedNode node;

  VirtualEventLoop(SimulatedNode node) {
    this.node = node;
  }

  @Override
  public boolean inEventLoop(Thread thread) {
    return true;
  }

  @Override
  public void execute(Runnable task) {
    node.execute(task);
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable task, long initialDelay, long period, TimeUnit unit) {
    Periodic periodic = new Periodic(task, unit.toNanos(period));
    node.after(unit.toNanos(initialDelay), periodic);
    return periodic;
  }

  private final class Periodic extends DefaultPromise<Void>
      implements ScheduledFuture<Void>, Runnable {
    private final Runnable task;
    private final long periodNanos;

    Periodic(Runnable task, long periodNanos) {
      super(VirtualEventLoop.this);
      this.task = task;
      this.periodNanos = periodNanos;
    }

    @Override
    public void run() {
      if (!isCancelled()) {
        task.run();
        node.after(periodNanos, this);
      }
    }

    @Override
    public long getDelay(TimeUnit unit) {
      return 0;
    }

    @Override
    public int compareTo(Delayed other) {
      return Integer.compare(System.identityHashCode(this), System.identityHashCode(other));
    }

    @Override
    public boolean equals(Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }
  }

  @Override
  public EventLoop next() {
    return this;
  }

  @Override
  public EventLoopGroup parent() {
    return this;
  }

  private static UnsupportedOperationException unused() {
    return new UnsupportedOperationException("a simulated process has no channels");
  }

  @Override
  public ChannelFuture register(Channel channel) {
    throw unused();
  }

  @Override
  public ChannelFuture register(ChannelPromise promise) {
    throw unused();
  }

  @Override
  @Deprecated
  public ChannelFuture register(Channel channel, ChannelPromise promise) {
    throw unused();
  }

  @Override
  public boolean isShuttingDown() {
    return false;
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

  @Override
  public Future<?> shutdownGracefully(long quietPeriod, long timeout, TimeUnit unit) {
    throw unused();
  }

  @Override
  public Future<?> terminationFuture() {
    throw unused();
  }

  @Override
  @Deprecated
  public void shutdown() {
    throw unused();
  }
}
