package io.cairnfs.simulation.system;

import io.cairnfs.common.time.Clock;
import io.cairnfs.raft.simulation.EventQueue;
import java.util.ArrayDeque;
import java.util.Deque;

/** A process on a machine of its own, with a clock that is a little fast or slow. */
abstract class SimulatedProcess implements SimulatedNode {
  private final String name;
  private final EventQueue events;
  private final double clockRate;
  private final Deque<Runnable> halted = new ArrayDeque<>();
  private boolean up;
  private boolean paused;
  private int life;
  private HandlerTable handlers = new HandlerTable();
  private final Clock clock = new LocalClock();

  private final class LocalClock implements Clock {
    @Override
    public long monotonicNanos() {
      return (long) (events.nowNanos() * clockRate) + 1;
    }

    @Override
    public long wallNanos() {
      return SystemRun.WALL_START_NANOS + events.nowNanos();
    }
  }

  SimulatedProcess(String name, EventQueue events, double clockRate) {
    this.name = name;
    this.events = events;
    this.clockRate = clockRate;
  }

  /** Begins a life; does nothing in one. */
  final void start() {
    if (!up) {
      up = true;
      paused = false;
      life++;
      handlers = new HandlerTable();
      begin();
    }
  }

  abstract void begin();

  /** The process is killed. */
  final void stop() {
    up = false;
    paused = false;
    life++;
    halted.clear();
  }

  final boolean isPaused() {
    return paused;
  }

  final void pause() {
    paused = up;
  }

  final void resume() {
    paused = false;
    while (!paused && !halted.isEmpty()) {
      halted.remove().run();
    }
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final boolean isUp() {
    return up;
  }

  @Override
  public final int life() {
    return life;
  }

  @Override
  public final Clock clock() {
    return clock;
  }

  @Override
  public final void execute(Runnable task) {
    after(0, task);
  }

  @Override
  public final void after(long nanos, Runnable task) {
    int mine = life;
    events.after(nanos, () -> runIn(mine, task));
  }

  private void runIn(int mine, Runnable task) {
    if (mine != life || !up) {
      return;
    }
    if (paused) {
      halted.add(() -> runIn(mine, task));
    } else {
      task.run();
    }
  }

  @Override
  public final HandlerTable handlers() {
    return handlers;
  }

  EventQueue events() {
    return events;
  }
}
