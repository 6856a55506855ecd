package io.cairnfs.raft.core;

import java.util.ArrayDeque;

/**
 * Reads that no lease covers, waiting until a majority has answered a round of messages that began
 * after they arrived (section 6.4).
 */
final class PendingReads {
  private final ArrayDeque<Pending> waiting = new ArrayDeque<>();

  int size() {
    return waiting.size();
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** Adds a read that needs an answered round of at least this number. */
  void add(ReadRequest request, long round) {
    waiting.add(new Pending(request, round));
  }

  /** The newest read waits for a round that has not begun. */
  boolean needRoundAfter(long round) {
    return !waiting.isEmpty() && waiting.peekLast().round > round;
  }

  /** Takes the next read that the confirmed round covers; null when there is none. */
  ReadRequest takeConfirmed(long confirmedRound) {
    if (waiting.isEmpty() || waiting.peekFirst().round > confirmedRound) {
      return null;
    }
    return waiting.removeFirst().request;
  }

  private record Pending(ReadRequest request, long round) {}
}
