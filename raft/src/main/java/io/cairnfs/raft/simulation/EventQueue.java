package io.cairnfs.raft.simulation;

import java.util.PriorityQueue;

/**
 * What happens when, in virtual nanoseconds. Events of one moment run in the order of scheduling.
 */
public final class EventQueue {
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long nowNanos;
  private long scheduled;
  private long executed;

  public long nowNanos() {
    return nowNanos;
  }

  public long executed() {
    return executed;
  }

  public void after(long delayNanos, Runnable action) {
    at(nowNanos + Math.max(0, delayNanos), action);
  }

  public void at(long timeNanos, Runnable action) {
    events.add(new Event(Math.max(timeNanos, nowNanos), scheduled++, action));
  }

  /** Runs the next event; there always is one, since timers re-arm themselves. */
  public void runNext() {
    Event next = events.remove();
    nowNanos = next.timeNanos;
    executed++;
    next.action.run();
  }

  private record Event(long timeNanos, long order, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(timeNanos, other.timeNanos);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }
}
