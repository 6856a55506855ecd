package io.cairnfs.raft.simulation;

import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.core.RaftMessage;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * Links between members, one for each direction: in order and fast in good weather; lossy,
 * duplicating, reordering, slow or cut by faults.
 */
final class SimulatedNetwork {
  private static final long MILLI = 1_000_000;

  private final EventQueue events;
  private final RandomGenerator random;
  private final Tally tally;
  private final Consumer<RaftMessage> delivery;
  private final Set<Link> cut = new HashSet<>();
  private final Map<Link, Long> lastArrival = new HashMap<>();
  private int lossPercent;
  private int duplicationPercent;
  private int reorderingPercent;
  private long extraDelayNanos;

  SimulatedNetwork(
      EventQueue events, RandomGenerator random, Tally tally, Consumer<RaftMessage> delivery) {
    this.events = events;
    this.random = random;
    this.tally = tally;
    this.delivery = delivery;
  }

  void send(RaftMessage message) {
    Link link = new Link(message.from(), message.to());
    if (cut.contains(link) || hits(lossPercent)) {
      tally.count(Sighting.MESSAGE_LOST);
      return;
    }
    carry(link, message);
    if (hits(duplicationPercent)) {
      tally.count(Sighting.MESSAGE_DUPLICATED);
      carry(link, message);
    }
  }

  private void carry(Link link, RaftMessage message) {
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
            delivery.accept(message);
          }
        });
  }

  private boolean hits(int percent) {
    return percent > 0 && random.nextInt(100) < percent;
  }

  boolean connects(MemberId from, MemberId to) {
    return !cut.contains(new Link(from, to));
  }

  void cut(MemberId from, MemberId to) {
    cut.add(new Link(from, to));
  }

  void join(MemberId from, MemberId to) {
    cut.remove(new Link(from, to));
  }

  void lose(int percent) {
    lossPercent = percent;
  }

  void duplicate(int percent) {
    duplicationPercent = percent;
  }

  void reorder(int percent) {
    reorderingPercent = percent;
  }

  void delay(long upToNanos) {
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

  private record Link(MemberId from, MemberId to) {}
}
