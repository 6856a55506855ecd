package io.cairnfs.common.metrics;

import java.util.concurrent.atomic.LongAdder;

/** Something that happens often, counted. Any thread. */
public final class Counter {
  private final LongAdder sum = new LongAdder();

  Counter() {}

  public void increment() {
    sum.increment();
  }

  public void add(long amount) {
    sum.add(amount);
  }

  public long value() {
    return sum.sum();
  }
}
