package io.cairnfs.raft.core;

import io.cairnfs.raft.MemberId;

/**
 * What a leader knows of one follower.
 *
 * <pre>
 * PROBE      -> REPLICATE   an append was accepted: the point of agreement is known
 * PROBE      -> CHECKPOINT  the entries it needs are gone
 * REPLICATE  -> PROBE       an append was refused: something on the way was lost
 * REPLICATE  -> CHECKPOINT  the entries it needs are gone
 * CHECKPOINT -> PROBE       the checkpoint was installed, or could not be
 * </pre>
 *
 * While probing one append is on its way at a time; while replicating a window of them.
 */
final class Progress {
  enum Mode {
    PROBE,
    REPLICATE,
    CHECKPOINT
  }

  private final MemberId id;
  private Mode mode = Mode.PROBE;
  private long match;
  private long next;
  private boolean paused;
  private long ackedSentNanos = Long.MIN_VALUE;
  private long ackedRound;
  private long contactNanos;
  private long matchAtHeartbeat;
  private boolean heartbeatUnanswered;

  private long[] windowEnds = new long[8];
  private long[] windowBytes = new long[8];
  private int windowHead;
  private int windowCount;
  private long bytesInFlight;

  Progress(MemberId id, long next, long nowNanos) {
    this.id = id;
    this.next = next;
    this.contactNanos = nowNanos;
  }

  MemberId id() {
    return id;
  }

  Mode mode() {
    return mode;
  }

  /** Known equal and forced up to here. */
  long match() {
    return match;
  }

  /** First entry to send next. */
  long next() {
    return next;
  }

  /** Send time of the latest request that it answered in this term. */
  long ackedSentNanos() {
    return ackedSentNanos;
  }

  long ackedRound() {
    return ackedRound;
  }

  /** When it last answered. */
  long contactNanos() {
    return contactNanos;
  }

  void heard(long sentNanos, long round, long nowNanos) {
    ackedSentNanos = Math.max(ackedSentNanos, sentNanos);
    ackedRound = Math.max(ackedRound, round);
    contactNanos = nowNanos;
  }

  /** The clock jumped: earlier answers do not count for the lease. */
  void forgetAnswers() {
    ackedSentNanos = Long.MIN_VALUE;
  }

  /** It has everything up to the index. Returns whether that is news. */
  boolean matched(long index) {
    if (index > match) {
      match = index;
      next = Math.max(next, index + 1);
      releaseWindow();
      return true;
    }
    return false;
  }

  void replicateFrom(long index) {
    mode = Mode.REPLICATE;
    paused = false;
    next = index;
    clearWindow();
  }

  void probeFrom(long index) {
    mode = Mode.PROBE;
    paused = false;
    next = Math.max(index, match + 1);
    clearWindow();
  }

  void awaitCheckpoint() {
    mode = Mode.CHECKPOINT;
    clearWindow();
  }

  boolean maySend(int maxCount, long maxBytes) {
    return switch (mode) {
      case PROBE -> !paused;
      case REPLICATE -> windowCount < maxCount && bytesInFlight < maxBytes;
      case CHECKPOINT -> false;
    };
  }

  void pause() {
    paused = true;
  }

  /** A probe or its answer may have been lost: the next one may go. */
  void resume() {
    paused = false;
  }

  /** Entries up to the index, with this payload, are on their way. */
  void sent(long lastIndex, long bytes) {
    if (windowCount == windowEnds.length) {
      growWindow();
    }
    int slot = (windowHead + windowCount) % windowEnds.length;
    windowEnds[slot] = lastIndex;
    windowBytes[slot] = bytes;
    windowCount++;
    bytesInFlight += bytes;
    next = lastIndex + 1;
  }

  /** A heartbeat goes out. */
  void heartbeat() {
    heartbeatUnanswered = true;
  }

  /**
   * Whether this answer is the first since the last heartbeat. What is repeated until it succeeds
   * is repeated then and not at every answer: under duplication that would be an avalanche.
   */
  boolean answersHeartbeat() {
    boolean first = heartbeatUnanswered;
    heartbeatUnanswered = false;
    return first;
  }

  /** Entries are on their way and none has arrived since the last question: they may be lost. */
  boolean isStalled() {
    boolean stalled = windowCount > 0 && match == matchAtHeartbeat;
    matchAtHeartbeat = match;
    return stalled;
  }

  private void releaseWindow() {
    while (windowCount > 0 && windowEnds[windowHead] <= match) {
      bytesInFlight -= windowBytes[windowHead];
      windowHead = (windowHead + 1) % windowEnds.length;
      windowCount--;
    }
  }

  private void clearWindow() {
    windowCount = 0;
    bytesInFlight = 0;
  }

  private void growWindow() {
    int length = windowEnds.length;
    long[] ends = new long[length * 2];
    long[] bytes = new long[length * 2];
    for (int i = 0; i < windowCount; i++) {
      ends[i] = windowEnds[(windowHead + i) % length];
      bytes[i] = windowBytes[(windowHead + i) % length];
    }
    windowEnds = ends;
    windowBytes = bytes;
    windowHead = 0;
  }

  @Override
  public String toString() {
    return id + " " + mode + " match=" + match + " next=" + next + " window=" + windowCount;
  }
}
