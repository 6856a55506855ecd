package io.cairnfs.raft.simulation;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Links between processes, one for each direction: in order and fast in good weather; lossy,
 * duplicating, reordering, slow or cut by faults.
 */
public final class SimulatedNetwork {
  private static final long MILLI = 1_000_000;

  private final EventQueue events;
  private final RandomGenerator random;
  private final Tally tally;
  private final Set<Link> cut = new HashSet<>();
  private final Map<Link, Long> lastArrival = new HashMap<>();
  private int lossPercent;
  private int duplicationPercent;
  private int reorderingPercent;
  private long extraDelayNanos;

  SimulatedNetwork(EventQueue events, RandomGenerator random, Tally tally) {
    this.events = events;
    this.random = random;
    this.tally = tally;
  }

  /** Delivers, perhaps: once, twice, late or never. */
  public void send(String from, String to, Runnable delivery) {
    Link link = new Link(from, to);
    if (cut.contains(link) || hits(lossPercent)) {
      tally.count(Sighting.MESSAGE_LOST);
      return;
    }
    carry(link, delivery);
    if (hits(duplicationPercent)) {
      tally.count(Sighting.MESSAGE_DUPLICATED);
      carry(link, delivery);
    }
  }

  private void carry(Link link, Runnable delivery) {
    long delay = 100_000 + random.nextLong(900_000);
    if (extraDelayNanos > 0 && random.nextInt(4) == 0) {
      delay += random.nextLong(extraDelayNanos);
    }
    long arrival = events.nowNanos() + delay;
    long last = lastArrival.getOrDefault(link, 0L);
    if (hits(reorderingPercent)) {
      arrival += random.nextLong(20 * MILLI);
    } else if (arrival < last && reorderingPercent == 0) {
      arrival = last;
    }
    if (arrival < last) {
      tally.count(Sighting.MESSAGE_OVERTAKEN);
    }
    lastArrival.put(link, Math.max(last, arrival));
    events.at(
        arrival,
        () -> {
          if (!cut.contains(link)) {
            delivery.run();
          }
        });
  }

  private boolean hits(int percent) {
    return percent > 0 && random.nextInt(100) < percent;
  }

  public boolean connects(String from, String to) {
    return !cut.contains(new Link(from, to));
  }

  public void cut(String from, String to) {
    cut.add(new Link(from, to));
  }

  public void join(String from, String to) {
    cut.remove(new Link(from, to));
  }

  public void lose(int percent) {
    lossPercent = percent;
  }

  public void duplicate(int percent) {
    duplicationPercent = percent;
  }

  public void reorder(int percent) {
    reorderingPercent = percent;
  }

  public void delay(long upToNanos) {
    extraDelayNanos = upToNanos;
  }

  void heal() {
    cut.clear();
    lastArrival.clear();
    lossPercent = 0;
    duplicationPercent = 0;
    reorderingPercent = 0;
    extraDelayNanos = 0;
  }

  private record Link(String from, String to) {}
}
