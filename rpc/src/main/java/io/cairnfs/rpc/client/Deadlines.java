package io.cairnfs.rpc.client;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * The deadlines of the exchanges of a connection. Ended exchanges are not removed one by one, which
 * would cost a search, but swept out together when they are the majority; so at most twice as many
 * are kept as are outstanding, and a few. Owned by the event loop.
 */
final class Deadlines {
  private static final int SLACK = 64;

  private final PriorityQueue<Exchange> queue =
      new PriorityQueue<>(SLACK, Comparator.comparingLong(Exchange::deadlineNanos));

  /**
   * Adds an exchange.
   *
   * @param outstanding how many have not ended, this one included
   */
  void add(Exchange exchange, int outstanding) {
    if (queue.size() > 2 * outstanding + SLACK) {
      queue.removeIf(Exchange::isEnded);
    }
    queue.add(exchange);
  }

  /** Takes out the exchanges whose deadline has come. */
  List<Exchange> expired(long now) {
    List<Exchange> expired = new ArrayList<>();
    while (!queue.isEmpty()) {
      Exchange first = queue.peek();
      if (!first.isEnded() && first.deadlineNanos() - now > 0) {
        break;
      }
      queue.poll();
      if (!first.isEnded()) {
        expired.add(first);
      }
    }
    return expired;
  }

  /** The next deadline; Long.MAX_VALUE when there is none. */
  long next() {
    while (!queue.isEmpty() && queue.peek().isEnded()) {
      queue.poll();
    }
    return queue.isEmpty() ? Long.MAX_VALUE : queue.peek().deadlineNanos();
  }

  int size() {
    return queue.size();
  }
}
