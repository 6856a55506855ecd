package io.cairnfs.simulation.system;

import io.cairnfs.common.time.Clock;

/** A process of the simulated cluster, as those see it who have something to do in it. */
interface SimulatedNode {
  String name();

  boolean isUp();

  /** Grows with every start: what belongs to an earlier life is over. */
  int life();

  Clock clock();

  /** Runs in this life, soon, but not while the process stands still. */
  void execute(Runnable task);

  /** As {@link #execute}, after some time. */
  void after(long nanos, Runnable task);

  /** Handlers of the present life. */
  HandlerTable handlers();
}
